"""One conversation as a public record: found by its id or its day, and given as a copy that can be read and handed on.

The copy is what is stored, masked as it is stored. Whether it may be disclosed is a human's decision (OSL), not this program's.
"""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.retention import rules
from bot.store import messages, schema
from bot.store.engine import Connection
from handover.queue import stamp

MOST_FOUND: Final = 100
_ZONE: Final = ZoneInfo("Europe/Stockholm")
_ALL: Final = 100_000
_c, _h, _n, _a, _m = schema.conversation.c, schema.handover.c, schema.note.c, schema.agent.c, schema.message.c
_SHOWN: Final = ("channel", "language", "owner", "department", "protected", "page_url", "close_reason")
_AUTHORS: Final = {"citizen": "Medborgaren", "bot": "Boten (AI)", "agent": "Handläggare", "system": "Systemet"}
_STYLE: Final = (
    "body{font:16px/1.5 sans-serif;max-width:50rem;margin:2rem auto}"
    "th{text-align:left;padding-right:1rem}pre{white-space:pre-wrap;font:inherit}"
)
_OF_MESSAGE: Final = (
    "seq", "created_at", "author", "agent_name", "text", "language", "outcome", "article_id", "sources", "updated", "feedback",
)  # fmt: skip


async def find(conn: Connection, *, named: str | None, day: dt.date | None) -> list[dict[str, Any]]:
    """Conversations by id, or by the day on which they began, oldest first.

    Args:
        named: id of a conversation, a handover or a message.
        day: in Gothenburg.

    Returns:
        `[{id, channel, language, started_at, ended_at, owner, department, topic, messages, held}]`, at most `MOST_FOUND`.
    """
    topic = sa.select(_h.topic).where(_h.conversation_id == _c.id).order_by(_h.offered_at.desc()).limit(1).scalar_subquery()
    held = sa.select(schema.retention_hold.c.reference).where(schema.retention_hold.c.conversation_id == _c.id).scalar_subquery()
    query = sa.select(schema.conversation, topic.label("topic"), held.label("held")).order_by(_c.created_at).limit(MOST_FOUND)
    if named is not None:
        of_handover = sa.select(_h.conversation_id).where(_h.id == named)
        of_message = sa.select(_m.conversation_id).where(_m.id == named)
        query = query.where(sa.or_(_c.id == named, _c.id.in_(of_handover), _c.id.in_(of_message)))
    if day is not None:
        begins = dt.datetime.combine(day, dt.time(), _ZONE)
        ends = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), _ZONE)
        query = query.where(_c.created_at >= begins, _c.created_at < ends)
    return [
        {"id": row.id, "channel": row.channel, "language": row.language, "started_at": stamp(row.created_at),
         "ended_at": stamp(row.closed_at), "owner": row.owner, "department": row.department, "topic": row.topic,
         "messages": row.last_seq, "held": row.held}
        for row in await conn.execute(query)
    ]  # fmt: skip


async def copy_of(conn: Connection, conversation_id: str) -> dict[str, Any]:
    """All that is kept of a conversation, but for keys, addresses and numbers left for a call-back: of those that there are any.

    Raises:
        LookupError: there is no such conversation.
    """
    row = (await conn.execute(sa.select(schema.conversation).where(_c.id == conversation_id))).one_or_none()
    if row is None:
        raise LookupError(conversation_id)
    f, k = schema.feedback.c, schema.contact.c
    comments = (
        sa.select(_m.seq, f.comment).join(schema.message, _m.id == f.message_id).where(f.conversation_id == conversation_id)
    )
    left = sa.select(k.kind, k.created_at, k.expires_at).where(k.conversation_id == conversation_id).order_by(k.created_at)
    return {
        "id": row.id,
        "started_at": stamp(row.created_at),
        "ended_at": stamp(row.closed_at),
        **{name: row._mapping[name] for name in _SHOWN},
        "held": await rules.held(conn, conversation_id),
        "messages": [_message(one) for one in await messages.read(conn, conversation_id, lambda _: "", limit=_ALL)],
        "comments": [{"seq": one.seq, "text": one.comment} for one in await conn.execute(comments) if one.comment],
        "handovers": await _handovers(conn, conversation_id),
        "contact_details": [
            {"kind": one.kind, "left_at": stamp(one.created_at), "kept_until": stamp(one.expires_at)}
            for one in await conn.execute(left)
        ],
    }


