"""Tells connected clients that something changed. Only ids and numbers travel; receivers read the store.

In one process by default; through Redis when REDIS_URL is set; through PostgreSQL's LISTEN/NOTIFY when the
database is PostgreSQL and there is no Redis. A lost notice costs a client nothing but a moment: a chat re-reads by seq at its
next ping, and the desk's consoles are told to read again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog

_log = structlog.get_logger(__name__)
_CHANNEL = "fraga"
_QUEUE_SIZE = 256  # a slow client drops notices rather than growing without bound
RESYNC = {"topic": "desk", "type": "resync"}  # notices were lost: read everything again


class Hub:
    """Subscribers in this process. `publish` may be called from the event loop only."""

    def __init__(self) -> None:
        self._subscribers: dict[str, set[asyncio.Queue[dict[str, Any]]]] = {}

    @asynccontextmanager
    async def subscribe(self, *keys: str) -> AsyncIterator[asyncio.Queue[dict[str, Any]]]:
        """A queue of the notices whose key is one of `keys`: `conversation:<id>`, `desk`, `outbox`, `turns`."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_QUEUE_SIZE)
        for key in keys:
            self._subscribers.setdefault(key, set()).add(queue)
        try:
            yield queue
        finally:
            for key in keys:
                self._subscribers[key].discard(queue)
                if not self._subscribers[key]:
                    del self._subscribers[key]

    def publish(self, notice: dict[str, Any]) -> None:
        """Gives a notice `{topic, …}` to this process's subscribers (subclasses: to every process's)."""
        self.deliver(notice)

    def deliver(self, notice: dict[str, Any]) -> None:
        """Hands a notice to the subscribers of its topic, and of its conversation."""
        topic = notice["topic"]
        keys = [topic] if topic != "conversation" else [f"conversation:{notice['conversation_id']}", "desk"]
        for key in keys:
            for queue in tuple(self._subscribers.get(key, ())):
                try:
                    queue.put_nowait(notice)
                except asyncio.QueueFull:
                    if key == "desk":
                        _start_afresh(queue)

    async def start(self) -> None:
        """Connects, where there is something to connect to."""

    async def stop(self) -> None:
        """Disconnects."""


def _start_afresh(queue: asyncio.Queue[dict[str, Any]]) -> None:
    with contextlib.suppress(asyncio.QueueEmpty):
        while True:
            queue.get_nowait()
    queue.put_nowait(RESYNC)


class _RemoteHub(Hub):
    """A hub whose notices also reach other processes; a task listens and reconnects with back-off."""

    def __init__(self) -> None:
        super().__init__()
        self._outgoing: asyncio.Queue[str] = asyncio.Queue(10_000)
        self._tasks: list[asyncio.Task[None]] = []

    def publish(self, notice: dict[str, Any]) -> None:
        try:
            self._outgoing.put_nowait(json.dumps(notice))
        except asyncio.QueueFull:  # the server is away: at least this process's clients hear of it
            self.deliver(notice)

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._forever(self._listen)), asyncio.create_task(self._forever(self._send))]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _forever(self, work: Any) -> None:
        wait = 0.2
        while True:
            try:
                await work()
                wait = 0.2
            except asyncio.CancelledError:
                raise
            except Exception as error:  # any fault of the server or the network: log, wait, connect again
                _log.warning("event_hub_reconnecting", error=type(error).__name__, wait_seconds=wait)
                await asyncio.sleep(wait)
                wait = min(wait * 2, 5.0)

    @asynccontextmanager
    async def _next(self) -> AsyncIterator[str]:
        """The next notice to send; one that does not get out waits for the next connection."""
        text = await self._outgoing.get()
        try:
            yield text
        except BaseException:
            with contextlib.suppress(asyncio.QueueFull):
                self._outgoing.put_nowait(text)
            raise

    async def _listen(self) -> None:
        raise NotImplementedError

    async def _send(self) -> None:
        raise NotImplementedError


class RedisHub(_RemoteHub):
    """Notices through Redis pub/sub."""

    def __init__(self, redis_url: str) -> None:
        super().__init__()
        import redis.asyncio as redis

        self._redis = redis.Redis.from_url(redis_url)

    async def _listen(self) -> None:
        async with self._redis.pubsub() as pubsub:
            await pubsub.subscribe(_CHANNEL)
            self.deliver(RESYNC)  # what was said while this process was not connected, it has not heard
            async for item in pubsub.listen():
                if item["type"] == "message":
                    self.deliver(json.loads(item["data"]))

    async def _send(self) -> None:
        while True:
            async with self._next() as text:
                await self._redis.publish(_CHANNEL, text)

    async def stop(self) -> None:
        await super().stop()
        await self._redis.aclose()


class PostgresHub(_RemoteHub):
    """Notices through LISTEN/NOTIFY, for PostgreSQL without Redis."""

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self._dsn = dsn

    async def _listen(self) -> None:
        import psycopg

        async with await psycopg.AsyncConnection.connect(self._dsn, autocommit=True) as conn:
            await conn.execute(f"LISTEN {_CHANNEL}")
            self.deliver(RESYNC)
            async for item in conn.notifies():
                self.deliver(json.loads(item.payload))

    async def _send(self) -> None:
        import psycopg

        async with await psycopg.AsyncConnection.connect(self._dsn, autocommit=True) as conn:
            while True:
                async with self._next() as text:
                    await conn.execute("SELECT pg_notify(%s, %s)", (_CHANNEL, text))
