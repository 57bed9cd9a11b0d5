"""Where a conversation is not passed to, and who is told; two who set the same profile at once."""

from __future__ import annotations

import asyncio

import pytest

from handover import repository
from tests.handover.conftest import Office

pytestmark = pytest.mark.asyncio


async def test_to_the_own_department_nothing_is_passed(office: Office) -> None:
    anna, own = await office.staff("Anna Agent"), await office.staff("Kim Agent", departments=("kontaktcenter",))
    for agent in (anna, own):
        _, handover = await office.in_queue("Hej")
        await agent.claim(handover)
        refused = await agent.post(f"/handovers/{handover}/transfer", department="kontaktcenter", note="Vidare")
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "same_department")
        context = await agent.context(handover)
        assert (context["handover"]["state"], context["notes"]) == ("claimed", [])


async def test_who_took_what_overflowed_gives_it_back_to_its_department(office: Office) -> None:
    helper = await office.staff("Hans Agent", departments=("social",))
    _, handover_id = await office.in_queue("Hej")
    async with office.core.store.write() as tx:
        handover = await repository.get(tx.conn, handover_id)
        await repository.change(tx, handover, preview=handover.preview | {"overflow": "social"})
    await helper.claim(handover_id)
    passed = await helper.post(f"/handovers/{handover_id}/transfer", department="kontaktcenter")
    assert (passed.status_code, passed.json()["state"]) == (200, "queued"), passed.text


async def test_a_profile_that_is_set_for_the_first_time_by_two_at_once(office: Office) -> None:
    admin = await office.staff("Adam Admin", role="admin")
    for number in range(5):
        agent = await office.staff(f"Agent{number} Ny")
        given = await asyncio.gather(
            admin.post(f"/agents/{agent.id}/routing", capacity=2, skills=[]), agent.post("/me/duty", duty="break"),
            admin.post(f"/agents/{agent.id}/routing", capacity=3, skills=[]), agent.post("/me/duty", duty="away"),
        )  # fmt: skip
        assert {response.status_code for response in given} == {200}