def _message(shown: dict[str, Any]) -> dict[str, Any]:
    buttons = [button["title"] for button in shown.get("buttons") or []]
    return {name: shown[name] for name in _OF_MESSAGE if shown.get(name) is not None} | ({"buttons": buttons} if buttons else {})


async def _handovers(conn: Connection, conversation_id: str) -> list[dict[str, Any]]:
    query = sa.select(schema.handover, _a.name).outerjoin(schema.agent, _a.id == _h.claimed_by)
    rows = (await conn.execute(query.where(_h.conversation_id == conversation_id).order_by(_h.offered_at))).all()
    written = sa.select(_n.handover_id, _n.text, _n.created_at, _a.name).join(schema.agent, _a.id == _n.agent_id)
    notes = (await conn.execute(written.where(_n.handover_id.in_([row.id for row in rows])).order_by(_n.created_at))).all()
    return [
        {"id": row.id, "state": row.state, "department": row.department, "topic": row.topic, "reason": row.reason,
         "consent": row.consent, "offered_at": stamp(row.offered_at), "queued_at": stamp(row.queued_at),
         "claimed_at": stamp(row.claimed_at), "ended_at": stamp(row.ended_at), "end_reason": row.end_reason,
         "agent_name": row.name, "note_to_bot": row.note_to_bot,
         "notes": [{"written_at": stamp(one.created_at), "author": one.name, "text": one.text}
                   for one in notes if one.handover_id == row.id]}
        for row in rows
    ]  # fmt: skip


def as_html(copy: dict[str, Any], exported: dt.datetime) -> str:
    """The copy as a page without scripts, in Swedish, times in Gothenburg."""
    facts = {
        "Samtal": copy["id"], "Kanal": copy["channel"], "Språk": copy["language"], "Förvaltning": copy["department"],
        "Sida": copy["page_url"], "Började": _clock(copy["started_at"]), "Slutade": _clock(copy["ended_at"]),
        "Avslutsorsak": copy["close_reason"], "Bevaras för": copy["held"], "Kopian gjord": _clock(stamp(exported)),
    }  # fmt: skip
    parts = ["<h1>Samtal med Fråga Göteborg</h1>", "<p>Personuppgifter är maskade när de lagras. Sekretess är inte prövad.</p>",
             _pairs(facts), "<h2>Meddelanden</h2>"]  # fmt: skip
    comments = {one["seq"]: one["text"] for one in copy["comments"]}
    for one in copy["messages"]:
        who = " ".join(filter(None, (_AUTHORS.get(one["author"], one["author"]), one.get("agent_name"))))
        parts.append(f"<h3>{one['seq']}. {escape(who)}, {_clock(one['created_at'])}</h3>")
        parts.append(f'<pre lang="{escape(one["language"])}" dir="auto">{escape(one["text"])}</pre>')
        sources = ", ".join(f"{source['title']} {source['url']}" for source in one.get("sources", []))
        more = {"Artikel": one.get("article_id"), "Källor": sources, "Knappar": ", ".join(one.get("buttons", [])),
                "Tumme": one.get("feedback"), "Kommentar": comments.get(one["seq"])}  # fmt: skip
        parts.append(_pairs(more))
    for handover in copy["handovers"]:
        parts.append("<h2>Överlämning till människa</h2>")
        parts.append(_pairs({
            "Förvaltning": handover["department"], "Ämne": handover["topic"], "Orsak": handover["reason"],
            "Samtycke": handover["consent"], "Läge": handover["state"], "I kö": _clock(handover["queued_at"]),
            "Övertagen": _clock(handover["claimed_at"]), "Av": handover["agent_name"], "Slut": _clock(handover["ended_at"]),
            "Slutorsak": handover["end_reason"], "Till boten": handover["note_to_bot"],
        }))  # fmt: skip
        for note in handover["notes"]:
            parts.append(f"<h3>Anteckning, {escape(note['author'])}, {_clock(note['written_at'])}</h3>")
            parts.append(f"<pre>{escape(note['text'])}</pre>")
    head = f'<meta charset="utf-8"><title>Samtal {escape(copy["id"])}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="sv"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _pairs(facts: dict[str, Any]) -> str:
    rows = [f'<tr><th scope="row">{name}</th><td>{escape(str(value))}</td></tr>' for name, value in facts.items() if value]
    return f"<table>{''.join(rows)}</table>" if rows else ""


def _clock(moment: str | None) -> str:
    return dt.datetime.fromisoformat(moment).astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S") if moment else ""
