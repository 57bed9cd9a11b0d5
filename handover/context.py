"""Everything an agent needs to take over, and nothing the citizen did not agree to send."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from bot.delivery import receipts
from bot.privacy.addresses import AddressBook, AddressUnreadable
from bot.store import conversations, messages, schema
from bot.store.contacts import Contact
from bot.store.engine import Connection
from handover import preview, repository, summary
from handover.auth import Agent
from handover.passing import Passing
from handover.preview import WITH_TEXT, View
from handover.queue import stamp
from handover.repository import Handover

_ALL = 100_000
_OTHER = "faq"  # a question to the knowledge base: what is left when no signal stands out
_SIGNAL = 0.5


async def read(
    conn: Connection, handover: Handover, agent: Agent, passing: Passing, direction: Callable[[str], str]
) -> dict[str, Any]:
    """The context package, without `handover` itself.

    Args:
        agent: who reads it.
        passing: what of it they may see.
        direction: `ltr` or `rtl` of a language code.

    Returns:
        `{summary, suggested, preview, messages, turns, conversation, earlier, notes}` as in docs/architecture.md.
    """
    conversation, view = await conversations.get(conn, handover.conversation_id), passing.view(agent, handover)
    said, turns = await visible_messages(conn, handover, view, direction), await _turns(conn, handover, view)
    return {
        "summary": summary.summarise(said, turns),
        "suggested": summary.suggested(turns),
        "preview": view.shown,
        "messages": said,
        "turns": turns,
        "conversation": {
            "channel": conversation.channel,
            "page_url": conversation.page_url if view.consent == WITH_TEXT else None,
            "language": conversation.language,
            "language_dir": direction(conversation.language),
            "started_at": stamp(conversation.created_at),
            "owner": conversation.owner,
        },
        "earlier": await _earlier(conn, handover, view, agent, passing),
        "notes": await notes(conn, handover.id, passing.reads_notes(agent, handover)),
    }


async def visible_messages(
    conn: Connection, handover: Handover, view: View, direction: Callable[[str], str], *, after: int = 0
) -> list[dict[str, Any]]:
    """The messages an agent may see, in the public form; buttons are shown by title, their payloads stay the citizen's."""
    shown = await messages.read(conn, handover.conversation_id, direction, after=after, limit=_ALL)
    kept = [message for message in shown if view.sees(message["seq"])]
    sent = await receipts.states(conn, handover.conversation_id, after=after)
    writers = await _writers(conn, handover.conversation_id, after)
    for message in kept:
        if message["author"] == "agent":  # the name alone does not say which of two Annas
            message["agent_id"] = writers[message["seq"]]
        if message["seq"] in sent:  # on channels that push; the web's client reads the store
            message["delivery"] = sent[message["seq"]]
        message.pop("preview", None)  # shown once, as `preview`
        if "buttons" in message:
            offered = [button for button in message["buttons"] if "quotes" not in button or view.sees(button["quotes"])]
            message["buttons"] = [{"title": button["title"]} for button in offered]
    return kept


async def _writers(conn: Connection, conversation_id: str, after: int) -> dict[int, str | None]:
    m = schema.message.c
    query = sa.select(m.seq, m.agent_id).where(m.conversation_id == conversation_id, m.seq > after, m.author == "agent")
    return {row.seq: row.agent_id for row in await conn.execute(query)}


def understood(analysis: dict[str, Any]) -> dict[str, Any]:
    """What the bot made of a message: pure, from the stored analysis.

    Returns:
        `{language, intent, signals, entities: [{entity, value}], candidates: [{article_id, title, probability}]}`; `intent` is
        the strongest signal when it is more likely than not, else `faq`.
    """
    signals: dict[str, float] = analysis.get("signals") or {}
    strongest = max(signals, key=lambda name: signals[name], default=None)
    likely = strongest is not None and signals[strongest] >= _SIGNAL
    return {
        "language": analysis.get("language"),
        "language_probability": analysis.get("language_probability"),
        "intent": strongest if likely else _OTHER,
        "signals": signals,
        "entities": [{"entity": found["entity"], "value": found["value"]} for found in analysis.get("entities") or []],
        "candidates": [
            {name: candidate[name] for name in ("article_id", "title", "probability")}
            for candidate in analysis.get("candidates") or []
        ],
    }


