"""Messages of a conversation, in order, and the form the public sees."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from bot.messages import Button, Rendered
from bot.store import schema
from bot.store.engine import Connection, Transaction

_m = schema.message.c
_BEFORE_ALL = dt.timedelta(days=1)  # what is said in danger is due before everything that waits

# Fields of `payload` that are shown to the citizen and the agent as they are.
_PUBLIC = ("title", "sources", "updated", "links", "related", "buttons", "probability", "preview", "wants_feedback",
           "agent_name", "notes")  # fmt: skip


async def append(
    tx: Transaction,
    conversation_id: str,
    rendered: Rendered,
    *,
    now: dt.datetime,
    turn_id: str | None = None,
    provider_id: str | None = None,
    message_id: str | None = None,
) -> tuple[str, int]:
    """Adds a message with the next `seq`, its buttons' payloads and, on channels that push, its outbox row.

    Returns:
        The message's id and seq.
    """
    message_id = message_id or schema.new_id()
    c, link = schema.conversation.c, schema.conversation_address.c
    # By the id itself, not by `c.id`: in RETURNING, SQLite's columns stand without their tables, and `id` would be another's.
    address = (
        sa.select(link.address_id).where(link.conversation_id == conversation_id, link.active)
        .order_by(link.address_id).limit(1).scalar_subquery()
    )  # fmt: skip
    account = (
        sa.select(schema.address.c.channel_account).join(schema.conversation_address, link.address_id == schema.address.c.id)
        .where(link.conversation_id == conversation_id, link.active)
        .order_by(link.address_id).limit(1).scalar_subquery()
    )  # fmt: skip
    numbered = (
        await tx.conn.execute(
            schema.conversation.update()
            .where(c.id == conversation_id)
            .values(last_seq=c.last_seq + 1, active_at=now)
            .returning(c.last_seq, address.label("address_id"), account.label("account"))
        )
    ).one()
    seq: int = numbered.last_seq
    payload = dict(rendered.payload)
    if rendered.buttons:
        issued = [
            {"payload": "b" + secrets.token_urlsafe(12), "action": b.action, "title": b.said or b.title or "", "created_at": now}
            for b in rendered.buttons
        ]
        await tx.conn.execute(schema.button.insert(), [{**row, "conversation_id": conversation_id} for row in issued])
        payload["buttons"] = [_offered(row["payload"], b) for row, b in zip(issued, rendered.buttons, strict=True)]
    await tx.conn.execute(
        schema.message.insert().values(
            id=message_id,
            conversation_id=conversation_id,
            seq=seq,
            author=rendered.author,
            text=rendered.text,
            language=rendered.language,
            payload=payload,
            provider_id=provider_id,
            outcome=rendered.outcome,
            article_id=rendered.article_id,
            agent_id=rendered.agent_id,
            turn_id=turn_id,
            created_at=now,
        )
    )
    # The web has no address to push to: its client reads the store.
    push_to = rendered.push_to
    if push_to is None and rendered.author != "citizen" and numbered.address_id is not None:
        push_to = (numbered.address_id, numbered.account)
    if push_to is not None:
        await tx.conn.execute(
            schema.outbox.insert().values(
                message_id=message_id,
                conversation_id=conversation_id,
                address_id=push_to[0],
                account=push_to[1],
                seq=seq,
                state="pending",
                attempts=0,
                next_attempt_at=now - _BEFORE_ALL if rendered.outcome == "emergency" else now,
            )
        )
        tx.notify("outbox", conversation_id=conversation_id)
    tx.notify("conversation", conversation_id=conversation_id, kind="message", seq=seq)
    return message_id, seq


def _offered(payload: Any, button: Button) -> dict[str, Any]:
    also = {"article_id": button.article_id, "quotes": button.quotes}
    return {"title": button.title or "", "payload": payload} | {name: value for name, value in also.items() if value}


async def find_by_provider_id(conn: Connection, conversation_id: str, provider_id: str) -> str | None:
    """The id of the message the channel already gave us under this id."""
    query = sa.select(_m.id).where(_m.conversation_id == conversation_id, _m.provider_id == provider_id)
    found: str | None = (await conn.execute(query)).scalar_one_or_none()
    return found


async def read(
    conn: Connection,
    conversation_id: str,
    direction: Callable[[str], str],
    *,
    after: int = 0,
    turn_id: str | None = None,
    limit: int = 500,
) -> list[dict[str, Any]]:
    """Messages in the public form (docs/architecture.md, "Web channel"), in order.

    Args:
        direction: `ltr` or `rtl` of a language code.
        after: only those with a larger seq.
        turn_id: only the replies to this citizen message.
    """
    query = (
        sa.select(schema.message, schema.agent.c.name.label("agent_name"), schema.feedback.c.value.label("feedback"))
        .outerjoin(schema.agent, schema.agent.c.id == _m.agent_id)
        .outerjoin(schema.feedback, schema.feedback.c.message_id == _m.id)
        .where(_m.conversation_id == conversation_id, _m.seq > after)
        .order_by(_m.seq)
        .limit(limit)
    )
    if turn_id is not None:
        query = query.where(_m.turn_id == turn_id)
    return [public(row, direction) for row in await conn.execute(query)]


def public(row: sa.Row[Any], direction: Callable[[str], str]) -> dict[str, Any]:
    """One message as the citizen's and the agent's clients see it."""
    shown: dict[str, Any] = {
        "seq": row.seq,
        "message_id": row.id,
        "author": row.author,
        "text": row.text,
        "language": row.language,
        "dir": direction(row.language),
        "created_at": row.created_at.isoformat().replace("+00:00", "Z"),
        "outcome": row.outcome,
    }
    if row.author == "citizen" and row.provider_id:
        shown["client_message_id"] = row.provider_id
    if row.article_id:
        shown["article_id"] = row.article_id
    if row.agent_name:
        shown["agent_name"] = row.agent_name
    shown |= {name: row.payload[name] for name in _PUBLIC if name in row.payload}
    if row.payload.get("wants_feedback"):
        shown["feedback"] = row.feedback
    return shown
