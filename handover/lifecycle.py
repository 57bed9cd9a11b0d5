"""The rarer ways of a handover: snoozed, scheduled, closed by two, taken over, opened again. One transaction each."""

from __future__ import annotations

import datetime as dt

from bot.core import Core
from bot.http import ApiError
from bot.messages import Reply
from bot.store import contacts
from bot.store.conversations import Conversation
from bot.store.engine import Transaction
from handover import preview, repository, waking
from handover.agent_actions import AgentActions, not_found
from handover.auth import Agent
from handover.coming_back import farewell
from handover.repository import Handover
from handover.settings import LifecycleSettings
from handover.states import HELD, State


class Lifecycle:
    """What agents and supervisors decide. Whoever comes too late gets 409 with the state as it is."""

    def __init__(self, core: Core, actions: AgentActions) -> None:
        self._core, self._actions, self._all = core, actions, actions.settings
        self.actions = actions
        self._settings: LifecycleSettings = self._all.lifecycle

    async def snooze(self, agent: Agent, handover_id: str, *, until: dt.datetime, reason: str) -> Handover:
        """Lays the conversation aside; it wakes at the time, or when the citizen writes.

        Raises:
            ApiError: 404, 409 not this agent's (any more), 422 no such reason, or no time that can be waited until.
        """
        now = self._core.now()
        if reason not in self._settings.snooze_reasons:
            raise ApiError(422, "invalid", f"the reason is one of {', '.join(self._settings.snooze_reasons)}")
        self._check_time(until, now, self._settings.snooze_days)
        async with self._core.store.write() as tx:
            handover, conversation = await self._actions.own(tx, agent, handover_id)
            handover = await repository.transition(tx, conversation, handover, State.SNOOZED, actor=agent.id, now=now,
                                                   due_at=until, due_reason=reason, detail={"reason": reason})  # fmt: skip
            await self._actions.say(tx, handover, waking.at("agent.paused", until, self._all, name=agent.name))
            return handover

    async def schedule(self, agent: Agent, handover_id: str, *, due: dt.datetime, kind: str) -> Handover:
        """Agrees with the citizen on a time by which they are called or answered; until then the bot speaks.

        Raises:
            ApiError: 404, 409 not this agent's (any more), or `no_contact`: no number; 422 a time that cannot be agreed on.
        """
        now = self._core.now()
        self._check_time(due, now, self._settings.schedule_days)
        async with self._core.store.write() as tx:
            handover, conversation = await self._actions.own(tx, agent, handover_id)
            left = await contacts.of_conversation(tx.conn, conversation.id, now=now) if kind == "call_back" else []
            if kind == "call_back" and not any(one.kind == "phone" for one in left):
                raise ApiError(409, "no_contact", "the citizen has left no number to be called on: ask for it first")
            handover = await repository.transition(tx, conversation, handover, State.SCHEDULED, actor=agent.id, now=now,
                                                   due_at=due, due_reason=kind, unread=0, detail={"kind": kind})  # fmt: skip
            await self._actions.say(tx, handover, waking.at("contact.due", due, self._all))
            return handover

    async def resume(self, agent: Agent, handover_id: str) -> Handover:
        """Takes up again what is snoozed, or is to be closed: its agent for themselves, a colleague who does not agree to the
        closing for the agent.

        Raises:
            ApiError: 404, 403 another department's, 409 not to be taken up.
        """
        now = self._core.now()
        async with self._core.store.write() as tx:
            handover, conversation = await self._locked(tx, agent, handover_id)
            own = handover.claimed_by == agent.id
            if handover.state != State.CLOSING and not (own and handover.state == State.SNOOZED):
                raise await self._too_late(tx, handover)
            if own:
                return await repository.transition(tx, conversation, handover, State.CLAIMED, actor=agent.id, now=now,
                                                   claimed_at=now, end_reason=None, detail={"reason": "resumed"})  # fmt: skip
            return await self.woken(tx, conversation, handover, actor=agent.id, reason="not_agreed")

    async def woken(
        self, tx: Transaction, conversation: Conversation, handover: Handover, *, actor: str, reason: str
    ) -> Handover:
        """Back to its agent, or to the queue: then the citizen is told."""
        name = await repository.agent_name(tx.conn, handover.claimed_by) or ""
        awake = await waking.wake(tx, conversation, handover, self._all, actor=actor, now=self._core.now(), reason=reason)
        if awake.state == State.QUEUED:
            await self._actions.say(tx, awake, waking.left(name))
            return await self._actions.passing.back(tx, awake)
        return awake

    async def confirm(self, agent: Agent, handover_id: str) -> Handover:
        """Agrees that a sensitive handover is closed, or is the bot's again: whichever its agent wanted.

        Raises:
            ApiError: 404, 403 `four_eyes` the agent's own, or another department's; 409 it is not about to be closed.
        """
        now = self._core.now()
        async with self._core.store.write() as tx:
            handover, conversation = await self._locked(tx, agent, handover_id)
            if handover.state != State.CLOSING:
                raise await self._too_late(tx, handover)
            if handover.claimed_by == agent.id:
                raise ApiError(403, "four_eyes", "somebody else must agree to this")
            about = preview.to_bot(handover)
            if about is not None:
                returned = await repository.transition(tx, conversation, handover, State.RETURNED, actor=agent.id, now=now,
                                                       unread=0, detail={"proposed_by": handover.claimed_by})  # fmt: skip
                await self._actions.told.hand_over(tx, conversation, about)
                return returned
            reason = self._actions.listed(handover.end_reason or "")
            handover = await repository.transition(
                tx, conversation, handover, State.CLOSED, actor=agent.id, now=now, unread=0, close_reason=reason,
                detail={"reason": reason, "proposed_by": handover.claimed_by},
            )  # fmt: skip
            await self._actions.say(tx, handover, farewell(conversation.channel, reason, self._all))
            return handover

    async def take_over(self, agent: Agent, handover_id: str) -> Handover:
        """A supervisor takes a colleague's conversation, however many they have; the citizen is told who writes now.

        Raises:
            ApiError: 404, 403 not a supervisor, or another department's; 409 nobody has it.
        """
        now = self._core.now()
        if not agent.may("supervise"):
            raise ApiError(403, "forbidden", "only a supervisor takes over")
        async with self._core.store.write() as tx:
            handover, conversation = await self._locked(tx, agent, handover_id)
            if handover.claimed_by == agent.id and handover.state == State.CLAIMED:
                return handover
            if handover.state not in HELD:
                raise await self._too_late(tx, handover)
            handover = await repository.transition(
                tx, conversation, handover, State.CLAIMED, actor=agent.id, now=now, claimed_by=agent.id, claimed_at=now,
                end_reason=None, detail={"reason": "taken_over", "from_agent": handover.claimed_by},
            )  # fmt: skip
            await self._actions.say(tx, handover, Reply("text", "agent.joined", {"name": agent.name}, author="system"), agent.id)
            passing = self._actions.passing
            other_board = passing.department_for(agent, handover)
            if other_board is not None:
                return await passing.ask(tx, handover, other_board, came_from=handover.department)
            return handover

    async def reopen(self, agent: Agent, handover_id: str) -> Handover:
        """Puts a closed handover back into the queue, first in line: its agent or a supervisor, within some hours.

        Raises:
            ApiError: 404, 403 somebody else's, 409 not closed, `too_late`, or `began_anew`: the citizen writes elsewhere.
        """
        now = self._core.now()
        async with self._core.store.write() as tx:
            handover, conversation = await self._locked(tx, agent, handover_id)
            if handover.claimed_by != agent.id and not agent.may("supervise"):
                raise ApiError(403, "not_yours", "another agent had this conversation")
            if handover.state != State.CLOSED or conversation.owner != "closed":
                raise await self._too_late(tx, handover)
            if not waking.closed_within(handover, now, dt.timedelta(hours=self._settings.reopen_hours)):
                raise ApiError(409, "too_late", "it has been closed for too long", state=handover.state)
            if await repository.began_anew(tx.conn, conversation.id):  # on one number two would answer, and be answered, at once
                raise ApiError(409, "began_anew", "the citizen has begun another conversation", state=handover.state)
            handover = await waking.reopen(tx, conversation, handover, self._all, actor=agent.id, now=now)
            await self._actions.say(tx, handover, Reply("text", "conversation.reopened", author="system"))
            return await self._actions.passing.back(tx, handover)

    async def _locked(self, tx: Transaction, agent: Agent, handover_id: str) -> tuple[Handover, Conversation]:
        handover, conversation = await self._actions.lock(tx, handover_id)
        if handover.consent is None:
            raise not_found()
        if not agent.within_reach(handover.department, handover.claimed_by, handover.overflow):
            raise ApiError(403, "other_department", "this conversation is in another department's queue")
        return handover, conversation

    async def _too_late(self, tx: Transaction, handover: Handover) -> ApiError:
        name = await repository.agent_name(tx.conn, handover.claimed_by)
        return ApiError(409, "wrong_state", "that cannot be done (any more)", state=handover.state, claimed_by=name)

    def _check_time(self, moment: dt.datetime, now: dt.datetime, days: float) -> None:
        if not now < moment <= now + dt.timedelta(days=days):
            raise ApiError(422, "invalid", f"give a time from now on, at most {days:g} days ahead")
