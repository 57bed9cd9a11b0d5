"""Opens the database: SQLite (one app process) or PostgreSQL, behind the same `Store`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.store.inline_sqlite import connector

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def async_url(database_url: str) -> URL:
    """Turns `sqlite:///…` or `postgresql://…` into the address of the async driver.

    Raises:
        ValueError: for another database.
    """
    url = make_url(database_url)
    backend = url.drivername.split("+")[0]
    if backend not in _DRIVERS:
        raise ValueError(f"DATABASE_URL: {backend!r} is not supported; give sqlite:///file.db or postgresql://user@host/name")
    return url.set(drivername=_DRIVERS[backend])


@dataclass
class Transaction:
    """A write transaction, and what is to be told to others once it is committed."""

    conn: AsyncConnection
    notices: list[dict[str, Any]] = field(default_factory=list)

    def notify(self, topic: str, **content: Any) -> None:
        """Publishes `{topic, **content}` after the commit; content carries ids and numbers, never texts."""
        self.notices.append({"topic": topic, **content})


class Store:
    """The database and the one way to read and write it.

    Args:
        database_url: `sqlite:///path` or `postgresql://…`.
        publish: called with each notice of a transaction after its commit.
    """

    def __init__(self, database_url: str, publish: Callable[[dict[str, Any]], None] | None = None) -> None:
        self.url = async_url(database_url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        options: dict[str, Any] = (
            {"async_creator": connector(self.url.database or ":memory:")}
            if self.is_sqlite
            else {"pool_size": 10, "max_overflow": 10, "pool_pre_ping": True}
        )
        self.engine: AsyncEngine = create_async_engine(self.url, **options)
        self.publish = publish
        # SQLite has one writer: waiting here is fair and cheap, waiting in SQLite's busy handler is neither.
        self._writer: asyncio.Lock | None = asyncio.Lock() if self.is_sqlite else None
        if self.is_sqlite:
            _configure_sqlite(self.engine)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent read."""
        async with self.engine.connect() as conn:
            yield conn

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """A write transaction: committed when the block ends, rolled back when it raises."""
        async with self._writer or nullcontext(), self.engine.connect() as conn:
            await conn.execution_options(fraga_write=True)
            async with conn.begin():
                transaction = Transaction(conn)
                yield transaction
        if self.publish is not None:
            for notice in transaction.notices:
                self.publish(notice)

    async def close(self) -> None:
        """Closes all connections."""
        await self.engine.dispose()


def _configure_sqlite(engine: AsyncEngine) -> None:
    @sa.event.listens_for(engine.sync_engine, "connect")
    def _on_connect(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # we say BEGIN ourselves, see below
        cursor = dbapi_connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def _on_begin(conn: sa.Connection) -> None:
        # A deferred transaction that reads and then writes can fail half-way with SQLITE_BUSY; IMMEDIATE can't.
        immediate = conn.get_execution_options().get("fraga_write", False)
        conn.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
