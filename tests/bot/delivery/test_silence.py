"""Who may still be written to, asked at the last moment: a human took over, the citizen said stop."""

from __future__ import annotations

import pytest

from bot.delivery.contract import OutcomeUnknown, Outgoing, Receipt, TemporaryFailure
from bot.delivery.due import must_not_go
from tests.bot.delivery.conftest import Office

pytestmark = pytest.mark.asyncio


async def deliver_all(office: Office) -> None:
    worker = office.worker()
    while await worker.deliver_next():
        pass


@pytest.mark.parametrize("owner", ["queue", "agent"])
async def test_a_takeover_cancels_what_the_bot_has_not_said_but_never_danger(office: Office, owner: str) -> None:
    anna = await office.conversation()
    answer = await office.say(anna, "answer")
    danger = await office.say(anna, "112", outcome="emergency")
    notice = await office.say(anna, "place 3", author="system")
    await office.take_over(anna, owner)  # type: ignore[arg-type]
    agent = await office.say(anna, "I am Anna", author="agent")
    assert await office.state(answer) == "cancelled"
    await deliver_all(office)
    assert sorted(office.channel.texts) == ["112", "I am Anna", "place 3"]
    assert [await office.state(m) for m in (danger, notice, agent)] == ["sent"] * 3


async def test_delivery_looks_again_who_has_the_word(office: Office) -> None:
    """A row that was not there to be cancelled: re-sent, or freed by another worker, after the takeover."""
    anna = await office.conversation()
    await office.take_over(anna)
    answer = await office.say(anna, "answer")
    assert await office.state(answer) == "pending"
    await deliver_all(office)
    assert await office.state(answer) == "cancelled" and office.channel.tried == []


async def test_a_takeover_between_two_parts_keeps_the_rest_back(office: Office) -> None:
    anna = await office.conversation()

    async def meanwhile(_: Outgoing) -> Receipt:
        await office.take_over(anna)
        return Receipt("p1")

    office.channel.does = [meanwhile]
    said = await office.say(anna, "one|two|three")
    await deliver_all(office)
    row = await office.row(said)
    assert (row.state, row.parts_sent) == ("cancelled", 1) and office.channel.texts == ["one"]


async def test_a_takeover_while_nobody_knows_whether_it_went_out(office: Office) -> None:
    office.channel.can_look_up, anna = True, await office.conversation()
    worker = office.worker()
    office.channel.does, office.channel.finds = [OutcomeUnknown("ReadTimeout")], [None]
    said = await office.say(anna, "answer")
    await worker.deliver_next()
    await office.take_over(anna)
    office.later(seconds=3)
    await worker.deliver_next()
    assert await office.state(said) == "cancelled" and len(office.channel.tried) == 1


async def test_to_whoever_said_stop_only_the_confirmation_goes(office: Office) -> None:
    anna = await office.conversation()
    before = [await office.say(anna, "answer"), await office.say(anna, "hello", author="agent")]
    final = await office.say(anna, "You will hear no more", author="system", final=True)
    await office.stop(anna)
    after = await office.say(anna, "survey", author="system")
    await deliver_all(office)
    assert office.channel.texts == ["You will hear no more"]
    assert [await office.state(m) for m in (*before, final, after)] == ["cancelled", "cancelled", "sent", "cancelled"]


async def test_a_stop_between_two_parts_keeps_the_rest_back(office: Office) -> None:
    anna = await office.conversation()
    office.channel.does = [Receipt("p1"), TemporaryFailure("503")]
    said = await office.say(anna, "one|two", author="agent")
    worker = office.worker()
    await worker.deliver_next()
    await office.stop(anna)
    office.later(seconds=5)
    while await worker.deliver_next():
        pass
    assert await office.state(said) == "cancelled" and office.channel.texts == ["one"]


async def test_a_stop_while_waiting_for_the_next_part(office: Office) -> None:
    anna = await office.conversation()

    async def meanwhile(_: Outgoing) -> Receipt:
        await office.stop(anna)
        return Receipt("p1")

    office.channel.does = [meanwhile]
    await office.say(anna, "one|two", author="system")
    await office.say(anna, "confirmed|and over", author="system", final=True)
    await deliver_all(office)
    assert office.channel.texts == ["one", "confirmed", "and over"]


@pytest.mark.parametrize("author", ["bot", "agent", "system"])
@pytest.mark.parametrize("outcome", [None, "answered", "emergency"])
@pytest.mark.parametrize("owner", ["bot", "queue", "agent", "closed"])
async def test_the_rule(author: str, outcome: str | None, owner: str) -> None:
    def kept_back(final: bool, stopped: bool) -> bool:
        return must_not_go(author=author, outcome=outcome, final=final, owner=owner, stopped=stopped)

    silenced = author == "bot" and owner in ("queue", "agent") and outcome != "emergency"
    assert kept_back(False, False) == silenced
    assert kept_back(False, True) and kept_back(True, True) == silenced
