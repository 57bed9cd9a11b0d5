"""Deletes what a rule allows: closed conversations with everything that hangs on them, a few at a time.

Each batch is one transaction with its own line in the audit: a crash leaves whole conversations, and the next run goes on.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from bot.retention import rules
from bot.retention.rules import Kind, Rule
from bot.store import schema
from bot.store.engine import Connection, Store, Transaction

BATCH: Final = 50  # with SQLite nobody else writes meanwhile: some ten milliseconds
_OPEN: Final = ("queued", "claimed", "snoozed", "scheduled", "closing")  # handovers; a test compares the desk's
_c, _m, _h, _o, _a = schema.conversation.c, schema.message.c, schema.handover.c, schema.outbox.c, schema.address.c

# In this order, each before what it refers to; a test compares it with the tables' foreign keys.
_OF_MESSAGE: Final = (schema.answer_report, schema.feedback, schema.delivery, schema.received)
_OF_CONVERSATION: Final = (
    schema.outbox, schema.turn, schema.button, schema.continuation, schema.contact, schema.desk_link,
)  # fmt: skip


def due(rule: Rule, now: dt.datetime) -> sa.ColumnElement[bool]:
    """Condition on `conversation`: its time is over by the rule, and nothing speaks against deleting it.

    Never one that is open, whose handover is (a call that was promised), that still has a message on its way, or that is held.
    """
    at_desk = sa.exists().where(_h.conversation_id == _c.id, _h.queued_at.is_not(None))
    return sa.and_(
        _c.owner == "closed",
        _c.closed_at <= now - dt.timedelta(days=rule.days),
        at_desk if rule.kind == "desk" else sa.not_(at_desk),
        sa.not_(sa.exists().where(_h.conversation_id == _c.id, _h.state.in_(_OPEN))),
        sa.not_(sa.exists().where(_o.conversation_id == _c.id, _o.state.in_(("pending", "sending", "ambiguous")))),
        sa.not_(sa.exists().where(schema.retention_hold.c.conversation_id == _c.id)),
    )


async def count(conn: Connection, *, now: dt.datetime) -> dict[Kind, int]:
    """How many conversations a run would delete now, by kind; kinds without a rule are not among them."""
    found: dict[Kind, int] = {}
    for rule in await rules.read(conn):
        query = sa.select(sa.func.count()).select_from(schema.conversation).where(due(rule, now))
        found[rule.kind] = (await conn.execute(query)).scalar_one()
    return found


async def _delete_batch(tx: Transaction, rule: Rule, *, now: dt.datetime, most: int, actor: str) -> int:
    """Deletes the oldest conversations whose time is over, with a line in the audit. Returns how many there were."""
    locked = sa.select(_c.id).where(due(rule, now)).order_by(_c.closed_at).limit(most).with_for_update(skip_locked=True)
    ids = list((await tx.conn.execute(locked)).scalars())
    if not ids:
        return 0
    counts = await _delete(tx, ids)
    detail = {"decision": rule.decision_id, "days": rule.days, "conversations": len(ids), **counts}
    await rules.audit(tx, "retention.deleted", rule.kind, detail, actor=actor, now=now)
    return len(ids)


async def delete_due(
    store: Store, *, now: dt.datetime, batch: int = BATCH, most_batches: int | None = None, actor: str = "system"
) -> dict[Kind, int]:
    """Deletes all that the rules allow, batch by batch; somebody else may write in between.

    Args:
        batch: how many conversations in one transaction.
        most_batches: stop after so many; the next run goes on. None = all.

    Returns:
        How many conversations, by kind.
    """
    async with store.read() as conn:
        in_force = await rules.read(conn)
    done: dict[Kind, int] = {rule.kind: 0 for rule in in_force}
    left = most_batches
    for rule in in_force:
        while left is None or left > 0:
            async with store.write() as tx:
                # Read again: a rule that is withdrawn while the run goes on deletes no more.
                still = rule in await rules.read(tx.conn)
                deleted = await _delete_batch(tx, rule, now=now, most=batch, actor=actor) if still else 0
            if not deleted:
                break
            done[rule.kind] += deleted
            left = None if left is None else left - 1
            await asyncio.sleep(0)
    return done


async def _delete(tx: Transaction, ids: Sequence[str]) -> dict[str, int]:
    messages = sa.select(_m.id).where(_m.conversation_id.in_(ids))
    handovers = sa.select(_h.id).where(_h.conversation_id.in_(ids))
    link = schema.conversation_address
    addresses = list((await tx.conn.execute(sa.select(link.c.address_id).where(link.c.conversation_id.in_(ids)))).scalars())
    for table in _OF_MESSAGE:
        await tx.conn.execute(table.delete().where(table.c.message_id.in_(messages)))
    for table in (*_OF_CONVERSATION, link):
        await tx.conn.execute(table.delete().where(table.c.conversation_id.in_(ids)))
    counts = {}
    for name, query in (
        ("notes", schema.note.delete().where(schema.note.c.handover_id.in_(handovers))),
        ("handovers", schema.handover.delete().where(_h.conversation_id.in_(ids))),
        ("messages", schema.message.delete().where(_m.conversation_id.in_(ids))),
    ):
        counts[name] = (await tx.conn.execute(query)).rowcount
    await tx.conn.execute(schema.conversation.delete().where(_c.id.in_(ids)))
    counts["addresses"] = await _delete_addresses(tx, addresses)
    return counts


async def _delete_addresses(tx: Transaction, ids: Sequence[str]) -> int:
    """Deletes the addresses that no other conversation has. One that said stop stays: nothing is sent there, ever."""
    if not ids:
        return 0
    link = schema.conversation_address.c
    gone = await tx.conn.execute(
        schema.address.delete().where(
            _a.id.in_(ids), _a.stopped_at.is_(None),
            sa.not_(sa.exists().where(link.address_id == _a.id)), sa.not_(sa.exists().where(_o.address_id == _a.id)),
        )
    )  # fmt: skip
    return gone.rowcount
