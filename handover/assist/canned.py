"""Canned replies: which one an agent is offered in which language, and what its variables become. The rules are pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
import yaml

from bot.store import schema
from bot.store.engine import Connection, Transaction
from handover.repository import write_audit

STARTER_FILE: Final = Path(__file__).parent / "starter.yml"
VARIABLES: Final = ("agent", "department", "opening", "citizen_language", "number")
ORIGINAL: Final = "sv"
_SEEDED: Final = "desk.canned"  # setting: the starter replies were put there once; what the desk deletes stays deleted
_VARIABLE: Final = re.compile(r"\{(\w+)\}")
_c, _s = schema.canned_reply.c, schema.setting.c


class ReplyChanged(Exception):
    """Somebody saved it meanwhile."""


class ShortcutTaken(ValueError):
    """Another reply has this shortcut."""


@dataclass(frozen=True)
class CannedReply:
    """A ready-made answer.

    Args:
        department: whose it is, None = every department's.
        shortcut: what is typed after `/`.
        texts: by language, Swedish among them.
    """

    id: str
    department: str | None
    shortcut: str
    title: str
    texts: Mapping[str, str]
    version: int


def unknown_variables(texts: Mapping[str, str]) -> list[str]:
    """Variables of the texts that there are none of. Pure."""
    used = {name for text in texts.values() for name in _VARIABLE.findall(text)}
    return sorted(used - set(VARIABLES))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables; one without a value stays as written, so that the agent sees it. Pure."""
    return _VARIABLE.sub(lambda match: values.get(match[1]) or match[0], text)


def variant(reply: CannedReply, language: str) -> tuple[str, str]:
    """The language and text an agent is given for a citizen's language: that one, else Swedish. Pure."""
    chosen = language if reply.texts.get(language) else ORIGINAL
    return chosen, reply.texts.get(chosen, "")


def offered(
    replies: Sequence[CannedReply], *, department: str, language: str, values: Mapping[str, Mapping[str, str]]
) -> list[dict[str, Any]]:
    """What an agent may use in a conversation, the department's own first, then by title. Pure.

    Args:
        values: of the variables, by language (`ORIGINAL` among them).

    Returns:
        `{id, shortcut, title, department, language, fallback, text, swedish}`; `swedish` only where `text` is not.
    """
    fitting = [one for one in replies if one.department in (None, department)]
    rows = []
    for one in sorted(fitting, key=lambda one: (one.department is None, one.title.casefold())):
        chosen, text = variant(one, language)
        row = {"id": one.id, "shortcut": one.shortcut, "title": one.title, "department": one.department, "language": chosen,
               "fallback": chosen != language, "text": filled(text, values.get(chosen, values[ORIGINAL]))}  # fmt: skip
        if chosen != ORIGINAL:
            row["swedish"] = filled(one.texts.get(ORIGINAL, ""), values[ORIGINAL])
        rows.append(row)
    return rows


def _from_row(row: sa.Row[Any]) -> CannedReply:
    return CannedReply(row.id, row.department, row.shortcut, row.title, row.texts, row.version)


async def read_all(conn: Connection) -> list[CannedReply]:
    """All replies, by shortcut."""
    return [_from_row(row) for row in await conn.execute(sa.select(schema.canned_reply).order_by(_c.shortcut))]


async def get(conn: Connection, reply_id: str) -> CannedReply:
    """One reply.

    Raises:
        LookupError: there is none with this id.
    """
    row = (await conn.execute(sa.select(schema.canned_reply).where(_c.id == reply_id))).one_or_none()
    if row is None:
        raise LookupError(reply_id)
    return _from_row(row)


async def create(tx: Transaction, *, actor: str | None, now: dt.datetime, **values: Any) -> CannedReply:
    """Keeps a new reply.

    Raises:
        ShortcutTaken: another one has it.
    """
    await _check_free(tx.conn, values["shortcut"])
    reply_id = schema.new_id()
    await tx.conn.execute(schema.canned_reply.insert().values(
        id=reply_id, version=1, created_at=now, updated_at=now, updated_by=actor, **values
    ))  # fmt: skip
    if actor:
        await write_audit(tx, actor=actor, action="canned.created", target=reply_id, now=now)
    return await get(tx.conn, reply_id)


async def change(tx: Transaction, reply_id: str, version: int, *, actor: str, now: dt.datetime, **values: Any) -> CannedReply:
    """Saves a reply.

    Raises:
        LookupError: there is none with this id.
        ReplyChanged: its version is another.
        ShortcutTaken: another one has the shortcut.
    """
    await get(tx.conn, reply_id)
    await _check_free(tx.conn, values["shortcut"], but=reply_id)
    saved = await tx.conn.execute(
        schema.canned_reply.update().where(_c.id == reply_id, _c.version == version)
        .values(version=version + 1, updated_at=now, updated_by=actor, **values)
    )  # fmt: skip
    if saved.rowcount != 1:
        raise ReplyChanged(reply_id)
    await write_audit(tx, actor=actor, action="canned.changed", target=reply_id, now=now)
    return await get(tx.conn, reply_id)


async def delete(tx: Transaction, reply_id: str, *, actor: str, now: dt.datetime) -> None:
    """Takes a reply away; twice is once."""
    gone = await tx.conn.execute(schema.canned_reply.delete().where(_c.id == reply_id))
    if gone.rowcount:
        await write_audit(tx, actor=actor, action="canned.deleted", target=reply_id, now=now)


async def _check_free(conn: Connection, shortcut: str, but: str | None = None) -> None:
    taken = (await conn.execute(sa.select(_c.id).where(_c.shortcut == shortcut))).scalar_one_or_none()
    if taken is not None and taken != but:
        raise ShortcutTaken(shortcut)


def starter(path: Path = STARTER_FILE) -> list[dict[str, Any]]:
    """The replies a new desk begins with: `{shortcut, title, texts}`."""
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [{**row, "texts": {code: " ".join(text.split()) for code, text in row["texts"].items()}} for row in rows]


async def seed(tx: Transaction, *, now: dt.datetime, rows: Collection[Mapping[str, Any]]) -> int:
    """Puts the starter replies there, once in the life of a desk; returns how many."""
    known = (await tx.conn.execute(sa.select(_s.key).where(_s.key == _SEEDED))).scalar_one_or_none()
    if known is not None:
        return 0
    await tx.conn.execute(schema.setting.insert().values(key=_SEEDED, value={"seeded": len(rows)}, updated_at=now,
                                                         updated_by="system"))  # fmt: skip
    for row in rows:
        await create(tx, actor=None, now=now, department=None, **row)
    return len(rows)
