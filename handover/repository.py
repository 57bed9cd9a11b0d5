"""Handovers in the store: every change one conditional update, with the conversation's owner in the same transaction.

Order of locks: the conversation's row first, then the handover's. A turn of the pipeline takes them in that order too;
the other way round PostgreSQL would now and then have to break a deadlock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.store import conversations, schema
from bot.store.conversations import Conversation
from bot.store.engine import Connection, Transaction
from handover import states
from handover.states import State

_h = schema.handover.c
_SAME_READING = dt.timedelta(hours=1)


class StaleHandover(Exception):
    """The handover changed since it was read; the caller's decision no longer holds."""


class AlreadyClaimed(Exception):
    """Another agent was first. `winner` is that agent's name, None when nobody has it (the citizen left)."""

    def __init__(self, winner: str | None, state: State) -> None:
        super().__init__(winner or state)
        self.winner, self.state = winner, state


@dataclass(frozen=True)
class Handover:
    """A row of `handover`.

    Args:
        preview: `{shown, through_seq, queued_seq, apart?}`: what the citizen was shown (form of docs/architecture.md), the
            last message in it, and the last message of the conversation when it was queued. An agent sees the messages up
            to the first and after the second, so never more than was shown; and none of `apart`, `[first, last or null]`
            each, which the citizen wrote to the bot meanwhile.
    """

    id: str
    conversation_id: str
    state: State
    version: int
    department: str
    language: str
    topic: str
    reason: str
    priority: int
    consent: str | None
    preview: dict[str, Any]
    claimed_by: str | None
    unread: int
    offered_at: dt.datetime
    queued_at: dt.datetime | None
    claimed_at: dt.datetime | None
    ended_at: dt.datetime | None
    end_reason: str | None
    note_to_bot: str | None
    due_at: dt.datetime | None
    due_reason: str | None
    warned_at: dt.datetime | None

    @property
    def overflow(self) -> str | None:
        """The general queue, once it may take this one too (`handover.routing`)."""
        opened: str | None = self.preview.get("overflow")
        return opened


def from_row(row: sa.Row[Any]) -> Handover:
    """A handover from a row that has the columns of `handover`."""
    values = {name: row._mapping[name] for name in Handover.__dataclass_fields__}
    return Handover(**(values | {"state": State(values["state"])}))


async def lock_conversation(tx: Transaction, conversation_id: str) -> Conversation:
    """Takes the conversation for this transaction and reads it as it is now.

    Raises:
        LookupError: there is none with this id.
    """
    return await conversations.lock(tx, conversation_id)


async def get(conn: Connection, handover_id: str) -> Handover:
    """Reads one handover.

    Raises:
        LookupError: there is none with this id.
    """
    row = (await conn.execute(sa.select(schema.handover).where(_h.id == handover_id))).one_or_none()
    if row is None:
        raise LookupError(f"no handover {handover_id}")
    return from_row(row)


async def lock(tx: Transaction, handover_id: str) -> tuple[Handover, Conversation]:
    """Takes a handover and its conversation for this transaction.

    Raises:
        LookupError: there is none with this id.
    """
    conversation = await lock_conversation(tx, (await get(tx.conn, handover_id)).conversation_id)
    return await get(tx.conn, handover_id), conversation


async def latest(conn: Connection, conversation_id: str) -> Handover | None:
    """The conversation's open handover, else its last one."""
    is_open = sa.case((_h.state.in_(states.OPEN), 0), else_=1)
    query = sa.select(schema.handover).where(_h.conversation_id == conversation_id)
    row = (await conn.execute(query.order_by(is_open, _h.offered_at.desc(), _h.id).limit(1))).one_or_none()
    return from_row(row) if row else None


async def earlier(conn: Connection, conversation_id: str) -> list[Handover]:
    """The handovers of a conversation and of those with the same address, oldest first."""
    mine, other = schema.conversation_address.alias(), schema.conversation_address.alias()
    linked = (
        sa.select(other.c.conversation_id)
        .join(mine, mine.c.address_id == other.c.address_id)
        .where(mine.c.conversation_id == conversation_id)
    )
    same = sa.or_(_h.conversation_id == conversation_id, _h.conversation_id.in_(linked))
    query = sa.select(schema.handover).where(same)
    return [from_row(row) for row in await conn.execute(query.order_by(_h.offered_at, _h.id))]


