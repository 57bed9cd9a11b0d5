"""An admin sees the departments, closes and opens their queues, and lets them overflow or not."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from bot.store import schema
from handover.staffing.queues import Queues
from tests.bot.scripted import analysis, article, candidate
from tests.handover.conftest import HUMAN, Office, Staff, press

pytestmark = pytest.mark.asyncio


async def shown(admin: Staff, key: str) -> dict[str, Any]:
    departments = (await admin.get("/departments")).json()["departments"]
    return dict(next(one for one in departments if one["key"] == key))


async def queue_of_one_about_waste(office: Office) -> str:
    office.script.articles["sopor"] = article("sopor")
    office.script.analyses |= {"soporna": analysis("sv", 0.99, None, candidate("sopor", 0.9)),
                               HUMAN: analysis(signals={"ask_human": 0.99})}  # fmt: skip
    citizen = await office.citizen()
    await citizen.send("soporna")
    await press(citizen, await office.asks_for_human(citizen))
    h = schema.handover.c
    return str(await office.scalar(sa.select(h.department).where(h.conversation_id == citizen.conversation_id)))


async def test_each_department_is_shown_with_its_board_and_its_agents(office: Office) -> None:
    admin = await office.staff("Adam Admin", role="admin")
    await office.staff("Sara Social", departments=("social",))
    one = await shown(admin, "social")
    assert one["name"] == {"sv": "Socialförvaltningarna", "en": "Social services"}
    assert (one["queue"], one["secret"], one["overflow"], one["own_hours"]) == (True, True, False, False)
    assert one["agents"] == ["Adam Admin", "Sara Social"]
    waste, general = await shown(admin, "kretslopp-vatten"), await shown(admin, "kontaktcenter")
    assert (waste["overflow"], waste["secret"], waste["agents"]) == (True, False, ["Adam Admin"])
    assert general["general"] and general["board"] == "Förvaltningen för demokrati och medborgarservice"


async def test_a_closed_queue_takes_nobody_new_and_those_who_wait_stay(office: Office) -> None:
    admin, agent = await office.staff("Adam Admin", role="admin"), await office.staff("Sopan", departments=("kretslopp-vatten",))
    assert await queue_of_one_about_waste(office) == "kretslopp-vatten"
    assert (await admin.post("/departments/kretslopp-vatten", queue=False)).status_code == 200
    assert not (await shown(admin, "kretslopp-vatten"))["queue"]
    assert await queue_of_one_about_waste(office) == "kontaktcenter"
    (waiting,) = await agent.queue()
    assert waiting["department"] == "kretslopp-vatten"
    await admin.post("/departments/kretslopp-vatten", queue=True)
    assert await queue_of_one_about_waste(office) == "kretslopp-vatten"
    rows = await office.audited("desk.department")
    assert [(row.actor, row.object, row.detail) for row in rows] == [
        (admin.id, "kretslopp-vatten", {"queue": False}), (admin.id, "kretslopp-vatten", {"queue": True})
    ]  # fmt: skip


async def test_what_is_kept_in_does_not_overflow_and_comes_back_after_a_restart(office: Office) -> None:
    admin = await office.staff("Adam Admin", role="admin")
    await admin.post("/departments/miljo", overflow=False)
    routing = office.registry.desk.routing  # type: ignore[union-attr]
    assert "miljo" in routing.rules.routing.never_overflow and not (await shown(admin, "miljo"))["overflow"]
    fresh = office.desk
    await Queues(fresh.routing).start()
    assert "miljo" in fresh.routing.rules.routing.never_overflow
    await admin.post("/departments/miljo", overflow=True)
    await Queues(fresh.routing).refresh()
    assert "miljo" not in fresh.routing.rules.routing.never_overflow


async def test_the_general_queue_stays_open_and_secrets_stay_where_they_are(office: Office) -> None:
    admin = await office.staff("Adam Admin", role="admin")
    assert (await admin.post("/departments/kontaktcenter", queue=False)).status_code == 422
    assert (await admin.post("/departments/social", overflow=True)).status_code == 422
    assert (await admin.post("/departments/regionarkivet", queue=True)).status_code == 404
    assert await office.audited("desk.department") == []
