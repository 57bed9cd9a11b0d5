"""Where Rasa keeps its trackers: scratch, because `app` owns the history."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from rasa.core.tracker_store import InMemoryTrackerStore, RedisTrackerStore
from rasa.shared.core.constants import ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted
from rasa.shared.core.trackers import DialogueStateTracker, get_trackers_for_conversation_sessions


class BoundedTrackerStore(InMemoryTrackerStore):
    """In memory, the longest untouched tracker dropped first.

    Rasa's own store writes a tracker as JSON after every message and reads it back at the next, a tenth of a turn's time. Here
    the latest ones stay as they are; only the older ones are written, about 20 kB each after eight turns.
    """

    def __init__(
        self, domain: Domain, event_broker: Any = None, max_trackers: int = 5000, live_trackers: int = 200, **kwargs: Any
    ) -> None:
        """Makes an empty store.

        Args:
            domain: the assistant's domain.
            event_broker: Rasa's event broker, if any.
            max_trackers: how many episodes are kept.
            live_trackers: how many of them as objects.
            **kwargs: what else `endpoints.yml` says.
        """
        super().__init__(domain, event_broker, **kwargs)
        self._max, self._most_live = max_trackers, live_trackers
        self._live: OrderedDict[str, DialogueStateTracker] = OrderedDict()
        self.store: OrderedDict[str, str] = OrderedDict()

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Saves a tracker and forgets the oldest above the limit."""
        await self.stream_events(tracker)
        self._live[tracker.sender_id] = tracker
        self._live.move_to_end(tracker.sender_id)
        self.store.pop(tracker.sender_id, None)
        while len(self._live) > self._most_live:
            sender, old = self._live.popitem(last=False)
            self.store[sender] = self.serialise_tracker(old)
        while len(self.store) + len(self._live) > self._max:
            (self.store or self._live).popitem(last=False)

    async def keys(self) -> Iterable[str]:
        """The episodes that are kept."""
        return [*self.store, *self._live]

    async def _retrieve(self, sender_id: str, fetch_all_sessions: bool) -> DialogueStateTracker | None:
        live = self._live.get(sender_id)
        if live is None:
            return await super()._retrieve(sender_id, fetch_all_sessions)
        began = sum(isinstance(event, ActionExecuted) and event.action_name == ACTION_SESSION_START_NAME for event in live.events)
        return live if fetch_all_sessions or began <= 1 else get_trackers_for_conversation_sessions(live)[-1]


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
