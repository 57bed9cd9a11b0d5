"""An agent takes back from the bot a conversation that was given back to it: its citizen had agreed to a human."""

from __future__ import annotations

import datetime as dt

from bot.http import ApiError
from bot.messages import Reply
from bot.store import conversations
from handover import repository
from handover.agent_actions import AgentActions, not_found
from handover.auth import Agent
from handover.repository import Handover
from handover.states import OPEN, State


async def pull_in(actions: AgentActions, agent: Agent, handover_id: str) -> Handover:
    """Makes a new handover, claimed by the agent, with the consent of the one that was given back.

    What the citizen wrote to the bot in between stays between them. Nobody pulls in a conversation whose citizen has not agreed
    to a human, or has left the queue.

    Returns:
        The new handover; pressed twice, the same.

    Raises:
        ApiError: 404, 403 another department's or agent's, 409 `wrong_state` (not given back, or no longer the bot's),
            `too_late`, `at_capacity`.
    """
    now = actions.core.now()
    async with actions.core.store.write() as tx:
        before, conversation = await actions.lock(tx, handover_id)
        if before.consent is None:
            raise not_found()
        if not agent.within_reach(before.department, before.claimed_by, before.overflow):
            raise ApiError(403, "other_department", "this conversation is in another department's queue")
        if before.claimed_by != agent.id and not agent.may("supervise"):
            raise ApiError(403, "not_yours", "another agent had this conversation")
        latest = await repository.latest(tx.conn, conversation.id)
        if latest is not None and latest.state == State.CLAIMED and latest.claimed_by == agent.id:
            return latest
        asked = latest if latest is not None and latest.state == State.OFFERED else None
        busy = latest is not None and latest.state in OPEN and asked is None
        if before.state != State.RETURNED or conversation.owner != "bot" or busy:
            raise ApiError(409, "wrong_state", "that cannot be done (any more)", state=before.state)
        if before.ended_at is None or now - before.ended_at > dt.timedelta(hours=actions.settings.lifecycle.reopen_hours):
            raise ApiError(409, "too_late", "it was given back too long ago", state=before.state)
        await actions.routing.check_capacity(tx, agent.id, override=False)
        if asked is not None:  # the offer on the table is overtaken
            await repository.transition(tx, conversation, asked, State.DECLINED, actor=agent.id, now=now)
        preview = before.preview | {"earlier": [*before.preview.get("earlier", ()), before.id]}  # its own agent goes on with it
        made = await repository.create(tx, conversation, department=before.department, topic=before.topic, reason="pulled_in",
                                       priority=before.priority, preview=preview, now=now)  # fmt: skip
        made = await repository.transition(tx, conversation, made, State.QUEUED, actor=agent.id, now=now, queued_at=now,
                                           consent=before.consent, detail={"reason": "pulled_in"})  # fmt: skip
        made, _ = await repository.claim(tx, made.id, agent.id, now=now)
        await conversations.update(tx, conversation.id, awaiting=None)
        await actions.say(tx, made, Reply("text", "agent.joined", {"name": agent.name}, author="system"), agent.id)
        return made
