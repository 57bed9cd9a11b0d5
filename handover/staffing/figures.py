"""What has happened at the desk today, and how it stands now."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.store import schema
from bot.store.engine import Connection
from handover import hours, repository
from handover.auth import Agent
from handover.queue import stamp
from handover.routing.model import AtDesk
from handover.routing.service import Routing
from handover.settings import Departments, DeskSettings
from handover.staffing import opening
from handover.states import State

_h, _m, _f = schema.handover.c, schema.message.c, schema.feedback.c
_MOST = 300


def midnight(now: dt.datetime, zone: str) -> dt.datetime:
    """When the desk's day began. Pure."""
    return now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)


async def day_of(conn: Connection, agent_id: str, now: dt.datetime, settings: DeskSettings) -> dict[str, Any]:
    """An agent's own day.

    Returns:
        `{claimed, closed, returned, waiting_seconds, first_answer_seconds, feedback: {up, down}}`: how many, the median wait of
        those claimed and the median time from the claim to the first answer (None = nothing yet), thumbs in those conversations.
    """
    since = midnight(now, settings.hours.timezone)
    mine = _h.claimed_by == agent_id
    rows = (await conn.execute(
        sa.select(_h.id, _h.conversation_id, _h.queued_at, _h.claimed_at).where(mine, _h.claimed_at >= since)
    )).all()  # fmt: skip
    ended = sa.select(_h.state, sa.func.count().label("n")).where(mine, _h.ended_at >= since).group_by(_h.state)
    ends = {row.state: row.n for row in await conn.execute(ended)}
    wrote = sa.select(_m.conversation_id, _m.created_at).where(
        _m.author == "agent", _m.agent_id == agent_id, _m.created_at >= since
    )
    answers: dict[str, list[dt.datetime]] = {}
    for row in await conn.execute(wrote.order_by(_m.created_at)):
        answers.setdefault(row.conversation_id, []).append(row.created_at)
    firsts = [
        (first - row.claimed_at).total_seconds()
        for row in rows
        if (first := next((at for at in answers.get(row.conversation_id, ()) if at >= row.claimed_at), None)) is not None
    ]
    waits = [(row.claimed_at - row.queued_at).total_seconds() for row in rows if row.queued_at is not None]
    mine_now = [row.conversation_id for row in rows]
    thumbs = sa.select(_f.value, sa.func.count().label("n")).where(_f.conversation_id.in_(mine_now), _f.created_at >= since)
    values = {row.value: row.n for row in await conn.execute(thumbs.group_by(_f.value))}
    return {
        "claimed": len(rows), "closed": ends.get(State.CLOSED, 0), "returned": ends.get(State.RETURNED, 0),
        "waiting_seconds": _median(waits), "first_answer_seconds": _median(firsts),
        "feedback": {"up": values.get("up", 0), "down": values.get("down", 0)},
    }  # fmt: skip


def _median(seconds: Sequence[float]) -> int | None:
    return round(statistics.median(seconds)) if seconds else None


def duty_of(one: AtDesk, profile: Mapping[str, Any]) -> str:
    """`available`, `break` or `away`, as the agent has said. Pure."""
    return str(profile.get("duty") or "break") if one.on_break else "available"


async def overview(
    conn: Connection, viewer: Agent, now: dt.datetime, settings: DeskSettings, departments: Departments, routing: Routing,
    is_holiday: hours.IsHoliday,
) -> dict[str, Any]:  # fmt: skip
    """The desk at this moment, in the departments of who looks.

    Returns:
        `{departments, agents, conversations}` as in docs/architecture.md.
    """
    opened, profiles = await opening.read(conn, settings), await routing.profiles(conn)
    served = [key for key in departments.queues() if viewer.serves(key)]
    staff = [one for one in await routing.staff(conn, now) if one.departments.intersection(served)]
    names = await repository.agent_names(conn, [one.id for one in staff])
    waiting = [one for one in (await routing.waiting(conn, now)).values() if one.department in served]
    rows = (await conn.execute(
        sa.select(_h.id, _h.department, _h.language, _h.topic, _h.reason, _h.claimed_by, _h.claimed_at, _h.unread)
        .where(_h.state == State.CLAIMED, _h.department.in_(served)).order_by(_h.claimed_at, _h.id).limit(_MOST)
    )).all()  # fmt: skip
    held = Counter(row.department for row in rows)

    def department(key: str) -> dict[str, Any]:
        there = [one for one in staff if key in one.departments]
        queued = [one for one in waiting if one.department == key]
        longest = max((now - one.queued_at for one in queued), default=None)
        return {
            "key": key, "name": {lang: departments.name(key, lang) for lang in ("sv", "en")}, "queued": len(queued),
            "longest_wait_seconds": int(longest.total_seconds()) if longest is not None else None, "claimed": held[key],
            "at_work": sum(one.working for one in there), "on_break": sum(one.present and one.on_break for one in there),
            "staffed_now": hours.is_staffed(now, opened.of(key), is_holiday),
        }  # fmt: skip

    return {
        "departments": [department(key) for key in served],
        "agents": sorted((
            {"id": one.id, "name": names.get(one.id, ""), "present": one.present, "duty": duty_of(one, profiles.get(one.id, {})),
             "claimed": one.claimed, "capacity": one.capacity, "languages": sorted(one.languages), "skills": sorted(one.skills)}
            for one in staff
        ), key=lambda row: (not row["present"], row["name"])),
        "conversations": [
            {"handover_id": row.id, "department": row.department, "language": row.language, "topic": row.topic,
             "reason": row.reason, "agent": {"id": row.claimed_by, "name": names.get(row.claimed_by, "")},
             "claimed_at": stamp(row.claimed_at), "unread": row.unread}
            for row in rows
        ],
    }  # fmt: skip
