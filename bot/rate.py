"""Rate limits: a token bucket per key (conversation, network address, sender, account)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

_MOST_BUCKETS = 50_000  # forgotten oldest first: memory stays bounded whatever comes


@dataclass
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """Lets `per_minute` through, in bursts of at most as many; pure but for its memory.

    Args:
        per_minute: 0 = no limit.
        burst: how many may come at once after a pause; as many as a minute allows unless it is given.
    """

    def __init__(self, per_minute: float, burst: float | None = None) -> None:
        self._per_minute = per_minute
        self._burst = float(burst if burst is not None else per_minute)
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str, now: float) -> float:
        """Takes one token.

        Args:
            key: whom the limit is for.
            now: seconds of a monotonic clock.

        Returns:
            0.0 when allowed, else the seconds to wait.
        """
        wait = self.wait(key, now)
        if wait == 0.0 and self._per_minute:
            self._buckets[key].tokens -= 1
        return wait

    def wait(self, key: str, now: float) -> float:
        """What `take` would return; takes nothing."""
        if not self._per_minute:
            return 0.0
        rate = self._per_minute / 60
        bucket = self._buckets.pop(key, None) or _Bucket(self._burst, now)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * rate)
        bucket.at = now
        self._buckets[key] = bucket
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        return 0.0 if bucket.tokens >= 1 else (1 - bucket.tokens) / rate

    def put_back(self, key: str) -> None:
        """Gives back a token that was taken and not used."""
        if bucket := self._buckets.get(key):
            bucket.tokens = min(self._burst, bucket.tokens + 1)
