"""What all rooms' tests share: a store on SQLite and on PostgreSQL, a clock that stands still until told."""

from __future__ import annotations

import datetime as dt
import gc
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

os.environ.setdefault("SECRET_KEY", "tests-only-" + "x" * 40)
os.environ.setdefault("RASA_TOKEN", "tests-only-" + "y" * 40)
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from bot.events import Hub
from bot.store.engine import Store
from bot.store.migrate import upgrade

# A busy machine can make a browser or a process miss the moment that a test waits for: such a test is run again, twice at most,
# and the summary shows it with its traceback. What hung is not run again, for the time limit counts for all runs together.
RERUN = pytest.mark.flaky(reruns=2, rerun_except=[r"Timeout \(>"])
POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


@pytest.hookimpl(trylast=True)  # after the folders have marked what is theirs
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Only tests with a browser or with the whole assistant running may be run again."""
    for item in items:
        if item.get_closest_marker("browser") or item.get_closest_marker("stack"):
            item.add_marker(RERUN)


def pytest_collection_finish() -> None:
    """Takes what has been loaded out of the garbage collector's rounds: it stays, and walking through it takes a tenth of the time."""
    gc.collect()
    gc.freeze()


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.time = dt.datetime(2026, 11, 23, 10, 0, tzinfo=dt.UTC)  # a Monday

    def __call__(self) -> dt.datetime:
        return self.time

    def forward(self, **by: float) -> None:
        self.time += dt.timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated database file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A migrated PostgreSQL database of this test session's own."""
    name = f"fraga_test_{secrets.token_hex(4)}"
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL at TEST_POSTGRES_URL: {error}")
    admin.execute(f'CREATE DATABASE "{name}"')
    url = POSTGRES.rsplit("/", 1)[0] + f"/{name}"
    try:
        upgrade(url)
        yield url
    finally:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        admin.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, migrated_sqlite: Path) -> str:
    """A migrated, empty database: each test runs on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "fraga.db"
        path.write_bytes(migrated_sqlite.read_bytes())
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("postgres_url")
    with psycopg.connect(url, autocommit=True) as conn:
        tables = conn.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname='public' AND tablename <> 'alembic_version'"
        ).fetchall()
        # Not TRUNCATE: it makes a new file of each table and index, a quarter of a second in all.
        conn.execute("SET session_replication_role = replica")  # in any order of foreign keys
        conn.execute("; ".join(f'DELETE FROM "{table}"' for (table,) in tables))
    return url


@pytest_asyncio.fixture
async def hub() -> Hub:
    return Hub()


@pytest_asyncio.fixture
async def store(database_url: str, hub: Hub) -> AsyncIterator[Store]:
    opened = Store(database_url, publish=hub.publish)
    yield opened
    await opened.close()
