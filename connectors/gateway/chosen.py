"""What a citizen means who types a number, or a button's title, instead of pressing it.

Only what stood on the citizen's own screen counts: lists that have gone out by this channel, numbered as they were shown. Where
two things could be meant, none is done.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.delivery.contract import Offering
from bot.store import schema
from bot.store.engine import Connection
from connectors.contract import Connector
from connectors.gateway import commands
from connectors.rendering.numbers import are_numbered, first_number, offered

_MOST_MESSAGES = 60  # that are looked back at
_TITLES_OF = 12  # the last messages whose buttons' titles are understood
_LONGEST_TITLE = 300
_m, _o = schema.message.c, schema.outbox.c
Row = sa.Row[Any]


class Unclear(enum.Enum):
    """The number could mean two things."""

    NUMBER = "number"


@dataclass(frozen=True)
class _List:
    """Choices that were offered.

    Args:
        row: the message they stood under.
        between: number of the citizen's messages before it, among those looked at: what has the same came without a word from
            the citizen between.
        written: the numbers stood in the text, and no other list that came with it has them; else they are only counted.
        numbers: payload by number.
    """

    row: Row
    between: int
    written: bool
    numbers: dict[int, str]

    @property
    def shown(self) -> bool:
        """Whether it has gone out."""
        return bool(self.row.state == "sent")

    @property
    def perhaps_shown(self) -> bool:
        """Whether it has been tried, and nobody knows (yet) with what success."""
        return not self.shown and (self.row.state in ("sending", "ambiguous") or bool(self.row.attempts))


async def chosen(conn: Connection, connector: Connector, conversation_id: str, text: str) -> str | Unclear | None:
    """The payload of what is meant; None when the text is no choice.

    After an agent's words a number is an answer to the agent: nothing that was offered before is chosen by it.
    """
    number = commands.read_number(text)
    if number is None and len(text.strip()) > _LONGEST_TITLE:
        return None
    query = (
        sa.select(_m.seq, _m.author, _m.payload, _m.article_id, _m.created_at, _o.state, _o.attempts, _o.updated_at)
        .outerjoin(schema.outbox, sa.and_(_o.message_id == _m.id, _o.account == connector.key))
        .where(_m.conversation_id == conversation_id)
        .order_by(_m.seq.desc())
        .limit(_MOST_MESSAGES if number is not None else _TITLES_OF)
    )
    rows = (await conn.execute(query)).all()
    if number is None:
        return _by_title(rows, connector, text.strip().casefold())
    return _by_number(list(_lists(rows[::-1], connector)), number)


def _by_title(rows: Sequence[Row], connector: Connector, title: str) -> str | None:
    for row in rows:
        for choice in (
            offered(Offering.of(row.article_id, row.payload), connector.capabilities) if row.author != "citizen" else ()
        ):
            if choice.title.casefold() == title:
                return choice.payload
    return None


def _lists(rows: Sequence[Row], connector: Connector) -> Iterator[_List]:
    """The lists among messages, oldest first. An agent's words put an end to those before them."""
    between, before = 0, list[Offering]()
    lists: list[_List] = []
    whole = bool(rows) and rows[0].seq == 1  # else what was said before the first is not known, nor where its numbers begin
    for row in rows:
        if row.author == "citizen":
            between, before, whole = between + 1, [], True
        elif row.author == "agent":
            lists.clear()
        else:
            said = Offering.of(row.article_id, row.payload)
            choices = offered(said, connector.capabilities)
            if whole and choices:
                written = are_numbered(choices, connector.capabilities)
                first = first_number(before, connector.capabilities) if written else 1
                lists.append(_List(row, between, written, {n: choice.payload for n, choice in enumerate(choices, first)}))
            before.append(said)
    return iter(lists)


def _by_number(lists: Sequence[_List], number: int) -> str | Unclear | None:
    """The choice with this number among the last lists shown, in the order in which they were shown."""
    shown = [one for one in lists if one.shown]
    last = max(shown, key=lambda one: (one.row.updated_at or one.row.created_at, one.row.seq), default=None)
    eligible = [
        one
        for one in lists
        if number in one.numbers
        and (
            (one.shown and last is not None and one.between == last.between)
            or (one.perhaps_shown and (last is None or one.row.seq > last.row.seq))
        )
    ]
    written = [one for one in eligible if one.written]  # beside buttons nobody numbered, a number that can be read wins
    meant = {one.numbers[number] for one in written or eligible}
    if len(meant) > 1:
        return Unclear.NUMBER
    return meant.pop() if meant else None