async def create(
    tx: Transaction,
    conversation: Conversation,
    *,
    department: str,
    topic: str,
    reason: str,
    priority: int,
    preview: dict[str, Any],
    now: dt.datetime,
) -> Handover:
    """A new handover, offered to the citizen."""
    handover_id = schema.new_id()
    await tx.conn.execute(
        schema.handover.insert().values(
            id=handover_id, conversation_id=conversation.id, state=State.OFFERED, version=1, department=department,
            language=conversation.language, topic=topic, reason=reason, priority=priority, preview=preview, unread=0,
            offered_at=now,
        )
    )  # fmt: skip
    await write_audit(tx, actor="citizen", action="handover.offered", target=handover_id, now=now,
                      detail={"reason": reason, "department": department})  # fmt: skip
    return await get(tx.conn, handover_id)


async def transition(
    tx: Transaction,
    conversation: Conversation,
    handover: Handover,
    target: State,
    *,
    actor: str,
    now: dt.datetime,
    detail: dict[str, Any] | None = None,
    citizen_ended: bool = False,
    close_reason: str | None = None,
    **values: Any,
) -> Handover:
    """Changes the state: one conditional update, the owner, the audit row and the notices.

    Args:
        conversation: as read under `lock_conversation` in this transaction.
        handover: as read; the change happens only if its state and version still hold.
        actor: agent id, `citizen` or `system`.
        detail: for the audit row; never personal data.
        citizen_ended: the citizen ended the conversation, so it closes whatever the new state.
        close_reason: kept with the conversation when it closes.
        values: further columns of the handover.

    Returns:
        The handover as it is now. The audit row keeps its version and the conversation's last message before it.

    Raises:
        states.IllegalTransition: no such change exists.
        StaleHandover: the handover changed since it was read.
    """
    states.check(handover.state, target)
    # What belongs to the state that is left goes with it.
    ended_at = now if target in states.ENDED else None
    nobody = {"claimed_by": None, "claimed_at": None} if target == State.QUEUED else {}
    values = {"due_at": None, "due_reason": None, "warned_at": None, "ended_at": ended_at, **nobody, **values}
    if "preview" not in values and handover.consent is not None:
        values["preview"] = await _set_apart(tx, conversation, handover, target)
    changed = await tx.conn.execute(
        schema.handover.update()
        .where(_h.id == handover.id, _h.state == handover.state, _h.version == handover.version)
        .values(state=target, version=handover.version + 1, **values)
    )
    if changed.rowcount != 1:
        raise StaleHandover(handover.id)
    owner = states.owner_after(target, citizen_ended=citizen_ended)
    if owner != conversation.owner:
        also = {"close_reason": close_reason} if owner == "closed" else {}
        await conversations.set_owner(
            tx, conversation.id, owner, expected_version=conversation.version, now=now,
            department=values.get("department", handover.department), reopen=handover.state == State.CLOSED, **also,
        )  # fmt: skip
    await write_audit(tx, actor=actor, action=f"handover.{target}", target=handover.id, now=now,
                      detail={"from": handover.state, "version": handover.version + 1, "seq": conversation.last_seq,
                              **(detail or {})})  # fmt: skip
    tx.notify("desk", type="handover", handover_id=handover.id, conversation_id=handover.conversation_id, state=target)
    if handover.state == State.QUEUED or target == State.QUEUED:
        await tell_waiting(tx)
    return await get(tx.conn, handover.id)


async def _set_apart(tx: Transaction, conversation: Conversation, handover: Handover, target: State) -> dict[str, Any]:
    """The preview, with a span opened when the bot gets the word, and closed when somebody else has it again.

    A message whose turn is under way when it closes is not answered by the bot any more: it is the agent's to read.
    """
    apart = [list(span) for span in handover.preview.get("apart", ())]
    if states.OWNER[target] == "bot":
        apart.append([conversation.last_seq + 1, None])
    elif apart and apart[-1][1] is None:
        t = schema.turn.c
        query = sa.select(sa.func.min(t.seq)).where(t.conversation_id == conversation.id, t.state == "pending")
        pending = (await tx.conn.execute(query)).scalar_one()
        apart[-1][1] = conversation.last_seq if pending is None else pending - 1
    return handover.preview | ({"apart": apart} if apart else {})


