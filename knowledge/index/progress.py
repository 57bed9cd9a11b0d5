"""How far a long build is, in lines for a terminal or a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

_EVERY = 5.0  # seconds between two lines
_OVERHEAD = 20  # characters that a text costs beyond its own: the prompt and the ends


class Progress:
    """Says now and then how many texts are encoded and how long the rest will take.

    Args:
        lengths: characters of each text, in the order they are encoded: a long text takes longer.
        say: receives the lines; none before `every` seconds have passed, and none for the last text.
        clock: seconds.
        every: seconds between two lines.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        every: float = _EVERY,
    ) -> None:
        self._costs = [length + _OVERHEAD for length in lengths]
        self._say, self._clock, self._every = say, clock, every
        self._whole = sum(self._costs)
        self._texts = self._cost = 0
        self._started = self._said = clock()

    def done(self, texts: int) -> None:
        """Notes that so many more texts are encoded."""
        self._cost += sum(self._costs[self._texts : self._texts + texts])
        self._texts += texts
        now = self._clock()
        if now - self._said < self._every or self._texts >= len(self._costs):
            return
        self._said = now
        passed, share = now - self._started, self._cost / self._whole
        left = passed * (1 - share) / share
        self._say(
            f"index: {share:.0%} encoded ({self._texts} of {len(self._costs)} texts), "
            f"{self._texts / passed:.0f} texts/s, about {_duration(left)} left"
        )


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
