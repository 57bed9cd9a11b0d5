"""What is not to be sent is struck on any channel: the citizen chooses it from a list, and no agent ever reads it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from bot.store import schema
from handover import preview
from tests.bot.scripted import analysis, article
from tests.contract.conftest import Phone
from tests.handover.conftest import HUMAN, Staff

pytestmark = pytest.mark.asyncio(loop_scope="session")
SECRET, OPEN = "min granne spelar trumpet", "när töms soporna"
_h, _a = schema.handover.c, schema.audit.c


def _text(phone: Phone, key: str, **params: Any) -> str:
    return phone.town.texts.render(key, "sv", **params)


async def _asked(phone: Phone) -> str:
    """Two questions, each answered, and the wish for a human."""
    phone.town.echoes()
    phone.town.script.analyses[HUMAN] = analysis(signals={"ask_human": 0.99})
    await phone.asks(SECRET)
    await phone.asks(OPEN)
    return await phone.asks(HUMAN)


async def _press(phone: Phone, key: str) -> str:
    await phone.presses(_text(phone, key))
    return await phone.hears()


async def _strikes(phone: Phone, text: str) -> str:
    await _press(phone, "consent.strike")
    await phone.presses(f'"{text}"')
    return await phone.hears()


async def _handover(phone: Phone) -> Any:
    conversation = await phone.town.conversation()
    async with phone.town.core.store.read() as conn:
        return (await conn.execute(sa.select(schema.handover).where(_h.conversation_id == conversation.id))).one()


async def _audited(phone: Phone, action: str, target: str) -> list[dict[str, Any]]:
    async with phone.town.core.store.read() as conn:
        query = sa.select(_a.detail).where(_a.action == action, _a.object == target).order_by(_a.at)
        return [dict(detail) for detail in (await conn.execute(query)).scalars()]


async def _agents_view(agent: Staff, handover_id: str) -> str:
    row = next(row for row in await agent.queue() if row["id"] == handover_id)
    return str(row) + str(await agent.context(handover_id))


async def test_one_message_is_struck_and_ends_as_on_the_web(phone: Phone) -> None:
    agent = await phone.town.agent()
    await _asked(phone)
    offered = await _handover(phone)
    first = next(line["seq"] for line in offered.preview["shown"]["messages"] if line["text"] == SECRET)
    assert offered.preview["shown"]["messages"][first]["text"] == f"Svar på {SECRET}."

    said = await _strikes(phone, SECRET)
    assert _text(phone, "consent.struck_question") in said
    assert _text(phone, "channel.preview_struck", count=3, struck=2) in said
    said_by_citizen = await phone.town.citizens_texts()
    assert [text for text in said_by_citizen if "trumpet" in text] == [SECRET]  # the choice does not say it once more
    assert "kö" in await _press(phone, "consent.send")

    queued = await _handover(phone)
    struck = preview.without(offered.preview, {first, first + 1})
    assert {name: queued.preview[name] for name in struck} == struck
    assert (queued.state, queued.consent) == ("queued", "with_text")
    seen = await _agents_view(agent, queued.id)
    assert "trumpet" not in seen and OPEN in seen
    assert await _audited(phone, "handover.struck", queued.id) == [{"struck": 2}]
    assert [one["struck"] for one in await _audited(phone, "handover.queued", queued.id)] == [2]
    await agent.claim(queued.id)
    await phone.hears()
    await phone.asks("är du där")
    after = (await agent.get(f"/handovers/{queued.id}/messages")).json()
    assert "trumpet" not in str(after) and "är du där" in str(after)


async def test_over_postgresql_too(postgres_phone: Phone) -> None:
    await test_one_message_is_struck_and_ends_as_on_the_web(postgres_phone)


async def test_again_and_back_and_nothing_left(phone: Phone) -> None:
    agent = await phone.town.agent()
    await _asked(phone)
    await _strikes(phone, SECRET)
    listed = await _press(phone, "consent.strike")
    assert "trumpet" not in listed
    assert _text(phone, "consent.question") in await _press(phone, "consent.strike_back")  # nothing new was struck
    await _strikes(phone, OPEN)
    said = await _strikes(phone, HUMAN)
    assert _text(phone, "channel.preview_nothing") in said
    assert not [key for key in ("consent.send", "consent.strike") if _text(phone, key) in _choices(phone)]
    assert "kö" in await _press(phone, "consent.without_text")
    handover = await _handover(phone)
    assert handover.consent == "without_text"
    seen = await _agents_view(agent, handover.id)
    assert "trumpet" not in seen and "soporna" not in seen


async def test_what_is_struck_only_afterwards_is_taken_from_the_agent_too(phone: Phone) -> None:
    agent = await phone.town.agent()
    await _asked(phone)
    await _press(phone, "consent.strike")
    await _press(phone, "consent.strike_back")
    await _press(phone, "consent.send")
    handover = await _handover(phone)
    assert "trumpet" in await _agents_view(agent, handover.id)
    assert _text(phone, "consent.struck") in await phone.asks(f'"{SECRET}"')  # the title, typed
    assert "trumpet" not in await _agents_view(agent, handover.id)
    assert await _audited(phone, "handover.consent", handover.id) == [{"consent": "with_text", "struck": 2}]


async def test_who_wants_no_human_after_all_has_sent_nothing(phone: Phone) -> None:
    await _asked(phone)
    await _strikes(phone, SECRET)
    await _press(phone, "consent.cancel")
    assert (await _handover(phone)).state == "declined"
    assert (await phone.town.conversation()).owner == "bot"


async def test_a_delivery_that_comes_twice_strikes_once(phone: Phone) -> None:
    await _asked(phone)
    await _strikes(phone, SECRET)
    before, heard = await _handover(phone), len(phone.inbox)
    again = await phone.town.replays(phone.town.last[phone.line.provider.name]())
    assert again.status_code < 300
    await phone.town.quiet()
    assert ((await _handover(phone)).preview, len(phone.inbox)) == (before.preview, heard)


async def test_many_messages_come_in_lists_that_every_channel_can_show(phone: Phone) -> None:
    phone.town.script.articles["kort"] = article("kort", answer="Kort.", short="Kort.")
    phone.town.script.rasa = lambda body: [{"type": "answer", "article_ids": ["kort"], "outcome": "answered"}]
    phone.town.script.analyses[HUMAN] = analysis(signals={"ask_human": 0.99})
    texts = [f"fråga om {letter * 3}" for letter in "abcdefghij"]
    for text in texts:
        await phone.asks(text)
    await phone.asks(HUMAN)
    listed = await _press(phone, "consent.strike") + _choices(phone)
    assert texts[9] in listed and texts[2] not in listed
    listed = await _press(phone, "consent.strike_older") + _choices(phone)
    assert texts[2] in listed and texts[3] not in listed
    await phone.presses(f'"{texts[0]}"')
    assert _text(phone, "consent.struck_question") in await phone.hears()
    assert texts[0] not in str((await _handover(phone)).preview)


async def test_the_same_words_written_again_strike_nothing(phone: Phone) -> None:
    await _asked(phone)
    await _press(phone, "consent.strike")
    assert f"Svar på {SECRET}." in await phone.asks(SECRET)
    assert "struck" not in (await _handover(phone)).preview


async def test_what_was_struck_stays_struck_when_a_human_is_asked_for_again(phone: Phone) -> None:
    await _asked(phone)
    await _strikes(phone, SECRET)
    asked = await phone.asks(HUMAN)
    assert _text(phone, "consent.question") in asked
    kept = (await _handover(phone)).preview
    assert "trumpet" not in str(kept) and kept["shown"]["struck"] == 2


async def test_in_danger_there_is_one_button(phone: Phone) -> None:
    await phone.asks("det brinner i huset")
    assert _text(phone, "consent.strike") not in _choices(phone)


async def test_for_another_board_too(phone: Phone) -> None:
    anna = await phone.town.agent(departments=("kontaktcenter",))
    social = await phone.town.agent(departments=("social",))
    await _asked(phone)
    await _press(phone, "consent.send")
    handover = await _handover(phone)
    await anna.claim(handover.id)
    await anna.write(handover.id, "Då skickar jag dig vidare.")
    await anna.post(f"/handovers/{handover.id}/transfer", department="social")
    assert "Socialförvaltningarna" in await phone.hears()
    said = await _strikes(phone, SECRET)
    assert _text(phone, "consent.struck_pass", department="Socialförvaltningarna") in said
    assert "trumpet" not in await _agents_view(social, handover.id)  # pending
    await social.claim(handover.id)
    assert "trumpet" not in str(await social.context(handover.id))
    await _press(phone, "consent.pass_yes")
    seen = str(await social.context(handover.id))
    assert "trumpet" not in seen and OPEN in seen and "Då skickar jag dig vidare." in seen


def _choices(phone: Phone) -> str:
    """What can be chosen, as it stands on the phone."""
    last = phone.inbox[-1]
    return f"{last.text} {last.buttons} {last.raw}"
