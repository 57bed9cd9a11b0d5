"""A provider that is away gets rest; nobody's message is lost by it, and it costs the messages hardly a try."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.contract import OutcomeUnknown, Outgoing, Receipt, TemporaryFailure
from bot.delivery.pace import FAILURES_TO_OPEN, FIRST_REST_SECONDS, MAX_REST_SECONDS, Breaker, Pace
from tests.bot.delivery.conftest import FakeChannel, Office

DOWN = TemporaryFailure("ConnectError")


def test_it_opens_after_failures_in_a_row_and_rests_longer_each_time() -> None:
    breaker, now, rests = Breaker(), 0.0, []
    for _ in range(FAILURES_TO_OPEN - 1):
        assert not breaker.failed(now)
    breaker.succeeded()
    for _ in range(FAILURES_TO_OPEN - 1):
        assert not breaker.failed(now)
    for _ in range(7):
        assert breaker.failed(now) and breaker.resting(now)
        rests.append(breaker.rests_until - now)
        now = breaker.rests_until
        assert not breaker.resting(now) and breaker.trying
    assert rests == [15, 30, 60, 120, 240, 300, 300]
    breaker.succeeded()
    assert not breaker.trying and not breaker.failed(now)


def test_what_was_under_way_when_it_opened_does_not_make_the_rest_longer() -> None:
    breaker = Breaker()
    for _ in range(40):
        breaker.failed(100.0)
    assert breaker.rests_until == 100.0 + FIRST_REST_SECONDS


@given(st.lists(st.tuples(st.sampled_from(["failed", "succeeded", "wished"]), st.floats(0, 400)), max_size=60))
def test_whatever_happens_it_lets_somebody_try_again(events: list[tuple[str, float]]) -> None:
    breaker, now = Breaker(), 0.0
    for what, seconds in events:
        now += seconds
        if what == "wished":
            breaker.wished(now, seconds)
        elif what == "failed":
            breaker.failed(now)
        else:
            breaker.succeeded()
            assert not breaker.resting(now)
        assert breaker.rests_until <= now + max(MAX_REST_SECONDS, 400)


def test_a_right_that_is_not_used_is_given_back() -> None:
    pace = Pace(1.0, 3)
    assert pace.wait("anna", 0.0) == 0.0
    for _ in range(10):  # the account must wait, and that does not use up the address's three
        assert pace.wait("anna", 0.0) > 0
    assert pace.wait("anna", 5.0) == 0.0 and pace.wait("anna", 10.0) == 0.0
    pace.reserve(20.0)
    assert pace.account_wait(20.0) > 0
    pace.release()
    assert pace.account_wait(20.0) == 0.0


@pytest.mark.asyncio
async def test_in_an_outage_messages_keep_their_tries_and_then_all_go(office: Office) -> None:
    worker = office.worker()
    said = [await office.say(await office.conversation(), str(number)) for number in range(12)]
    office.channel.does = [DOWN] * 1000
    for _ in range(100):  # more than an hour
        while await worker.deliver_next():
            pass
        office.later(seconds=45)
    rows = [await office.row(message) for message in said]
    assert {row.state for row in rows} == {"pending"}
    assert sum(row.attempts for row in rows) == FAILURES_TO_OPEN - 1, "only those before it was clear that it is an outage"
    assert len(office.channel.tried) < 30, "the provider is left in peace"
    office.channel.does = []
    for _ in range(20):
        while await worker.deliver_next():
            pass
        office.later(seconds=400)
    assert sorted(office.channel.texts) == sorted(str(number) for number in range(12))


@pytest.mark.asyncio
async def test_out_of_a_rest_one_message_goes_alone_first(office: Office) -> None:
    gate = asyncio.Event()

    async def slowly(_: Outgoing) -> Receipt:
        await gate.wait()
        return Receipt(None)

    office.channel.does = [DOWN] * 10  # all are under way when it opens
    for _ in range(10):
        await office.say(await office.conversation(), "x")
    async with office.working() as _:
        await office.until(lambda: len(office.channel.tried) >= 10)
        tried = len(office.channel.tried)
        office.channel.does = [slowly] * 20
        office.later(seconds=FIRST_REST_SECONDS + 10)
        await office.until(lambda: len(office.channel.tried) > tried)
        await asyncio.sleep(0.3)
        assert len(office.channel.tried) == tried + 1
        gate.set()
        await office.until(lambda: len(office.channel.taken) == 10)


@pytest.mark.asyncio
async def test_an_account_comes_back_though_another_is_always_busy(office: Office) -> None:
    busy = FakeChannel("busy:main")
    office.others, forever = [busy], asyncio.Event()

    async def never(_: Outgoing) -> Receipt:
        await forever.wait()
        return Receipt(None)

    busy.does = [never]
    office.channel.does = [DOWN] * FAILURES_TO_OPEN
    async with office.working():
        await office.say(await office.conversation("busy:main"), "takes long")
        for _ in range(FAILURES_TO_OPEN):
            await office.say(await office.conversation(), "x")
        await office.until(lambda: len(office.channel.tried) == FAILURES_TO_OPEN and len(busy.tried) == 1)
        office.later(seconds=FIRST_REST_SECONDS + 10)
        await office.until(lambda: len(office.channel.taken) == FAILURES_TO_OPEN)
        forever.set()


@pytest.mark.asyncio
async def test_a_broken_connection_opens_it_too(office: Office) -> None:
    worker = office.worker()
    office.channel.does = [OutcomeUnknown("ReadTimeout")] * 50
    for _ in range(20):
        await office.say(await office.conversation(), "x")
    while await worker.deliver_next():
        pass
    assert len(office.channel.tried) == FAILURES_TO_OPEN
    assert worker.paces["fake:main"].breaker.resting(office.ticks())
