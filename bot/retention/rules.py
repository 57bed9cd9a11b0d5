"""Retention rules: per kind of conversation a number of days and the decision that allows it. There is no rule by default.

Swedish archive law: records are kept, and destroyed only after a decision. So a rule without its decision can't exist: not in the
table (`decision_id` is NOT NULL and not empty) and not here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import sqlalchemy as sa

from bot.store import schema
from bot.store.engine import Connection, Transaction

Kind = Literal["bot", "desk"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)  # the bot alone answered; or the citizen came to the desk's queue
LEAST_DAYS: Final = 2  # a closed conversation may be opened again for a day
MOST_DAYS: Final = 36_500
_r, _hold = schema.retention_rule.c, schema.retention_hold.c


class BadRule(ValueError):
    """The rule or the hold is not in order; the message says what is wrong."""


@dataclass(frozen=True)
class Rule:
    """Conversations of a kind are deleted so many days after they were closed.

    Args:
        decision_id: the number of the decision, as the archive authority wrote it.
    """

    kind: Kind
    days: int
    decision_id: str
    updated_at: dt.datetime
    updated_by: str


async def read(conn: Connection) -> list[Rule]:
    """The rules in force."""
    rows = await conn.execute(sa.select(schema.retention_rule).order_by(_r.kind))
    return [Rule(**row._mapping) for row in rows]


async def put(tx: Transaction, kind: Kind, *, days: int, decision_id: str, actor: str, now: dt.datetime) -> Rule:
    """Sets the rule of a kind.

    Raises:
        BadRule: no decision, or a number of days that can't be meant.
    """
    decision_id = decision_id.strip()
    if not decision_id:
        raise BadRule('the decision is missing: nothing may be deleted without one, for example --decision "AN 2026-0123"')
    if len(decision_id) > schema.DECISION_LENGTH:
        raise BadRule(f"the decision's number has at most {schema.DECISION_LENGTH} characters")
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise BadRule(f"days: between {LEAST_DAYS} and {MOST_DAYS}")
    rule = Rule(kind, days, decision_id, now, actor)
    await tx.conn.execute(schema.retention_rule.delete().where(_r.kind == kind))
    await tx.conn.execute(schema.retention_rule.insert().values(**vars(rule)))
    await audit(tx, "retention.rule", kind, {"days": days, "decision": decision_id}, actor=actor, now=now)
    return rule


async def withdraw(tx: Transaction, kind: Kind, *, actor: str, now: dt.datetime) -> bool:
    """Takes a rule away: conversations of its kind are kept again. Returns whether there was one."""
    gone = await tx.conn.execute(schema.retention_rule.delete().where(_r.kind == kind))
    if gone.rowcount:
        await audit(tx, "retention.rule", kind, {"withdrawn": True}, actor=actor, now=now)
    return bool(gone.rowcount)


async def hold(tx: Transaction, conversation_id: str, *, reference: str, actor: str, now: dt.datetime) -> None:
    """Keeps a conversation from being deleted, for as long as the hold lasts: a request for disclosure, an appeal, an inspection.

    Args:
        reference: the number of the case that needs it; no names.

    Raises:
        BadRule: no reference.
        LookupError: there is no such conversation.
    """
    reference = reference.strip()
    if not reference or len(reference) > schema.DECISION_LENGTH:
        raise BadRule(f"the case's number is needed, at most {schema.DECISION_LENGTH} characters")
    found = sa.select(schema.conversation.c.id).where(schema.conversation.c.id == conversation_id).with_for_update()
    if (await tx.conn.execute(found)).scalar_one_or_none() is None:
        raise LookupError(conversation_id)
    await tx.conn.execute(schema.retention_hold.delete().where(_hold.conversation_id == conversation_id))
    await tx.conn.execute(schema.retention_hold.insert().values(
        conversation_id=conversation_id, reference=reference, created_at=now, created_by=actor,
    ))  # fmt: skip
    await audit(tx, "retention.hold", conversation_id, {"reference": reference}, actor=actor, now=now)


async def release(tx: Transaction, conversation_id: str, *, actor: str, now: dt.datetime) -> bool:
    """Ends a hold. Returns whether there was one."""
    gone = await tx.conn.execute(schema.retention_hold.delete().where(_hold.conversation_id == conversation_id))
    if gone.rowcount:
        await audit(tx, "retention.release", conversation_id, {}, actor=actor, now=now)
    return bool(gone.rowcount)


async def held(conn: Connection, conversation_id: str) -> str | None:
    """The reference of a conversation's hold; None = it has none."""
    query = sa.select(_hold.reference).where(_hold.conversation_id == conversation_id)
    return (await conn.execute(query)).scalar_one_or_none()


async def audit(tx: Transaction, action: str, target: str, detail: dict[str, Any], *, actor: str, now: dt.datetime) -> None:
    """One line of the audit: numbers and ids, never what was said."""
    await tx.conn.execute(schema.audit.insert().values(
        id=schema.new_id(), at=now, actor=actor, action=action, object=target, detail=detail,
    ))  # fmt: skip
