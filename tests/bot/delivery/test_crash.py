"""A crash or a lost answer at any moment: nothing is lost, nothing goes out twice that needn't."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa

from bot.delivery import receipts
from bot.delivery.contract import OutcomeUnknown, Outgoing, PermanentFailure, Receipt, TemporaryFailure, Untraceable
from bot.delivery.sending import LEASE_SECONDS, LOOK_UP_AGAIN_SECONDS, MAX_LOOK_UPS
from bot.delivery.worker import OutboxWorker
from bot.store import schema
from bot.store.engine import Store
from tests.bot.delivery.conftest import Office

pytestmark = pytest.mark.asyncio


class Crash(BaseException):
    """The process is gone: nothing after it happens."""


async def crash(_: Outgoing) -> Receipt:
    raise Crash


async def dies_in(worker: OutboxWorker) -> None:
    with pytest.raises(Crash):
        await worker.deliver_next()


async def starts(office: Office) -> OutboxWorker:
    """The next process, after the dead one's lease is over; it has settled what it found."""
    office.later(seconds=LEASE_SECONDS + 1)
    worker = office.worker()
    await worker.recover(all_of_them=office.core.store.is_sqlite)
    office.later(seconds=3)
    return worker


@pytest.mark.parametrize(("setting", "state"), [("hold", "ambiguous"), ("resend", "pending")])
async def test_a_crash_while_sending_is_settled_by_the_setting(office: Office, setting: str, state: str) -> None:
    office.ambiguous = setting
    said = await office.say(await office.conversation(), "hej")
    office.channel.does = [crash]
    await dies_in(office.worker())
    assert await office.state(said) == "sending"
    worker = await starts(office)
    assert await office.state(said) == state
    assert await worker.deliver_next() == (setting == "resend")
    keys = {outgoing.key for outgoing in office.channel.tried}
    assert keys == {f"{said}.0"} and len(office.channel.tried) == (2 if setting == "resend" else 1)


async def test_a_held_message_does_not_hold_up_the_conversation(office: Office) -> None:
    anna = await office.conversation()
    office.channel.does = [crash]
    await office.say(anna, "a1")
    await office.say(anna, "a2")
    await dies_in(office.worker())
    worker = await starts(office)
    assert await worker.deliver_next() and office.channel.texts == ["a2"]


@pytest.mark.parametrize("taken", [True, False])
async def test_where_the_provider_can_tell_it_is_asked(office: Office, taken: bool) -> None:
    office.channel.can_look_up, anna = True, await office.conversation()
    before = office.clock()
    said = await office.say(anna, "a1")
    after = await office.say(anna, "a2")
    office.channel.does = [crash]
    await dies_in(office.worker())
    office.channel.finds = [Receipt("found") if taken else None]
    worker = await starts(office)
    assert await office.state(said) == "sending" and await office.state(after) == "pending"
    while await worker.deliver_next():
        pass
    assert [outgoing.text for outgoing in office.channel.tried] == (["a1", "a2"] if taken else ["a1", "a1", "a2"])
    assert office.channel.looked_up[0][1] == before, "from before the send, not from the restart"
    assert [await office.state(said), await office.state(after)] == ["sent", "sent"]
    if taken:
        async with office.core.store.read() as conn:
            assert {row.provider_id for row in await conn.execute(schema.delivery.select())} >= {"found"}


async def test_a_report_that_carries_our_key_settles_it_without_asking(office: Office) -> None:
    office.channel.can_look_up = True
    said = await office.say(await office.conversation(), "hej")
    office.channel.does = [OutcomeUnknown("ReadTimeout")]
    worker = office.worker()
    await worker.deliver_next()
    async with office.core.store.write() as tx:
        await receipts.record(tx, account="fake:main", provider_id="p9", state="delivered", now=office.clock(), part=(said, 0),
                              is_sqlite=office.core.store.is_sqlite)  # fmt: skip
    office.later(seconds=3)
    await worker.deliver_next()
    assert await office.state(said) == "sent" and not office.channel.looked_up and len(office.channel.tried) == 1