async def claim(tx: Transaction, handover_id: str, agent_id: str, *, now: dt.datetime) -> tuple[Handover, bool]:
    """Gives a queued or scheduled handover to an agent. Of any number who try at once exactly one succeeds; repeating it is
    harmless.

    Returns:
        The handover, and whether it was claimed just now (False: this agent had it already).

    Raises:
        LookupError: there is no such handover.
        AlreadyClaimed: another agent has it, or it is nobody's to take any more.
    """
    handover, conversation = await lock(tx, handover_id)
    if handover.state == State.CLAIMED and handover.claimed_by == agent_id:
        return handover, False
    if handover.state not in states.CLAIMABLE:
        raise AlreadyClaimed(await agent_name(tx.conn, handover.claimed_by), handover.state)
    claimed = await transition(
        tx, conversation, handover, State.CLAIMED, actor=agent_id, now=now, claimed_by=agent_id, claimed_at=now
    )
    return claimed, True


async def change(tx: Transaction, handover: Handover, **values: Any) -> None:
    """Sets columns that are no change of state (unread, priority, consent); the desk is told to look again."""
    if {"state", "version", "claimed_by"} & values.keys():
        raise ValueError("the state changes through transition only")
    await tx.conn.execute(schema.handover.update().where(_h.id == handover.id).values(**values))
    whose = {"agent_id": handover.claimed_by} if handover.state == State.CLAIMED and handover.claimed_by else {}
    tx.notify("desk", type="queue", handover_id=handover.id, conversation_id=handover.conversation_id, **whose)


async def tell_waiting(tx: Transaction) -> None:
    """Everybody who waits may have moved: their clients read the position again."""
    for conversation_id in (await tx.conn.execute(sa.select(_h.conversation_id).where(_h.state == State.QUEUED))).scalars():
        tx.notify("conversation", conversation_id=conversation_id, kind="queue")


async def agent_name(conn: Connection, agent_id: str | None) -> str | None:
    """The name of an agent, None for nobody."""
    if agent_id is None:
        return None
    name: str | None = (
        await conn.execute(sa.select(schema.agent.c.name).where(schema.agent.c.id == agent_id))
    ).scalar_one_or_none()
    return name


async def agent_names(conn: Connection, agent_ids: Iterable[str | None]) -> dict[str, str]:
    """Names by agent id."""
    wanted = {agent_id for agent_id in agent_ids if agent_id}
    query = sa.select(schema.agent.c.id, schema.agent.c.name).where(schema.agent.c.id.in_(wanted))
    return {row.id: row.name for row in await conn.execute(query)} if wanted else {}


async def began_anew(conn: Connection, conversation_id: str) -> bool:
    """Whether the citizen has another open conversation at an address (a number, a messaging account) of this one."""
    link, c = schema.conversation_address.c, schema.conversation.c
    own = sa.select(link.address_id).where(link.conversation_id == conversation_id)
    query = (
        sa.select(c.id).join(schema.conversation_address, link.conversation_id == c.id)
        .where(link.address_id.in_(own), link.active, c.id != conversation_id, c.owner != "closed")
    )  # fmt: skip
    return (await conn.execute(query.limit(1))).first() is not None


async def audit_reading(
    tx: Transaction, *, actor: str, action: str, target: str, now: dt.datetime, detail: dict[str, Any] | None = None
) -> None:
    """Keeps that somebody read an object: once an hour, since an open console reads again at every change."""
    if not await was_read(tx.conn, actor=actor, action=action, target=target, now=now):
        await write_audit(tx, actor=actor, action=action, target=target, now=now, detail=detail)


async def was_read(conn: Connection, *, actor: str, action: str, target: str, now: dt.datetime) -> bool:
    """Whether that reading is in the audit log already."""
    a = schema.audit.c
    query = sa.select(a.id).where(a.object == target, a.actor == actor, a.action == action, a.at > now - _SAME_READING)
    return (await conn.execute(query.limit(1))).first() is not None


async def write_audit(
    tx: Transaction, *, actor: str, action: str, target: str, now: dt.datetime, detail: dict[str, Any] | None = None
) -> None:
    """Keeps who did what to which object, and when. `detail` never carries personal data."""
    await tx.conn.execute(
        schema.audit.insert().values(id=schema.new_id(), at=now, actor=actor, action=action, object=target, detail=detail or {})
    )
