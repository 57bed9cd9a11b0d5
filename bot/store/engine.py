"""Opens the database: SQLite (one app process) or PostgreSQL, behind the same `Store`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.sql.base import Executable

from bot.store.inline_sqlite import InlineSqlite

_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def store_url(database_url: str) -> URL:
    """Turns `sqlite:///…` or `postgresql://…` into the address of the driver.

    Raises:
        ValueError: for another database.
    """
    url = make_url(database_url)
    backend = url.drivername.split("+")[0]
    if backend not in _DRIVERS:
        raise ValueError(f"DATABASE_URL: {backend!r} is not supported; give sqlite:///file.db or postgresql://user@host/name")
    return url.set(drivername=_DRIVERS[backend])


class Connection(Protocol):
    """What both databases' connections can do."""

    async def execute(self, statement: Executable, parameters: Any = None) -> sa.CursorResult[Any]:
        """Runs a statement."""

    async def run_sync(self, fn: Callable[[sa.Connection], Any], /) -> Any:
        """Calls a function with SQLAlchemy's plain connection."""


@dataclass
class Transaction:
    """A write transaction, and what is to be told to others once it is committed."""

    conn: Connection
    notices: list[dict[str, Any]] = field(default_factory=list)

    def notify(self, topic: str, **content: Any) -> None:
        """Publishes `{topic, **content}` after the commit; content carries ids and numbers, never texts."""
        self.notices.append({"topic": topic, **content})


class _Postgres:
    """PostgreSQL through SQLAlchemy's async engine."""

    def __init__(self, url: URL) -> None:
        self._engine: AsyncEngine = create_async_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        async with self._engine.connect() as conn:
            yield conn

    @asynccontextmanager
    async def write(self, *, urgent: bool = False) -> AsyncIterator[Connection]:  # rows are locked, not the database
        async with self._engine.begin() as conn:
            yield conn

    async def close(self) -> None:
        await self._engine.dispose()


class Store:
    """The database and the one way to read and write it.

    Args:
        database_url: `sqlite:///path` or `postgresql://…`.
        publish: called with each notice of a transaction after its commit.
    """

    def __init__(self, database_url: str, publish: Callable[[dict[str, Any]], None] | None = None) -> None:
        self.url = store_url(database_url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._database: InlineSqlite | _Postgres = InlineSqlite(self.url) if self.is_sqlite else _Postgres(self.url)
        self.publish = publish

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A consistent read."""
        async with self._database.read() as conn:
            yield conn

    @asynccontextmanager
    async def write(self, *, urgent: bool = False) -> AsyncIterator[Transaction]:
        """A write transaction: committed when the block ends, rolled back when it raises.

        Args:
            urgent: somebody waits for the commit; with SQLite it goes before others that wait for the writer.
        """
        async with self._database.write(urgent=urgent) as conn:
            transaction = Transaction(conn)
            yield transaction
        if self.publish is not None:
            for notice in transaction.notices:
                self.publish(notice)

    async def close(self) -> None:
        """Closes all connections."""
        await self._database.close()