async def test_a_provider_that_can_not_tell_yet_is_asked_again_and_not_for_ever(office: Office) -> None:
    office.channel.can_look_up, bo = True, await office.conversation()
    said = await office.say(await office.conversation(), "hej")
    office.channel.does = [OutcomeUnknown("ReadTimeout")]
    office.channel.finds = [
        TemporaryFailure("503"),
        OutcomeUnknown("ReadTimeout"),
        ValueError("odd"),
        *[TemporaryFailure("503")] * 50,
    ]
    worker = office.worker()
    await worker.deliver_next()
    for look_ups in range(1, MAX_LOOK_UPS + 1):
        assert await office.state(said) == "sending"
        office.later(seconds=LOOK_UP_AGAIN_SECONDS + 1)
        await worker.deliver_next()
        assert len(office.channel.looked_up) == look_ups
        await office.say(bo, "sending works")  # so it is no outage
        await worker.deliver_next()
    assert await office.state(said) == "ambiguous"
    assert [o.text for o in office.channel.tried].count("hej") == 1


async def test_an_outage_of_the_provider_does_not_end_the_asking(office: Office) -> None:
    office.channel.can_look_up = True
    said = await office.say(await office.conversation(), "hej")
    office.channel.does, office.channel.finds = [OutcomeUnknown("ReadTimeout")], [TemporaryFailure("ConnectError")] * 40
    worker = office.worker()
    for _ in range(40):
        await worker.deliver_next()
        office.later(seconds=350)
    assert await office.state(said) == "sending" and len(office.channel.looked_up) > MAX_LOOK_UPS
    office.channel.finds = [Receipt("found")]
    await worker.deliver_next()
    assert await office.state(said) == "sent" and len(office.channel.tried) == 1


@pytest.mark.parametrize("fault", [Untraceable("no texts are kept"), PermanentFailure("403")])
async def test_what_will_never_be_known_is_settled_by_the_setting(office: Office, fault: Exception) -> None:
    office.channel.can_look_up = True
    said = await office.say(await office.conversation(), "hej")
    office.channel.does, office.channel.finds = [OutcomeUnknown("ReadTimeout")], [fault]
    worker = office.worker()
    await worker.deliver_next()
    office.later(seconds=3)
    await worker.deliver_next()
    assert await office.state(said) == "ambiguous" and len(office.channel.tried) == 1


@pytest.mark.parametrize("setting", ["hold", "resend"])
async def test_a_crash_between_two_parts_sends_none_twice(office: Office, setting: str) -> None:
    office.ambiguous = setting
    anna = await office.conversation()
    said = await office.say(anna, "one|two|three|four")
    after = await office.say(anna, "after")
    office.channel.does = [Receipt("p1"), Receipt("p2"), crash]
    await dies_in(office.worker())
    assert (await office.row(said)).parts_sent == 2
    worker = await starts(office)
    while await worker.deliver_next():
        pass
    assert [text for text, times in Counter(office.channel.texts).items() if times > 1] == []
    if setting == "resend":
        assert office.channel.texts == ["one", "two", "three", "four", "after"]
    else:  # whether the third went out nobody knows: an operator decides, and the rest goes on from there
        assert office.channel.texts == ["one", "two", "after"]
    assert await office.state(after) == "sent"


async def test_a_part_that_fails_for_now_goes_on_where_it_was(office: Office) -> None:
    worker, anna = office.worker(), await office.conversation()
    await office.say(anna, "one|two|three")
    await office.say(anna, "after")
    office.channel.does = [Receipt(None), TemporaryFailure("503")]
    await worker.deliver_next()
    assert not await worker.deliver_next()
    office.later(seconds=5)
    while await worker.deliver_next():
        pass
    assert office.channel.texts == ["one", "two", "three", "after"]


