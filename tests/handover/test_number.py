"""An agent asks the citizen they write with for a number: kept as those left at night, and seen at once by that agent alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from bot.store import schema
from tests.connectors.web.conftest import Browser
from tests.handover.conftest import Office, Staff, press
from tests.handover.test_call_back import NUMBER, STORED, kept, said_to, texts, value
from tests.handover.test_lifecycle import later

pytestmark = pytest.mark.asyncio


async def with_agent(office: Office) -> tuple[Browser, Staff, str]:
    citizen, handover = await office.in_queue("Hej")
    anna = await office.staff("Anna Lind")
    await office.at_desk(anna)
    await anna.claim(handover)
    return citizen, anna, handover


async def asked(office: Office) -> tuple[Browser, Staff, str, dict[str, Any]]:
    """A citizen whose agent has asked for a number, and the question as they got it."""
    citizen, anna, handover = await with_agent(office)
    response = await anna.post(f"/handovers/{handover}/contact")
    assert (response.status_code, response.json()["state"]) == (200, "claimed"), response.text
    question = (await citizen.read())["messages"][-1]
    assert question["text"] == texts(office, "contact.question", days="30")
    return citizen, anna, handover, question


async def test_the_agent_asks_and_sees_the_number_at_once(office: Office) -> None:
    citizen, anna, handover, _ = await asked(office)
    assert await said_to(citizen, f"Ring {NUMBER} efter fem") == [texts(office, "contact.received", name="Anna Lind")]
    (row,) = await kept(office)
    assert (value(office, row), row.kind) == (STORED, "phone")
    context = await anna.context(handover)
    assert [one["value"] for one in context["contact"]] == [STORED]
    assert context["handover"]["unread"] == 1
    assert "Ring [telefon] efter fem" in [message["text"] for message in context["messages"]]
    (line,) = await office.audited("contact.read")
    assert (line.actor, line.object, line.detail) == (anna.id, handover, {"kinds": ["phone"]})
    assert [(line.actor, line.object) for line in await office.audited("contact.asked")] == [(anna.id, handover)]
    assert [line.object for line in await office.audited("contact.left")] == [handover]
    async with office.core.store.read() as conn:
        for table in (schema.message, schema.turn, schema.audit, schema.conversation, schema.handover):
            assert "1740605" not in re.sub(r"[\s-]", "", str((await conn.execute(sa.select(table))).all()))
    boss = await office.staff("Bo Ek", "admin")
    assert (await boss.context(handover))["contact"][0]["value"] is None


async def test_the_citizen_may_speak_of_something_else_first_and_is_told_once_what_is_no_number(office: Office) -> None:
    citizen, anna, handover, _ = await asked(office)
    assert await said_to(citizen, "vad gäller det?") == []
    assert await said_to(citizen, "070-12") == [texts(office, "contact.invalid")]
    assert await said_to(citizen, "eller 10-12 den 24/12") == []
    assert await said_to(citizen, NUMBER) == [texts(office, "contact.received", name="Anna Lind")]
    assert (await anna.context(handover))["handover"]["unread"] == 4


@pytest.mark.parametrize("way", ["button", "word"])
async def test_who_would_rather_not_goes_on_with_the_agent(office: Office, way: str) -> None:
    citizen, anna, handover, question = await asked(office)
    if way == "button":
        (said,) = [message["text"] for message in await press(citizen, question)]
    else:
        (said,) = await said_to(citizen, "avbryt")
    assert said == texts(office, "contact.cancelled")
    assert texts(office, "masked.notice") in await said_to(citizen, f"ring {NUMBER}")
    assert not await kept(office)
    assert (await anna.context(handover))["handover"]["state"] == "claimed"


async def test_a_number_for_a_snoozed_conversation_wakes_it(office: Office) -> None:
    citizen, anna, handover, _ = await asked(office)
    await anna.post(f"/handovers/{handover}/snooze", until=later(office, 60), reason="waiting_citizen")
    assert await said_to(citizen, NUMBER) == [texts(office, "contact.received", name="Anna Lind")]
    assert [row["state"] for row in await anna.queue()] == ["claimed"]


async def test_with_its_agent_gone_the_number_is_work_for_the_others(office: Office) -> None:
    citizen, anna, handover, _ = await asked(office)
    await anna.post(f"/handovers/{handover}/snooze", until=later(office, 60), reason="waiting_citizen")
    office.clock.forward(minutes=5)  # her console is closed
    assert await said_to(citizen, NUMBER) == [texts(office, "contact.scheduled", date="2026-11-23", time="15:05")]
    assert [(row["state"], row["due_reason"]) for row in await anna.queue()] == [("scheduled", "call_back")]


async def test_a_call_needs_a_number(office: Office) -> None:
    citizen, anna, handover, _ = await asked(office)
    agree = f"/handovers/{handover}/schedule"
    refused = await anna.post(agree, due_at=later(office, 90), kind="call_back")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "no_contact")
    await said_to(citizen, "anna@example.org")  # nobody can be called there
    assert (await anna.post(agree, due_at=later(office, 90), kind="call_back")).status_code == 409
    await anna.post(f"/handovers/{handover}/contact")
    await said_to(citizen, NUMBER)
    agreed = (await anna.post(agree, due_at=later(office, 90), kind="call_back")).json()
    assert (agreed["state"], agreed["due_reason"]) == ("scheduled", "call_back")


async def test_back_with_the_bot_nobody_waits_for_a_number(office: Office) -> None:
    citizen, anna, handover, _ = await asked(office)
    await anna.post(f"/handovers/{handover}/return")
    assert texts(office, "masked.notice") in await said_to(citizen, f"ring {NUMBER}")
    assert not await kept(office)


async def test_only_for_the_own_and_never_under_protected_identity(office: Office) -> None:
    citizen, anna, handover = await with_agent(office)
    bo = await office.staff("Bo Ek")
    assert (await bo.post(f"/handovers/{handover}/contact")).json()["error"]["code"] == "not_yours"
    await citizen.send("jag har skyddad identitet")
    assert (await anna.post(f"/handovers/{handover}/contact")).json()["error"]["code"] == "protected"
    await citizen.send(NUMBER)
    assert not await kept(office)
