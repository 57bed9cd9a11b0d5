"""Webhooks go before work that can wait, and hold it up no longer than they come."""

from __future__ import annotations

import asyncio

import pytest

from bot.precedence import BURST, CALM_SECONDS, FEW, Precedence, WriterLock

pytestmark = pytest.mark.asyncio


async def under_way(precedence: Precedence, count: int) -> int:
    """How many of `count` pieces of work that begin at once are under way together."""
    end, now, most = asyncio.Event(), 0, 0

    async def work() -> None:
        nonlocal now, most
        async with precedence.patient():
            now += 1
            most = max(most, now)
            await end.wait()
            now -= 1

    tasks = [asyncio.create_task(work()) for _ in range(count)]
    for _ in range(10):
        await asyncio.sleep(0)
    end.set()
    await asyncio.gather(*tasks)
    return most


async def test_while_webhooks_press_few_turns_are_under_way_and_then_all() -> None:
    clock = 0.0
    precedence = Precedence(lambda: clock)
    for _ in range(BURST - 1):
        precedence.arrived()
    assert await under_way(precedence, 20) == 20, "a few webhooks hold nobody up"
    precedence.arrived()
    assert await under_way(precedence, 20) == FEW
    clock += CALM_SECONDS
    assert await under_way(precedence, 20) == 20


async def test_the_urgent_get_the_writer_first_and_the_others_in_their_order() -> None:
    lock, order = WriterLock(), list[str]()

    async def write(name: str, *, urgent: bool) -> None:
        async with lock.held(urgent=urgent):
            order.append(name)
            await asyncio.sleep(0)

    async with lock.held():
        waiting = [
            asyncio.create_task(write(name, urgent=name.startswith("webhook")))
            for name in ("turn 1", "webhook 1", "turn 2", "webhook 2")
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert order == ["webhook 1", "webhook 2", "turn 1", "turn 2"]


@pytest.mark.parametrize("given", [False, True])
async def test_who_gives_up_waiting_takes_the_lock_from_nobody(given: bool) -> None:
    lock = WriterLock()

    async def write() -> None:
        async with lock.held():
            pass

    async with lock.held():
        leaving = asyncio.create_task(write())
        await asyncio.sleep(0)
        if not given:
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
    if given:  # it has been passed on to the one that leaves, who has not run yet
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
    async with asyncio.timeout(5), lock.held():
        pass
