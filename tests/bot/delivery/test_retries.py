"""Tried again with patience; given up in the end; what nobody knows is never simply sent again."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.contract import AddressUnreachable, OutcomeUnknown, Outgoing, PermanentFailure, Receipt, TemporaryFailure
from bot.delivery.sending import MAX_ATTEMPTS, MAX_BACKOFF_SECONDS, backoff_seconds
from bot.store import conversations, schema
from tests.bot.delivery.conftest import Office


@given(attempt=st.integers(1, 60), wish=st.none() | st.floats(0, 5000), jitter=st.floats(0, 1))
def test_back_off_grows_to_a_limit_and_a_wish_is_never_shortened(attempt: int, wish: float | None, jitter: float) -> None:
    seconds = backoff_seconds(attempt, wish, jitter)
    assert seconds >= (wish or 0)
    assert 1.5 <= seconds <= max(1.25 * MAX_BACKOFF_SECONDS, wish or 0)
    assert backoff_seconds(attempt, None, 0.5) <= backoff_seconds(attempt + 1, None, 0.5)


@pytest.mark.asyncio
async def test_a_temporary_failure_is_tried_again_later_each_time(office: Office, no_jitter: None) -> None:
    worker, anna, bo = office.worker(), await office.conversation(), await office.conversation()
    said = await office.say(anna, "hej")
    waits = []
    for _ in range(5):
        office.channel.does = [TemporaryFailure("503")]
        await worker.deliver_next()
        row = await office.row(said)
        waits.append((row.next_attempt_at - office.clock()).total_seconds())
        assert not await worker.deliver_next(), "not before its time"
        await office.say(bo, "works")  # so that it is this message's trouble, not the provider's
        await worker.deliver_next()
        office.later(seconds=waits[-1])
    assert waits == [2, 4, 8, 16, 32]
    assert (row.state, row.attempts, row.error) == ("pending", 5, "503")
    await worker.deliver_next()
    row = await office.row(said)
    assert (row.state, row.error, row.parts_sent) == ("sent", None, 1)


@pytest.mark.asyncio
async def test_after_so_many_tries_it_is_a_dead_letter(office: Office) -> None:
    worker, anna, bo = office.worker(), await office.conversation(), await office.conversation()
    said = await office.say(anna, "hej")
    after = await office.say(anna, "och hej då")
    for attempt in range(MAX_ATTEMPTS):
        assert await office.state(said) == "pending", attempt
        office.channel.does = [TemporaryFailure("500")]
        await worker.deliver_next()
        if attempt < MAX_ATTEMPTS - 1:
            await office.say(bo, "works")
            await worker.deliver_next()
        office.later(hours=0.3)
    assert [await office.state(said), await office.state(after)] == ["dead", "pending"]
    await worker.deliver_next()
    assert await office.state(after) == "sent"


@pytest.mark.asyncio
async def test_a_provider_s_wish_to_wait_is_kept_and_costs_no_try(office: Office) -> None:
    worker, anna, bo = office.worker(), await office.conversation(), await office.conversation()
    office.channel.does = [TemporaryFailure("429", 90)]
    said = await office.say(anna, "hej")
    await worker.deliver_next()
    row = await office.row(said)
    assert (row.attempts, row.next_attempt_at) == (0, office.clock() + dt.timedelta(seconds=90))
    await office.say(bo, "for another address")
    assert await worker.deliver_next()
    office.later(seconds=89)
    assert not await worker.deliver_next()
    office.later(seconds=2)
    assert await worker.deliver_next() and await office.state(said) == "sent"


@pytest.mark.asyncio
async def test_a_wish_for_the_whole_account_holds_for_all(office: Office) -> None:
    worker, anna, bo = office.worker(), await office.conversation(), await office.conversation()
    office.channel.does = [TemporaryFailure("429", 40, whole_account=True)]
    await office.say(anna, "a")
    await office.say(bo, "b")
    assert await worker.deliver_next() and not await worker.deliver_next()
    office.later(seconds=39)
    assert not await worker.deliver_next()
    office.later(seconds=2)
    assert await worker.deliver_next() and await worker.deliver_next()
    assert sorted(office.channel.texts) == ["a", "b"]


@pytest.mark.asyncio
async def test_what_has_waited_for_a_day_is_left_to_an_operator(office: Office) -> None:
    worker, anna = office.worker(), await office.conversation()
    said = await office.say(anna, "hej", author="system")
    for _ in range(2):
        office.channel.does = [TemporaryFailure("the token is refused", 300, whole_account=True)]
        await worker.deliver_next()
        assert await office.state(said) == ("pending" if _ == 0 else "dead")
        office.later(hours=25)
    assert (await office.row(said)).error == "the token is refused"


@pytest.mark.asyncio
async def test_an_error_that_nobody_foresaw_may_have_been_a_send(office: Office) -> None:
    worker, anna = office.worker(), await office.conversation()
    office.channel.does = [KeyError("id")]
    said = await office.say(anna, "hej")
    await worker.deliver_next()
    office.later(hours=1)
    assert not await worker.deliver_next(), "a second SMS would be worse than asking an operator"
    assert ((await office.row(said)).state, (await office.row(said)).error) == ("ambiguous", "KeyError")


@pytest.mark.asyncio
async def test_an_answer_that_never_comes_is_not_waited_for(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: Outgoing) -> Receipt:
        import asyncio

        await asyncio.sleep(3600)
        raise AssertionError

    monkeypatch.setattr("bot.delivery.sending.CALL_SECONDS", 0.01)
    office.channel.does = [never]
    said = await office.say(await office.conversation(), "hej")
    await office.worker().deliver_next()
    assert await office.state(said) == "ambiguous"


@pytest.mark.asyncio
async def test_a_reply_that_can_not_be_put_into_parts_is_a_dead_letter_in_the_end(office: Office) -> None:
    def broken(_: object) -> list[Outgoing]:
        raise ValueError("a fault of ours")

    office.channel.render_parts = broken  # type: ignore[method-assign]
    worker, said = office.worker(), await office.say(await office.conversation(), "hej")
    for _ in range(MAX_ATTEMPTS):
        await worker.deliver_next()
        office.later(hours=0.3)
    row = await office.row(said)
    assert (row.state, row.error) == ("dead", "ValueError") and not office.channel.tried
    assert not worker.paces["fake:main"].breaker.trying, "the provider did nothing wrong"


@pytest.mark.asyncio
async def test_an_account_that_is_not_switched_on_says_so(office: Office) -> None:
    worker, anna = office.worker(), await office.conversation("gone:main")
    said = await office.say(anna, "hej")
    await worker.deliver_next()
    row = await office.row(said)
    assert row.state == "dead" and "gone:main" in row.error


@pytest.mark.asyncio
async def test_an_address_that_nothing_reaches_ends_its_conversation(office: Office) -> None:
    worker, anna = office.worker(), await office.conversation()
    office.channel.does = [AddressUnreachable("blocked")]
    said, system = await office.say(anna, "hej"), await office.say(anna, "välkommen", author="system")
    while await worker.deliver_next():
        pass
    async with office.core.store.read() as conn:
        closed = await conversations.get(conn, anna)
    assert (closed.owner, closed.close_reason) == ("closed", "unreachable")
    assert [await office.state(said), await office.state(system)] == ["dead", "cancelled"]
    assert office.channel.tried[1:] == []


@pytest.mark.asyncio
async def test_without_a_way_to_ask_the_setting_decides(office: Office, no_jitter: None) -> None:
    anna = await office.conversation()
    office.channel.does = [OutcomeUnknown("ReadTimeout")] * 50
    held = await office.say(anna, "held")
    await office.worker().deliver_next()
    assert await office.state(held) == "ambiguous"
    office.ambiguous = "resend"
    worker = office.worker()
    again = await office.say(anna, "again")
    await worker.deliver_next()
    row = await office.row(again)
    assert (row.state, row.attempts) == ("pending", 1)
    assert row.next_attempt_at == office.clock() + dt.timedelta(seconds=2), "not at once, again and again"
    office.later(seconds=3)
    office.channel.does = []
    await worker.deliver_next()
    first, second = office.channel.tried[1:]
    assert first.key == second.key == f"{again}.0"


@pytest.mark.asyncio
async def test_sending_again_has_an_end_too(office: Office) -> None:
    office.ambiguous = "resend"
    worker, bo = office.worker(), await office.conversation()
    said = await office.say(await office.conversation(), "hej")
    for _ in range(20):
        office.channel.does = [OutcomeUnknown("ReadTimeout")]
        await worker.deliver_next()
        office.channel.does = []
        await office.say(bo, "works")
        await worker.deliver_next()
        office.later(hours=0.3)
    assert await office.state(said) == "ambiguous"
    assert len([o for o in office.channel.tried if o.text == "hej"]) == MAX_ATTEMPTS


@pytest.mark.asyncio
async def test_no_error_tells_what_was_said_or_to_whom(office: Office) -> None:
    worker = office.worker()
    office.channel.does = [
        PermanentFailure("refused"),
        OutcomeUnknown("ReadTimeout"),
        TemporaryFailure("503"),
        ValueError("hemligt"),
    ]
    for _ in range(4):
        await office.say(await office.conversation(), "hemligt")
    while await worker.deliver_next():
        pass
    async with office.core.store.read() as conn:
        errors = {row.error for row in await conn.execute(schema.outbox.select())}
    assert errors == {None, "refused", "ReadTimeout", "503", "ValueError"}
