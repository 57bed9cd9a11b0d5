"""Sessions: how they end, who sees and ends them."""

from __future__ import annotations

from pathlib import Path

import pytest

from handover.identity.sessions import client_name
from handover.identity.throttle import network
from tests.handover.conftest import Office, Staff

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0"


@pytest.fixture
def database_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """One kind of database is enough here: nothing in these tests depends on which."""
    database = tmp_path / "desk.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{database}"


@pytest.mark.asyncio
async def test_a_session_without_anything_done_expires_however_often_the_console_asks(office: Office) -> None:
    member = await office.staff("Anna Agent")
    for _ in range(11):
        office.clock.forward(minutes=10)
        assert (await member.get("/queue")).status_code == 200
    office.clock.forward(minutes=11)
    assert (await member.get("/queue")).status_code == 401


@pytest.mark.asyncio
async def test_an_open_conversation_that_the_console_reads_by_itself_keeps_nobody_in(office: Office) -> None:
    member = await office.staff("Anna Agent")
    citizen, handover_id = await office.in_queue("Hej")
    await member.claim(handover_id)
    for minutes in (50, 50):
        office.clock.forward(minutes=minutes)
        await citizen.send("Hallå?")
        assert (await member.get(f"/handovers/{handover_id}/context")).status_code == 200
        assert (await member.post(f"/handovers/{handover_id}/read")).status_code == 204
    member.http.headers["X-Pressed"] = "1"  # a press on the conversation
    assert (await member.get(f"/handovers/{handover_id}/context")).status_code == 200
    del member.http.headers["X-Pressed"]
    office.clock.forward(minutes=110)
    assert (await member.get(f"/handovers/{handover_id}/context")).status_code == 200
    office.clock.forward(minutes=11)
    assert (await member.get(f"/handovers/{handover_id}/context")).status_code == 401


@pytest.mark.asyncio
async def test_what_an_agent_does_keeps_the_session_alive_up_to_its_longest(office: Office) -> None:
    member = await office.staff("Anna Agent")
    for _ in range(6):
        office.clock.forward(minutes=99)
        assert (await member.get("/me/sessions")).status_code == 200
    office.clock.forward(minutes=7)
    assert (await member.get("/me/sessions")).status_code == 401  # ten hours are over


@pytest.mark.asyncio
async def test_the_owner_sees_the_own_sessions_and_ends_one(office: Office) -> None:
    member, other = await office.staff("Anna Agent"), await office.staff("Bo Agent")
    elsewhere = Staff(office._client(), member.id, member.name)
    elsewhere.http.headers["User-Agent"] = EDGE
    office.clock.forward(minutes=1)
    await elsewhere.log_in()
    listed = (await member.get("/me/sessions")).json()["sessions"]
    assert [(one["current"], one["client"], one["method"]) for one in listed] == [
        (False, "Edge, Windows", "password"), (True, "", "password"),
    ]  # fmt: skip
    assert (await other.post(f"/me/sessions/{listed[0]['id']}/end")).status_code == 404  # only the own
    assert (await elsewhere.get("/me")).status_code == 200
    assert (await member.post(f"/me/sessions/{listed[0]['id']}/end")).status_code == 204
    assert (await elsewhere.get("/me")).status_code == 401
    assert (await member.get("/me")).status_code == 200
    (row,) = await office.audited("session.ended")
    assert (row.actor, row.object) == (member.id, member.id)


@pytest.mark.asyncio
async def test_an_admin_ends_somebodys_session(office: Office) -> None:
    member, admin = await office.staff("Anna Agent"), await office.staff("Adam Admin", role="admin")
    (one,) = (await admin.get(f"/agents/{member.id}/sessions")).json()["sessions"]
    assert (await admin.post(f"/agents/{member.id}/sessions/{one['id']}/end")).status_code == 204
    assert (await member.get("/me")).status_code == 401
    assert (await admin.get(f"/agents/{member.id}/sessions")).json() == {"sessions": []}


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unix", "unix"),
    ],
)
def test_one_subscriber_is_one_sender(address: str, counted_as: str) -> None:
    assert network(address) == counted_as


@pytest.mark.parametrize(
    ("agent", "name"), [(FIREFOX, "Firefox, Linux"), (EDGE, "Edge, Windows"), ("curl/8.5", ""), (None, ""), ("x" * 5000, "")]
)
def test_a_browser_is_named_without_its_version(agent: str | None, name: str) -> None:
    assert client_name(agent) == name
