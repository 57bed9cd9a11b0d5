"""What another desk may know of a handover, read from the store: the same as our own console's agents of that department see."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.core import Core
from bot.privacy.addresses import AddressBook, AddressUnreadable
from bot.store import contacts, schema
from bot.store.engine import Connection
from handover import hours, repository
from handover.desks import words
from handover.desks.contract import Case, Contact, Entry, OtherDesk
from handover.desks.links import Link
from handover.preview import View, view
from handover.repository import Handover
from handover.settings import Departments, DeskSettings, Hours
from handover.staffing import opening
from handover.states import State

_m = schema.message.c
_MOST_AT_ONCE = 200
_DESK_BUTTONS = ("/handover_", "/queue_", "/contact_")  # pressed, they say nothing to an agent
REFERENCE_LENGTH = 12


def reference(handover_id: str) -> str:
    """Ours for a case: says nothing about anybody, and is found again by a search."""
    return handover_id[:REFERENCE_LENGTH]


@dataclass(frozen=True)
class Seen:
    """What may be passed on.

    Args:
        consent: of the handover's department's board: with_text, or anything else.
        transcript: what was agreed to, "" without consent.
    """

    consent: str
    transcript: str
    view: View


class Cases:
    """Reads cases.

    Args:
        is_holiday: the calendar of days on which the desk is closed.
    """

    def __init__(self, core: Core, settings: DeskSettings, departments: Departments, is_holiday: hours.IsHoliday) -> None:
        self._core, self._settings, self._departments, self._is_holiday = core, settings, departments, is_holiday
        self._book = AddressBook(core.settings.secret_key.get_secret_value())

    def seen(self, handover: Handover) -> Seen:
        """What may be passed on of a handover: what its present department's board was given."""
        board = self._settings.board(handover.department)
        seen = view(handover, board=board, boards=(board,), has_it=False)
        return Seen(seen.consent, words.transcript(seen.shown["messages"]), seen)

    async def is_out_of_hours(self, conn: Connection, state: str, department: str) -> bool:
        """Whether nobody is on duty for it now, or a later time was agreed on."""
        opened = await opening.read(conn, self._settings)
        return state == State.SCHEDULED or not hours.is_staffed(self._core.now(), opened.of(department), self._is_holiday)

    async def read(self, desk: OtherDesk, handover: Handover) -> Case:
        """The case as it is opened at a desk. Opening contact details is audited."""
        details: tuple[Contact, ...] = ()
        due: dt.datetime | None = None
        if desk.out_of_hours:
            async with self._core.store.write() as tx:
                left = await contacts.of_conversation(tx.conn, handover.conversation_id, now=self._core.now())
                details = tuple(one for one in map(self._opened, left) if one is not None)
                await repository.write_audit(tx, actor=desk.key, action="contact.read", target=handover.id, now=self._core.now(),
                                             detail={"kinds": [one.kind for one in left]})  # fmt: skip
                due = self._due(handover, (await opening.read(tx.conn, self._settings)).of(handover.department), desk.due_hours)
        return Case(
            reference=reference(handover.id), department=handover.department,
            department_name=self._departments.name(handover.department, "sv"), language=handover.language,
            topic=handover.topic, reason=handover.reason, transcript=self.seen(handover).transcript,
            urgent=handover.priority >= self._settings.queue.priority_emergency,
            due=due, contacts=details,
        )  # fmt: skip

    def _opened(self, one: contacts.Contact) -> Contact | None:
        try:
            return Contact(one.kind, self._book.decrypt(one.value_encrypted))
        except AddressUnreadable:  # another SECRET_KEY since: the answer in the chat still reaches them
            return None

    def _due(self, handover: Handover, staffed: Hours, due_hours: float) -> dt.datetime:
        due = handover.due_at
        if due is None:
            opens = hours.next_opening(self._core.now(), staffed, self._is_holiday) or self._core.now()
            due = opens + dt.timedelta(hours=due_hours)
        return due.astimezone(ZoneInfo(staffed.timezone))

    async def entries(self, conn: Connection, handover: Handover, link: Link) -> list[tuple[int, Entry | None]]:
        """What the citizen has written since, in order: seq, and what is passed on of it (None = not meant for an agent).

        What was said to them in danger is passed on too: the agent should know that they were told.
        """
        query = (
            sa.select(_m.seq, _m.author, _m.text, schema.turn.c.action)
            .outerjoin(schema.turn, schema.turn.c.message_id == _m.id)
            .where(_m.conversation_id == handover.conversation_id, _m.seq > link.sent_seq)
            .where(sa.or_(_m.author == "citizen", _m.outcome == "emergency"))
            .order_by(_m.seq).limit(_MOST_AT_ONCE)
        )  # fmt: skip
        sees, found = self.seen(handover).view.sees, []
        for row in await conn.execute(query):
            key = f"{reference(handover.id)}.{row.seq}"
            entry: Entry | None = None
            if row.author == "citizen":
                about_desk = (row.action or "").startswith(_DESK_BUTTONS)
                entry = Entry(key, "citizen", row.text) if row.text and not about_desk and sees(row.seq) else None
            elif sees(row.seq):
                entry = Entry(key, "note", f"{words.AUTHORS['system']}: {row.text}")
            found.append((row.seq, entry))
        return found
