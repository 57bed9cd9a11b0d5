"""How a handover that an agent has goes back: to the queue, or to its agent when it is snoozed or about to be closed."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from bot.messages import Button, Reply
from bot.store import conversations, schema
from bot.store.conversations import Conversation
from bot.store.engine import Connection, Transaction
from handover import repository
from handover.repository import Handover
from handover.settings import DeskSettings
from handover.states import State


async def put_back(
    tx: Transaction, conversation: Conversation, handover: Handover, settings: DeskSettings, *, actor: str, now: dt.datetime,
    reason: str, department: str | None = None,
) -> Handover:  # fmt: skip
    """Into the queue, first in line after the emergencies; it keeps its time. Nothing is said to the citizen."""
    queue = department or handover.department
    return await repository.transition(
        tx, conversation, handover, State.QUEUED, actor=actor, now=now, end_reason=None,
        priority=max(handover.priority, settings.queue.priority_requeued), department=queue,
        detail={"reason": reason, "department": queue},
    )  # fmt: skip


async def wake(
    tx: Transaction, conversation: Conversation, handover: Handover, settings: DeskSettings, *, actor: str, now: dt.datetime,
    reason: str,
) -> Handover:  # fmt: skip
    """Gives a snoozed handover, or one about to be closed, back to its agent; into the queue when they are not there."""
    if not await is_there(tx.conn, handover.claimed_by, settings, now):
        return await put_back(tx, conversation, handover, settings, actor=actor, now=now, reason=reason)
    # The time of the claim is that of its waking: from now on the citizen waits for the agent's word.
    return await repository.transition(tx, conversation, handover, State.CLAIMED, actor=actor, now=now, claimed_at=now,
                                       end_reason=None, detail={"reason": reason})  # fmt: skip


async def reopen(
    tx: Transaction, conversation: Conversation, handover: Handover, settings: DeskSettings, *, actor: str, now: dt.datetime
) -> Handover:
    """A closed handover in the queue again, with its conversation; its waiting time begins anew, and it is kept a while for
    the agent who had it."""
    await conversations.update(tx, conversation.id, awaiting=None)
    return await repository.transition(
        tx, conversation, handover, State.QUEUED, actor=actor, now=now, queued_at=now,
        end_reason=None, unread=0, priority=max(handover.priority, settings.queue.priority_requeued),
        preview=handover.preview | {"last_agent": handover.claimed_by}, detail={"reason": "reopened"},
    )  # fmt: skip


def closed_within(handover: Handover, now: dt.datetime, span: dt.timedelta) -> bool:
    """Whether a handover was closed at most so long ago."""
    return handover.ended_at is not None and now - handover.ended_at <= span


async def is_there(conn: Connection, agent_id: str | None, settings: DeskSettings, now: dt.datetime) -> bool:
    """Whether an agent's console was heard of lately."""
    a = schema.agent.c
    since = now - dt.timedelta(seconds=settings.presence.present_seconds)
    query = sa.select(a.id).where(a.id == agent_id, a.active, a.present_at >= since)
    return (await conn.execute(query)).first() is not None


def left(name: str) -> Reply:
    """That the agent is gone, and the way out of the queue."""
    return Reply("text", "agent.left", {"name": name}, author="system", outcome="handed_over",
                 buttons=(Button("/queue_leave", "queue.leave"),))  # fmt: skip


def at(key: str, moment: dt.datetime, settings: DeskSettings, **params: str) -> Reply:
    """A text with a date and a time, as the city's clock has them."""
    local = moment.astimezone(settings.hours.zone)
    given = {"date": local.date().isoformat(), "time": local.strftime("%H:%M"), **params}
    return Reply("text", key, given, author="system", outcome="handed_over")
