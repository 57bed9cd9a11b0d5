"""Alembic's entry: one connection, one transaction per run, `render_as_batch` because SQLite can't alter columns."""

import sqlalchemy as sa
from alembic import context

from bot.store import schema
from bot.store.migrate import sync_url

engine = sa.create_engine(sync_url(context.config.attributes["database_url"]), poolclass=sa.pool.NullPool)
with engine.connect() as connection:
    if engine.dialect.name == "postgresql":  # two app processes may start at the same moment
        connection.execute(sa.text("SELECT pg_advisory_lock(823001)"))
    context.configure(connection=connection, target_metadata=schema.metadata, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
