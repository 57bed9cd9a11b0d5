"""What only Chatwoot has: assignment, snoozing, files, deleted conversations."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.core import Core
from handover.agent_actions import AgentActions
from handover.presence import Presence
from handover.settings import load_departments, load_settings
from tests.bot.scripted import Script
from tests.conftest import Clock
from tests.handover.desks.conftest import Place, opened, texts_of, until

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture(params=["chatwoot"])
async def place(
    request: pytest.FixtureRequest, core: Core, script: Script, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Place]:
    monkeypatch.setenv("CHATWOOT_TEAMS", '{"kontaktcenter": 4}')
    async with opened(core, script, clock, request.param, monkeypatch) as place:
        yield place


async def is_in(place: Place, handover_id: str, state: str) -> bool:
    return str((await place.handover(handover_id)).state) == state


async def test_assignment_is_the_claim_and_letting_go_puts_it_back_in_the_queue(place: Place) -> None:
    citizen, handover_id = await place.case()
    number, texts = place.number(handover_id), place.office.core.texts
    conversation = place.chatwoot.conversations[number]
    assert conversation["meta"]["team"] == {"id": 4}
    assert conversation["custom_attributes"]["language"] == "sv"
    place.chatwoot.assign(number, 1)
    await until(lambda: is_in(place, handover_id, "claimed"))
    assert await place.owner(citizen) == "agent"
    place.chatwoot.assign(number, 2)
    await until(lambda: said(place, citizen, texts.render("agent.joined", "sv", name="Bo")))
    place.chatwoot.assign(number, None)
    await until(lambda: is_in(place, handover_id, "queued"))
    assert await place.owner(citizen) == "queue"
    await until(lambda: said(place, citizen, texts.render("agent.left", "sv", name="Bo")))
    assert (await place.handover(handover_id)).claimed_by is None
    assert texts.render("queue.closed", "sv") not in await texts_of(citizen, "system")  # that nobody has our console open


async def test_an_agent_without_a_console_of_ours_is_not_taken_for_lost(place: Place) -> None:
    _, handover_id = await place.case()
    place.chatwoot.assign(place.number(handover_id), 1)
    await until(lambda: is_in(place, handover_id, "claimed"))
    core, settings = place.office.core, load_settings()
    actions = AgentActions(core, settings, load_departments(settings.queue.default_department))
    presence = Presence(core, settings.presence, actions)
    await presence.sweep()
    place.office.clock.forward(minutes=settings.presence.requeue_minutes + 1)
    assert await presence.sweep() == 0
    assert await is_in(place, handover_id, "claimed")


async def said(place: Place, citizen: object, text: str) -> bool:
    return text in await texts_of(citizen, "system")  # type: ignore[arg-type]


async def test_snoozed_stays_the_agents_and_opens_when_the_citizen_writes(place: Place) -> None:
    citizen, handover_id = await place.case()
    number = place.number(handover_id)
    await place.write(handover_id, "Jag återkommer.")
    await until(lambda: is_in(place, handover_id, "claimed"))
    place.chatwoot.set_status(number, "snoozed")
    await place.quiet(handover_id)
    assert await place.owner(citizen) == "agent"
    await citizen.send("Ingen brådska")
    await until(lambda: place.chatwoot.conversations[number]["status"] == "open")
    assert await place.from_citizen(handover_id) == ["Ingen brådska"]


async def test_private_notes_and_files_do_not_reach_the_citizen(place: Place) -> None:
    citizen, handover_id = await place.case()
    number = place.number(handover_id)
    place.chatwoot.write(number, 1, "Kolla med miljö.", private=True)
    place.chatwoot.write(number, 1, None)
    await until(lambda: "Bilagan nådde inte medborgaren. Skriv svaret som text." in place.chatwoot.written(number, private=True))
    await place.write(handover_id, "Hej!")
    await until(lambda: texts_of(citizen, "agent"))
    assert await texts_of(citizen, "agent") == ["Hej!"]


async def test_a_conversation_that_is_deleted_there_waits_in_our_own_queue(place: Place) -> None:
    citizen, handover_id = await place.case()
    place.chatwoot.assign(place.number(handover_id), 1)
    await until(lambda: is_in(place, handover_id, "claimed"))
    await place.quiet(handover_id)
    place.chatwoot.delete(place.number(handover_id))
    await citizen.send("Är ni kvar?")
    await until(lambda: is_in(place, handover_id, "queued"))
    own = await place.office.staff("Olle Ek")
    assert handover_id in [one["id"] for one in await own.queue()]
    assert (await place.link(handover_id)).state == "ended"


async def test_the_citizen_who_ends_is_told_about_and_resolved(place: Place) -> None:
    citizen, handover_id = await place.case()
    await place.write(handover_id, "Hej!")
    await until(lambda: is_in(place, handover_id, "claimed"))
    assert (await citizen.http.post("/chat/v1/end", headers=citizen.auth)).status_code == 200
    number = place.number(handover_id)
    await until(lambda: place.chatwoot.conversations[number]["status"] == "resolved")
    assert any("har avslutat samtalet" in text for text in place.chatwoot.written(number, private=True))
    assert not place.chatwoot.refused
