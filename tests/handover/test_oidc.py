"""Login by OpenID Connect, against a real provider process on this machine (oidc-provider-mock, in a process of its own)."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa

from bot.settings import ConfigurationError
from bot.store import schema
from handover.identity.oidc import granted
from handover.identity.settings import OidcSettings, load_identity
from tests.handover.conftest import Office, Staff

ROLES = {"ledning": "supervisor", "svarar": "agent", "drift": "admin"}
SECRET = "a-client-secret-of-the-tests"


@pytest.fixture
def database_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """One kind of database is enough here: nothing in these tests depends on which."""
    database = tmp_path / "desk.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{database}"


def provider_process() -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "oidc_provider_mock", "--host", "127.0.0.1", "--port", str(port), "--require-nonce"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    issuer = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            httpx.get(f"{issuer}/.well-known/openid-configuration").raise_for_status()
            return process, issuer
        except httpx.HTTPError:
            assert process.poll() is None, "the provider did not start"
            time.sleep(0.1)
    process.kill()
    raise AssertionError("the provider did not start")


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    process, issuer = provider_process()
    yield issuer
    process.terminate()
    process.wait()


@pytest.fixture
def set_up(provider: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The settings of a desk with this provider; before `office`."""
    for name, value in {
        "OIDC_ISSUER": provider, "OIDC_CLIENT_ID": "desk", "OIDC_CLIENT_SECRET": SECRET, "OIDC_ROLES": json.dumps(ROLES),
        "OIDC_DEPARTMENT_CLAIM": "departments", "OIDC_DEPARTMENTS": json.dumps({"SOC": "social"}),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return provider


def person(provider: str, subject: str, **claims: Any) -> None:
    httpx.put(f"{provider}/users/{subject}", json=claims).raise_for_status()


async def come_in(office: Office, subject: str, **change: str) -> tuple[Staff, httpx.Response]:
    """Leaves for the provider, logs in there as `subject`, comes back.

    Args:
        change: of the query that comes back.
    """
    office.core.settings.public_url = office.url
    member = Staff(office._client(), "", subject)
    left = await member.http.get("/desk/v1/oidc/start")
    asked = parse_qs(urlsplit(left.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["nonce"] and asked["state"] and asked["code_challenge"]
    async with httpx.AsyncClient() as elsewhere:
        agreed = await elsewhere.post(left.headers["location"], data={"sub": subject})
    query = {name: values[0] for name, values in parse_qs(urlsplit(agreed.headers["location"]).query).items()} | change
    arrived = await member.http.get("/desk/v1/oidc/callback", params=query)
    if arrived.headers["location"] == "/desk":
        told = (await member.get("/me")).json()
        member.csrf, member.id = told["csrf_token"], told["agent"]["id"]
    return member, arrived


@pytest.mark.asyncio
async def test_the_first_login_makes_an_account_with_what_the_mapping_gives(set_up: str, office: Office) -> None:
    person(
        set_up,
        "s-1",
        email="Sara@goteborg.example",
        name="Sara Samordnare",
        groups=["svarar", "ledning", "x"],
        departments=["SOC"],
    )
    member, _ = await come_in(office, "s-1")
    told = (await member.get("/me")).json()
    assert (told["method"], told["must_enrol"]) == ("oidc", False)
    assert {name: told["agent"][name] for name in ("email", "name", "role", "departments")} == {
        "email": "sara@goteborg.example", "name": "Sara Samordnare", "role": "supervisor", "departments": ["social"],
    }  # fmt: skip
    person(set_up, "s-1", email="ny@goteborg.example", groups=["svarar"], departments=["SOC"])
    again, _ = await come_in(office, "s-1")
    assert again.id == member.id
    assert (await again.get("/me")).json()["agent"]["role"] == "agent"  # each login takes the mapping anew
    assert await office.scalar(sa.select(sa.func.count()).select_from(schema.agent)) == 1
    no_password = await again.http.post("/desk/v1/login", json={"email": "sara@goteborg.example", "password": "!"})
    assert no_password.status_code == 401


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"groups": ["nobody"], "email": "a@goteborg.example"}, "oidc_no_role"),
        ({"email": "a@goteborg.example"}, "oidc_no_role"),
        ({"groups": ["svarar"], "email": "a@goteborg.example"}, "oidc_no_role"),  # no department must not mean all
        ({"groups": ["drift"]}, "oidc_no_email"),
        ({"groups": ["drift"], "email": "a@goteborg.example", "email_verified": False}, "oidc_no_email"),
        ({"groups": ["drift"], "email": "anna@goteborg.example"}, "oidc_exists"),  # a local account is not taken over
    ],
)
async def test_who_gets_nothing_from_the_mapping_gets_no_account(
    set_up: str, office: Office, claims: dict[str, Any], why: str
) -> None:
    await office.staff("Anna Agent")
    person(set_up, "s-2", **claims)
    member, arrived = await come_in(office, "s-2")
    assert arrived.headers["location"] == f"/desk?login={why}"
    assert (await member.get("/me")).status_code == 401
    assert await office.scalar(sa.select(sa.func.count()).select_from(schema.agent)) == 1


