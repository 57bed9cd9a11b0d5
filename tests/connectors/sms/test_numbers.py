"""By SMS a number does what stood beside it on the citizen's phone, and nothing else. On the wire of one provider."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.core import Core
from bot.messages import Button, Rendered
from bot.store import conversations, messages, schema
from tests.bot.scripted import Script, analysis
from tests.conftest import Clock
from tests.connectors.sms.conftest import ANNA, Town, town_of
from tests.handover.conftest import HUMAN, add_agent

pytestmark = pytest.mark.asyncio
_m, _t, _o = schema.message.c, schema.turn.c, schema.outbox.c


@pytest_asyncio.fixture
async def town(core: Core, script: Script, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    script.analyses[HUMAN] = analysis(signals={"ask_human": 0.99})
    async with town_of("elks", core, script, clock, monkeypatch, "connectors.gateway,handover") as made:
        yield made


async def _quiet(town: Town) -> None:
    """All turns are done and all that can go out has gone out."""

    async def quiet() -> bool:
        turns = await town.rows(schema.turn, _t.state != "done")
        return not turns and not await town.rows(schema.outbox, _o.state.in_(("pending", "sending")))

    await town.until(quiet)


async def _writes(town: Town, text: str) -> list[str]:
    """What comes to the phone on it."""
    before = len(town.sim.inbox(ANNA))
    await town.sim.citizen_sends(ANNA, text)
    await _quiet(town)
    return [message.text for message in town.sim.inbox(ANNA)[before:]]


async def _conversation(town: Town) -> Any:
    (row,) = await town.rows(schema.conversation)
    return row


async def _pressed(town: Town) -> str:
    """What the citizen's last message stands in the conversation as: a chosen one as the choice's title."""
    written = await town.rows(schema.message, _m.author == "citizen")
    return str(max(written, key=lambda row: row.seq).text)


def _numbers(*texts: str) -> dict[str, int]:
    """The choices on the phone with their numbers."""
    found = re.findall(r"^(\d+)\. (.+)$", "\n".join(texts), re.MULTILINE)
    return {title: int(number) for number, title in found}


async def _lists(town: Town, *titles: str, author: Any = "bot") -> None:
    """A message with choices that comes by itself, outside of any turn."""
    buttons = tuple(Button("/human_declined", title=title) for title in titles)
    async with town.core.store.write() as tx:
        said = Rendered(author, "Välj.", "sv", buttons=buttons)
        await messages.append(tx, (await _conversation(town)).id, said, now=town.core.now())


async def _in_queue(town: Town) -> list[str]:
    await _writes(town, HUMAN)
    return await _writes(town, "1")


async def test_two_lists_in_one_turn_have_no_number_in_common_and_both_are_understood(town: Town) -> None:
    said = await _in_queue(town)  # nobody is on duty
    assert _numbers(*said) == {"Lämna kön": 1, "Lämna kontaktuppgifter": 2}
    assert "telefonnummer" in (await _writes(town, "2"))[0]
    assert await _pressed(town) == "Lämna kontaktuppgifter"


async def test_the_first_list_is_meant_also_when_it_is_not_the_last(town: Town) -> None:
    await _in_queue(town)
    await _writes(town, "1")
    assert await _pressed(town) == "Lämna kön" and (await _conversation(town)).owner == "bot"


async def test_a_word_without_a_list_leaves_the_numbers_as_they_are(town: Town) -> None:
    await _in_queue(town)
    await _writes(town, "hallå?")  # is told, without a list, that it is kept
    await _writes(town, "1")
    assert await _pressed(town) == "Lämna kön" and (await _conversation(town)).owner == "bot"


async def test_an_answer_with_a_list_takes_the_place_of_the_lists_before(town: Town) -> None:
    await _in_queue(town)
    (asked,) = await _writes(town, "2")
    assert _numbers(asked) == {"Avbryt": 1}
    await _writes(town, "2")
    assert await _pressed(town) == "2"  # nothing stood beside a 2 any more
    await _writes(town, "1")
    assert await _pressed(town) == "Avbryt" and (await _conversation(town)).owner == "queue"


async def test_lists_between_which_the_citizen_wrote_nothing_go_on_counting(town: Town) -> None:
    (said,) = await _writes(town, "hej")
    await _lists(town, "Ett", "Två")
    await _lists(town, "Tre", "Fyra")
    await _quiet(town)
    numbers = _numbers(*(message.text for message in town.sim.inbox(ANNA)))
    assert list(numbers.values()) == [1, 2, 3, 4, 5] and next(iter(numbers)) in said
    await _writes(town, str(numbers["Två"]))
    assert await _pressed(town) == "Två"


async def test_a_list_that_has_not_gone_out_is_not_meant(town: Town) -> None:
    await _writes(town, HUMAN)
    town.sim.fault("rate_limited", 1000, retry_after=3600.0)
    await town.sim.citizen_sends(ANNA, "1")

    async def refused() -> bool:
        return bool(await town.rows(schema.outbox, _o.state == "pending", _o.error.is_not(None)))

    await town.until(refused)
    assert (await _conversation(town)).owner == "queue"
    town.sim.no_faults()
    # The citizen got no answer and sends the number again: on the phone it still stands beside the question.
    await town.sim.citizen_sends(ANNA, "1")
    async with asyncio.timeout(30):
        while await town.rows(schema.turn, _t.state != "done"):
            await asyncio.sleep(0.02)
    assert await _pressed(town) != "Lämna kön" and (await _conversation(town)).owner == "queue"


async def test_a_number_that_could_mean_two_things_does_neither(town: Town) -> None:
    (question,) = await _writes(town, HUMAN)
    (offer,) = await _writes(town, "annat")
    assert 1 in _numbers(question).values() and 1 in _numbers(offer).values()
    last = max(await town.rows(schema.outbox), key=lambda row: row.seq)
    async with town.core.store.write() as tx:  # the connection broke, and nobody can tell whether the offer came
        await tx.conn.execute(schema.outbox.update().where(_o.message_id == last.message_id).values(state="ambiguous"))
    (said,) = await _writes(town, "1")
    assert "med ord" in said and (await _conversation(town)).owner == "bot"
    await _writes(town, "2")  # stood beside one thing alone
    assert await _pressed(town) == next(title for title, number in _numbers(question).items() if number == 2)


async def test_to_an_agent_a_number_is_a_number(town: Town) -> None:
    await _in_queue(town)
    conversation, agent = await _conversation(town), await add_agent(town.core, "anna Lindgren")
    async with town.core.store.write() as tx:
        await conversations.set_owner(tx, conversation.id, "agent", expected_version=conversation.version, now=town.core.now())
        said = Rendered("agent", "Hur många barn har du?", "sv", agent_id=agent)
        await messages.append(tx, conversation.id, said, now=town.core.now())
    await _quiet(town)
    await _writes(town, "2")
    assert await _pressed(town) == "2"
    async with town.core.store.write() as tx:  # nor once the bot has the word again: the agent's question was the last
        await conversations.set_owner(tx, conversation.id, "bot", expected_version=conversation.version + 1, now=town.core.now())
    await _writes(town, "1")
    assert await _pressed(town) == "1"
