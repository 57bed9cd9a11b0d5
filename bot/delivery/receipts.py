"""What became of each part that was sent, whatever order the provider tells it in."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.delivery.contract import DeliveryState, Receipt
from bot.store import schema
from bot.store.engine import Connection, Transaction

_d = schema.delivery.c
WATERMARK_LAG = dt.timedelta(seconds=2)
MOST_BY_WATERMARK = 200  # what is older was read long before
RANK: dict[str, int] = {"sent": 1, "delivered": 2, "read": 3, "failed": 4}


async def record(
    tx: Transaction,
    *,
    account: str,
    provider_id: str,
    state: DeliveryState,
    now: dt.datetime,
    error: str | None = None,
    part: tuple[str, int] | None = None,
    is_sqlite: bool,
) -> str | None:
    """Keeps the furthest state a part has reached: a late "sent" does not undo "delivered".

    A report may come before our own note of the send; it then waits for it, without a message.

    Args:
        part: message id and number of the part, when it is we who know it.

    Returns:
        The message's id, when it is known.
    """
    # Locked (SQLite has one writer): two reports at one moment must not overwrite each other.
    query = sa.select(schema.delivery).where(_d.account == account, _d.provider_id == provider_id).with_for_update()
    row = (await tx.conn.execute(query)).one_or_none()
    if row is None:
        insert = (sqlite.insert if is_sqlite else postgresql.insert)(schema.delivery).on_conflict_do_nothing()
        values = {"message_id": part[0], "part": part[1]} if part else {}
        made = await tx.conn.execute(
            insert.values(account=account, provider_id=provider_id, state=state, error=error, updated_at=now, **values)
        )
        if made.rowcount == 1:
            return part[0] if part else None
        row = (await tx.conn.execute(query)).one()
    changes: dict[str, object] = {}
    if RANK[state] > RANK[row.state]:
        changes |= {"state": state, "error": error}
    if part and row.message_id is None:
        changes |= {"message_id": part[0], "part": part[1]}
    if changes:
        await tx.conn.execute(
            schema.delivery.update().where(_d.account == account, _d.provider_id == provider_id).values(updated_at=now, **changes)
        )
    message_id: str | None = part[0] if part else row.message_id
    return message_id


async def record_part(
    tx: Transaction, account: str, part: tuple[str, int], receipt: Receipt, *, now: dt.datetime, is_sqlite: bool
) -> None:
    """Keeps what the provider answered to a send, if it gave an id that its reports will come under."""
    if receipt.provider_id:
        await record(tx, account=account, provider_id=receipt.provider_id, state=receipt.state, now=now, part=part,
                     is_sqlite=is_sqlite)  # fmt: skip


async def sent_until(
    conn: Connection, *, account: str, address_lookup: str, until: dt.datetime, state: DeliveryState
) -> list[str]:
    """The provider's ids of what went to an address until a time and is not yet known to be so far.

    For providers that report by watermark. Our clock notes a send when its answer comes, a moment after the provider's own
    time of it: that moment is allowed for, so that a message read at once counts as read.
    """
    o, a = schema.outbox.c, schema.address.c
    behind = [name for name, rank in RANK.items() if rank < RANK[state]]
    query = (
        sa.select(_d.provider_id)
        .join(schema.outbox, o.message_id == _d.message_id)
        .join(schema.address, a.id == o.address_id)
        .where(
            _d.account == account, a.lookup_hmac == address_lookup, _d.state.in_(behind), _d.updated_at <= until + WATERMARK_LAG
        )
        .order_by(_d.updated_at.desc())
        .limit(MOST_BY_WATERMARK)
    )
    return [row.provider_id for row in await conn.execute(query)]


async def states(conn: Connection, conversation_id: str, *, after: int = 0) -> dict[int, dict[str, str | None]]:
    """How far each pushed message of a conversation has come, by seq: `{state, error}`; what was not pushed is left out.

    `state` is pending | sending | sent | delivered | read | failed | dead | cancelled | ambiguous: the outbox's until all is
    sent, then that of the part which has come least far, or failed.

    Args:
        after: only messages with a larger seq.
    """
    o = schema.outbox.c
    these = (o.conversation_id == conversation_id, o.seq > after)
    rows = (await conn.execute(sa.select(o.seq, o.state, o.error).where(*these))).all()
    found: dict[int, dict[str, str | None]] = {row.seq: {"state": row.state, "error": row.error} for row in rows}
    if not found:
        return found
    reports = (
        sa.select(o.seq, _d.state, _d.error)
        .join(schema.outbox, o.message_id == _d.message_id)
        .where(*these, o.state == "sent")
    )  # fmt: skip
    least: dict[int, tuple[int, str, str | None]] = {}
    for row in await conn.execute(reports):
        rank = 0 if row.state == "failed" else RANK[row.state]
        if row.seq not in least or rank < least[row.seq][0]:
            least[row.seq] = (rank, row.state, row.error)
    for seq, (_, state, error) in least.items():
        found[seq] = {"state": state, "error": error}
    return found
