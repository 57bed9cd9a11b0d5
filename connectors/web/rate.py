"""Rate limits of the public door: a token bucket per conversation and per network address."""

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
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str, now: float) -> float:
        """Takes one token.

        Args:
            key: whom the limit is for.
            now: seconds of a monotonic clock.

        Returns:
            0.0 when allowed, else the seconds to wait.
        """
        if not self._per_minute:
            return 0.0
        rate = self._per_minute / 60
        bucket = self._buckets.pop(key, None) or _Bucket(float(self._per_minute), now)
        bucket.tokens = min(float(self._per_minute), bucket.tokens + (now - bucket.at) * rate)
        bucket.at = now
        self._buckets[key] = bucket
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return 0.0
        return (1 - bucket.tokens) / rate
