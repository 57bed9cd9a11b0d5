"""The store: one truth on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.messages import Button, Rendered
from bot.store import conversations, messages, schema
from bot.store.conversations import StaleVersion
from bot.store.engine import Store, store_url
from bot.store.migrate import pending_migrations
from tests.conftest import Clock


async def _open(store: Store, clock: Clock) -> str:
    async with store.write() as tx:
        return await conversations.create(tx, channel="web", channel_account="web", language="sv", token="t", now=clock())


@pytest.mark.asyncio
async def test_migrations_lead_to_exactly_the_schema(store: Store) -> None:
    async with store.read() as conn:
        differences = await conn.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts={"compare_type": True}), schema.metadata)
        )
    assert differences == []
    assert await pending_migrations(store) is None


@pytest.mark.asyncio
async def test_messages_are_numbered_without_gap_however_many_write_at_once(store: Store, clock: Clock) -> None:
    conversation_id = await _open(store, clock)

    async def write(number: int) -> None:
        async with store.write() as tx:
            await messages.append(
                tx, conversation_id, Rendered("citizen", str(number), "sv"), now=clock(), provider_id=str(number)
            )

    await asyncio.gather(*(write(number) for number in range(25)))

    async with store.read() as conn:
        shown = await messages.read(conn, conversation_id, lambda _: "ltr")
    assert [message["seq"] for message in shown] == list(range(1, 26))
    assert {message["text"] for message in shown} == {str(number) for number in range(25)}


@pytest.mark.asyncio
async def test_of_many_who_take_over_at_one_version_exactly_one_wins(store: Store, clock: Clock) -> None:
    conversation_id = await _open(store, clock)

    async def take() -> bool:
        try:
            async with store.write() as tx:
                await conversations.set_owner(tx, conversation_id, "agent", expected_version=1, now=clock())
        except StaleVersion:
            return False
        return True

    assert sum(await asyncio.gather(*(take() for _ in range(20)))) == 1
    async with store.read() as conn:
        assert (await conversations.get(conn, conversation_id)).version == 2


@pytest.mark.asyncio
async def test_a_closed_conversation_stays_closed(store: Store, clock: Clock) -> None:
    conversation_id = await _open(store, clock)
    async with store.write() as tx:
        await conversations.set_owner(tx, conversation_id, "closed", expected_version=1, now=clock())
    with pytest.raises(StaleVersion):
        async with store.write() as tx:
            await conversations.set_owner(tx, conversation_id, "bot", expected_version=2, now=clock())


@pytest.mark.asyncio
async def test_a_failed_transaction_leaves_nothing_and_tells_nobody(store: Store, clock: Clock) -> None:
    conversation_id = await _open(store, clock)
    told: list[object] = []
    store.publish = told.append
    with pytest.raises(RuntimeError):
        async with store.write() as tx:
            await messages.append(tx, conversation_id, Rendered("bot", "hej", "sv"), now=clock())
            raise RuntimeError("crash before the commit")
    async with store.read() as conn:
        assert await messages.read(conn, conversation_id, lambda _: "ltr") == []
    assert told == []


@pytest.mark.asyncio
async def test_buttons_get_payloads_that_nobody_can_guess(store: Store, clock: Clock) -> None:
    conversation_id = await _open(store, clock)
    button = Button("/human", title="Ja")
    async with store.write() as tx:
        for _ in range(2):
            await messages.append(tx, conversation_id, Rendered("bot", "?", "sv", buttons=(button,)), now=clock())
    async with store.read() as conn:
        shown = await messages.read(conn, conversation_id, lambda _: "ltr")
    payloads = [message["buttons"][0]["payload"] for message in shown]
    assert len(set(payloads)) == 2
    assert all(len(payload) >= 16 and "human" not in payload for payload in payloads)


@pytest.mark.asyncio
async def test_the_token_itself_is_not_in_the_store(store: Store, clock: Clock) -> None:
    await _open(store, clock)
    async with store.read() as conn:
        row = (await conn.execute(sa.select(schema.conversation))).one()
        assert "t" not in row._mapping.values()
        found = await conversations.find_by_token(conn, "t")
    assert found is not None
    assert found.id == row.id


def test_another_database_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="DATABASE_URL"):
        store_url("mysql://root@localhost/x")
