"""The way to a human and back on any channel, and the end of a conversation."""

from __future__ import annotations

import pytest

from bot.store import schema
from tests.bot.scripted import analysis
from tests.contract.conftest import Phone
from tests.handover.conftest import HUMAN, Staff

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _in_queue(phone: Phone) -> str:
    """Asks for a human and agrees; what is said then."""
    phone.town.script.analyses[HUMAN] = analysis(signals={"ask_human": 0.99})
    await phone.asks(HUMAN)
    await phone.presses(phone.town.texts.render("consent.send", "sv"))
    joined = await phone.hears()
    assert "kö" in joined
    return joined


async def _claimed(phone: Phone, agent: Staff) -> str:
    conversation = await phone.town.conversation()
    waiting = next(h for h in await agent.queue() if h["conversation_id"] == conversation.id)
    assert (await agent.claim(waiting["id"])).status_code == 200
    return str(waiting["id"])


async def test_a_human_answers_and_gives_back_to_the_bot(phone: Phone) -> None:
    phone.town.echoes()
    agent = await phone.town.agent()
    await phone.asks("en fråga först")
    await _in_queue(phone)
    handover = await _claimed(phone, agent)
    assert agent.name in await phone.hears()

    assert (await agent.write(handover, "Hej! Vad kan jag hjälpa till med?")).status_code == 200
    assert "Vad kan jag hjälpa till med?" in await phone.hears()
    assert await phone.asks("jag undrar över bygglov") == ""  # the bot is silent
    said = [m["text"] for m in (await agent.context(handover))["messages"] if m["author"] == "citizen"]
    assert said[-1] == "jag undrar över bygglov" and said[0] == "en fråga först"

    assert (await agent.post(f"/handovers/{handover}/return")).status_code == 200
    await phone.hears()
    assert "Svar på tack då." in await phone.asks("tack då")


async def test_the_queue_can_be_left(phone: Phone) -> None:
    phone.town.echoes()
    await _in_queue(phone)
    assert "Svar på" not in await phone.asks("hallå")  # whoever waits is not answered by the bot
    await phone.presses(phone.town.texts.render("queue.leave", "sv"))
    await phone.hears()
    assert (await phone.town.conversation()).owner == "bot"
    assert "Svar på igen." in await phone.asks("igen")


async def test_who_says_no_stays_with_the_bot(phone: Phone) -> None:
    phone.town.echoes()
    phone.town.script.analyses[HUMAN] = analysis(signals={"ask_human": 0.99})
    await phone.asks(HUMAN)
    await phone.presses(phone.town.texts.render("consent.cancel", "sv"))
    assert await phone.hears()
    assert (await phone.town.conversation()).owner == "bot"


async def test_the_agent_ends_it_and_the_next_message_opens_a_new_conversation(phone: Phone) -> None:
    phone.town.echoes()
    agent = await phone.town.agent()
    await _in_queue(phone)
    handover = await _claimed(phone, agent)
    await phone.hears()
    assert (await agent.post(f"/handovers/{handover}/close", reason="solved")).status_code == 200
    assert "avslutat" in await phone.hears()
    said = await phone.asks("en ny fråga")
    assert "Svar på en ny fråga." in said and "AI" in said.splitlines()[0]  # a new conversation says again who answers
    assert [row.owner for row in await phone.town.rows(schema.conversation)] == ["closed", "bot"]


async def test_danger_in_the_queue_is_answered(phone: Phone) -> None:
    await _in_queue(phone)
    assert "112" in await phone.asks("det brinner i huset")
    assert (await phone.town.conversation()).owner == "queue"
