"""What providers report, in whatever order and however often, and how far a message has come."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.delivery import receipts
from bot.delivery.contract import DeliveryState
from bot.store import schema
from tests.bot.delivery.conftest import Office

STATES: list[DeliveryState] = ["sent", "delivered", "read", "failed"]


async def report(
    office: Office, provider_id: str, state: DeliveryState, part: tuple[str, int] | None = None, error: str | None = None
) -> None:
    async with office.core.store.write() as tx:
        await receipts.record(tx, account="fake:main", provider_id=provider_id, state=state, error=error, now=office.clock(), part=part,
                              is_sqlite=office.core.store.is_sqlite)  # fmt: skip


async def states(office: Office, conversation: str) -> list[tuple[str | None, str | None]]:
    async with office.core.store.read() as conn:
        found = await receipts.states(conn, conversation, after=1)
    return [(found[seq]["state"], found[seq]["error"]) for seq in sorted(found)]


@pytest.mark.asyncio
@given(order=st.lists(st.sampled_from(STATES), min_size=1, max_size=8), known_at=st.integers(0, 8))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_furthest_state_stays(office: Office, order: list[DeliveryState], known_at: int) -> None:
    anna = await office.conversation()
    said = await office.say(anna, "hej")
    await office.set(said, state="sent", parts_sent=1)
    provider_id = f"p-{said}"
    for number, state in enumerate(order):
        await report(office, provider_id, state, (said, 0) if number == known_at else None)
    await report(office, provider_id, "sent", (said, 0))
    furthest = max(order, key=lambda state: receipts.RANK[state])
    assert await states(office, anna) == [(furthest, None)]


@pytest.mark.asyncio
async def test_reports_at_one_moment_do_not_overwrite_each_other(office: Office) -> None:
    anna = await office.conversation()
    for number, order in enumerate(itertools.permutations(STATES[:3])):
        said = await office.say(anna, "hej")
        await office.set(said, state="sent")
        await asyncio.gather(*(report(office, f"p{number}", state, (said, 0)) for state in order))
    assert set(await states(office, anna)) == {("read", None)}


@pytest.mark.asyncio
async def test_a_message_has_come_as_far_as_its_last_part(office: Office) -> None:
    anna = await office.conversation()
    said, waiting = await office.say(anna, "one|two"), await office.say(anna, "later")
    worker = office.worker()
    await worker.deliver_next()
    assert await states(office, anna) == [("sent", None), ("pending", None)]
    await report(office, "p1", "read")
    assert (await states(office, anna))[0] == ("sent", None)
    await report(office, "p2", "delivered")
    assert (await states(office, anna))[0] == ("delivered", None)
    await report(office, "p2", "failed", error="unknown subscriber")
    assert (await states(office, anna))[0] == ("failed", "unknown subscriber")
    await office.set(waiting, state="dead", error="refused")
    await office.set(said, state="ambiguous")
    assert await states(office, anna) == [("ambiguous", None), ("dead", "refused")]
    assert await states(office, await office.conversation()) == []


@pytest.mark.asyncio
async def test_a_watermark_counts_what_went_out_until_then(office: Office) -> None:
    anna, bo = await office.conversation(), await office.conversation()
    worker = office.worker()
    for conversation in (anna, bo):
        await office.say(conversation, "early")
    while await worker.deliver_next():
        pass
    until = office.clock()
    office.later(minutes=5)
    await office.say(anna, "late")
    await worker.deliver_next()
    lookup = (await _lookups(office))[anna]
    async with office.core.store.read() as conn:
        found = await receipts.sent_until(conn, account="fake:main", address_lookup=lookup, until=until, state="read")
        everything = await receipts.sent_until(
            conn, account="fake:main", address_lookup=lookup, until=until + dt.timedelta(hours=1), state="read"
        )
    assert len(found) == 1 and len(everything) == 2


async def _lookups(office: Office) -> dict[str, str]:
    link = schema.conversation_address
    query = sa.select(link.c.conversation_id, schema.address.c.lookup_hmac).join(
        schema.address, schema.address.c.id == link.c.address_id
    )
    async with office.core.store.read() as conn:
        return {row.conversation_id: row.lookup_hmac for row in await conn.execute(query)}