@pytest.mark.asyncio
async def test_a_foreign_state_a_wrong_code_and_a_deactivated_account_are_refused(set_up: str, office: Office) -> None:
    person(set_up, "s-3", email="c@goteborg.example", groups=["drift"])
    _, forged = await come_in(office, "s-3", state="forged")
    assert forged.headers["location"] == "/desk?login=oidc_state"
    _, wrong = await come_in(office, "s-3", code="wrong")
    assert wrong.headers["location"] == "/desk?login=oidc_refused"
    stranger = office._client()
    assert (await stranger.get("/desk/v1/oidc/callback?code=x&state=y")).headers["location"] == "/desk?login=oidc_state"
    member, _ = await come_in(office, "s-3")
    admin = await office.staff("Adam Admin", role="admin")
    await admin.http.patch(f"/desk/v1/agents/{member.id}", json={"active": False}, headers=admin.headers)
    _, shut = await come_in(office, "s-3")
    assert shut.headers["location"] == "/desk?login=oidc_deactivated"


@pytest.mark.asyncio
async def test_logging_out_goes_on_to_the_provider(set_up: str, office: Office) -> None:
    there = (await office._client().get("/desk/v1/oidc/logout")).headers["location"]
    assert there.startswith(f"{set_up}/oauth2/end_session?")


class TestDown:
    """The provider is down."""

    @pytest.fixture(autouse=True)
    def _down(self, set_up: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OIDC_ISSUER", "http://127.0.0.1:9")

    @pytest.mark.asyncio
    async def test_the_login_page_is_told_and_local_accounts_come_in(self, office: Office) -> None:
        answer = await office._client().get("/desk/v1/oidc/start")
        assert answer.headers["location"] == "/desk?login=oidc_unavailable"
        await office.staff("Anna Agent")  # logs in


@pytest.mark.asyncio
async def test_without_a_provider_there_is_no_such_login(office: Office) -> None:
    stranger = office._client()
    assert (await stranger.get("/desk/v1/oidc")).json() == {"available": False}
    assert (await stranger.get("/desk/v1/oidc/start")).status_code == 404


@pytest.mark.parametrize("name", ["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_ROLES"])
def test_a_missing_setting_stops_the_start_with_its_name(set_up: str, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert os.environ[name]
    monkeypatch.delenv(name)
    with pytest.raises(ConfigurationError, match=f"{name} is missing"):
        load_identity()


def test_a_provider_without_https_is_refused(set_up: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_ISSUER", "http://login.goteborg.example")
    with pytest.raises(ConfigurationError, match="OIDC_ISSUER must begin with https"):
        load_identity()


def test_the_strongest_role_holds_and_a_claim_may_be_one_word() -> None:
    settings = OidcSettings(_env_file=None, oidc_roles={"a": "agent", "b": "admin", "c": "editor"})  # type: ignore[call-arg, arg-type]
    assert [getattr(granted({"groups": given}, settings), "role", None) for given in (["c", "a"], ["a", "b"], "c", [], 7)] == [
        "agent", "admin", "editor", None, None,
    ]  # fmt: skip
