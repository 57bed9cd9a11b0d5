"""Contact details for a call-back, when nobody is on duty: asked for, taken back, passed on to the department.

The details themselves are kept by the pipeline (`bot.store.contacts`), before anything of them is stored as text.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from bot.core import Core
from bot.messages import Button, Reply
from bot.plugins import CallBack, Mailer
from bot.store import contacts, conversations, schema
from bot.store.conversations import Conversation
from bot.store.engine import Connection, Transaction
from handover import repository
from handover.repository import Handover
from handover.settings import Departments

LEAVE_CONTACT, CANCEL_CONTACT = "/contact_leave", "/contact_cancel"


class CallBacks:
    """The desk's part; every call is part of the turn's own transaction.

    Args:
        mailer: whoever sends e-mail, once its plugin has registered.
    """

    def __init__(self, core: Core, departments: Departments, mailer: Callable[[], Mailer | None]) -> None:
        self.core, self.departments, self._mailer = core, departments, mailer

    def offer(self, conversation: Conversation) -> tuple[Button, ...]:
        """The button under the notice that nobody is on duty. Under protected identity nothing is kept, so none."""
        return () if conversation.protected else (Button(LEAVE_CONTACT, "contact.offer"),)

    async def ask(self, tx: Transaction, conversation: Conversation) -> list[Reply]:
        """Asks for a number or an address; the citizen's next message is the answer."""
        await conversations.update(tx, conversation.id, awaiting=contacts.AWAITING)
        return [self._say("contact.question", (_cancel(),), days=_days(self.core.settings.contact_days))]

    async def cancel(self, tx: Transaction, conversation: Conversation) -> list[Reply]:
        """The citizen would rather not: the answer is no longer waited for, and what was left before is deleted."""
        await self.withdraw(tx, conversation.id)
        if conversation.awaiting == contacts.AWAITING:
            await conversations.update(tx, conversation.id, awaiting=None)
        return [self._say("contact.cancelled")]

    async def given(
        self, tx: Transaction, current: Handover, language: str, kinds: tuple[str, ...], thanks: Reply | None = None
    ) -> list[Reply]:
        """Something was kept: thanks for it, and the department is told that somebody waits to be contacted.

        Args:
            thanks: with the time by which somebody answers; None when there is none.
        """
        await self.note(tx, current, kinds)
        said = [thanks or self._say("contact.saved")]
        if (mailer := self._mailer()) is not None:
            name, shown = (self.departments.name(current.department, spoken) for spoken in ("sv", language))
            wish = CallBack(current.id, current.department, name, shown, language, current.topic)
            told = await mailer.tell_department(tx, wish)
            said += [told] if told is not None else []
        return said

    async def received(self, tx: Transaction, current: Handover, kinds: tuple[str, ...]) -> list[Reply]:
        """Something was kept while an agent has the conversation: they see it at once, so nobody else is told."""
        await self.note(tx, current, kinds)
        name = await repository.agent_name(tx.conn, current.claimed_by)
        return [self._say("contact.received", name=name)]

    async def note(self, tx: Transaction, current: Handover, kinds: tuple[str, ...]) -> None:
        """Something was kept: an open console shows it."""
        await repository.write_audit(tx, actor="citizen", action="contact.left", target=current.id, now=self.core.now(),
                                     detail={"kinds": list(kinds)})  # fmt: skip
        tx.notify("desk", type="handover", handover_id=current.id, conversation_id=current.conversation_id, state=current.state)

    async def ask_again(self, conn: Connection, conversation: Conversation, answer: str) -> list[Reply]:
        """There was nothing to keep. Who writes about something else is reminded once, not at every message."""
        if answer == "missing" and await _was(conn, conversation.id, answer):
            return []
        return [self._say("contact.invalid", (_cancel(),))]

    async def ask_again_with_agent(self, conn: Connection, conversation: Conversation, answer: str) -> list[Reply]:
        """The same while an agent is there: they may speak of times and sums meanwhile, so it is said once."""
        if answer == "missing" or await _was(conn, conversation.id, answer):
            return []
        return await self.ask_again(conn, conversation, answer)

    async def withdraw(self, tx: Transaction, conversation_id: str) -> None:
        """The citizen left the queue or ended the conversation: nobody will call, so nothing is kept."""
        await contacts.withdraw(tx, conversation_id, now=self.core.now())

    def _say(self, key: str, buttons: tuple[Button, ...] = (), **params: object) -> Reply:
        return Reply("text", key, dict(params), author="system", outcome="handed_over", buttons=buttons)


def _cancel() -> Button:
    return Button(CANCEL_CONTACT, "consent.cancel")


def _days(number: float) -> str:
    return f"{number:g}"


async def _was(conn: Connection, conversation_id: str, answer: str) -> bool:
    """Whether the turn before the one in hand (the first still pending) was no answer either, in the same way."""
    t = schema.turn.c
    query = sa.select(t.facts).where(t.conversation_id == conversation_id, t.state == "done").order_by(t.seq.desc()).limit(1)
    facts = (await conn.execute(query)).scalar_one_or_none() or {}
    return facts.get("contact") == [answer]