async def _turns(conn: Connection, handover: Handover, view: View) -> list[dict[str, Any]]:
    t, m = schema.turn.c, schema.message.c
    query = (
        sa.select(t.message_id, t.seq, t.analysis, t.outcome, m.text)
        .join(schema.message, m.id == t.message_id)
        .where(t.conversation_id == handover.conversation_id, t.analysis.is_not(None))
        .order_by(t.seq)
    )
    rows = [row for row in await conn.execute(query) if row.analysis and view.sees(row.seq)]
    replies: dict[str, list[str]] = {}
    said = sa.select(m.turn_id, m.article_id, m.seq).where(
        m.conversation_id == handover.conversation_id, m.author == "bot", m.article_id.is_not(None)
    )
    for reply in await conn.execute(said.order_by(m.seq)):
        if view.sees(reply.seq):
            replies.setdefault(reply.turn_id, []).append(reply.article_id)
    return [
        {"seq": row.seq, "text": row.text, **understood(row.analysis), "outcome": row.outcome,
         "answered_with": replies.get(row.message_id, [])}
        for row in rows
    ]  # fmt: skip


async def _earlier(conn: Connection, handover: Handover, view: View, agent: Agent, passing: Passing) -> list[dict[str, Any]]:
    """Earlier handovers of the same citizen on this channel to the same board, as the preview showed them: that there were any
    is told only with the consent to the text."""
    if view.consent != WITH_TEXT:
        return []
    own, board, shown = passing.boards_of(agent), passing.settings.board, preview.earlier(handover)
    others = [other for other in await repository.earlier(conn, handover.conversation_id) if other.id in shown]
    others = [other for other in others if preview.first_board(other, board(other.department)) in own]
    names = await repository.agent_names(conn, [other.claimed_by for other in others])
    return [
        {"id": other.id, "state": other.state.value, "department": other.department, "topic": other.topic,
         "queued_at": stamp(other.queued_at), "ended_at": stamp(other.ended_at), "end_reason": other.end_reason,
         "agent_name": names.get(other.claimed_by or "")}
        for other in others
    ]  # fmt: skip


def contact(left: Sequence[Contact], book: AddressBook | None) -> list[dict[str, Any]]:
    """What the citizen left to be called back: `{kind, value, created_at, expires_at}`.

    Args:
        book: opens the values; None for whoever may only know that something was left: then `value` is null.
    """

    def value(one: Contact) -> str | None:
        try:
            return book.decrypt(one.value_encrypted) if book is not None else None
        except AddressUnreadable:
            return None

    return [
        {"kind": one.kind, "value": value(one), "created_at": stamp(one.created_at), "expires_at": stamp(one.expires_at)}
        for one in left
    ]


async def notes(conn: Connection, handover_id: str, reads: Callable[[str, Sequence[str]], bool]) -> list[dict[str, Any]]:
    """The staff's notes, oldest first.

    Args:
        reads: whether a note is for the reader, by its writer's id and departments.
    """
    n, a = schema.note.c, schema.agent.c
    query = sa.select(n.id, n.text, n.created_at, a.id.label("agent_id"), a.name, a.departments).join(
        schema.agent, a.id == n.agent_id
    )
    rows = await conn.execute(query.where(n.handover_id == handover_id).order_by(n.created_at, n.id))
    return [
        {"id": row.id, "text": row.text, "created_at": stamp(row.created_at), "author": {"id": row.agent_id, "name": row.name}}
        for row in rows
        if reads(row.agent_id, row.departments)
    ]
