"""Contact details that citizens left to be called back: encrypted, for one purpose, for a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from bot.privacy.addresses import AddressBook
from bot.privacy.contact_details import Given
from bot.store import schema
from bot.store.engine import Connection, Transaction

AWAITING = "contact"  # value of `conversation.awaiting` while the citizen's next message is the answer
CALL_BACK = "call_back"
_MOST_AT_ONCE = 500
_k = schema.contact.c


@dataclass(frozen=True)
class Contact:
    """A row of `contact`. The value stays encrypted until `AddressBook.decrypt` is asked for it."""

    id: str
    kind: str
    purpose: str
    value_encrypted: bytes = field(repr=False)
    created_at: dt.datetime
    expires_at: dt.datetime


async def keep(
    tx: Transaction, conversation_id: str, given: Sequence[Given], book: AddressBook, *, now: dt.datetime, days: float
) -> None:
    """Keeps contact details for a call-back; a second number takes the place of the first.

    Args:
        days: how long they are kept.
    """
    for detail in given:
        await tx.conn.execute(
            schema.contact.delete().where(_k.conversation_id == conversation_id, _k.purpose == CALL_BACK, _k.kind == detail.kind)
        )
        await tx.conn.execute(
            schema.contact.insert().values(
                id=schema.new_id(), conversation_id=conversation_id, value_encrypted=book.encrypt(detail.value),
                kind=detail.kind, purpose=CALL_BACK, created_at=now, expires_at=now + dt.timedelta(days=days),
            )
        )  # fmt: skip


async def of_conversation(conn: Connection, conversation_id: str, *, now: dt.datetime) -> list[Contact]:
    """What a citizen left and may still be used, oldest first."""
    query = (
        sa.select(_k.id, _k.kind, _k.purpose, _k.value_encrypted, _k.created_at, _k.expires_at)
        .where(_k.conversation_id == conversation_id, _k.expires_at > now)
        .order_by(_k.created_at, _k.kind)
    )
    return [Contact(**row._mapping) for row in await conn.execute(query)]


async def withdraw(tx: Transaction, conversation_id: str, *, now: dt.datetime) -> bool:
    """Deletes what a citizen left, because they no longer wait to be called. Returns whether there was anything."""
    gone = await tx.conn.execute(schema.contact.delete().where(_k.conversation_id == conversation_id).returning(_k.id))
    return await _audit(tx, "contact.withdrawn", "citizen", [row.id for row in gone], now)


async def delete_expired(tx: Transaction, *, now: dt.datetime) -> int:
    """Deletes contact details whose time is over, with a line in the audit for each. Returns how many."""
    query = sa.select(_k.id).where(_k.expires_at <= now).order_by(_k.expires_at).limit(_MOST_AT_ONCE)
    due = list((await tx.conn.execute(query)).scalars())
    if due:
        await tx.conn.execute(schema.contact.delete().where(_k.id.in_(due)))
    await _audit(tx, "contact.expired", "system", due, now)
    return len(due)


async def _audit(tx: Transaction, action: str, actor: str, ids: list[str], now: dt.datetime) -> bool:
    for contact_id in ids:
        await tx.conn.execute(
            schema.audit.insert().values(id=schema.new_id(), at=now, actor=actor, action=action, object=contact_id, detail={})
        )
    return bool(ids)