async def test_parts_wait_for_the_provider_s_pace_without_holding_anything(office: Office) -> None:
    office.channel.per_second = 0.1
    worker, said = office.worker(), await office.say(await office.conversation(), "one|two")
    await worker.deliver_next()
    row = await office.row(said)
    assert (row.state, row.parts_sent, row.attempts, row.lease_worker) == ("pending", 1, 0, None)
    office.later(seconds=11)
    await worker.deliver_next()
    assert office.channel.texts == ["one", "two"]


async def test_a_database_that_is_away_right_after_a_send_makes_no_second_one(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = await office.say(await office.conversation(), "one|two")
    original, left = receipts.record, {"failures": 2}

    async def record(*args: Any, **kwargs: Any) -> Any:
        if left["failures"] > 0:
            left["failures"] -= 1
            raise sa.exc.OperationalError("statement", {}, Exception("the server is restarting"))
        return await original(*args, **kwargs)

    monkeypatch.setattr("bot.delivery.worker.SETTLE_PAUSES", (0.0, 0.0))
    monkeypatch.setattr(receipts, "record", record)
    worker = office.worker()
    while await worker.deliver_next():
        pass
    assert office.channel.texts == ["one", "two"] and await office.state(said) == "sent"
    async with office.core.store.read() as conn:
        noted = {(row.part, row.provider_id) for row in await conn.execute(schema.delivery.select())}
    assert noted == {(0, "p1"), (1, "p2")}


async def test_a_worker_that_was_thought_dead_changes_nothing_any_more(office: Office) -> None:
    """It stood still for longer than its lease: another one has the row."""
    said = await office.say(await office.conversation(), "one|two|three")
    slow, quick = office.worker(), office.worker()

    async def stands_still(_: Outgoing) -> Receipt:
        office.later(seconds=LEASE_SECONDS + 1)
        await quick.recover()
        return Receipt("late")

    office.channel.does = [stands_still]
    await slow.deliver_next()
    row = await office.row(said)
    assert (row.state, row.parts_sent) == ("ambiguous", 0) and office.channel.texts == ["one"]


async def test_recovering_twice_at_once_does_it_once(office: Office) -> None:
    office.ambiguous = "resend"
    office.channel.does = [crash]
    said = await office.say(await office.conversation(), "hej")
    await dies_in(office.worker())
    office.later(seconds=LEASE_SECONDS + 1)
    first, second = office.worker(), office.worker()
    await asyncio.gather(first.recover(), second.recover())
    assert (await office.row(said)).attempts == 1
    office.later(seconds=5)
    assert await first.deliver_next() and not await second.deliver_next()
    await second.recover(all_of_them=False)
    assert await office.state(said) == "sent"


async def test_two_workers_never_send_one_row_twice(office: Office, postgres_url: str) -> None:
    """Two processes on one PostgreSQL: pools of their own, and every reason to meet."""
    if office.core.store.is_sqlite:
        pytest.skip("SQLite has one app process")
    second_store = Store(postgres_url, publish=office.core.hub.publish)
    try:
        office.channel.does = []

        async def a_moment(outgoing: Outgoing) -> Receipt:
            await asyncio.sleep(0.002)
            return Receipt(f"id-{outgoing.key}")

        office.channel.does = [a_moment] * 1000
        found = [await office.conversation() for _ in range(8)]
        for number in range(5):
            for place, conversation in enumerate(found):
                await office.say(conversation, f"{place}:{number}" + ("|tail" if number == 2 else ""))
        first = office.worker()
        other = Office(
            type(office.core)(
                **{
                    name: getattr(office.core, name)
                    for name in office.core.__dataclass_fields__
                    if name not in ("switch", "store")
                },
                store=second_store,
            ),
            office.clock,
            office.ticks,
            office.channel,
        )
        second = other.worker()
        async with office.working(first, second):
            await office.until(lambda: len(office.channel.taken) >= 48)
            await asyncio.sleep(0.2)
        keys = Counter(outgoing.key for outgoing in office.channel.taken)
        assert set(keys.values()) == {1} and len(keys) == 48
        for place in range(8):
            own = [text for text in office.channel.texts if text.startswith(f"{place}:")]
            assert own == [f"{place}:{number}" for number in range(5)]
    finally:
        await second_store.close()
