"""Notices between processes, through the real servers: what is lost on the way is told, so that everything is read again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import psycopg
import pytest
import pytest_asyncio
import redis.asyncio as redis

from bot.events import RESYNC, Hub, PostgresHub, RedisHub
from tests.conftest import POSTGRES

REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
Cut = Callable[[], Awaitable[None]]


async def _cut_redis() -> None:
    server = redis.Redis.from_url(REDIS)
    await server.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    await server.aclose()


async def _cut_postgres() -> None:
    async with await psycopg.AsyncConnection.connect(POSTGRES, autocommit=True) as conn:
        await conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'")


@pytest_asyncio.fixture(params=["redis", "postgresql"])
async def remote(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Hub, Hub, Cut]]:
    """Two processes' hubs, connected, and a way to cut the connections on which they listen."""
    is_redis = request.param == "redis"
    try:
        if is_redis:
            server = redis.Redis.from_url(REDIS)
            await server.ping()
            await server.aclose()
        else:
            await (await psycopg.AsyncConnection.connect(POSTGRES, connect_timeout=3)).close()
    except (redis.ConnectionError, psycopg.OperationalError) as error:
        pytest.skip(f"no {request.param}: {error}")
    hubs = [RedisHub(REDIS) if is_redis else PostgresHub(POSTGRES) for _ in range(2)]
    for hub in hubs:
        async with hub.subscribe("desk") as notices:
            await hub.start()
            assert await _next(notices) == RESYNC  # it listens
    yield hubs[0], hubs[1], _cut_redis if is_redis else _cut_postgres
    for hub in hubs:
        await hub.stop()


async def _next(notices: asyncio.Queue[dict[str, Any]]) -> dict[str, Any]:
    return await asyncio.wait_for(notices.get(), 30)


@pytest.mark.asyncio
async def test_a_notice_reaches_the_other_process(remote: tuple[Hub, Hub, Cut]) -> None:
    one, other, _ = remote
    async with other.subscribe("desk") as notices:
        one.publish({"topic": "desk", "type": "queue"})
        assert await _next(notices) == {"topic": "desk", "type": "queue"}


@pytest.mark.asyncio
async def test_after_a_lost_connection_the_desk_reads_again_and_hears_on(remote: tuple[Hub, Hub, Cut]) -> None:
    one, other, cut = remote
    async with other.subscribe("desk") as notices:
        await cut()
        assert await _next(notices) == RESYNC
        one.publish({"topic": "desk", "type": "queue"})
        assert await _next(notices) == {"topic": "desk", "type": "queue"}


@pytest.mark.asyncio
async def test_a_client_that_falls_behind_is_told_to_read_again() -> None:
    hub = Hub()
    async with hub.subscribe("desk") as notices:
        for number in range(300):
            hub.publish({"topic": "desk", "type": "queue", "number": number})
        assert await _next(notices) == RESYNC
        assert [(await _next(notices))["number"] for _ in range(notices.qsize())] == list(range(257, 300))
