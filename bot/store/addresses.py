"""Addresses that are kept for a time alone: those of citizens who had something sent by e-mail."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from bot.store import schema
from bot.store.engine import Transaction

_MOST_AT_ONCE = 500
_a, _o = schema.address.c, schema.outbox.c


async def delete_expired(tx: Transaction, *, now: dt.datetime) -> int:
    """Deletes addresses whose time is over, with their outbox rows, and a line in the audit for each. Returns how many.

    One to which something is still on its way stays until that has gone or failed.
    """
    on_its_way = sa.select(_o.message_id).where(_o.address_id == _a.id, _o.state.in_(("pending", "sending"))).exists()
    query = sa.select(_a.id).where(_a.expires_at <= now, sa.not_(on_its_way)).order_by(_a.expires_at).limit(_MOST_AT_ONCE)
    due = list((await tx.conn.execute(query)).scalars())
    if not due:
        return 0
    link = schema.conversation_address
    await tx.conn.execute(schema.outbox.delete().where(_o.address_id.in_(due)))
    await tx.conn.execute(link.delete().where(link.c.address_id.in_(due)))
    await tx.conn.execute(schema.address.delete().where(_a.id.in_(due)))
    what = {"at": now, "actor": "system", "action": "address.expired", "detail": {}}
    lines = [{"id": schema.new_id(), "object": address_id, **what} for address_id in due]
    await tx.conn.execute(schema.audit.insert(), lines)
    return len(due)
