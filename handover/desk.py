"""The desk as the pipeline sees it: offers a human, takes the consent, keeps the queue. Implements `bot.plugins.Desk`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from typing import Any

import sqlalchemy as sa

from bot.core import Core
from bot.messages import Button, Reply
from bot.plugins import Mailer
from bot.store import contacts, conversations, messages, schema
from bot.store.conversations import Conversation
from bot.store.engine import Connection, Transaction
from handover import hours, preview, questions, repository, striking, waking
from handover.call_back import CANCEL_CONTACT, LEAVE_CONTACT, CallBacks
from handover.coming_back import GO_BACK, ComingBack, may_reopen
from handover.expectations import Expectations
from handover.passing import Passing
from handover.preview import WITH_TEXT, WITHOUT_TEXT
from handover.questions import CANCEL, NO, SEND, WITHOUT, YES
from handover.repository import Handover
from handover.routing import rules
from handover.routing.rules import Plan
from handover.routing.service import Routing
from handover.settings import Departments, DeskSettings
from handover.staffing import opening
from handover.states import HELD, OPEN, State
from handover.striking import Striking

LEAVE = "/queue_leave"
_CONSENT = {SEND: WITH_TEXT, WITHOUT: WITHOUT_TEXT}
_MAX_TOPIC = 300
_NOBODY = (Plan.CLOSED, Plan.ABSENT, Plan.INTERPRETER)  # nobody can write with them now


class HandoverDesk:
    """Decides with the store; every call is part of the turn's own transaction.

    Args:
        core: the app's shared parts.
        settings: the desk's settings.
        departments: the queues.
        is_holiday: the calendar of days on which the desk is closed.
        mailer: whoever sends e-mail, once its plugin has registered.
    """

    def __init__(
        self,
        core: Core,
        settings: DeskSettings,
        departments: Departments,
        is_holiday: hours.IsHoliday | None = None,
        mailer: Callable[[], Mailer | None] = lambda: None,
    ) -> None:
        self.core, self.settings, self.departments = core, settings, departments
        self.is_holiday = is_holiday or hours.swedish_holidays()
        self.call_backs = CallBacks(core, departments, mailer)
        self.routing = Routing(core, settings, departments, self.is_holiday)
        self.expectations = Expectations(core, self.routing, self.call_backs)
        self.passing = Passing(core, departments, settings)
        self.striking = Striking(core, self.passing)
        self.coming_back = ComingBack(self)

    async def offer(
        self, tx: Transaction, conversation: Conversation, *, reason: str, department: str | None, topic: str | None
    ) -> list[Reply]:
        """Asks for consent, with the preview; asked again, the same handover gets a fresh one."""
        conversation = await repository.lock_conversation(tx, conversation.id)
        if conversation.protected:  # nothing the citizen writes is kept, so an agent could not read it: point to the telephone
            return [Reply("text", "protected_identity", outcome="handover_offered")]
        current = await repository.latest(tx.conn, conversation.id)
        if current is not None and current.state == State.SCHEDULED:
            return await self._sooner(tx, conversation, current, emergency=reason == "emergency")
        if current is not None and current.state in (State.QUEUED, *HELD):
            return await self.where_it_stands(tx.conn, current)
        # What the citizen asked about decides; else the page's department, or the one that had the conversation before.
        queue = self.departments.route(department or conversation.department)
        now, about = self.core.now(), (topic or "").strip()[:_MAX_TOPIC]
        package = preview.build(
            language=conversation.language,
            topic=about,
            department_name=self.departments.name(queue, conversation.language),
            messages=await messages.read(tx.conn, conversation.id, self.core.texts.direction, limit=100_000),
            most=self.settings.queue.preview_messages,
            page_url=conversation.page_url,
            earlier=await self.passing.earlier(tx.conn, conversation.id, self.settings.board(queue)),
        )
        children = await self.routing.about_children(tx.conn, conversation.id)
        package |= {"children": True} if children else {}
        values: dict[str, Any] = {"department": queue, "topic": about, "reason": reason, "preview": package,
                                  "priority": await self._priority(tx.conn, conversation, reason, children, now)}  # fmt: skip
        if current is not None and current.state == State.OFFERED:
            values["preview"] = package = preview.without(package, current.preview.get("struck", ()))  # struck is struck
            await repository.transition(tx, conversation, current, State.OFFERED, actor="citizen", now=now, offered_at=now,
                                        language=conversation.language, detail={"reason": reason}, **values)  # fmt: skip
        else:
            await repository.create(tx, conversation, now=now, **values)
        await conversations.update(tx, conversation.id, awaiting="consent")
        return [questions.consent(reason, package["shown"], channel=conversation.channel)]

    async def _sooner(self, tx: Transaction, conversation: Conversation, current: Handover, *, emergency: bool) -> list[Reply]:
        """Somebody who is to be contacted asks for a human meanwhile: with somebody there, or in danger, they queue at once."""
        now = self.core.now()
        plan = await self.routing.plan_of(tx.conn, current, now)
        if not emergency and plan in _NOBODY:
            return await self.where_it_stands(tx.conn, current)
        priority = max(current.priority, self.settings.queue.priority_emergency) if emergency else current.priority
        await repository.transition(
            tx, conversation, current, State.QUEUED, actor="citizen", now=now, queued_at=now,
            priority=priority, detail={"reason": "asked_again"},
        )  # fmt: skip
        await conversations.update(tx, conversation.id, awaiting=None)
        return [await self._place(tx.conn, "queue.joined", conversation)]

    async def _priority(self, conn: Connection, conversation: Conversation, reason: str, children: bool, now: dt.datetime) -> int:
        earlier = await self.routing.earlier_lately(conn, conversation.id, now)
        return rules.priority_of(reason, about_children=children, earlier=earlier, queue=self.settings.queue)

    async def press(self, tx: Transaction, conversation: Conversation, action: str, struck: Collection[int] = ()) -> list[Reply]:
        """A pressed button; a second press says where the citizen stands and does nothing twice."""
        conversation = await repository.lock_conversation(tx, conversation.id)
        current = await repository.latest(tx.conn, conversation.id)
        if action in _CONSENT:
            return await self._consented(tx, conversation, current, _CONSENT[action], struck)
        kind = action.partition(":")[0]
        if kind in (YES, NO) or kind in striking.ACTIONS:
            return await self._about_text(tx, conversation, current, action, struck)
        if kind == GO_BACK:
            return await self.coming_back.press(tx, conversation, action.partition(":")[2])
        if action == CANCEL:
            return await self._cancelled(tx, conversation, current)
        if action == LEAVE:
            return await self._left(tx, conversation, current)
        if action in (LEAVE_CONTACT, CANCEL_CONTACT):
            return await self._about_contact(tx, conversation, current, action)
        raise ValueError(f"not a button of the desk: {action}")

    async def _consented(
        self, tx: Transaction, conversation: Conversation, current: Handover | None, consent: str, struck: Collection[int]
    ) -> list[Reply]:
        if current is None or current.state not in OPEN:
            return await self._afresh(tx, conversation, current)
        if current.state == State.OFFERED:
            return await self._enqueue(tx, conversation, current, consent, struck)
        package = preview.without(current.preview, struck)
        if consent == current.consent and package == current.preview:
            return await self.where_it_stands(tx.conn, current)
        if consent == WITHOUT_TEXT:  # taken back, from every board
            package = preview.taken_back(package)
        await repository.change(tx, current, consent=consent, preview=package)
        await self.passing.agreed(tx, current, consent, package)
        if consent == WITHOUT_TEXT:
            return [Reply("text", "consent.withdrawn", author="system", outcome="handed_over")]
        return await self.where_it_stands(tx.conn, current)

    async def _afresh(self, tx: Transaction, conversation: Conversation, current: Handover | None) -> list[Reply]:
        """An old button: what would be sent is not what was shown then. It is shown anew, with the question."""
        department, topic = (current.department, current.topic) if current else (None, None)
        return await self.offer(tx, conversation, reason="asked", department=department, topic=topic)

    async def _about_text(
        self, tx: Transaction, conversation: Conversation, current: Handover | None, action: str, struck: Collection[int]
    ) -> list[Reply]:
        """The answer to whether another board may see the text, or a message to be struck from what is sent."""
        if action.partition(":")[0] in striking.ACTIONS:
            said = await self.striking.press(tx, conversation, current, action)
        elif current is not None and current.state in OPEN - {State.OFFERED}:
            said = await self.passing.answered(tx, conversation, current, action, struck)
        else:
            said = None
        if said:
            return said
        if current is None or current.state not in OPEN - {State.OFFERED}:
            return await self._afresh(tx, conversation, current)
        return await self.where_it_stands(tx.conn, current)

    async def _enqueue(
        self, tx: Transaction, conversation: Conversation, current: Handover, consent: str, struck: Collection[int]
    ) -> list[Reply]:
        now = self.core.now()
        package = preview.without(current.preview, struck) if consent == WITH_TEXT else current.preview
        left_out = len(package.get("struck", ()))
        if left_out and not package["shown"]["messages"]:
            consent = WITHOUT_TEXT  # nothing is left of it
        await self.passing.show(tx, conversation.id, package)
        package = package | {"queued_seq": await _consent_seq(tx.conn, conversation)}
        await repository.transition(tx, conversation, current, State.QUEUED, actor="citizen", now=now, consent=consent, unread=0,
                                    queued_at=now, preview=package,
                                    detail={"consent": consent, "struck": left_out})  # fmt: skip
        await conversations.update(tx, conversation.id, awaiting=None)
        joined = await self._place(tx.conn, "queue.joined", conversation)
        return [joined, *await self.expectations.of(tx, conversation)]

    async def _cancelled(self, tx: Transaction, conversation: Conversation, current: Handover | None) -> list[Reply]:
        if current is not None and current.state in (State.QUEUED, State.SCHEDULED, *HELD):
            return await self.where_it_stands(tx.conn, current)
        if current is not None and current.state == State.OFFERED:
            await repository.transition(tx, conversation, current, State.DECLINED, actor="citizen", now=self.core.now())
        await conversations.update(tx, conversation.id, awaiting=None)
        return [Reply("text", "consent.cancelled", outcome="smalltalk")]

    async def _left(self, tx: Transaction, conversation: Conversation, current: Handover | None) -> list[Reply]:
        if current is not None and current.state == State.OFFERED:
            return await self._cancelled(tx, conversation, current)
        if current is not None and current.state in HELD:
            return await self.where_it_stands(tx.conn, current)
        if current is not None and current.state in (State.QUEUED, State.SCHEDULED):
            await repository.transition(tx, conversation, current, State.ABANDONED, actor="citizen", now=self.core.now(),
                                        end_reason="left_queue")  # fmt: skip
            await self.call_backs.withdraw(tx, conversation.id)
        return [Reply("text", "queue.left", author="system", outcome="smalltalk")]

    async def _about_contact(
        self, tx: Transaction, conversation: Conversation, current: Handover | None, action: str
    ) -> list[Reply]:
        """The buttons of a call-back; old ones, once an agent has come or the queue is left, say where the citizen stands."""
        if current is not None and current.state in HELD:
            if action == CANCEL_CONTACT and conversation.awaiting == contacts.AWAITING:  # the agent has asked
                return await self.call_backs.cancel(tx, conversation)
            return await self.where_it_stands(tx.conn, current)
        if current is None or current.state not in (State.QUEUED, State.SCHEDULED):
            return await self._afresh(tx, conversation, current)
        if action == CANCEL_CONTACT:
            if current.state == State.SCHEDULED:  # nobody will call: they wait in the queue as before
                current = await repository.transition(tx, conversation, current, State.QUEUED, actor="citizen",
                                                      now=self.core.now(), detail={"reason": "contact_cancelled"})  # fmt: skip
                conversation = await conversations.get(tx.conn, conversation.id)
            return [*await self.call_backs.cancel(tx, conversation), *await self.where_it_stands(tx.conn, current)]
        if conversation.protected:
            return [Reply("text", "protected_identity", author="system", outcome="handover_offered")]
        return await self.call_backs.ask(tx, conversation)

    async def contact_answered(
        self, tx: Transaction, conversation: Conversation, answer: tuple[str, ...], *, emergency: bool = False
    ) -> list[Reply]:
        """The answer to the question for contact details; what there was to keep is kept already."""
        conversation = await repository.lock_conversation(tx, conversation.id)
        current = await repository.latest(tx.conn, conversation.id)
        if current is None or current.state not in (State.QUEUED, State.SCHEDULED, *HELD):  # left the queue meanwhile
            said = await self.call_backs.cancel(tx, conversation)
            return [] if emergency else said
        if emergency:  # whoever takes the conversation sees it; thanks, and when somebody calls, would be out of place now
            await self.call_backs.note(tx, current, answer)
            return []
        if current.state in HELD:
            return await self._answered_agent(tx, conversation, current, answer)
        if answer == ("cancelled",):
            if current.state == State.SCHEDULED:
                return await self._about_contact(tx, conversation, current, CANCEL_CONTACT)
            return [*await self.call_backs.cancel(tx, conversation), *await self.where_it_stands(tx.conn, current)]
        if answer[0] in ("missing", "invalid"):
            said = await self.citizen_wrote(tx, conversation, emergency=False, wants_human=False)  # kept for the agent
            again = await self.call_backs.ask_again(tx.conn, conversation, answer[0]) if current.state == State.QUEUED else []
            return again or said
        thanks = await self._scheduled(tx, conversation, current, answer)
        if thanks is None:
            await repository.change(tx, current, unread=current.unread + 1)
        return await self.call_backs.given(tx, current, conversation.language, answer, thanks)

    async def _answered_agent(
        self, tx: Transaction, conversation: Conversation, current: Handover, answer: tuple[str, ...]
    ) -> list[Reply]:
        """The answer to whoever has the conversation. A snoozed one is woken by it; with its agent gone it is as at night."""
        said = await self.citizen_wrote(tx, conversation, emergency=False, wants_human=False)
        current, conversation = await repository.lock(tx, current.id)
        if answer == ("cancelled",):
            return [*said, *await self.call_backs.cancel(tx, conversation)]
        if answer[0] in ("missing", "invalid"):
            return [*said, *await self.call_backs.ask_again_with_agent(tx.conn, conversation, answer[0])]
        if current.state in HELD:
            return [*said, *await self.call_backs.received(tx, current, answer)]
        thanks = await self._scheduled(tx, conversation, current, answer)
        said = said if thanks is None else []
        return [*said, *await self.call_backs.given(tx, current, conversation.language, answer, thanks)]

    async def _scheduled(
        self, tx: Transaction, conversation: Conversation, current: Handover, kinds: tuple[str, ...]
    ) -> Reply | None:
        """With nobody there, whoever has left a number or an address is work with a time by which it is done.

        Returns:
            What the citizen is told of it; None when they stay in the queue, or with the agent who has come meanwhile.
        """
        kind, now = "call_back" if "phone" in kinds else "written", self.core.now()
        if current.state == State.SCHEDULED and current.due_at is not None:
            if kind == "call_back":
                await repository.change(tx, current, due_reason=kind)
            return waking.at("contact.scheduled", current.due_at, self.settings)
        if current.state != State.QUEUED or await self.routing.plan_of(tx.conn, current, now) not in _NOBODY:
            return None
        hours_of = (await opening.read(tx.conn, self.settings)).of(current.department)
        due = hours.after_staffed(now, self.settings.lifecycle.due_minutes, hours_of, self.is_holiday).astimezone(dt.UTC)
        await repository.transition(tx, conversation, current, State.SCHEDULED, actor="citizen", now=now, due_at=due,
                                    due_reason=kind, detail={"kind": kind})  # fmt: skip
        return waking.at("contact.scheduled", due, self.settings)

    async def where_it_stands(self, conn: Connection, current: Handover) -> list[Reply]:
        """What a citizen is told who waits, has an agent, or is to be contacted."""
        if current.state == State.SCHEDULED and current.due_at is not None:
            return [waking.at("contact.due", current.due_at, self.settings)]
        if current.state in HELD:
            name = await repository.agent_name(conn, current.claimed_by)
            return [Reply("text", "agent.joined", {"name": name}, author="system", outcome="handed_over")]
        return [await self._place(conn, "queue.position", await conversations.get(conn, current.conversation_id))]

    async def _place(self, conn: Connection, key: str, conversation: Conversation) -> Reply:
        """The place in the queue and, when it can be said, the wait; one message, an SMS costs."""
        place, wait = await self.routing.place_and_wait(conn, conversation.id)
        params: dict[str, Any] = {"position": place}
        if wait is not None:
            texts, language = self.core.texts, conversation.language
            longer = texts.render("queue.wait" if wait["low"] else "queue.wait_short", language, **wait)
            key, params = "queue.with_wait", {"place": texts.render(key, language, **params), "wait": longer}
        return Reply("text", key, params, author="system", outcome="handed_over", buttons=_leave())

    async def citizen_wrote(
        self, tx: Transaction, conversation: Conversation, *, emergency: bool, wants_human: bool
    ) -> list[Reply]:
        """Marks the message unread for the agent; tells a waiting citizen once that what they write is kept."""
        conversation = await repository.lock_conversation(tx, conversation.id)
        current = await repository.latest(tx.conn, conversation.id)
        if current is None or current.state not in (State.QUEUED, *HELD):
            return []
        said: list[Reply] = []
        if current.state in (State.SNOOZED, State.CLOSING):  # what they write is news: the agent has it again, or the queue
            name = await repository.agent_name(tx.conn, current.claimed_by) or ""
            current = await waking.wake(tx, conversation, current, self.settings, actor="citizen", now=self.core.now(),
                                        reason="citizen_wrote")  # fmt: skip
            if current.state == State.QUEUED:
                said, current = [waking.left(name)], await self.passing.back(tx, current)
        values: dict[str, Any] = {"unread": current.unread + 1}
        if emergency:
            values["priority"] = max(current.priority, self.settings.queue.priority_emergency)
            await repository.write_audit(tx, actor="citizen", action="handover.emergency", target=current.id, now=self.core.now())
        await repository.change(tx, current, **values)
        if said or current.state == State.CLAIMED:
            return said
        if emergency:
            await repository.tell_waiting(tx)
            return []
        if wants_human:
            return await self.where_it_stands(tx.conn, current)
        if current.unread == 0:
            return [Reply("text", "queue.waiting", author="system", outcome="handed_over")]
        return []

    async def citizen_ended(self, tx: Transaction, conversation: Conversation) -> None:
        """Takes the conversation out of the queue, or from the agent, and closes it."""
        conversation = await repository.lock_conversation(tx, conversation.id)
        await self.call_backs.withdraw(tx, conversation.id)
        current = await repository.latest(tx.conn, conversation.id)
        if current is None or current.state not in OPEN:
            return
        target = State.CLOSED if current.state in HELD else State.ABANDONED
        target = State.DECLINED if current.state == State.OFFERED else target
        # An offer that was only on the table leaves the word with the bot; the channel closes the conversation itself.
        ended = current.state != State.OFFERED
        await repository.transition(tx, conversation, current, target, actor="citizen", now=self.core.now(),
                                    citizen_ended=ended, close_reason="citizen_ended", end_reason="citizen_ended")  # fmt: skip

    async def citizen_returned(self, tx: Transaction, conversation_id: str) -> list[Reply] | None:
        """Opens the conversation again that an agent has closed a short while ago, first in line in the queue.

        Returns:
            What to tell; None when it stays closed.
        """
        conversation = await repository.lock_conversation(tx, conversation_id)
        current = await self._may_return(tx.conn, conversation)
        if current is None:
            return None
        now = self.core.now()
        await self.passing.back(tx, await waking.reopen(tx, conversation, current, self.settings, actor="citizen", now=now))
        said = [Reply("text", "conversation.reopened", author="system", outcome="handed_over")]
        said.append(await self._place(tx.conn, "queue.joined", conversation))
        return [*said, *await self.expectations.of(tx, conversation)]

    async def may_return(self, tx_or_conn: Any, conversation_id: str) -> bool:
        """Whether the citizen could open their closed conversation again."""
        conn = _connection(tx_or_conn)
        return await self._may_return(conn, await conversations.get(conn, conversation_id)) is not None

    async def _may_return(self, conn: Connection, conversation: Conversation) -> Handover | None:
        if conversation.owner != "closed" or not may_reopen(conversation.close_reason, self.settings):
            return None
        current = await repository.latest(conn, conversation.id)
        if current is None or current.state != State.CLOSED:
            return None
        span = dt.timedelta(minutes=self.settings.lifecycle.citizen_reopen_minutes)
        return current if waking.closed_within(current, self.core.now(), span) else None

    async def offer_return(self, tx: Transaction, conversation: Conversation, closed_id: str) -> list[Reply]:
        """The way back to a conversation that was closed a short while ago, for one who writes anew."""
        return await self.coming_back.offer(tx, conversation, closed_id)

    async def is_promised(self, tx_or_conn: Any, conversation_id: str) -> bool:
        """Whether an agent is to call, or to answer in this conversation, at some later time."""
        current = await repository.latest(_connection(tx_or_conn), conversation_id)
        return current is not None and current.state == State.SCHEDULED

    async def queue_position(self, tx_or_conn: Any, conversation_id: str) -> int | None:
        """1 = next; None when not queued."""
        return await self.routing.position(_connection(tx_or_conn), conversation_id)

    async def queue_wait(self, tx_or_conn: Any, conversation_id: str) -> tuple[int | None, Mapping[str, int] | None]:
        """The place, and the wait `{low, high}` in minutes when it can be said."""
        return await self.routing.place_and_wait(_connection(tx_or_conn), conversation_id)

    async def read_through(self, tx_or_conn: Any, conversation_id: str) -> int:
        """Seq of the citizen's last message that the agent says to have read; 0 = none."""
        current = await repository.latest(_connection(tx_or_conn), conversation_id)
        return int(current.preview.get("read_seq", 0)) if current is not None else 0

    def has_queue(self, department: str) -> bool:
        """Whether a department has a queue of its own."""
        return department in self.departments.queues()


def _connection(tx_or_conn: Any) -> Connection:
    return tx_or_conn.conn if isinstance(tx_or_conn, Transaction) else tx_or_conn


async def _consent_seq(conn: Connection, conversation: Conversation) -> int:
    """Seq of the message with which the citizen agreed: that of the turn in hand, the first one still pending.

    What they wrote after it, while the turn was waiting, is already meant for the agent.
    """
    t = schema.turn.c
    query = sa.select(sa.func.min(t.seq)).where(t.conversation_id == conversation.id, t.state == "pending")
    return (await conn.execute(query)).scalar_one() or conversation.last_seq


def _leave() -> tuple[Button, ...]:
    return (Button(LEAVE, "queue.leave"),)
