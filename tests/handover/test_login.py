"""Only staff come in: passwords, lockout, sessions, CSRF, roles, accounts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store import schema
from handover.__main__ import main
from handover.auth import WeakPassword, check_password, lock_after_failure
from handover.settings import LoginSettings
from tests.handover.conftest import PASSWORD, Office, Staff

LIMITS = LoginSettings(session_hours=10, failures_before_lock=3, lock_minutes=15, min_password_length=12)
NOW = dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC)


@pytest.fixture
def database_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """One kind of database is enough here: nothing in these tests depends on which."""
    database = tmp_path / "desk.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{database}"


@pytest.mark.asyncio
async def test_without_a_session_every_door_is_shut(office: Office) -> None:
    stranger = Staff(office._client(), "", "Nobody")
    for path in ("/me", "/queue", "/settings", "/agents", "/directory", "/handovers/x/context"):
        assert (await stranger.get(path)).status_code == 401, path
    for path in ("/handovers/x/claim", "/handovers/x/return", "/logout"):
        assert (await stranger.post(path)).status_code == 401, path
    stranger.http.cookies.set("fraga_desk", "forged" * 10)
    assert (await stranger.get("/queue")).status_code == 401


@pytest.mark.asyncio
async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    cookie = (await agent.log_in()).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/desk" in cookie
    stored = await office.scalar(sa.select(schema.agent_session.c.token_hash))
    assert stored not in cookie  # only its hash is kept


@pytest.mark.asyncio
async def test_a_write_without_the_csrf_token_changes_nothing(office: Office) -> None:
    agent, other = await office.staff("Anna Agent"), await office.staff("Bo Agent")
    _, handover_id = await office.in_queue()
    for forged in ("", "x" * 43, other.csrf):
        refused = await agent.http.post(f"/desk/v1/handovers/{handover_id}/claim", json={}, headers={"X-CSRF-Token": forged})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "csrf")
    assert (await agent.queue())[0]["state"] == "queued"


@pytest.mark.asyncio
async def test_wrong_passwords_lock_the_account_for_a_while(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    answers = [(await agent.log_in("fel lösenord")).status_code for _ in range(5)]
    assert answers == [401] * 5
    locked = await agent.log_in()
    assert (locked.status_code, locked.json()["error"]["code"]) == (429, "locked")
    assert int(locked.headers["retry-after"]) == 15 * 60
    office.clock.forward(minutes=16)
    assert (await agent.log_in()).status_code == 200
    assert (await agent.log_in("fel igen")).status_code == 401  # the count began anew
    assert (await agent.log_in()).status_code == 200


@pytest.mark.asyncio
async def test_an_unknown_address_and_a_wrong_password_look_the_same(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    wrong = await agent.log_in("fel lösenord")
    unknown = await agent.http.post("/desk/v1/login", json={"email": "ingen@goteborg.example", "password": "fel lösenord"})
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())


@pytest.mark.asyncio
async def test_a_session_ends_by_itself_and_by_logging_out(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    for _ in range(6):  # anything done keeps it
        office.clock.forward(hours=1, minutes=39, seconds=50)
        assert (await agent.get("/me/sessions")).status_code == 200
    office.clock.forward(minutes=2)
    assert (await agent.get("/me")).status_code == 401
    await agent.log_in()
    assert (await agent.post("/logout")).status_code == 204
    assert (await agent.get("/me")).status_code == 401


@pytest.mark.asyncio
async def test_each_role_reaches_its_own_rooms(office: Office) -> None:
    agent, editor = await office.staff("Anna Agent"), await office.staff("Edda Editor", role="editor")
    admin = await office.staff("Adam Admin", role="admin")
    reached = {
        who.name.split()[1]: [(await who.get(path)).status_code for path in ("/me", "/queue", "/settings", "/agents")]
        for who in (agent, editor, admin)
    }
    assert reached == {"Agent": [200, 200, 403, 403], "Editor": [200, 403, 403, 403], "Admin": [200, 200, 200, 200]}
    assert (await agent.post("/bot", enabled=False, reason="Nyfiken")).status_code == 403
    assert (await editor.claim("x")).status_code == 403


@pytest.mark.asyncio
async def test_the_bot_is_switched_off_with_a_reason_and_citizens_meet_it(office: Office) -> None:
    admin = await office.staff("Adam Admin", role="admin")
    assert (await admin.post("/bot", enabled=False, reason="  ")).status_code == 422
    switched = await admin.post("/bot", enabled=False, reason="Vi uppdaterar svaren.")
    assert switched.json()["bot"] == {"enabled": False, "reason": "Vi uppdaterar svaren."}
    citizen = await office.citizen()
    assert "Vi uppdaterar svaren." in (await citizen.send("Hej")).json()["messages"][0]["text"]
    (row,) = await office.audited("bot.off")
    assert (row.actor, row.detail) == (admin.id, {"reason": "Vi uppdaterar svaren."})
    await admin.post("/bot", enabled=True, reason="Klart")
    assert (await citizen.send("Hej igen")).json()["messages"][0]["author"] == "bot"


@pytest.mark.asyncio
async def test_an_admin_makes_and_shuts_an_account(office: Office) -> None:
    admin = await office.staff("Adam Admin", role="admin")
    body = {"email": "Ny@Goteborg.example", "name": "Ny Person", "role": "agent", "password": PASSWORD, "departments": ["social"]}
    made = await admin.post("/agents", **body)
    assert (made.status_code, made.json()["email"]) == (201, "ny@goteborg.example")
    assert (await admin.post("/agents", **body)).status_code == 409
    newcomer = Staff(office._client(), made.json()["id"], "Ny Person")
    assert (await newcomer.log_in()).status_code == 200
    changed = await admin.http.patch(f"/desk/v1/agents/{newcomer.id}", json={"active": False}, headers=admin.headers)
    assert changed.json()["active"] is False
    assert (await newcomer.get("/me")).status_code == 401  # at once
    assert (await newcomer.log_in()).status_code == 401
    last = await admin.http.patch(f"/desk/v1/agents/{admin.id}", json={"active": False}, headers=admin.headers)
    assert last.status_code == 422  # somebody must hold the keys


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "fault",
    [{"password": "kort"}, {"email": "inte en adress"}, {"departments": ["finns-inte"]}, {"name": " "}, {"role": "chef"}],
)
async def test_a_faulty_account_is_refused(office: Office, fault: dict[str, object]) -> None:
    admin = await office.staff("Adam Admin", role="admin")
    body = {"email": "ny@goteborg.example", "name": "Ny Person", "role": "agent", "password": PASSWORD} | fault
    assert (await admin.post("/agents", **body)).status_code == 422


@pytest.mark.parametrize(
    "weak", ["kort", "aaaaaaaaaaaaaaa", "password12345678"[:12], "annasvensson1", "lösenord123456", "goteborg2026"]
)
def test_passwords_that_are_tried_first_are_refused(weak: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        check_password(weak, email="anna@goteborg.example", name="Anna Svensson", least=12)
    assert weak not in str(refused.value)


def test_a_good_password_passes() -> None:
    check_password("tre blåa elefanter", email="anna@goteborg.example", name="Anna Svensson", least=12)


@pytest.mark.parametrize(("failures", "locked"), [(0, False), (2, False), (3, True), (9, True)])
def test_the_lock_comes_with_the_last_failure_allowed(failures: int, locked: bool) -> None:
    until = lock_after_failure(failures, NOW, LIMITS)
    assert until == (NOW + dt.timedelta(minutes=15) if locked else None)


def test_the_first_admin_is_made_by_a_command(
    tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "fraga.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{database}")
    command = ["create-agent", "--email", "Forsta@goteborg.example", "--name", "Första Admin", "--role", "admin"]
    monkeypatch.setenv("FRAGA_NEW_PASSWORD", "kort")
    assert main(command) == 1
    assert "at least 12" in capsys.readouterr().err
    monkeypatch.setenv("FRAGA_NEW_PASSWORD", PASSWORD)
    assert main(command) == 0
    assert "forsta@goteborg.example" in capsys.readouterr().out
    assert main(command) == 1
    assert "already" in capsys.readouterr().err
    with sa.create_engine(f"sqlite:///{database}").connect() as conn:
        row = conn.execute(sa.select(schema.agent)).one()
    assert (row.role, row.password_hash.startswith("$argon2id$")) == ("admin", True)
    assert PASSWORD not in str(row)


def test_the_command_lists_accounts_and_lets_somebody_in_again(
    tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "fraga.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{database}")
    monkeypatch.setenv("FRAGA_NEW_PASSWORD", PASSWORD)
    made = "create-agent --email sune@goteborg.example --name Sune --role supervisor --departments social"
    assert main(made.split()) == 0
    with sa.create_engine(f"sqlite:///{database}").begin() as conn:
        locked = dt.datetime(2999, 1, 1, tzinfo=dt.UTC)
        conn.execute(schema.agent.update().values(locked_until=locked, failed_logins=7))
        conn.execute(schema.login_address.insert().values(address_hmac="a" * 64, failures=99, since=NOW))
    capsys.readouterr()
    assert main(["list"]) == 0
    assert "sune@goteborg.example\tSune\tsupervisor\tsocial\tlocked until 2999-01-01 00:00 UTC" in capsys.readouterr().out
    assert main(["reset", "--email", "ingen@goteborg.example"]) == 1
    assert "no account" in capsys.readouterr().err
    monkeypatch.setenv("FRAGA_NEW_PASSWORD", "sune")
    assert main(["reset", "--email", "Sune@goteborg.example", "--password"]) == 1
    assert main(["list"]) == 0
    assert "locked" in capsys.readouterr().out  # a refusal changes nothing
    assert main(["reset", "--email", "Sune@goteborg.example"]) == 0
    assert main(["reset", "--addresses"]) == 0
    capsys.readouterr()
    assert main(["list"]) == 0
    assert capsys.readouterr().out.splitlines()[1].endswith("\tactive")
    with sa.create_engine(f"sqlite:///{database}").connect() as conn:
        assert conn.execute(sa.select(schema.login_address)).all() == []
        actions = [row.action for row in conn.execute(sa.select(schema.audit).order_by(schema.audit.c.at))]
    assert actions == ["agent.created", "agent.reset", "login.addresses_reset"]


def test_the_command_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    monkeypatch.setenv("FRAGA_NEW_PASSWORD", PASSWORD)
    assert main(["create-agent", "--email", "a@b.example", "--name", "Anna", "--role", "admin"]) == 1
    assert "bot.store.migrate" in capsys.readouterr().err
