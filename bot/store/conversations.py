"""Conversations: who owns one, at which version, in which language."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.messages import Owner
from bot.store import schema
from bot.store.engine import Connection, Transaction

_c = schema.conversation.c


class StaleVersion(Exception):
    """The conversation's owner changed since it was read; the caller's decision no longer holds."""


@dataclass(frozen=True)
class Conversation:
    """A row of `conversation`."""

    id: str
    channel: str
    channel_account: str
    token_hash: str | None
    language: str
    language_locked: bool
    owner: Owner
    version: int
    department: str | None
    awaiting: str | None
    protected: bool
    episode: int
    episode_turns: int
    last_seq: int
    page_url: str | None
    created_at: dt.datetime
    active_at: dt.datetime
    closed_at: dt.datetime | None
    close_reason: str | None
    lease_worker: str | None
    lease_expires_at: dt.datetime | None


def token_hash(token: str) -> str:
    """What is stored of a bearer token: its SHA-256. The token is random (256 bits), so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


async def create(
    tx: Transaction,
    *,
    channel: str,
    channel_account: str,
    language: str,
    now: dt.datetime,
    language_locked: bool = False,
    token: str | None = None,
    page_url: str | None = None,
) -> str:
    """Opens a conversation owned by the bot and returns its id."""
    conversation_id = schema.new_id()
    await tx.conn.execute(
        schema.conversation.insert().values(
            id=conversation_id,
            channel=channel,
            channel_account=channel_account,
            token_hash=token_hash(token) if token else None,
            language=language,
            language_locked=language_locked,
            owner="bot",
            version=1,
            protected=False,
            episode=1,
            episode_turns=0,
            last_seq=0,
            page_url=page_url,
            created_at=now,
            active_at=now,
        )
    )
    return conversation_id


async def get(conn: Connection, conversation_id: str) -> Conversation:
    """Reads one conversation.

    Raises:
        LookupError: there is none with this id.
    """
    row = (await conn.execute(sa.select(schema.conversation).where(_c.id == conversation_id))).one_or_none()
    if row is None:
        raise LookupError(f"no conversation {conversation_id}")
    return of_row(row)


def of_row(row: sa.Row[Any]) -> Conversation:
    """The conversation in a row that has all its columns, and perhaps others."""
    return Conversation(**{column.name: row._mapping[column] for column in schema.conversation.c})


async def find_by_token(conn: Connection, token: str) -> Conversation | None:
    """The conversation a bearer token was issued for."""
    row = (await conn.execute(sa.select(schema.conversation).where(_c.token_hash == token_hash(token)))).one_or_none()
    return Conversation(**row._mapping) if row else None


async def lock(tx: Transaction, conversation_id: str) -> Conversation:
    """Takes the conversation for this transaction and reads it as it is now: its owner stays until the transaction ends.

    Raises:
        LookupError: there is none with this id.
    """
    # SQLite's write transaction is alone anyway; its compiler leaves FOR UPDATE out.
    await tx.conn.execute(sa.select(_c.id).where(_c.id == conversation_id).with_for_update())
    return await get(tx.conn, conversation_id)


async def set_owner(
    tx: Transaction, conversation_id: str, owner: Owner, *, expected_version: int, now: dt.datetime, reopen: bool = False,
    **also: Any,
) -> int:  # fmt: skip
    """Hands the word to `owner`: one conditional update, which also cancels what the bot had not yet delivered.

    Args:
        expected_version: the version the caller's decision rests on.
        reopen: also a closed conversation; else closed is for good.
        also: further columns to set in the same update (department, awaiting, close_reason, …).

    Returns:
        The new version.

    Raises:
        StaleVersion: somebody else changed the owner first.
    """
    values: dict[str, Any] = {"owner": owner, "version": expected_version + 1, **also}
    if owner == "closed":
        values["closed_at"] = now
    elif reopen:
        values |= {"closed_at": None, "close_reason": None}
    if owner == "bot":  # Rasa's tracker knows nothing of what the agent said: begin a new one
        values |= {"episode": _c.episode + 1, "episode_turns": 0}
    changed = await tx.conn.execute(
        schema.conversation.update()
        .where(_c.id == conversation_id, _c.version == expected_version, sa.true() if reopen else _c.owner != "closed")
        .values(**values)
    )
    if changed.rowcount != 1:
        raise StaleVersion(conversation_id)
    if owner != "bot":
        bot_messages = sa.select(schema.message.c.id).where(
            schema.message.c.conversation_id == conversation_id,
            schema.message.c.author == "bot",
            schema.message.c.outcome.is_distinct_from("emergency"),
        )
        await tx.conn.execute(
            schema.outbox.update()
            .where(
                schema.outbox.c.conversation_id == conversation_id,
                schema.outbox.c.state == "pending",
                schema.outbox.c.message_id.in_(bot_messages),
            )
            .values(state="cancelled")
        )
    tx.notify("conversation", conversation_id=conversation_id, kind="owner")
    return expected_version + 1


async def answer_on_web(tx: Transaction, conversation_id: str) -> None:
    """From now on the conversation is read on the web; nothing is pushed to its addresses."""
    link = schema.conversation_address
    await tx.conn.execute(link.update().where(link.c.conversation_id == conversation_id).values(active=False))
    await update(tx, conversation_id, channel="web", channel_account="web")


async def update(tx: Transaction, conversation_id: str, **values: Any) -> None:
    """Sets columns that do not touch ownership (language, awaiting, protected, episode, active_at, …)."""
    if {"owner", "version"} & values.keys():
        raise ValueError("the owner changes through set_owner only")
    await tx.conn.execute(schema.conversation.update().where(_c.id == conversation_id).values(**values))
    if "language" in values:
        await _speak(tx, conversation_id, values["language"])


async def _speak(tx: Transaction, conversation_id: str, language: str) -> None:
    """Whoever waits for an agent, or has one, is routed and shown by the language they write in now."""
    h = schema.handover.c
    still = (h.conversation_id == conversation_id, h.ended_at.is_(None), h.language != language)
    if (await tx.conn.execute(schema.handover.update().where(*still).values(language=language))).rowcount:
        tx.notify("desk", type="queue", conversation_id=conversation_id)
