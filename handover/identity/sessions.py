"""The open logins of an account: listed, and ended by their owner or an admin."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

import sqlalchemy as sa

from bot.store import schema
from bot.store.engine import Connection, Transaction
from handover.queue import stamp
from handover.repository import write_audit

_s = schema.agent_session.c
# The first that fits: a browser also carries the names of those it descends from.
_BROWSERS: Final = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
_SYSTEMS: Final = (("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iOS"), ("Windows", "Windows"), ("Mac OS", "macOS"),
                   ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip


def client_name(user_agent: str | None) -> str:
    """Browser and system in words, "" when unknown; the version is left out: it would tell machines apart. Pure."""
    given = user_agent or ""
    names = [next((name for sign, name in known if re.search(sign, given)), "") for known in (_BROWSERS, _SYSTEMS)]
    return ", ".join(name for name in names if name)


async def listed(
    conn: Connection, agent_id: str, *, now: dt.datetime, idle: dt.timedelta, own: str | None = None
) -> list[dict[str, Any]]:
    """The live sessions of an account, the newest first.

    Args:
        idle: how long a session lives without anything done.
        own: token hash of the session that asks, which is marked.
    """
    query = (
        sa.select(schema.agent_session)
        .where(_s.agent_id == agent_id, _s.expires_at > now, _s.last_seen_at > now - idle)
        .order_by(_s.created_at.desc(), _s.id)
    )
    return [
        {
            "id": row.id, "created_at": stamp(row.created_at), "last_seen_at": stamp(row.last_seen_at),
            "expires_at": stamp(row.expires_at), "method": row.method, "client": row.client, "current": row.token_hash == own,
        }
        for row in await conn.execute(query)
    ]  # fmt: skip


async def end(tx: Transaction, agent_id: str, session_id: str, *, actor: str, now: dt.datetime) -> None:
    """Ends one session; consoles open in it are cut.

    Raises:
        LookupError: the account has no such session.
    """
    ended = await tx.conn.execute(schema.agent_session.delete().where(_s.agent_id == agent_id, _s.id == session_id))
    if ended.rowcount != 1:
        raise LookupError(session_id)
    await write_audit(tx, actor=actor, action="session.ended", target=agent_id, now=now)
    tx.notify("desk", type="session", agent_id=agent_id)


async def end_all(tx: Transaction, agent_id: str, *, but: str = "") -> None:
    """Ends every session of an account, but that of one token hash."""
    await tx.conn.execute(schema.agent_session.delete().where(_s.agent_id == agent_id, _s.token_hash != but))
    tx.notify("desk", type="session", agent_id=agent_id)
