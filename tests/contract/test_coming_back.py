"""On any channel a citizen whose conversation was just closed is offered the way back to it, once, beside the bot's answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from bot.store import schema
from tests.bot.scripted import analysis
from tests.contract.conftest import Phone
from tests.handover.conftest import HUMAN, Staff

pytestmark = pytest.mark.asyncio(loop_scope="session")
_h, _m, _c = schema.handover.c, schema.message.c, schema.conversation.c
AGAIN = "en sak till om fakturan"


def _text(phone: Phone, key: str, **params: Any) -> str:
    return phone.town.texts.render(key, "sv", **params)


async def _closed(phone: Phone, reason: str = "solved") -> tuple[Staff, str, str]:
    """An agent has had the conversation and closed it; returns also the handover and what was said at the end."""
    phone.town.echoes()
    phone.town.script.analyses[HUMAN] = analysis(signals={"ask_human": 0.99})
    agent = await phone.town.agent()
    await phone.asks(HUMAN)
    await phone.presses(_text(phone, "consent.send"))
    await phone.hears()
    conversation = await phone.town.conversation()
    handover = next(row["id"] for row in await agent.queue() if row["conversation_id"] == conversation.id)
    assert (await agent.claim(handover)).status_code == 200
    await _there(phone, agent)
    assert (await agent.post(f"/handovers/{handover}/close", reason=reason)).json()["state"] == "closed"
    return agent, handover, await phone.hears()


async def _there(phone: Phone, agent: Staff, *, there: bool = True) -> None:
    async with phone.town.core.store.write() as tx:
        at = phone.town.core.now() if there else None
        await tx.conn.execute(schema.agent.update().where(schema.agent.c.id == agent.id).values(present_at=at))


async def _written(phone: Phone, number: int) -> list[tuple[str, str]]:
    """Who said what in the conversation that was opened as this one."""
    conversation = (await phone.town.rows(schema.conversation))[number]
    return [(row.author, row.text) for row in await phone.town.rows(schema.message, _m.conversation_id == conversation.id)]


def _way_back(phone: Phone) -> str:
    return _text(phone, "conversation.reopen_offer")


async def test_the_citizen_goes_back_with_what_they_wrote(phone: Phone) -> None:
    agent, handover, ended = await _closed(phone)
    assert _text(phone, "conversation.ended_reopens", minutes=30) in ended
    said = await phone.asks(AGAIN)
    assert f"Svar på {AGAIN}." in said and said.index("Svar på") < said.index(_way_back(phone))
    await phone.presses(_text(phone, "conversation.reopen_with", name=agent.name))
    said = await phone.hears()
    assert _text(phone, "conversation.reopened") in said and "kö" in said

    first, second = await phone.town.rows(schema.conversation)
    assert (first.owner, second.owner, second.close_reason) == ("queue", "closed", "continued")
    row = next(row for row in await agent.queue() if row["id"] == handover)
    assert (row["state"], row["priority"], row["unread"], row["last_text"]) == ("queued", 50, 1, AGAIN)
    await agent.claim(handover)
    await phone.hears()
    await agent.write(handover, "Hej igen!")
    assert "Hej igen!" in await phone.hears()
    assert await phone.asks("det gäller mars") == ""  # in the same thread
    seen = await agent.context(handover)
    assert [m["text"] for m in seen["messages"] if m["author"] == "citizen"][-2:] == [AGAIN, "det gäller mars"]
    assert f"Svar på {AGAIN}." not in str(seen)


async def test_over_postgresql_too(postgres_phone: Phone) -> None:
    await test_the_citizen_goes_back_with_what_they_wrote(postgres_phone)


async def test_what_comes_before_the_first_words_does_not_use_up_the_offer(phone: Phone) -> None:
    await _closed(phone)
    assert _way_back(phone) not in await phone.asks("", **phone.line.provider.picture)
    assert _way_back(phone) in await phone.asks(AGAIN)


async def test_it_is_offered_once_and_who_does_not_take_it_stays_with_the_bot(phone: Phone) -> None:
    agent, handover, _ = await _closed(phone)
    await _there(phone, agent, there=False)
    assert _way_back(phone) in await phone.asks(AGAIN)
    assert _text(phone, "conversation.reopen_same") in f"{phone.inbox[-1].text} {phone.inbox[-1].buttons} {phone.inbox[-1].raw}"
    said = await phone.asks("en annan sak")
    assert "Svar på en annan sak." in said and _way_back(phone) not in said
    assert (await agent.get("/handovers?show=closed")).json()["handovers"][0]["id"] == handover


async def test_when_the_bot_does_not_know_the_way_back_comes_first(phone: Phone) -> None:
    await _closed(phone)
    phone.town.script.rasa = lambda body: [{"type": "text", "key": "dont_know", "outcome": "unanswered"}]
    said = await phone.asks(AGAIN)
    assert said.index(_way_back(phone)) < said.index(_text(phone, "dont_know"))


async def test_who_asks_for_a_human_is_offered_the_one_they_had(phone: Phone) -> None:
    agent, _, _ = await _closed(phone)
    said = await phone.asks(HUMAN)
    assert said.index(_way_back(phone)) < said.index(_text(phone, "consent.question"))
    await phone.presses(_text(phone, "conversation.reopen_with", name=agent.name))
    assert _text(phone, "conversation.reopened") in await phone.hears()
    async with phone.town.core.store.read() as conn:
        second = (await phone.town.rows(schema.conversation))[1]
        state = (await conn.execute(sa.select(_h.state).where(_h.conversation_id == second.id))).scalar_one()
    assert state == "declined"  # the question there was is over


@pytest.mark.parametrize("why", ["abuse", "late", "danger"])
async def test_there_is_no_way_back(phone: Phone, why: str) -> None:
    _, _, ended = await _closed(phone, "abuse" if why == "abuse" else "solved")
    assert (_text(phone, "conversation.ended_reopens", minutes=30) in ended) == (why != "abuse")
    if why == "late":
        phone.town.clock.forward(minutes=31)
    said = await phone.asks("det brinner i huset" if why == "danger" else AGAIN)
    assert _way_back(phone) not in said


async def test_too_late_it_becomes_a_question_for_a_human(phone: Phone) -> None:
    agent, _, _ = await _closed(phone)
    await phone.asks(AGAIN)
    phone.town.clock.forward(minutes=31)
    await phone.presses(_text(phone, "conversation.reopen_with", name=agent.name))
    said = await phone.hears()
    assert said.index(_text(phone, "conversation.reopen_late")) < said.index(_text(phone, "consent.question"))
    assert [row.owner for row in await phone.town.rows(schema.conversation)] == ["closed", "bot"]


async def test_a_press_that_comes_twice_goes_back_once(phone: Phone) -> None:
    agent, handover, _ = await _closed(phone)
    await phone.asks(AGAIN)
    await phone.presses(_text(phone, "conversation.reopen_with", name=agent.name))
    await phone.hears()
    before = await _written(phone, 0)
    assert (await phone.town.replays(phone.town.last[phone.line.provider.name]())).status_code < 300
    await phone.town.quiet()
    assert await _written(phone, 0) == before
    assert [text for author, text in before if author == "citizen"].count(AGAIN) == 1
    assert [row["state"] for row in await agent.queue() if row["id"] == handover] == ["queued"]


async def test_with_a_service_down_it_is_offered_once_all_the_same(phone: Phone) -> None:
    await _closed(phone)
    phone.town.script.down.add("rasa")
    await phone.sends(AGAIN)
    await _hears_until(phone, _way_back(phone))
    phone.town.script.down.clear()
    said = await _hears_until(phone, f"Svar på {AGAIN}.")
    assert said.count(_way_back(phone)) == 1


async def _hears_until(phone: Phone, text: str) -> str:
    """What comes until this was said; a turn that was put off is not waited for, but tried again as time passes."""
    async with asyncio.timeout(30):
        while not any(text in message.text for message in phone.inbox):
            await phone.town.later(2)
            await asyncio.sleep(0.05)
    return "\n".join(message.text for message in phone.inbox)
