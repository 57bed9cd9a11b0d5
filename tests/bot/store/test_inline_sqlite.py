"""SQLite in the loop's thread: other processes are waited for, cancelled writers leave nothing half done."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from bot.store.inline_sqlite import InlineSqlite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


@pytest_asyncio.fixture
async def database(path: Path):  # type: ignore[no-untyped-def]
    database = InlineSqlite(sa.make_url(f"sqlite:///{path}"))
    async with database.write() as conn:
        await conn.execute(sa.text("CREATE TABLE t (x INTEGER)"))
    yield database
    await database.close()


async def _rows(database: InlineSqlite) -> list[int]:
    async with database.read() as conn:
        return list((await conn.execute(sa.text("SELECT x FROM t ORDER BY x"))).scalars())


@pytest.mark.asyncio
async def test_a_write_waits_for_another_process_without_stopping_the_loop(database: InlineSqlite, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO t VALUES (1)")

    async def write() -> None:
        async with database.write() as conn:
            await conn.execute(sa.text("INSERT INTO t VALUES (2)"))

    writing = asyncio.create_task(write())
    for _ in range(20):  # the loop goes on, and reads see the last committed state
        await asyncio.sleep(0.005)
        assert await _rows(database) == []
    assert not writing.done()
    other.execute("COMMIT")
    other.close()
    await writing
    assert await _rows(database) == [1, 2]


@pytest.mark.asyncio
async def test_a_fault_in_the_block_writes_nothing(database: InlineSqlite) -> None:
    with pytest.raises(RuntimeError):
        async with database.write() as conn:
            await conn.execute(sa.text("INSERT INTO t VALUES (1)"))
            raise RuntimeError
    assert await _rows(database) == []


@pytest.mark.asyncio
async def test_a_cancelled_writer_leaves_the_database_usable(database: InlineSqlite) -> None:
    async def write(value: int) -> None:
        async with database.write() as conn:
            await conn.execute(sa.text("INSERT INTO t VALUES (:x)"), {"x": value})
            await asyncio.sleep(0)

    writers = [asyncio.create_task(write(value)) for value in range(20)]
    await asyncio.sleep(0.002)
    for number, task in enumerate(writers):
        if number % 2:
            task.cancel()
    ended = await asyncio.gather(*writers, return_exceptions=True)
    written = await _rows(database)
    # Who was told that it is done is there; a cancelled one is there whole or not at all.
    assert {value for value, result in enumerate(ended) if result is None} <= set(written)
    assert len(written) == len(set(written))
    await write(99)
    assert 99 in await _rows(database)
