"""How 46elks is called and what its answers mean: against the simulator over real HTTP, and answers it can't give on demand."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio

from connectors.contract import AddressUnreachable, OutcomeUnknown, PermanentFailure, TemporaryFailure, Untraceable
from connectors.elks.connector import Elks
from connectors.simulator.elks import ElksSimulator
from tests.connectors.elks.test_receiving import KEY
from tests.connectors.making import NOON, PUBLIC, answering, connector, outgoing, reachable

pytestmark = pytest.mark.asyncio
PHONE = "+46701234567"


@pytest_asyncio.fixture
async def sim() -> AsyncIterator[ElksSimulator]:
    async with reachable(
        ElksSimulator("http://127.0.0.1:9/", time_scale=0, reports=(), hang_seconds=1, now=lambda: NOON)
    ) as made:
        yield made


@pytest_asyncio.fixture
async def elks(sim: ElksSimulator) -> AsyncIterator[Elks]:
    async with httpx.AsyncClient(timeout=0.5) as http:
        yield made_for(sim, http)


def made_for(sim: ElksSimulator, http: httpx.AsyncClient, **settings: Any) -> Elks:
    given = {"username": sim.username, "password": sim.password, "webhook_key": KEY, "number": sim.number,
             "api_url": f"{sim.url}/sim/elks"}  # fmt: skip
    return connector(Elks, http, **(given | settings))


async def test_a_message_goes_out_and_names_where_to_report(elks: Elks, sim: ElksSimulator) -> None:
    receipt = await elks.send(outgoing("Åäö & €"))
    (message,) = sim.inbox(PHONE)
    assert message.text == "Åäö & €" and receipt.provider_id == message.provider_id and receipt.state == "sent"
    assert message.raw["from"] == "+46766860000"
    report = urlsplit(message.raw["whendelivered"])
    assert f"{report.scheme}://{report.netloc}{report.path}" == f"{PUBLIC}/hooks/elks/main/delivery"
    assert parse_qs(report.query) == {"key": [KEY], "ref": ["m1.0"]}
    assert "dontlog" not in message.raw


async def test_texts_need_not_be_kept_there(elks: Elks, sim: ElksSimulator) -> None:
    silent = made_for(sim, elks.context.http, keep_texts=False)
    await silent.send(outgoing("hemligt"))
    assert sim.inbox(PHONE)[0].raw["dontlog"] == "message"
    with pytest.raises(Untraceable):
        await silent.find_sent(outgoing("hemligt"), NOON)


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        ("server_error", TemporaryFailure),
        ("rate_limited", TemporaryFailure),
        ("timeout", OutcomeUnknown),
        ("dropped", OutcomeUnknown),
        ("invalid_number", AddressUnreachable),
    ],
)
async def test_faults_are_told_apart(elks: Elks, sim: ElksSimulator, kind: Any, failure: type[Exception]) -> None:
    sim.fault(kind, retry_after=7)
    with pytest.raises(failure) as raised:
        await elks.send(outgoing())
    assert type(raised.value) is failure and PHONE not in str(raised.value)
    if kind == "rate_limited":
        assert isinstance(raised.value, TemporaryFailure) and raised.value.retry_after == 7 and raised.value.whole_account
    assert len(sim.inbox(PHONE)) == (kind in ("timeout", "dropped"))
    await elks.send(outgoing())  # and then it works again


async def test_wrong_password_and_no_credit_are_the_accounts_and_lose_nothing(elks: Elks, sim: ElksSimulator) -> None:
    with pytest.raises(TemporaryFailure):
        await made_for(sim, elks.context.http, password="wrong").send(outgoing())
    sim.credit = 0
    with pytest.raises(TemporaryFailure):
        await elks.send(outgoing())
    assert not sim.inbox(PHONE)


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (400, "Invalid to number", AddressUnreachable),
        (400, 'Missing key "to"', AddressUnreachable),
        (400, "You have to give a message", PermanentFailure),
        (400, 'Missing key "message"', PermanentFailure),
        (403, "The from number is not yours", PermanentFailure),
        (403, "Not enough credits", TemporaryFailure),
        (401, "", TemporaryFailure),
        (402, "", TemporaryFailure),
        (404, "", PermanentFailure),
        (302, "", TemporaryFailure),
        (429, "", TemporaryFailure),
        (503, "", TemporaryFailure),
        (200, "<html>proxy</html>", OutcomeUnknown),
        (200, "[]", OutcomeUnknown),
    ],
)
async def test_answers(status: int, body: str, failure: type[Exception]) -> None:
    async with answering(lambda _: httpx.Response(status, text=body)) as http:
        made = connector(Elks, http, username="u", password="p", webhook_key=KEY, number="+46766860000")
        with pytest.raises(failure) as raised:
            await made.send(outgoing())
    assert type(raised.value) is failure


async def test_what_was_taken_is_found_again(elks: Elks, sim: ElksSimulator) -> None:
    sim.fault("dropped")
    with pytest.raises(OutcomeUnknown):
        await elks.send(outgoing("Svaret"))
    found = await elks.find_sent(outgoing("Svaret"), NOON)
    assert found is not None and found.provider_id == sim.inbox(PHONE)[0].provider_id
    assert await elks.find_sent(outgoing("Ett annat"), NOON) is None
    assert await elks.find_sent(outgoing("Svaret", address="+46709999999"), NOON) is None
    assert await elks.find_sent(outgoing("Svaret"), NOON + dt.timedelta(minutes=1)) is None  # what went before is another


async def test_what_the_citizen_wrote_is_not_taken_for_ours(elks: Elks, sim: ElksSimulator) -> None:
    sim.messages.append(
        {"id": "s1", "direction": "incoming", "from": PHONE, "to": PHONE, "message": "1", "created": "2026-11-23T12:00:00"}
    )
    assert await elks.find_sent(outgoing("1"), NOON) is None


async def test_the_history_is_read_page_by_page(elks: Elks, sim: ElksSimulator) -> None:
    def goes_out(numbers: range) -> None:
        for number in numbers:
            created = (NOON + dt.timedelta(seconds=number)).replace(tzinfo=None).isoformat(timespec="microseconds")
            sim.messages.append(
                {"id": f"s{number}", "created": created, "direction": "outgoing", "to": PHONE, "message": f"{number}"}
            )

    goes_out(range(250))
    found = await elks.find_sent(outgoing("0"), NOON)
    assert found is not None and found.provider_id == "s0"
    assert await elks.find_sent(outgoing("aldrig"), NOON) is None
    goes_out(range(250, 550))
    with pytest.raises(Untraceable):  # more than is looked through: nobody can say
        await elks.find_sent(outgoing("0"), NOON)


@pytest.mark.parametrize(
    "answer", [httpx.Response(500), httpx.Response(429), httpx.Response(200, text="<html>"), httpx.Response(403)]
)
async def test_a_look_up_that_fails_is_tried_again_later(answer: httpx.Response) -> None:
    async with answering(lambda _: answer) as http:
        made = connector(Elks, http, username="u", password="p", webhook_key=KEY, number="+46766860000")
        with pytest.raises(TemporaryFailure):
            await made.find_sent(outgoing(), NOON)


async def test_the_simulator_asks_for_what_46elks_asks_for(sim: ElksSimulator) -> None:
    auth = (sim.username, sim.password)
    whole = {"from": sim.number, "to": PHONE, "message": "Hej"}
    async with httpx.AsyncClient(base_url=f"{sim.url}/sim/elks/a1") as http:
        assert (await http.post("/sms", data=whole)).status_code == 401
        assert (await http.post("/sms", data=whole, auth=("x", "y"))).status_code == 401
        assert (await http.get("/sms")).status_code == 401
        for missing in whole:
            response = await http.post("/sms", data={k: v for k, v in whole.items() if k != missing}, auth=auth)
            assert response.status_code == 400 and missing in response.text
        for wrong in ({"to": "0701234567"}, {"from": "+46700000000"}, {"from": "Göteborgs Stad"}, {"whendelivered": "ftp://x"}):
            assert (await http.post("/sms", data=whole | wrong, auth=auth)).status_code in (400, 403)
        assert not sim.inbox(PHONE)
        dry = (await http.post("/sms", data=whole | {"dryrun": "yes"}, auth=auth)).json()
        assert dry["estimated_cost"] > 0 and "cost" not in dry and not sim.inbox(PHONE)
        sent = (await http.post("/sms", data=whole | {"from": "Goteborg", "message": "ö" * 161}, auth=auth)).json()
        assert sent["parts"] == 2 and sent["direction"] == "outgoing" and sent["status"] == "created"
        assert (await http.get(f"/sms/{sent['id']}", auth=auth)).json()["message"] == "ö" * 161
        assert (await http.get("/sms/s0", auth=auth)).status_code == 404
