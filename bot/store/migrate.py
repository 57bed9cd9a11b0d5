"""`python -m bot.store.migrate`: brings the database to the newest migration (Alembic)."""

from __future__ import annotations

import sys
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.store.engine import Store

_HERE = Path(__file__).parent / "migrations"


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["database_url"] = database_url
    return config


def sync_url(database_url: str) -> sa.URL:
    """The address for a driver that blocks: migrations run before the app does."""
    url = sa.make_url(database_url)
    backend = url.drivername.split("+")[0].replace("postgres", "postgresql").replace("postgresqlql", "postgresql")
    return url.set(drivername={"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}[backend])


def upgrade(database_url: str) -> None:
    """Applies all migrations that are missing; does nothing when there are none."""
    url = sync_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(alembic_config(database_url), "head")


async def pending_migrations(store: Store) -> str | None:
    """The newest migration, if the database does not have it yet."""
    head = ScriptDirectory(str(_HERE)).get_current_head()
    async with store.read() as conn:
        current = await conn.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    return None if current == head else f"migration {head}"


if __name__ == "__main__":
    from bot.settings import ConfigurationError, load_settings

    try:
        upgrade(load_settings().database_url)
    except ConfigurationError as fault:
        print(fault, file=sys.stderr)
        sys.exit(2)
