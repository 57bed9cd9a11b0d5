"""What has not been delivered, for the operator: seen, sent again, discarded. Never what was said, or to whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa

from bot.delivery.due import WAITING
from bot.store import schema
from bot.store.engine import Connection, Transaction

_o, _m, _a, _c = schema.outbox.c, schema.message.c, schema.address.c, schema.conversation.c
Shown = Literal["dead", "ambiguous", "pending"]
_STATES: Final[dict[Shown, Collection[str]]] = {"dead": ("dead",), "ambiguous": ("ambiguous",), "pending": WAITING}
RESEND, DISCARD = "delivery.resend", "delivery.discard"
MOST = 100

# Nothing may go there any more, or the bot may not speak: sent again, it would only be kept back again.
_STOPPED = _a.stopped_at.is_not(None)
_TAKEN_OVER = sa.and_(
    _m.author == "bot", _c.owner.in_(["queue", "agent"]), _m.outcome.is_distinct_from("emergency")
)  # fmt: skip


class NoSuchDelivery(LookupError):
    """No message with this id was to be pushed, or it is another department's."""


class WrongState(Exception):
    """The message is in another state than the change is for; nothing was changed."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the message is {state}")
        self.state = state


class KeptBack(Exception):
    """It would not go out: the citizen said stop or can't be reached (`stopped`), or a human has the word (`taken_over`)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Letter:
    """A message that has not gone out.

    Args:
        parts_sent: how many parts are out already; they are not sent again.
        written_at: when it was said.
        changed_at: when it came into this state, or was last tried; None = never tried.
        kept_back: why sending it again would do nothing: `stopped` | `taken_over`; None = it can be sent.
    """

    message_id: str
    conversation_id: str
    seq: int
    author: str
    account: str
    state: str
    attempts: int
    parts_sent: int
    error: str | None
    written_at: dt.datetime
    changed_at: dt.datetime | None
    next_attempt_at: dt.datetime
    kept_back: str | None


@dataclass(frozen=True)
class Account:
    """How an account stands.

    Args:
        oldest_waiting: when the oldest message that waits was said.
    """

    waiting: int = 0
    dead: int = 0
    held: int = 0
    oldest_waiting: dt.datetime | None = None


@dataclass(frozen=True)
class Resent:
    """What sending an account's dead letters again came to."""

    resent: int
    kept_back: int


def _within(departments: Collection[str] | None) -> sa.ColumnElement[bool]:
    """Of conversations of these departments, and of those that no department has had; None = all."""
    return sa.true() if departments is None else sa.or_(_c.department.is_(None), _c.department.in_(departments))


async def listed(
    conn: Connection, state: Shown, *, account: str | None = None, offset: int = 0, limit: int = MOST,
    departments: Collection[str] | None = None,
) -> list[Letter]:  # fmt: skip
    """Messages in a state: what waits longest first, what failed last first.

    Args:
        departments: only of their conversations, and of those that no department has had; None = all.
    """
    query = (
        sa.select(schema.outbox, _m.author, _m.created_at, _STOPPED.label("stopped"), _TAKEN_OVER.label("taken_over"))
        .join(schema.message, _m.id == _o.message_id)
        .join(schema.conversation, _c.id == _o.conversation_id)
        .join(schema.address, _a.id == _o.address_id)
        .where(_o.state.in_(_STATES[state]), _within(departments))
        .offset(offset)
        .limit(limit)
    )
    if account is not None:
        query = query.where(_o.account == account)
    order = (_m.created_at, _o.message_id) if state == "pending" else (_o.updated_at.desc(), _o.message_id)
    return [_letter(row) for row in await conn.execute(query.order_by(*order))]


def _letter(row: sa.Row[Any]) -> Letter:
    kept_back = "stopped" if row.stopped else "taken_over" if row.taken_over else None
    return Letter(row.message_id, row.conversation_id, row.seq, row.author, row.account, row.state, row.attempts, row.parts_sent,
                  row.error, row.created_at, row.updated_at, row.next_attempt_at, kept_back)  # fmt: skip


async def accounts(conn: Connection) -> dict[str, Account]:
    """How each account stands that has anything undelivered."""
    waits = _o.state.in_(WAITING)
    query = (
        sa.select(
            _o.account,
            sa.func.count().filter(waits).label("waiting"),
            sa.func.count().filter(_o.state == "dead").label("dead"),
            sa.func.count().filter(_o.state == "ambiguous").label("held"),
            sa.func.min(_m.created_at).filter(waits).label("oldest"),
        )
        .join(schema.message, _m.id == _o.message_id)
        .where(_o.state.in_([*WAITING, "dead", "ambiguous"]))
        .group_by(_o.account)
        .order_by(_o.account)
    )
    return {row.account: Account(row.waiting, row.dead, row.held, row.oldest) for row in await conn.execute(query)}


