"""What happens by itself when time passes: a snoozed handover wakes, a silent agent is warned and then loses the conversation."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
import structlog

from bot.core import Core
from bot.messages import Reply
from bot.store import schema
from bot.store.engine import Connection, Transaction
from handover import repository
from handover.agent_actions import AgentActions
from handover.desks.links import on_tickets
from handover.lifecycle import Lifecycle
from handover.settings import LifecycleSettings
from handover.states import State

_log = structlog.get_logger(__name__)
_h = schema.handover.c


@dataclass(frozen=True)
class Talk:
    """A claimed handover, and who had the last word.

    Args:
        claimed_at: when its agent got it.
        calls: the agent is to phone the citizen, so that nobody waits for a first word in the chat.
        agent_wrote: the agent has written since the claim.
        unanswered_at: when the citizen first wrote after that, None = nothing is unanswered.
        warned_at: when the agent was warned of this silence, None = not yet.
    """

    handover_id: str
    claimed_at: dt.datetime
    calls: bool
    agent_wrote: bool
    unanswered_at: dt.datetime | None
    warned_at: dt.datetime | None


def silent_since(talk: Talk) -> dt.datetime | None:
    """Since when a citizen waits for an agent's word; None: they don't. Pure."""
    if talk.agent_wrote or talk.calls:
        return talk.unanswered_at
    return talk.claimed_at


def next_step(talk: Talk, now: dt.datetime, limits: LifecycleSettings) -> str | None:
    """What a silence leads to: `warn`, `put_back`, or nothing yet. Pure.

    Put back only after the warning, and not before what is left of the time has passed since it: after an outage of ours the
    agent gets the warning first.
    """
    since = silent_since(talk)
    if since is None:
        return None
    if talk.warned_at is None:
        return "warn" if now - since >= dt.timedelta(minutes=limits.silent_minutes) else None
    left = dt.timedelta(minutes=limits.silent_requeue_minutes - limits.silent_minutes)
    silent = dt.timedelta(minutes=limits.silent_requeue_minutes)
    return "put_back" if now - since >= silent and now - talk.warned_at >= left else None


class Timers:
    """Looks for what is due; each change is checked again under the handover's lock."""

    def __init__(self, core: Core, actions: AgentActions, lifecycle: Lifecycle) -> None:
        self._core, self._actions, self._lifecycle = core, actions, lifecycle
        self._limits = actions.settings.lifecycle

    async def sweep(self) -> int:
        """Wakes and warns; returns how many handovers it was about."""
        now = self._core.now()
        async with self._core.store.read() as conn:
            query = sa.select(_h.id).where(_h.state == State.SNOOZED, _h.due_at <= now).order_by(_h.due_at)
            asleep = list((await conn.execute(query)).scalars())
            silent = [talk.handover_id for talk in await _talks(conn) if next_step(talk, now, self._limits)]
        done = [await self._wake(handover_id) for handover_id in asleep]
        return sum(done + [await self._silent(handover_id) for handover_id in silent])

    async def _wake(self, handover_id: str) -> bool:
        async with self._core.store.write() as tx:
            handover, conversation = await repository.lock(tx, handover_id)
            if handover.state != State.SNOOZED or handover.due_at is None or handover.due_at > self._core.now():
                return False  # somebody was quicker
            awake = await self._lifecycle.woken(tx, conversation, handover, actor="system", reason="time_is_up")
            if awake.state == State.CLAIMED:
                tx.notify("desk", type="awake", handover_id=handover_id, agent_id=awake.claimed_by)
        return True

    async def _silent(self, handover_id: str) -> bool:
        now = self._core.now()
        async with self._core.store.write() as tx:
            handover, conversation = await repository.lock(tx, handover_id)
            talks = await _talks(tx.conn, handover_id)
            step = next_step(talks[0], now, self._limits) if talks else None
            if step is None or handover.claimed_by is None:
                return False
            name = await repository.agent_name(tx.conn, handover.claimed_by) or ""
            if step == "put_back":
                await self._actions.requeue(tx, handover, conversation, actor="system", agent_name=name, reason="agent_silent")
                _log.warning("silent_agent", handover_id=handover_id, conversation_id=conversation.id)
            else:
                await self._warn(tx, handover, name, now)
        return True

    async def _warn(self, tx: Transaction, handover: repository.Handover, name: str, now: dt.datetime) -> None:
        await repository.change(tx, handover, warned_at=now)
        await repository.write_audit(tx, actor="system", action="handover.silent", target=handover.id, now=now)
        await self._actions.say(tx, handover, Reply("text", "agent.silent", {"name": name}, author="system"))
        tx.notify("desk", type="silent", handover_id=handover.id, agent_id=handover.claimed_by)


async def _talks(conn: Connection, handover_id: str | None = None) -> list[Talk]:
    """Who had the last word in the claimed conversations, or in one of them."""
    m = schema.message.c
    here = sa.and_(m.conversation_id == _h.conversation_id, m.created_at >= _h.claimed_at)
    spoke = sa.select(sa.func.max(m.seq)).where(here, m.author == "agent", m.agent_id == _h.claimed_by)
    last = sa.func.coalesce(spoke.correlate(schema.handover).scalar_subquery(), 0)
    asked = sa.select(sa.func.min(m.created_at)).where(here, m.author == "citizen", m.seq > last)
    query = sa.select(
        _h.id, _h.claimed_at, _h.warned_at, _h.preview, last.label("last"),
        asked.correlate(schema.handover).scalar_subquery().label("asked"),
    ).where(_h.state == State.CLAIMED, _h.id.not_in(on_tickets()))  # fmt: skip
    if handover_id is not None:
        query = query.where(_h.id == handover_id)
    return [
        Talk(row.id, row.claimed_at, bool(row.preview.get("calls")), row.last > 0, row.asked, row.warned_at)
        for row in await conn.execute(query)
    ]
