"""Who is at the desk, and what becomes of the conversations of somebody who is gone."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
import structlog

from bot.core import Core
from bot.store import schema
from handover import repository
from handover.agent_actions import AgentActions
from handover.desks.links import held_elsewhere
from handover.settings import PresenceSettings
from handover.states import State

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Claim:
    """A claimed handover and the last signs of life of its agent.

    Args:
        present_at: last heartbeat of an open console, None = none is open.
        wrote_at: the agent's last message in this conversation.
        away_since: when the agent was first seen without a console, None = not yet.
    """

    handover_id: str
    agent_id: str
    claimed_at: dt.datetime
    present_at: dt.datetime | None
    wrote_at: dt.datetime | None
    away_since: dt.datetime | None


def is_present(present_at: dt.datetime | None, now: dt.datetime, settings: PresenceSettings) -> bool:
    """Whether an agent's console was heard of lately."""
    return present_at is not None and now - present_at <= dt.timedelta(seconds=settings.present_seconds)


def lost(claims: Sequence[Claim], now: dt.datetime, settings: PresenceSettings) -> list[str]:
    """Handovers whose agent has been gone for too long. Pure.

    The time runs from the last sign of life: a heartbeat, a message, the claim itself, or the moment the console closed.
    """
    longest = dt.timedelta(minutes=settings.requeue_minutes)
    gone = []
    for claim in claims:
        if is_present(claim.present_at, now, settings):
            continue
        signs = [claim.claimed_at, claim.present_at, claim.wrote_at, claim.away_since]
        if now - max(sign for sign in signs if sign is not None) > longest:
            gone.append(claim.handover_id)
    return gone


class Presence:
    """Counts the consoles of this process, keeps `agent.present_at`, and gives lost claims back to the queue.

    Args:
        also: what else is looked after as often.
    """

    def __init__(
        self, core: Core, settings: PresenceSettings, actions: AgentActions, also: Sequence[Callable[[], Awaitable[int]]] = ()
    ) -> None:
        self._core, self._settings, self._actions, self._sweeps = core, settings, actions, (self.sweep, *also)
        self._consoles: Counter[str] = Counter()
        # In memory: after a restart the time simply runs anew, which errs on the agent's side.
        self._away_since: dict[str, dt.datetime] = {}
        self._task: asyncio.Task[None] | None = None

    async def arrive(self, agent_id: str) -> None:
        """A console was opened."""
        self._consoles[agent_id] += 1
        await self._mark(agent_id, self._core.now(), changed=self._consoles[agent_id] == 1)

    async def heartbeat(self, agent_id: str) -> None:
        """A console is still there."""
        await self._mark(agent_id, self._core.now(), changed=False)

    async def leave(self, agent_id: str) -> None:
        """A console was closed. With the last one the agent is away (one in another process says so at its heartbeat)."""
        self._consoles[agent_id] -= 1
        if self._consoles[agent_id] <= 0:
            del self._consoles[agent_id]
            self._away_since[agent_id] = self._core.now()
            await self._mark(agent_id, None, changed=True)

    async def _mark(self, agent_id: str, at: dt.datetime | None, *, changed: bool) -> None:
        async with self._core.store.write() as tx:
            await tx.conn.execute(schema.agent.update().where(schema.agent.c.id == agent_id).values(present_at=at))
            if changed:
                tx.notify("desk", type="presence")

    async def sweep(self) -> int:
        """Gives back what is lost; returns how many handovers."""
        now = self._core.now()
        claims = await self._claims(now)
        returned = 0
        for handover_id in lost(claims, now, self._settings):
            agent_id = next(claim.agent_id for claim in claims if claim.handover_id == handover_id)
            returned += await self._give_back(handover_id, agent_id)
        return returned

    async def _claims(self, now: dt.datetime) -> list[Claim]:
        h, a, m = schema.handover.c, schema.agent.c, schema.message.c
        wrote = (
            sa.select(m.created_at)
            .where(m.conversation_id == h.conversation_id, m.author == "agent", m.agent_id == h.claimed_by)
            .order_by(m.seq.desc())
            .limit(1)
            .correlate(schema.handover)
            .scalar_subquery()
        )
        query = (
            sa.select(h.id, h.claimed_by, h.claimed_at, a.present_at, wrote.label("wrote_at"))
            .select_from(schema.handover)
            .join(schema.agent, a.id == h.claimed_by)
            .where(h.state == State.CLAIMED, h.id.not_in(held_elsewhere()))
        )
        async with self._core.store.read() as conn:
            rows = (await conn.execute(query)).all()
        away = {row.claimed_by for row in rows if not is_present(row.present_at, now, self._settings)}
        self._away_since = {agent_id: self._away_since.get(agent_id, now) for agent_id in away}
        return [
            Claim(row.id, row.claimed_by, row.claimed_at, row.present_at, row.wrote_at,
                  None if row.present_at else self._away_since.get(row.claimed_by))
            for row in rows
        ]  # fmt: skip

    async def _give_back(self, handover_id: str, agent_id: str) -> bool:
        async with self._core.store.write() as tx:
            handover, conversation = await repository.lock(tx, handover_id)
            if handover.state != State.CLAIMED or handover.claimed_by != agent_id:
                return False  # somebody was quicker
            name = await repository.agent_name(tx.conn, agent_id) or ""
            await self._actions.requeue(tx, handover, conversation, actor="system", agent_name=name, reason="agent_lost")
        _log.warning("claim_returned_to_queue", handover_id=handover_id, conversation_id=handover.conversation_id)
        return True

    async def start(self) -> None:
        """Begins sweeping."""
        self._task = asyncio.create_task(self._forever())

    async def stop(self) -> None:
        """Stops sweeping."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _forever(self) -> None:
        while True:
            for sweep in self._sweeps:
                try:
                    await sweep()
                except Exception as fault:  # the store may be away for a moment; the next sweep sees it
                    _log.error("desk_sweep_failed", error=type(fault).__name__)
            await asyncio.sleep(self._settings.sweep_seconds)
