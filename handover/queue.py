"""The queue as an agent sees it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from bot.store import schema
from bot.store.engine import Connection
from handover import repository
from handover.auth import Agent
from handover.preview import WITH_TEXT
from handover.repository import Handover
from handover.settings import Departments
from handover.states import State

_h, _m = schema.handover.c, schema.message.c
_MAX_ROWS = 300
_MAX_LAST_TEXT = 240


async def read(conn: Connection, agent: Agent, departments: Departments, now: dt.datetime) -> dict[str, Any]:
    """Queued handovers of the agent's departments by priority and waiting time, then the agent's own claimed ones."""
    served = [key for key in departments.queues() if agent.serves(key)]
    queued = await _rows(conn, _h.state == State.QUEUED, _h.department.in_(served))
    own = await _rows(conn, _h.state == State.CLAIMED, _h.claimed_by == agent.id)
    rows = queued + own
    texts, names = await _last_texts(conn, rows), await repository.agent_names(conn, [row.claimed_by for row in rows])
    claimed = sa.select(sa.func.count()).select_from(schema.handover).where(_h.state == State.CLAIMED)
    return {
        "handovers": [public(row, departments, names, now) | {"last_text": texts.get(row.conversation_id, "")} for row in rows],
        "counts": {
            "queued": len(queued), "mine": len(own), "unread": sum(row.unread > 0 for row in own),
            "claimed": (await conn.execute(claimed)).scalar_one(),
        },
    }  # fmt: skip


async def _rows(conn: Connection, *where: sa.ColumnElement[bool]) -> list[Handover]:
    query = sa.select(schema.handover).where(*where).order_by(_h.priority.desc(), _h.queued_at, _h.id).limit(_MAX_ROWS)
    return [repository.from_row(row) for row in await conn.execute(query)]


async def _last_texts(conn: Connection, rows: Sequence[Handover]) -> dict[str, str]:
    """The citizen's last words that an agent may see, by conversation."""
    if not rows:
        return {}
    allowed = []
    for row in rows:
        ranges = [_m.seq > row.preview.get("queued_seq", sa.null())]
        if row.consent == WITH_TEXT:
            ranges.append(_m.seq.between(row.preview["from_seq"], row.preview["through_seq"]))
        allowed.append(sa.and_(_m.conversation_id == row.conversation_id, sa.or_(*ranges)))
    last = (
        sa.select(_m.conversation_id, sa.func.max(_m.seq).label("seq"))
        .where(_m.author == "citizen", sa.or_(*allowed))
        .group_by(_m.conversation_id)
        .subquery()
    )
    query = sa.select(_m.conversation_id, _m.text).join(
        last, sa.and_(last.c.conversation_id == _m.conversation_id, last.c.seq == _m.seq)
    )
    return {row.conversation_id: row.text[:_MAX_LAST_TEXT] for row in await conn.execute(query)}


def public(handover: Handover, departments: Departments, names: dict[str, str], now: dt.datetime) -> dict[str, Any]:
    """A handover as the desk's API shows it; waiting time in whole seconds."""
    waited = now - handover.queued_at if handover.queued_at else dt.timedelta()
    claimed_by = handover.claimed_by
    return {
        "id": handover.id,
        "conversation_id": handover.conversation_id,
        "state": handover.state.value,
        "version": handover.version,
        "department": handover.department,
        "department_name": departments.name(handover.department, "sv"),
        "language": handover.language,
        "topic": handover.topic,
        "reason": handover.reason,
        "priority": handover.priority,
        "consent": handover.consent,
        "queued_at": stamp(handover.queued_at),
        "claimed_at": stamp(handover.claimed_at),
        "ended_at": stamp(handover.ended_at),
        "end_reason": handover.end_reason,
        "waiting_seconds": max(0, int(waited.total_seconds())),
        "unread": handover.unread,
    } | ({"claimed_by": {"id": claimed_by, "name": names.get(claimed_by, "")}} if claimed_by else {})


def stamp(moment: dt.datetime | None) -> str | None:
    """A time as the API writes it."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None
