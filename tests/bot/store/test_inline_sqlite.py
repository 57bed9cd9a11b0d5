"""Statements run in the loop's thread, waiting ones in another; nothing else about the connection changes."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from bot.store.inline_sqlite import connector


@pytest.mark.asyncio
async def test_a_statement_runs_here_and_a_commit_elsewhere(tmp_path: Path) -> None:
    connection = await connector(str(tmp_path / "x.db"))()
    try:
        where: dict[str, int] = {}

        def note(name: str) -> int:
            where[name] = threading.get_ident()
            return 1

        await connection.create_function("note", 1, note)
        cursor = await connection.execute("SELECT note('select')")
        assert await cursor.fetchone() == (1,)
        await connection._execute(_named("commit", lambda: note("commit")))
        await connection._execute(lambda _statement: note("begin"), "BEGIN IMMEDIATE")
        here = threading.get_ident()
        assert where["select"] == here
        assert where["commit"] != here
        assert where["begin"] != here
    finally:
        await connection.close()


def _named(name: str, function):  # type: ignore[no-untyped-def]
    function.__name__ = name
    return function


@pytest.mark.asyncio
async def test_a_fault_of_sqlite_reaches_the_caller_and_the_connection_goes_on(tmp_path: Path) -> None:
    connection = await connector(str(tmp_path / "x.db"))()
    try:
        with pytest.raises(sqlite3.OperationalError):
            await connection.execute("SELECT nonsense FROM nowhere")
        cursor = await connection.execute("SELECT 7")
        assert await cursor.fetchone() == (7,)
    finally:
        await connection.close()


@pytest.mark.asyncio
async def test_a_closed_connection_says_so(tmp_path: Path) -> None:
    connection = await connector(str(tmp_path / "x.db"))()
    await connection.close()
    with pytest.raises(ValueError, match=r"closed|active"):
        await connection.execute("SELECT 1")
