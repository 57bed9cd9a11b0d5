"""Who waits for an answer at once goes before work that can wait: a provider's webhook before turns and sends.

A provider wants its acknowledgement within a second or so, else it brings the message again and in the end gives up on us. When
hundreds come in a moment, turns and sends step back: few are under way at a time, and webhooks are first at the store's writer.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

CALM_SECONDS = 0.25  # without a webhook for so long: all the work at once again
FEW = 3  # turns, and sends of an account, under way while webhooks come in one after the other
BURST = 8  # webhooks within `CALM_SECONDS` that make it so: a few are no reason to hold anybody up


class Precedence:
    """How many webhooks come in, and how much other work may be under way meanwhile.

    Args:
        clock: seconds, only ever growing.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._latest: deque[float] = deque(maxlen=BURST)
        self._few = asyncio.Semaphore(FEW)

    def arrived(self) -> None:
        """A webhook has come in."""
        self._latest.append(self._clock())

    @property
    def pressing(self) -> bool:
        """Whether webhooks come in one after the other."""
        return len(self._latest) == BURST and self._clock() - self._latest[0] < CALM_SECONDS

    @asynccontextmanager
    async def patient(self) -> AsyncIterator[None]:
        """Around work that can wait: while webhooks press, few at a time."""
        if not self.pressing:
            yield
            return
        async with self._few:
            yield


class WriterLock:
    """A lock, fair among equals, that goes to the urgent first."""

    def __init__(self) -> None:
        self._held = False
        self._waiting: tuple[deque[asyncio.Future[None]], deque[asyncio.Future[None]]] = (deque(), deque())

    @asynccontextmanager
    async def held(self, *, urgent: bool = False) -> AsyncIterator[None]:
        """Waits for the lock and gives it back at the end.

        Args:
            urgent: before all that wait and are not.
        """
        await self._take(self._waiting[0 if urgent else 1])
        try:
            yield
        finally:
            self._pass_on()

    async def _take(self, row: deque[asyncio.Future[None]]) -> None:
        if not self._held:
            self._held = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        row.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()  # it was ours already
            else:
                row.remove(turn)
            raise

    def _pass_on(self) -> None:
        for row in self._waiting:
            while row:
                turn = row.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._held = False
