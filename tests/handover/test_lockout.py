"""Failed logins are counted per network address besides per account; on both kinds of database."""

from __future__ import annotations

import pytest

from handover.settings import load_settings
from tests.handover.conftest import Office


@pytest.mark.asyncio
async def test_many_failures_from_one_address_shut_it_for_every_account(office: Office) -> None:
    member = await office.staff("Anna Agent")
    limit = load_settings().login.failures_per_address
    for n in range(limit):  # spread over accounts, none of which would be locked
        body = {"email": f"nr{n}@goteborg.example", "password": "fel lösenord"}
        assert (await member.http.post("/desk/v1/login", json=body)).status_code == 401
    shut = await member.log_in()
    assert (shut.status_code, shut.json()["error"]["code"]) == (429, "locked")
    assert int(shut.headers["retry-after"]) <= 15 * 60
    assert (await member.get("/me")).status_code == 200  # who is in stays in
    assert len(await office.audited("login.address_locked")) == 1
    office.clock.forward(minutes=15)
    assert (await member.log_in()).status_code == 200
