"""In order within a conversation, side by side between them; nobody waits for somebody else's trouble."""

from __future__ import annotations

import asyncio

import pytest

from bot.delivery.contract import Outgoing, PermanentFailure, Receipt, TemporaryFailure
from tests.bot.delivery.conftest import FakeChannel, Office

pytestmark = pytest.mark.asyncio


async def test_a_conversation_is_delivered_in_order_while_others_go_at_the_same_time(office: Office) -> None:
    gate, under_way = asyncio.Event(), []

    async def slowly(outgoing: Outgoing) -> Receipt:
        under_way.append(outgoing.text)
        await gate.wait()
        return Receipt(None)

    async with office.working():
        anna, bo = await office.conversation(), await office.conversation()
        office.channel.does = [slowly, slowly]
        await office.say(anna, "a1")
        await office.say(anna, "a2")
        await office.say(bo, "b1")
        await office.say(anna, "a3")
        await office.until(lambda: len(under_way) == 2)
        assert sorted(under_way) == ["a1", "b1"], "the others wait for a1"
        gate.set()
        await office.until(lambda: len(office.channel.taken) == 4)
    assert [text for text in office.channel.texts if text.startswith("a")] == ["a1", "a2", "a3"]


async def test_many_conversations_each_in_order(office: Office) -> None:
    found = [await office.conversation() for _ in range(15)]
    for number in range(4):
        for place, conversation in enumerate(found):
            await office.say(conversation, f"{place}:{number}")
    async with office.working():
        await office.until(lambda: len(office.channel.taken) == 60)
    for place in range(15):
        assert [text for text in office.channel.texts if text.startswith(f"{place}:")] == [f"{place}:{n}" for n in range(4)]


async def test_what_waits_for_its_next_try_holds_up_its_own_conversation_only(office: Office) -> None:
    worker = office.worker()
    anna, bo = await office.conversation(), await office.conversation()
    office.channel.does = [TemporaryFailure("503")]
    first = await office.say(anna, "a1")
    await office.say(anna, "a2")
    await worker.deliver_next()
    await office.say(bo, "b1")
    assert await worker.deliver_next() and not await worker.deliver_next()
    assert office.channel.texts == ["b1"] and await office.state(first) == "pending"
    office.later(seconds=5)
    while await worker.deliver_next():
        pass
    assert office.channel.texts == ["b1", "a1", "a2"]


async def test_a_dead_letter_lets_the_next_go(office: Office) -> None:
    worker, anna = office.worker(), await office.conversation()
    office.channel.does = [PermanentFailure("refused")]
    dead = await office.say(anna, "a1")
    await office.say(anna, "a2")
    while await worker.deliver_next():
        pass
    row = await office.row(dead)
    assert (row.state, row.error, row.attempts) == ("dead", "refused", 1)
    assert office.channel.texts == ["a2"]


async def test_danger_waits_for_nothing_but_danger(office: Office) -> None:
    worker, anna, others = office.worker(), await office.conversation(), [await office.conversation() for _ in range(3)]
    office.channel.does = [TemporaryFailure("503", 600)]
    await office.say(anna, "an answer that waits for ten minutes")
    await worker.deliver_next()
    for other in others:
        await office.say(other, "an answer")
    office.later(seconds=1)
    await office.say(anna, "112", outcome="emergency")
    await office.say(anna, "Shall a human help?", outcome="emergency")
    while await worker.deliver_next():
        pass
    assert office.channel.texts[:2] == ["112", "Shall a human help?"]


async def test_one_account_that_hangs_holds_up_no_other(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery.worker.PARALLEL", 4)
    stuck = asyncio.Event()

    async def hang(_: Outgoing) -> Receipt:
        await stuck.wait()
        return Receipt(None)

    other = FakeChannel("other:main")
    office.others, office.channel.does = [other], [hang] * 100
    async with office.working():
        for _ in range(6):
            await office.say(await office.conversation(), "stuck")
        await office.until(lambda: len(office.channel.tried) == 4)
        await office.say(await office.conversation("other:main"), "free")
        await office.until(lambda: other.texts == ["free"])
        assert len(office.channel.tried) == 4, "an account has so many under way, not more"
        stuck.set()
        await office.until(lambda: len(office.channel.taken) == 6)


async def test_one_account_s_backlog_holds_up_no_other(office: Office) -> None:
    office.channel.per_second, office.others = 1.0, [FakeChannel("other:main")]
    worker = office.worker()
    for _ in range(20):
        await office.say(await office.conversation(), "backlog")
    await office.say(await office.conversation("other:main"), "now")
    while await worker.deliver_next():
        pass
    assert office.others[0].texts == ["now"] and office.channel.texts == ["backlog"], "one a second"
    for seconds in range(2, 5):
        office.later(seconds=1)
        while await worker.deliver_next():
            pass
        assert len(office.channel.texts) == seconds


async def test_an_address_that_has_had_enough_waits_alone(office: Office) -> None:
    office.channel.per_address_per_minute = 2
    worker, anna, bo = office.worker(), await office.conversation(), await office.conversation()
    for number in range(4):
        await office.say(anna, f"a{number}")
    await office.say(bo, "b")
    while await worker.deliver_next():
        pass
    assert sorted(office.channel.texts) == ["a0", "a1", "b"]
    office.later(seconds=30)
    while await worker.deliver_next():
        pass
    assert office.channel.texts[-1] == "a2"


async def test_the_first_that_arrives_says_that_it_is_an_ai(office: Office) -> None:
    worker, anna = office.worker(), await office.conversation(greeted=False)
    office.channel.does = [PermanentFailure("refused")]
    for text in ("one", "two", "three"):
        await office.say(anna, text)
    while await worker.deliver_next():
        pass
    assert office.channel.texts == ["AI", "two", "three"], "the one that died said nothing"


async def test_stopping_lets_what_is_under_way_end_and_takes_no_more(office: Office) -> None:
    going = asyncio.Event()

    async def slowly(_: Outgoing) -> Receipt:
        going.set()
        await asyncio.sleep(0.1)
        return Receipt(None)

    office.channel.does = [slowly]
    first = await office.say(await office.conversation(), "one")
    worker = office.worker()
    await worker.start()
    await going.wait()
    stopping = asyncio.create_task(worker.stop())
    await asyncio.sleep(0)
    second = await office.say(await office.conversation(), "two")
    await stopping
    assert [await office.state(first), await office.state(second)] == ["sent", "pending"]
