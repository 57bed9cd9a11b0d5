"""The desk as the pipeline sees it: offers a human, takes the consent, keeps the queue. Implements `bot.plugins.Desk`."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from bot.core import Core
from bot.messages import Button, Reply
from bot.store import conversations, messages, schema
from bot.store.conversations import Conversation
from bot.store.engine import Connection, Transaction
from handover import hours, preview, repository
from handover.preview import WITH_TEXT, WITHOUT_TEXT
from handover.repository import Handover
from handover.settings import Departments, DeskSettings
from handover.states import State

SEND, WITHOUT, CANCEL, LEAVE = "/handover_send", "/handover_without_text", "/handover_cancel", "/queue_leave"
_CONSENT = {SEND: WITH_TEXT, WITHOUT: WITHOUT_TEXT}
_MAX_TOPIC = 300


class HandoverDesk:
    """Decides with the store; every call is part of the turn's own transaction.

    Args:
        core: the app's shared parts.
        settings: the desk's settings.
        departments: the queues.
        is_holiday: the calendar of days on which the desk is closed.
    """

    def __init__(
        self, core: Core, settings: DeskSettings, departments: Departments, is_holiday: hours.IsHoliday | None = None
    ) -> None:
        self.core, self.settings, self.departments = core, settings, departments
        self.is_holiday = is_holiday or hours.swedish_holidays()

    async def offer(
        self, tx: Transaction, conversation: Conversation, *, reason: str, department: str | None, topic: str | None
    ) -> list[Reply]:
        """Asks for consent, with the preview; asked again, the same handover gets a fresh one."""
        conversation = await repository.lock_conversation(tx, conversation.id)
        if conversation.protected:  # nothing the citizen writes is kept, so an agent could not read it: point to the telephone
            return [Reply("text", "protected_identity", outcome="handover_offered")]
        current = await repository.latest(tx.conn, conversation.id)
        if current is not None and current.state in (State.QUEUED, State.CLAIMED):
            return await self._where_it_stands(tx.conn, current)
        queue, now, about = self.departments.route(department), self.core.now(), (topic or "").strip()[:_MAX_TOPIC]
        package = preview.build(
            language=conversation.language,
            topic=about,
            department_name=self.departments.name(queue, conversation.language),
            messages=await messages.read(tx.conn, conversation.id, self.core.texts.direction, limit=100_000),
            most=self.settings.queue.preview_messages,
        )
        values: dict[str, Any] = {"department": queue, "topic": about, "reason": reason, "preview": package,
                                  "priority": self._priority(reason)}  # fmt: skip
        if current is not None and current.state == State.OFFERED:
            await repository.transition(tx, conversation, current, State.OFFERED, actor="citizen", now=now, offered_at=now,
                                        language=conversation.language, detail={"reason": reason}, **values)  # fmt: skip
        else:
            await repository.create(tx, conversation, now=now, **values)
        await conversations.update(tx, conversation.id, awaiting="consent")
        return [self._question(reason, package["shown"])]

    def _priority(self, reason: str) -> int:
        queue = self.settings.queue
        return queue.priority_emergency if reason == "emergency" else queue.priority_ordinary

    def _question(self, reason: str, shown: dict[str, Any]) -> Reply:
        if reason == "emergency":  # no question back: pressing the one button is the consent
            return Reply("offer_human", "emergency.offer_human", outcome="emergency", preview=shown,
                         buttons=(Button(SEND, "consent.send"),))  # fmt: skip
        return Reply(
            "offer_human",
            "consent.question",
            outcome="handover_offered",
            author="system" if reason == "bot_off" else "bot",  # a bot that is switched off says nothing
            preview=shown,
            buttons=(Button(SEND, "consent.send"), Button(WITHOUT, "consent.without_text"), Button(CANCEL, "consent.cancel")),
        )

    async def press(self, tx: Transaction, conversation: Conversation, action: str) -> list[Reply]:
        """A pressed button; a second press says where the citizen stands and does nothing twice."""
        conversation = await repository.lock_conversation(tx, conversation.id)
        current = await repository.latest(tx.conn, conversation.id)
        if action in _CONSENT:
            return await self._consented(tx, conversation, current, _CONSENT[action])
        if action == CANCEL:
            return await self._cancelled(tx, conversation, current)
        if action == LEAVE:
            return await self._left(tx, conversation, current)
        raise ValueError(f"not a button of the desk: {action}")

    async def _consented(
        self, tx: Transaction, conversation: Conversation, current: Handover | None, consent: str
    ) -> list[Reply]:
        if current is None or current.state not in (State.OFFERED, State.QUEUED, State.CLAIMED):
            # An old button: what would be sent is not what was shown then. Show it afresh and ask.
            return await self.offer(tx, conversation, reason="asked", department=current.department if current else None,
                                    topic=current.topic if current else None)  # fmt: skip
        if current.state == State.OFFERED:
            return await self._enqueue(tx, conversation, current, consent)
        if consent == current.consent:
            return await self._where_it_stands(tx.conn, current)
        await repository.change(tx, current, consent=consent)
        await repository.write_audit(tx, actor="citizen", action="handover.consent", target=current.id, now=self.core.now(),
                                     detail={"consent": consent})  # fmt: skip
        if consent == WITHOUT_TEXT:
            return [Reply("text", "consent.withdrawn", author="system", outcome="handed_over")]
        return await self._where_it_stands(tx.conn, current)

    async def _enqueue(self, tx: Transaction, conversation: Conversation, current: Handover, consent: str) -> list[Reply]:
        now = self.core.now()
        package = current.preview | {"queued_seq": await _consent_seq(tx.conn, conversation)}
        await repository.transition(tx, conversation, current, State.QUEUED, actor="citizen", now=now, consent=consent, unread=0,
                                    queued_at=now, preview=package, detail={"consent": consent})  # fmt: skip
        await conversations.update(tx, conversation.id, awaiting=None)
        place = await repository.position(tx.conn, conversation.id)
        joined = Reply("text", "queue.joined", {"position": place}, author="system", outcome="handed_over", buttons=_leave())
        return [joined, *await self._closed_notice(tx.conn, now)]

    async def _closed_notice(self, conn: Connection, now: dt.datetime) -> list[Reply]:
        """What to expect when nobody is there: outside the hours also when the desk opens."""
        staffed = hours.is_staffed(now, self.settings.hours, self.is_holiday)
        if staffed and await self.anyone_present(conn, now):
            return []
        notices = [Reply("text", "queue.closed", author="system", outcome="handed_over")]
        opens = None if staffed else hours.next_opening(now, self.settings.hours, self.is_holiday)
        if opens is not None:
            params = {"date": opens.date().isoformat(), "time": opens.strftime("%H:%M")}
            notices.append(Reply("text", "queue.opens", params, author="system", outcome="handed_over"))
        return notices

    async def anyone_present(self, conn: Connection, now: dt.datetime) -> bool:
        """Whether an agent's console is open."""
        a = schema.agent.c
        since = now - dt.timedelta(seconds=self.settings.presence.present_seconds)
        query = sa.select(sa.func.count()).select_from(schema.agent).where(a.active, a.role != "editor", a.present_at > since)
        return bool((await conn.execute(query)).scalar_one())

    async def _cancelled(self, tx: Transaction, conversation: Conversation, current: Handover | None) -> list[Reply]:
        if current is not None and current.state in (State.QUEUED, State.CLAIMED):
            return await self._where_it_stands(tx.conn, current)
        if current is not None and current.state == State.OFFERED:
            await repository.transition(tx, conversation, current, State.DECLINED, actor="citizen", now=self.core.now())
        await conversations.update(tx, conversation.id, awaiting=None)
        return [Reply("text", "consent.cancelled", outcome="smalltalk")]

    async def _left(self, tx: Transaction, conversation: Conversation, current: Handover | None) -> list[Reply]:
        if current is not None and current.state == State.OFFERED:
            return await self._cancelled(tx, conversation, current)
        if current is not None and current.state == State.CLAIMED:
            return await self._where_it_stands(tx.conn, current)
        if current is not None and current.state == State.QUEUED:
            await repository.transition(tx, conversation, current, State.ABANDONED, actor="citizen", now=self.core.now(),
                                        end_reason="left_queue")  # fmt: skip
        return [Reply("text", "queue.left", author="system", outcome="smalltalk")]

    async def _where_it_stands(self, conn: Connection, current: Handover) -> list[Reply]:
        if current.state == State.CLAIMED:
            name = await repository.agent_name(conn, current.claimed_by)
            return [Reply("text", "agent.joined", {"name": name}, author="system", outcome="handed_over")]
        place = await repository.position(conn, current.conversation_id)
        return [Reply("text", "queue.position", {"position": place}, author="system", outcome="handed_over", buttons=_leave())]

    async def citizen_wrote(
        self, tx: Transaction, conversation: Conversation, *, emergency: bool, wants_human: bool
    ) -> list[Reply]:
        """Marks the message unread for the agent; tells a waiting citizen once that what they write is kept."""
        await repository.lock_conversation(tx, conversation.id)
        current = await repository.latest(tx.conn, conversation.id)
        if current is None or current.state not in (State.QUEUED, State.CLAIMED):
            return []
        values: dict[str, Any] = {"unread": current.unread + 1}
        if emergency:
            values["priority"] = max(current.priority, self.settings.queue.priority_emergency)
            await repository.write_audit(tx, actor="citizen", action="handover.emergency", target=current.id, now=self.core.now())
        await repository.change(tx, current, **values)
        if current.state == State.CLAIMED:
            return []
        if emergency:
            await repository.tell_waiting(tx)
            return []
        if wants_human:
            return await self._where_it_stands(tx.conn, current)
        if current.unread == 0:
            return [Reply("text", "queue.waiting", author="system", outcome="handed_over")]
        return []

    async def citizen_ended(self, tx: Transaction, conversation: Conversation) -> None:
        """Takes the conversation out of the queue, or from the agent, and closes it."""
        conversation = await repository.lock_conversation(tx, conversation.id)
        current = await repository.latest(tx.conn, conversation.id)
        target = {State.OFFERED: State.DECLINED, State.QUEUED: State.ABANDONED, State.CLAIMED: State.CLOSED}.get(
            current.state if current else State.DECLINED
        )
        if current is None or target is None:
            return
        # An offer that was only on the table leaves the word with the bot; the channel closes the conversation itself.
        ended = current.state != State.OFFERED
        await repository.transition(tx, conversation, current, target, actor="citizen", now=self.core.now(),
                                    citizen_ended=ended, close_reason="citizen_ended", end_reason="citizen_ended")  # fmt: skip

    async def queue_position(self, tx_or_conn: Any, conversation_id: str) -> int | None:
        """1 = next; None when not queued."""
        conn = tx_or_conn.conn if isinstance(tx_or_conn, Transaction) else tx_or_conn
        return await repository.position(conn, conversation_id)


async def _consent_seq(conn: Connection, conversation: Conversation) -> int:
    """Seq of the message with which the citizen agreed: that of the turn in hand, the first one still pending.

    What they wrote after it, while the turn was waiting, is already meant for the agent.
    """
    t = schema.turn.c
    query = sa.select(sa.func.min(t.seq)).where(t.conversation_id == conversation.id, t.state == "pending")
    return (await conn.execute(query)).scalar_one() or conversation.last_seq


def _leave() -> tuple[Button, ...]:
    return (Button(LEAVE, "queue.leave"),)
