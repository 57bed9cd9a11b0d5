"""Everything an agent needs to take over, and nothing the citizen did not agree to send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from bot.store import conversations, messages, schema
from bot.store.engine import Connection
from handover import repository
from handover.preview import WITH_TEXT, shown_to_agent, visible
from handover.queue import stamp
from handover.repository import Handover

_ALL = 100_000
_OTHER = "faq"  # a question to the knowledge base: what is left when no signal stands out
_SIGNAL = 0.5


async def read(conn: Connection, handover: Handover, direction: Callable[[str], str]) -> dict[str, Any]:
    """The context package, without `handover` itself.

    Args:
        direction: `ltr` or `rtl` of a language code.

    Returns:
        `{preview, messages, turns, conversation, earlier, notes}` as in docs/architecture.md.
    """
    conversation = await conversations.get(conn, handover.conversation_id)
    return {
        "preview": shown_to_agent(handover),
        "messages": await visible_messages(conn, handover, direction),
        "turns": await _turns(conn, handover),
        "conversation": {
            "channel": conversation.channel,
            "page_url": conversation.page_url,
            "language": conversation.language,
            "language_dir": direction(conversation.language),
            "started_at": stamp(conversation.created_at),
            "owner": conversation.owner,
        },
        "earlier": await _earlier(conn, handover),
        "notes": await notes(conn, handover.id),
    }


async def visible_messages(
    conn: Connection, handover: Handover, direction: Callable[[str], str], *, after: int = 0
) -> list[dict[str, Any]]:
    """The messages an agent may see, in the public form; buttons are shown by title, their payloads stay the citizen's."""
    shown = await messages.read(conn, handover.conversation_id, direction, after=after, limit=_ALL)
    kept = [message for message in shown if visible(handover, message["seq"])]
    for message in kept:
        message.pop("preview", None)  # shown once, as `preview`
        if "buttons" in message:
            message["buttons"] = [{"title": button["title"]} for button in message["buttons"]]
    return kept


def understood(analysis: dict[str, Any]) -> dict[str, Any]:
    """What the bot made of a message: pure, from the stored analysis.

    Returns:
        `{language, intent, signals, candidates: [{article_id, title, probability}]}`; `intent` is the strongest signal
        when it is more likely than not, else `faq`.
    """
    signals: dict[str, float] = analysis.get("signals") or {}
    strongest = max(signals, key=lambda name: signals[name], default=None)
    likely = strongest is not None and signals[strongest] >= _SIGNAL
    return {
        "language": analysis.get("language"),
        "language_probability": analysis.get("language_probability"),
        "intent": strongest if likely else _OTHER,
        "signals": signals,
        "candidates": [
            {name: candidate[name] for name in ("article_id", "title", "probability")}
            for candidate in analysis.get("candidates") or []
        ],
    }


async def _turns(conn: Connection, handover: Handover) -> list[dict[str, Any]]:
    t, m = schema.turn.c, schema.message.c
    query = (
        sa.select(t.message_id, t.seq, t.analysis, t.outcome, m.text)
        .join(schema.message, m.id == t.message_id)
        .where(t.conversation_id == handover.conversation_id, t.analysis.is_not(None))
        .order_by(t.seq)
    )
    rows = [row for row in await conn.execute(query) if row.analysis and visible(handover, row.seq)]
    replies: dict[str, list[str]] = {}
    said = sa.select(m.turn_id, m.article_id).where(
        m.conversation_id == handover.conversation_id, m.author == "bot", m.article_id.is_not(None)
    )
    for reply in await conn.execute(said.order_by(m.seq)):
        replies.setdefault(reply.turn_id, []).append(reply.article_id)
    return [
        {"seq": row.seq, "text": row.text, **understood(row.analysis), "outcome": row.outcome,
         "answered_with": replies.get(row.message_id, [])}
        for row in rows
    ]  # fmt: skip


async def _earlier(conn: Connection, handover: Handover) -> list[dict[str, Any]]:
    """Earlier handovers of the conversation: that there were any is told only with the consent to the text."""
    if handover.consent != WITH_TEXT:
        return []
    others = [other for other in await repository.earlier(conn, handover) if other.consent is not None]
    names = await repository.agent_names(conn, [other.claimed_by for other in others])
    return [
        {"id": other.id, "state": other.state.value, "department": other.department, "topic": other.topic,
         "queued_at": stamp(other.queued_at), "ended_at": stamp(other.ended_at), "end_reason": other.end_reason,
         "agent_name": names.get(other.claimed_by or "")}
        for other in others
    ]  # fmt: skip


async def notes(conn: Connection, handover_id: str) -> list[dict[str, Any]]:
    """The staff's notes, oldest first."""
    n, a = schema.note.c, schema.agent.c
    query = sa.select(n.id, n.text, n.created_at, a.id.label("agent_id"), a.name).join(schema.agent, a.id == n.agent_id)
    rows = await conn.execute(query.where(n.handover_id == handover_id).order_by(n.created_at, n.id))
    return [
        {"id": row.id, "text": row.text, "created_at": stamp(row.created_at), "author": {"id": row.agent_id, "name": row.name}}
        for row in rows
    ]