async def resend(
    tx: Transaction, message_id: str, *, actor: str, now: dt.datetime, departments: Collection[str] | None = None
) -> str:
    """Gives a dead or held message its tries again; parts that are out stay out. Repeated, it changes nothing.

    Args:
        actor: agent id or `cli`.
        departments: those the actor may decide for; None = all.

    Returns:
        The message's state now.

    Raises:
        NoSuchDelivery, WrongState, KeptBack: see there.
    """
    row = await _locked(tx, message_id, departments)
    if row.state not in ("dead", "ambiguous"):
        if row.state in (*WAITING, "sent") and await _done_before(tx.conn, message_id, RESEND):
            return str(row.state)
        raise WrongState(row.state)
    if row.stopped or row.taken_over:
        raise KeptBack("stopped" if row.stopped else "taken_over")
    await _change(tx, row, {**_AGAIN, "next_attempt_at": now}, now)
    await _audit(tx, actor=actor, action=RESEND, target=message_id, now=now,
                 detail={"from": row.state, "account": row.account, "error": row.error, "attempts": row.attempts})  # fmt: skip
    tx.notify("outbox", conversation_id=row.conversation_id)
    return "pending"


async def discard(
    tx: Transaction, message_id: str, *, actor: str, now: dt.datetime, departments: Collection[str] | None = None
) -> str:
    """Gives a message up that failed, is held or waits: it is not sent any more. Repeated, it changes nothing.

    Returns:
        The message's state now.

    Raises:
        NoSuchDelivery: see there.
        WrongState: it is out, or going out this moment.
    """
    row = await _locked(tx, message_id, departments)
    unknown = row.state == "sending" and row.lease_worker is None
    if row.state not in ("dead", "ambiguous", "pending") and not unknown:
        if row.state == "cancelled" and await _done_before(tx.conn, message_id, DISCARD):
            return str(row.state)
        raise WrongState(row.state)
    await _change(tx, row, {"state": "cancelled"}, now)
    await _audit(tx, actor=actor, action=DISCARD, target=message_id, now=now,
                 detail={"from": row.state, "account": row.account, "error": row.error, "attempts": row.attempts})  # fmt: skip
    tx.notify("outbox", conversation_id=row.conversation_id)  # the next of its conversation may go
    return "cancelled"


async def resend_account(
    tx: Transaction, account: str, *, since: dt.datetime | None, actor: str, now: dt.datetime,
    departments: Collection[str] | None = None,
) -> Resent:  # fmt: skip
    """Gives all dead letters of an account their tries again, for after an outage. What is held is decided one by one.

    Args:
        since: only those that died at this time or later; None = all.
    """
    theirs = sa.select(_c.id).where(_within(departments))
    dead = [_o.account == account, _o.state == "dead", _o.conversation_id.in_(theirs)]
    if since is not None:
        dead.append(_o.updated_at >= since)
    these = (
        sa.select(_o.message_id)
        .join(schema.message, _m.id == _o.message_id)
        .join(schema.conversation, _c.id == _o.conversation_id)
        .join(schema.address, _a.id == _o.address_id)
        .where(*dead, sa.not_(_STOPPED), sa.not_(_TAKEN_OVER))
    )
    update = schema.outbox.update().where(_o.message_id.in_(these), _o.state == "dead")
    resent = (await tx.conn.execute(update.values(**_AGAIN, next_attempt_at=now, updated_at=now))).rowcount
    left = int((await tx.conn.execute(sa.select(sa.func.count()).select_from(schema.outbox).where(*dead))).scalar_one())
    if resent:
        await _audit(tx, actor=actor, action=RESEND, target=account, now=now,
                     detail={"resent": resent, "since": since.isoformat() if since else None})  # fmt: skip
        tx.notify("outbox")
        tx.notify("desk", type="deliveries")
    return Resent(resent, left)


_AGAIN: Final[dict[str, Any]] = {"state": "pending", "attempts": 0, "error": None, "lease_worker": None, "lease_expires_at": None}


async def _locked(tx: Transaction, message_id: str, departments: Collection[str] | None) -> sa.Row[Any]:
    query = (
        sa.select(schema.outbox, _STOPPED.label("stopped"), _TAKEN_OVER.label("taken_over"))
        .join(schema.message, _m.id == _o.message_id)
        .join(schema.conversation, _c.id == _o.conversation_id)
        .join(schema.address, _a.id == _o.address_id)
        .where(_o.message_id == message_id, _within(departments))
        .with_for_update(of=schema.outbox)
    )
    row = (await tx.conn.execute(query)).one_or_none()
    if row is None:
        raise NoSuchDelivery(message_id)
    return row


async def _change(tx: Transaction, row: sa.Row[Any], values: dict[str, Any], now: dt.datetime) -> None:
    update = schema.outbox.update().where(_o.message_id == row.message_id)
    await tx.conn.execute(update.values(**values, updated_at=now))
    tx.notify("conversation", conversation_id=row.conversation_id, kind="delivery", seq=row.seq, state=values["state"])
    tx.notify("desk", type="deliveries")


async def _done_before(conn: Connection, message_id: str, action: str) -> bool:
    """Whether an operator did this to the message, alone or with its account's others."""
    audit = schema.audit.c
    account = sa.select(_o.account).where(_o.message_id == message_id).scalar_subquery()
    query = sa.select(audit.id).where(audit.action == action, sa.or_(audit.object == message_id, audit.object == account))
    return (await conn.execute(query.limit(1))).first() is not None


async def _audit(tx: Transaction, *, actor: str, action: str, target: str, now: dt.datetime, detail: dict[str, Any]) -> None:
    await tx.conn.execute(
        schema.audit.insert().values(id=schema.new_id(), at=now, actor=actor, action=action, object=target, detail=detail)
    )
