"""The way back where there is no page to press it on: a citizen whose conversation was closed a short while ago writes again,
and is offered once to go on with the agent, or the matter, they had.

Their message began a new conversation, which the bot answers. Whoever goes back takes that message along, and the new
conversation ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from bot.closing import close
from bot.messages import Button, Rendered, Reply
from bot.pipeline.render import render_text
from bot.store import conversations, messages, schema
from bot.store.conversations import Conversation
from bot.store.engine import Connection, Transaction
from handover import repository, waking
from handover.settings import DeskSettings
from handover.states import HELD, State

if TYPE_CHECKING:
    from handover.desk import HandoverDesk

GO_BACK: Final = "/handover_return"  # + ":" + id of the closed conversation
_WEB: Final = "web"
_c, _m, _t, _link = schema.conversation.c, schema.message.c, schema.turn.c, schema.conversation_address.c


def may_reopen(close_reason: str | None, settings: DeskSettings) -> bool:
    """Whether a citizen may come back to what was closed for this reason: not after abuse, nor when they ended it."""
    return close_reason in {*settings.close_reasons} - {"abuse"}


def farewell(channel: str, close_reason: str, settings: DeskSettings) -> Reply:
    """The last word of a conversation that an agent closes; on a phone with how to come back. The web has a button."""
    if channel == _WEB or not may_reopen(close_reason, settings):
        return Reply("text", "conversation.ended", author="system", outcome="ended")
    minutes = {"minutes": round(settings.lifecycle.citizen_reopen_minutes)}
    return Reply("text", "conversation.ended_reopens", minutes, author="system", outcome="ended")


class ComingBack:
    """Offers the way back and goes it. Every call is part of the turn's own transaction."""

    def __init__(self, desk: HandoverDesk) -> None:
        self._desk, self._core = desk, desk.core

    async def offer(self, tx: Transaction, conversation: Conversation, closed_id: str) -> list[Reply]:
        """The one choice beside the bot's answer.

        Args:
            conversation: the new one, as it is now.
            closed_id: the conversation that was closed.

        Returns:
            The offer; nothing when the time is over, or a human is on the way already.
        """
        if conversation.owner != "bot" or conversation.protected or not await self._desk.may_return(tx, closed_id):
            return []
        name = await self._agent(tx.conn, closed_id)
        title = "conversation.reopen_with" if name else "conversation.reopen_same"
        button = Button(f"{GO_BACK}:{closed_id}", title, params={"name": name} if name else {})
        return [Reply("text", "conversation.reopen_offer", author="system", buttons=(button,))]

    async def _agent(self, conn: Connection, closed_id: str) -> str | None:
        """The name of whoever had it, if they are there: nobody else is promised by name."""
        before = await repository.latest(conn, closed_id)
        if before is None or not await waking.is_there(conn, before.claimed_by, self._desk.settings, self._core.now()):
            return None
        return await repository.agent_name(conn, before.claimed_by)

    async def press(self, tx: Transaction, conversation: Conversation, closed_id: str) -> list[Reply]:
        """The citizen goes back: what is said of it is said there.

        Args:
            conversation: the new one, locked.

        Returns:
            What to say in the new conversation: nothing, unless it cannot be left, or the other not be opened any more.
        """
        here = await repository.latest(tx.conn, conversation.id)
        if here is not None and here.state in (State.QUEUED, State.SCHEDULED, *HELD):  # a human is on the way here
            return await self._desk.where_it_stands(tx.conn, here)
        said = await self._desk.citizen_returned(tx, closed_id)
        before, there = await conversations.get(tx.conn, closed_id), await repository.latest(tx.conn, closed_id)
        if said is None or there is None:
            about = {"department": there.department, "topic": there.topic} if there else {"department": None, "topic": None}
            late = Reply("text", "conversation.reopen_late", author="system")
            return [late, *await self._desk.offer(tx, conversation, reason="asked", **about)]
        brought = await self._bring(tx, conversation, before)
        await repository.change(tx, there, unread=there.unread + brought)
        for reply in said:
            await messages.append(tx, before.id, render_text(self._core, reply, before.language), now=self._core.now())
        await close(self._core, self._desk, tx, conversation.id, reason="continued", farewell=False)
        left = schema.conversation_address.update().where(_link.conversation_id == conversation.id)
        await tx.conn.execute(left.values(active=False))
        return []

    async def _bring(self, tx: Transaction, here: Conversation, there: Conversation) -> int:
        """What the citizen wrote when they were offered the way back, and what nobody has answered yet; returns how much."""
        mine = sa.and_(_t.conversation_id == here.id, _t.action.is_(None))
        first = sa.select(sa.func.min(_t.seq)).where(mine).scalar_subquery()
        query = sa.select(_m.text, _m.language).join(schema.turn, _t.message_id == _m.id)
        query = query.where(mine, sa.or_(_t.seq == first, _t.state == "pending")).order_by(_t.seq)
        brought = (await tx.conn.execute(query)).all()
        for row in brought:
            await messages.append(tx, there.id, Rendered("citizen", row.text, row.language), now=self._core.now())
        return len(brought)
