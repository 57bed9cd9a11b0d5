"""The second factor: enrolment, login, codes that work once, recovery, lockout, roles that must have it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
import sqlalchemy as sa

from bot.settings import ConfigurationError
from bot.store import schema
from handover.__main__ import main
from handover.identity.settings import IdentitySettings
from handover.rights import ROUTES
from tests.handover.conftest import PASSWORD, Office, Staff
from tests.handover.test_rights import called


@pytest.fixture
def database_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """One kind of database is enough here: nothing in these tests depends on which."""
    database = tmp_path / "desk.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{database}"


def code_now(office: Office, secret: str) -> str:
    return pyotp.TOTP(secret).at(office.core.now())


async def log_in(member: Staff, code: str | None = None, password: str = PASSWORD) -> httpx.Response:
    body: dict[str, Any] = {"email": f"{member.name.split()[0].lower()}@goteborg.example", "password": password, "code": code}
    answer = await member.http.post("/desk/v1/login", json=body)
    if answer.status_code == 200:
        member.csrf = answer.json()["csrf_token"]
    return answer


async def enrol(office: Office, member: Staff) -> tuple[str, list[str]]:
    begun = (await member.post("/me/second-factor")).json()
    assert begun["qr"].startswith("data:image/svg+xml")
    confirmed = await member.post("/me/second-factor/confirm", code=code_now(office, begun["secret"]))
    assert confirmed.status_code == 200, confirmed.text
    return begun["secret"], confirmed.json()["recovery_codes"]


@pytest.mark.asyncio
async def test_the_login_asks_for_a_code_that_works_once(office: Office) -> None:
    member = await office.staff("Anna Agent")
    secret, _ = await enrol(office, member)
    stored = await office.scalar(sa.select(schema.agent.c.totp_secret))
    assert secret.encode() not in stored
    assert (await log_in(member)).json()["error"]["code"] == "code_required"
    assert (await log_in(member, password="fel lösenord")).json()["error"]["code"] == "bad_credentials"
    used = code_now(office, secret)
    assert (await log_in(member, used)).json()["error"]["code"] == "bad_code"  # it confirmed the enrolment
    office.clock.forward(seconds=30)
    fresh = code_now(office, secret)
    assert (await log_in(member, fresh)).json()["method"] == "totp"
    assert (await log_in(member, fresh)).json()["error"]["code"] == "bad_code"
    assert (await log_in(member, used)).json()["error"]["code"] == "bad_code"  # nor an older one


@pytest.mark.asyncio
async def test_wrong_codes_lock_the_account_as_wrong_passwords_do(office: Office) -> None:
    member = await office.staff("Anna Agent")
    secret, _ = await enrol(office, member)
    office.clock.forward(minutes=1)
    right = code_now(office, secret)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    answers = [(await log_in(member, wrong)).status_code for _ in range(3)]
    assert (await log_in(member)).status_code == 401  # the right password alone clears no count
    answers += [(await log_in(member, wrong)).status_code for _ in range(2)]
    assert answers == [401] * 5
    assert (await log_in(member, right)).status_code == 429


@pytest.mark.asyncio
async def test_a_recovery_code_works_once(office: Office) -> None:
    member = await office.staff("Anna Agent")
    _, codes = await enrol(office, member)
    assert len(set(codes)) == 10
    stored = await office.scalar(sa.select(schema.recovery_code.c.code_hash))
    assert stored not in codes
    assert (await log_in(member, codes[0].lower())).json()["method"] == "recovery"
    assert (await log_in(member, codes[0])).json()["error"]["code"] == "bad_code"
    assert (await log_in(member, codes[1].replace("-", " "))).status_code == 200
    assert len(await office.audited("second_factor.recovery_code_used")) == 2


@pytest.mark.asyncio
async def test_enrolment_ends_sessions_opened_without_it_and_is_not_replaced(office: Office) -> None:
    member = await office.staff("Anna Agent")
    elsewhere = Staff(office._client(), member.id, member.name)
    await elsewhere.log_in()
    assert (await member.post("/me/second-factor/confirm", code="123456")).status_code == 422  # nothing begun
    secret, _ = await enrol(office, member)
    assert (await elsewhere.get("/me")).status_code == 401
    assert (await member.get("/me")).json()["agent"]["second_factor"] is True
    assert (await member.post("/me/second-factor")).status_code == 409
    assert (await member.post("/me/second-factor/remove", code="000000")).json()["error"]["code"] == "bad_code"
    office.clock.forward(minutes=1)
    assert (await member.post("/me/second-factor/remove", code=code_now(office, secret))).status_code == 204
    assert (await log_in(member)).json()["method"] == "password"


@pytest.mark.asyncio
async def test_an_admin_takes_a_lost_factor_away(office: Office) -> None:
    member, admin = await office.staff("Anna Agent"), await office.staff("Adam Admin", role="admin")
    await enrol(office, member)
    assert (await admin.post(f"/agents/{member.id}/second-factor/reset")).status_code == 204
    assert (await member.get("/me")).status_code == 401
    assert (await log_in(member)).status_code == 200
    (row,) = await office.audited("second_factor.removed")
    assert (row.actor, row.object) == (admin.id, member.id)


class TestRequired:
    """With DESK_TOTP_REQUIRED."""

    @pytest.fixture(autouse=True)
    def _required(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DESK_TOTP_REQUIRED", "admin, supervisor")

    @pytest.mark.asyncio
    async def test_a_role_that_must_have_it_can_do_nothing_else_first(self, office: Office) -> None:
        admin, agent = await office.staff("Adam Admin", role="admin"), await office.staff("Anna Agent")
        assert (await agent.get("/queue")).status_code == 200
        assert (await admin.get("/me")).json()["must_enrol"] is True
        for route, entry in ROUTES.items():
            if entry not in ("open", "enrolment") and not route.startswith("WEBSOCKET"):
                assert (await called(admin, route)).json()["error"]["code"] == "totp_required", route
        secret, _ = await enrol(office, admin)
        assert (await admin.get("/queue")).status_code == 200
        office.clock.forward(minutes=1)
        kept = await admin.post("/me/second-factor/remove", code=code_now(office, secret))
        assert (kept.status_code, kept.json()["error"]["code"]) == (403, "totp_required")


def test_the_setting_is_checked_and_strict_in_production_when_left_out() -> None:
    assert IdentitySettings(_env_file=None, desk_totp_required="").totp_roles("production") == frozenset()  # type: ignore[call-arg]
    assert IdentitySettings(_env_file=None).totp_roles("development") == frozenset()  # type: ignore[call-arg]
    assert IdentitySettings(_env_file=None).totp_roles("production") == {"admin", "supervisor"}  # type: ignore[call-arg]
    with pytest.raises(ConfigurationError, match="DESK_TOTP_REQUIRED: no such role: boss"):
        IdentitySettings(_env_file=None, desk_totp_required="boss").totp_roles("development")  # type: ignore[call-arg]


def test_the_command_takes_a_lost_factor_away(tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = tmp_path / "fraga.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{database}")
    monkeypatch.setenv("FRAGA_NEW_PASSWORD", PASSWORD)
    assert main(["create-agent", "--email", "anna@goteborg.example", "--name", "Anna", "--role", "admin"]) == 0
    engine = sa.create_engine(f"sqlite:///{database}")
    with engine.begin() as conn:
        conn.execute(schema.agent.update().values(totp_secret=b"x", totp_confirmed_at=schema.agent.c.created_at))
    assert main(["reset", "--email", "anna@goteborg.example", "--second-factor"]) == 0
    with engine.connect() as conn:
        row = conn.execute(sa.select(schema.agent)).one()
    assert (row.totp_secret, row.totp_confirmed_at) == (None, None)
