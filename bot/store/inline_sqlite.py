"""SQLite as the app uses it: statements run in the event loop's own thread, only what waits goes to another.

A statement on a local file takes some hundredths of a millisecond. Handing each to a thread (aiosqlite), or to a greenlet that
could wait (SQLAlchemy's async engine), costs ten times what SQLite does. COMMIT waits for the disk, and BEGIN
IMMEDIATE for another process that writes, if there is one: those go to a thread, and the loop stays free.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.base import Executable

from bot.precedence import WriterLock

BUSY_MS = 10_000  # how long another process (a command) may hold the write lock
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}")
_IMMEDIATE = "fraga_write"


class InlineConnection:
    """A connection with the two methods of SQLAlchemy's `AsyncConnection` that the app uses.

    Args:
        conn: an open connection, begun.
    """

    def __init__(self, conn: sa.Connection) -> None:
        self._conn = conn

    async def execute(self, statement: Executable, parameters: Any = None) -> sa.CursorResult[Any]:
        """Runs a statement, here and now."""
        return self._conn.execute(statement, parameters)

    async def run_sync(self, fn: Callable[[sa.Connection], Any], /) -> Any:
        """Calls a function with the plain connection, as migrations need it."""
        return fn(self._conn)


class InlineSqlite:
    """A SQLite file, with one writer at a time.

    Args:
        url: of SQLAlchemy, for the driver `sqlite`.
    """

    def __init__(self, url: sa.URL) -> None:
        # Two threads use a connection, never at the same time. The pool never makes anyone wait: that would stop the loop.
        self._engine = sa.create_engine(url, connect_args={"check_same_thread": False}, pool_size=5, max_overflow=-1)
        # Waiting here is fair and cheap; waiting in SQLite's busy handler is neither.
        self._writer = WriterLock()
        sa.event.listen(self._engine, "connect", _on_connect)
        sa.event.listen(self._engine, "begin", _on_begin)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[InlineConnection]:
        """A consistent read."""
        with self._engine.connect() as conn:
            yield InlineConnection(conn)

    @asynccontextmanager
    async def write(self, *, urgent: bool = False) -> AsyncIterator[InlineConnection]:
        """A transaction: committed when the block ends, rolled back when it raises; an urgent one before others that wait."""
        async with self._writer.held(urgent=urgent):
            with self._engine.connect().execution_options(**{_IMMEDIATE: True}) as conn:
                await _begin(conn)
                try:
                    yield InlineConnection(conn)
                except BaseException:
                    conn.rollback()
                    raise
                await _apart(conn.commit)

    async def close(self) -> None:
        """Closes all connections."""
        self._engine.dispose()


async def _begin(conn: sa.Connection) -> None:
    """Begins at once, which is nearly always possible; in another thread when another process is writing."""
    try:
        _set_timeout(conn, 0)
        conn.begin()
    except sa.exc.OperationalError:
        _set_timeout(conn, BUSY_MS)
        await _apart(conn.begin)
    else:
        _set_timeout(conn, BUSY_MS)


def _set_timeout(conn: sa.Connection, milliseconds: int) -> None:
    raw: Any = conn.connection.dbapi_connection
    raw.execute(f"PRAGMA busy_timeout={milliseconds}").close()


async def _apart(wait: Callable[[], Any]) -> None:
    """Runs what can wait in another thread, and never leaves it running: the connection is not for two at once."""
    running = asyncio.get_running_loop().run_in_executor(None, wait)
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


def _on_connect(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None  # we say BEGIN ourselves, see below
    cursor = dbapi_connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(conn: sa.Connection) -> None:
    # A deferred transaction that reads and then writes can fail half-way with SQLITE_BUSY; IMMEDIATE can't.
    conn.exec_driver_sql("BEGIN IMMEDIATE" if conn.get_execution_options().get(_IMMEDIATE) else "BEGIN")
