"""Where Rasa keeps its trackers: scratch, because `app` owns the history."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from rasa.core.tracker_store import InMemoryTrackerStore, RedisTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker


class BoundedTrackerStore(InMemoryTrackerStore):
    """In memory, the longest untouched tracker dropped first. A tracker takes about 20 kB after eight turns."""

    def __init__(self, domain: Domain, event_broker: Any = None, max_trackers: int = 5000, **kwargs: Any) -> None:
        """Makes an empty store.

        Args:
            domain: the assistant's domain.
            event_broker: Rasa's event broker, if any.
            max_trackers: how many episodes are kept.
            **kwargs: what else `endpoints.yml` says.
        """
        super().__init__(domain, event_broker, **kwargs)
        self._max = max_trackers
        self.store: OrderedDict[str, str] = OrderedDict()

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Saves a tracker and forgets the oldest above the limit."""
        await super().save(tracker)
        self.store.move_to_end(tracker.sender_id)
        while len(self.store) > self._max:
            self.store.popitem(last=False)


class RedisUrlTrackerStore(RedisTrackerStore):
    """In Redis, by one address like the other processes' REDIS_URL, with expiry. Used by `endpoints.redis.yml`."""

    def __init__(self, domain: Domain, event_broker: Any = None, redis_url: str = "", **kwargs: Any) -> None:
        """Connects on first use.

        Args:
            domain: the assistant's domain.
            event_broker: Rasa's event broker, if any.
            redis_url: for example redis://127.0.0.1:6379/0.
            **kwargs: what else RedisTrackerStore takes, such as `record_exp` (seconds).
        """
        import redis

        super().__init__(domain, event_broker=event_broker, **kwargs)
        self.red = redis.StrictRedis.from_url(redis_url, decode_responses=True)
