"""SQLite statements in the event loop's own thread; only what waits for the disk or a lock goes to another.

aiosqlite hands every cursor, statement and fetch to a thread: some hundred hand-overs a turn, which cost several times what
SQLite itself does (measured: half of the app's processor time). A statement on a local file takes some hundredths of a
millisecond, so it runs where it is asked for. COMMIT waits for the disk and BEGIN IMMEDIATE for other writers: those two keep
the thread, and the loop stays free.

Leans on `aiosqlite.Connection._execute`, which the lock file pins and `tests/bot/store/test_inline_sqlite.py` watches.
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import aiosqlite

_WAITS = ("commit", "close")


class InlineConnection(aiosqlite.Connection):
    """An aiosqlite connection that uses its thread only for what can wait."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        waits = getattr(fn, "__name__", "") in _WAITS or (args and args[0] == "BEGIN IMMEDIATE")
        if waits or not self._running or not self._connection:
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return fn(*args, **kwargs)


def connector(path: str) -> Callable[[], Awaitable[aiosqlite.Connection]]:
    """What SQLAlchemy's engine opens its connections with.

    Args:
        path: the database file.
    """

    async def connect() -> aiosqlite.Connection:
        # Two threads use the connection, never at the same time: each waits for the other's result.
        opened = InlineConnection(functools.partial(sqlite3.connect, path, check_same_thread=False), iter_chunk_size=64)
        opened._thread.daemon = True  # as SQLAlchemy does: a connection left open must not hold up the process's end
        return await opened

    return connect
