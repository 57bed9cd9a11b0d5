"""What somebody in the queue is told when nobody can come to them now: as they join, and when the desk closes meanwhile."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from bot.core import Core
from bot.messages import Reply
from bot.pipeline.render import render_text
from bot.store import messages, schema
from bot.store.conversations import Conversation
from bot.store.engine import Transaction
from handover import repository
from handover.call_back import CallBacks
from handover.repository import Handover
from handover.routing.rules import Plan
from handover.routing.service import Routing
from handover.states import State

_TOLD = "told_closed"  # in the preview: the opening they know of, so that nobody hears twice of one closing
_h = schema.handover.c


class Expectations:
    """The notices; either way the citizen may leave contact details or stay."""

    def __init__(self, core: Core, routing: Routing, call_backs: CallBacks) -> None:
        self._core, self._routing, self._call_backs = core, routing, call_backs

    async def of(self, tx: Transaction, conversation: Conversation) -> list[Reply]:
        """For somebody who joins the queue in this transaction. When nobody is there: that, and outside the hours when the desk
        opens. When nobody can write their language: that an interpreter can be there when they are called back."""
        expected = await self._routing.plan(tx.conn, conversation.id)
        if expected == Plan.INTERPRETER:
            offer = self._call_backs.offer(conversation)
            return [Reply("text", "queue.interpreter", author="system", outcome="handed_over", buttons=offer)]
        if expected == Plan.ABSENT:
            return self._nobody(conversation, None)
        handover = await repository.latest(tx.conn, conversation.id)
        if expected != Plan.CLOSED or handover is None:
            return []
        opens = await self._routing.opens(tx.conn, conversation.id)
        await _note(tx, handover, opens)
        return self._nobody(conversation, opens)

    async def sweep(self) -> int:
        """Tells those whom the closing of the desk has caught in the queue, or who came back into it since; returns how many."""
        async with self._core.store.read() as conn:
            shut = await self._routing.shut(conn, self._core.now())
            told = _h.preview[_TOLD].as_string().label("told")
            known = {row.id: row.told for row in await conn.execute(sa.select(_h.id, told).where(_h.id.in_(shut)))}
        due = [(handover_id, opens) for handover_id, opens in shut.items() if known.get(handover_id) != _mark(opens)]
        return sum([await self._tell(handover_id, opens) for handover_id, opens in due])

    async def _tell(self, handover_id: str, opens: dt.datetime | None) -> bool:
        async with self._core.store.write() as tx:
            handover, conversation = await repository.lock(tx, handover_id)
            if handover.state != State.QUEUED or handover.preview.get(_TOLD) == _mark(opens):
                return False  # somebody was quicker
            await _note(tx, handover, opens)
            for reply in self._nobody(conversation, opens):
                said = render_text(self._core, reply, conversation.language)
                await messages.append(tx, conversation.id, said, now=self._core.now())
        return True

    def _nobody(self, conversation: Conversation, opens: dt.datetime | None) -> list[Reply]:
        offer = self._call_backs.offer(conversation)
        notices = [Reply("text", "queue.closed", author="system", outcome="handed_over", buttons=offer)]
        if opens is not None:
            params = {"date": opens.date().isoformat(), "time": opens.strftime("%H:%M")}
            notices.append(Reply("text", "queue.opens", params, author="system", outcome="handed_over"))
        return notices


async def _note(tx: Transaction, handover: Handover, opens: dt.datetime | None) -> None:
    await repository.change(tx, handover, preview=handover.preview | {_TOLD: _mark(opens)})


def _mark(opens: dt.datetime | None) -> str:
    return opens.isoformat() if opens else "unknown"
