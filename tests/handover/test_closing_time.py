"""The desk closes while citizens wait, or their agent is gone after it has: they are told once, and may leave contact details."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from bot.store import schema
from handover.agent_actions import AgentActions
from handover.presence import Presence
from tests.bot.scripted import analysis
from tests.connectors.web.conftest import Browser
from tests.handover.conftest import HUMAN, Office, Staff, press

pytestmark = pytest.mark.asyncio
TUESDAY, WEDNESDAY = "2026-11-24", "2026-11-25"


async def there(office: Office, *staff: Staff) -> None:
    marked = schema.agent.update().where(schema.agent.c.id.in_([one.id for one in staff]))
    async with office.core.store.write() as tx:
        await tx.conn.execute(marked.values(present_at=office.core.now()))


def closed(office: Office, date: str, language: str = "sv") -> list[str]:
    texts = office.core.texts
    return [texts.render("queue.closed", language), texts.render("queue.opens", language, date=date, time="08:00")]


async def told(citizen: Browser, after: int) -> list[dict[str, Any]]:
    return list((await citizen.read(after))["messages"])


async def last_seq(citizen: Browser) -> int:
    return int((await citizen.read())["messages"][-1]["seq"])


async def late_in_the_day(office: Office) -> Staff:
    """Ten minutes before the desk closes, with somebody there."""
    office.clock.forward(hours=5, minutes=50)
    anna = await office.staff("Anna Agent")
    await there(office, anna)
    return anna


@pytest.mark.parametrize("language", ["sv", "ar"])
async def test_who_waits_when_the_desk_closes_is_told_once_and_again_the_next_evening(office: Office, language: str) -> None:
    await late_in_the_day(office)
    citizen = await office.citizen(language=language)
    office.script.analyses[HUMAN] = analysis(language, signals={"ask_human": 0.99})
    await press(citizen, await office.asks_for_human(citizen))
    seq = await last_seq(citizen)
    sweep = office.desk.expectations.sweep
    assert await sweep() == 0
    office.clock.forward(minutes=11)
    assert (await sweep(), await sweep()) == (1, 0)
    said = await told(citizen, seq)
    assert [message["text"] for message in said] == closed(office, TUESDAY, language)
    assert {(message["author"], message["language"]) for message in said} == {("system", language)}
    assert (await citizen.read())["queue"] == {"position": 1}  # they may as well stay

    office.clock.forward(hours=18)  # the next day, with the desk open and nobody there
    assert await sweep() == 0
    office.clock.forward(hours=6)
    assert (await sweep(), await sweep()) == (1, 0)
    assert [message["text"] for message in await told(citizen, said[-1]["seq"])] == closed(office, WEDNESDAY, language)

    (question,) = await press(citizen, said[0])
    assert question["text"] == office.core.texts.render("contact.question", language, days="30")
    await citizen.send("070-174 06 05")
    assert await office.scalar(sa.select(schema.handover.c.state)) == "scheduled"
    office.clock.forward(days=1)
    assert await sweep() == 0  # who is to be called waits for nothing here


async def test_who_joins_a_closed_desk_hears_it_then_and_not_again(office: Office) -> None:
    office.clock.forward(hours=8)
    citizen = await office.citizen()
    said = await press(citizen, await office.asks_for_human(citizen))
    assert [message["text"] for message in said][1:] == closed(office, TUESDAY)
    assert await office.desk.expectations.sweep() == 0


async def test_who_loses_the_agent_after_closing_is_told(office: Office) -> None:
    anna = await late_in_the_day(office)
    citizen, handover = await office.in_queue("Hej")
    await anna.claim(handover)
    office.clock.forward(minutes=30)
    assert await office.desk.expectations.sweep() == 0  # an agent has them
    actions = AgentActions(office.core, office.desk.settings, office.desk.departments)
    presence = Presence(office.core, office.desk.settings.presence, actions)
    seq = await last_seq(citizen)
    await presence.sweep()
    assert (await office.desk.expectations.sweep(), await office.desk.expectations.sweep()) == (1, 0)
    left, *said = await told(citizen, seq)
    assert left["text"] == office.core.texts.render("agent.left", "sv", name="Anna Agent")
    assert [message["text"] for message in said] == closed(office, TUESDAY)
    assert len(said[0]["buttons"]) == 1


async def test_nothing_is_kept_under_protected_identity_so_nothing_is_asked_for(office: Office) -> None:
    await late_in_the_day(office)
    citizen, _ = await office.in_queue("Hej")
    async with office.core.store.write() as tx:
        await tx.conn.execute(schema.conversation.update().values(protected=True))
    seq = await last_seq(citizen)
    office.clock.forward(minutes=11)
    assert await office.desk.expectations.sweep() == 1
    said = await told(citizen, seq)
    assert [message["text"] for message in said] == closed(office, TUESDAY)
    assert not said[0].get("buttons")


async def test_a_department_that_closes_earlier_says_so_unless_the_general_queue_takes_its_own(office: Office) -> None:
    admin = await office.staff("Eva Admin", "admin")
    hours = {"weekly": {"monday": ["08:00", "12:00"], "wednesday": ["09:00", "12:00"]}}
    for department in ("social", "kultur"):
        saved = await admin.post("/hours", department=department, hours=hours)
        assert saved.status_code == 200, saved.text
    secret, other = await office.citizen(department="social"), await office.citizen(department="kultur")
    for citizen in (secret, other):
        await press(citizen, await office.asks_for_human(citizen))
    seqs = [await last_seq(citizen) for citizen in (secret, other)]
    office.clock.forward(hours=2)
    assert await office.desk.expectations.sweep() == 1
    texts = office.core.texts
    assert [message["text"] for message in await told(secret, seqs[0])] == [
        texts.render("queue.closed", "sv"), texts.render("queue.opens", "sv", date=WEDNESDAY, time="09:00"),
    ]  # fmt: skip
    assert await told(other, seqs[1]) == []
