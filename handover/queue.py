"""The queue as an agent sees it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from bot.store import schema
from bot.store.engine import Connection
from handover import repository
from handover.auth import Agent, check_permission
from handover.passing import Passing
from handover.preview import View, to_bot
from handover.repository import Handover
from handover.routing.service import Routing
from handover.settings import Departments
from handover.states import HELD, State

_h, _m = schema.handover.c, schema.message.c
_MAX_ROWS = 300
_MAX_LAST_TEXT = 240
_LAST = 2**31 - 1  # seq of a last message that is not known yet


async def read(conn: Connection, agent: Agent, now: dt.datetime, routing: Routing, passing: Passing) -> dict[str, Any]:
    """Queued handovers of the agent's departments in the order the agent is offered them, then the own ones; then what is
    scheduled, first due first, and what colleagues would like to close."""
    departments, fits = passing.departments, await routing.offered(conn, agent.id, now)
    reached = _reached(agent, departments)
    queued = await _rows(conn, _h.state == State.QUEUED, reached)
    places = {handover_id: place for place, handover_id in enumerate(fits)}
    queued.sort(key=lambda row: places.get(row.id, len(places)))
    own = await _rows(conn, _h.state == State.CLAIMED, _h.claimed_by == agent.id)
    aside = await _rows(conn, _h.state.in_((State.SNOOZED, State.CLOSING)), _h.claimed_by == agent.id)
    due = await _rows(conn, _h.state == State.SCHEDULED, sa.or_(reached, _h.claimed_by == agent.id), order=_h.due_at.asc())
    agree = await _rows(conn, _h.state == State.CLOSING, reached, _h.claimed_by != agent.id)
    rows = queued + own + aside + due + agree
    views = {row.id: passing.view(agent, row) for row in rows}
    texts, names = await _last_texts(conn, rows, views), await repository.agent_names(conn, [row.claimed_by for row in rows])
    claimed = sa.select(sa.func.count()).select_from(schema.handover).where(_h.state == State.CLAIMED)
    return {
        "handovers": [
            public(row, departments, names, now, views[row.id])
            | {"last_text": texts.get(row.conversation_id, "")}
            | ({"suits": asdict(fits[row.id])} if row.id in fits else {})
            for row in rows
        ],
        "counts": {
            "queued": len(queued), "mine": len(own), "unread": sum(row.unread > 0 for row in own), "scheduled": len(due),
            "overdue": sum(overdue(row, now) for row in due), "to_agree": len(agree),
            "claimed": (await conn.execute(claimed)).scalar_one(),
        },
    }  # fmt: skip


async def others(conn: Connection, agent: Agent, passing: Passing, now: dt.datetime, show: str) -> dict[str, Any]:
    """`colleagues`: what others have now (a supervisor's to see); `closed`: what the agent could open
    again, or take back from the bot, newest first."""
    departments, settings = passing.departments, passing.settings
    reached = _reached(agent, departments)
    if show == "colleagues":
        check_permission(agent, "supervise")
        rows = await _rows(conn, _h.state.in_(HELD), reached, _h.claimed_by != agent.id)
    else:
        since = now - dt.timedelta(hours=settings.lifecycle.reopen_hours)
        whose = reached if agent.may("supervise") else _h.claimed_by == agent.id
        bots = sa.select(schema.conversation.c.id).where(schema.conversation.c.owner == "bot")
        ended = sa.or_(_h.state == State.CLOSED, sa.and_(_h.state == State.RETURNED, _h.conversation_id.in_(bots)))
        rows = await _rows(conn, ended, _h.ended_at >= since, whose, order=_h.ended_at.desc())
    views = {row.id: passing.view(agent, row) for row in rows}
    texts, names = await _last_texts(conn, rows, views), await repository.agent_names(conn, [row.claimed_by for row in rows])
    shown = [
        public(row, departments, names, now, views[row.id]) | {"last_text": texts.get(row.conversation_id, "")} for row in rows
    ]
    return {"handovers": shown}


def _reached(agent: Agent, departments: Departments) -> sa.ColumnElement[bool]:
    """In one of the agent's departments, or opened to one."""
    served = [key for key in departments.queues() if agent.serves(key)]
    return sa.or_(_h.department.in_(served), _h.preview["overflow"].as_string().in_(served))


def overdue(handover: Handover, now: dt.datetime) -> bool:
    """Whether the time by which a citizen was to be answered has passed."""
    return handover.state == State.SCHEDULED and handover.due_at is not None and handover.due_at < now


async def _rows(conn: Connection, *where: sa.ColumnElement[bool], order: sa.ColumnElement[Any] | None = None) -> list[Handover]:
    """The first so many, in this order or by priority, then by time."""
    first = _h.priority.desc() if order is None else order
    query = sa.select(schema.handover).where(*where).order_by(first, _h.queued_at, _h.id).limit(_MAX_ROWS)
    return [repository.from_row(row) for row in await conn.execute(query)]


async def _last_texts(conn: Connection, rows: Sequence[Handover], views: Mapping[str, View]) -> dict[str, str]:
    """The citizen's last words that an agent may see, by conversation."""
    # Nearly always the last of all is one: a condition per conversation is what the database gets for the others only.
    last = sa.select(_m.conversation_id, sa.func.max(_m.seq).label("seq")).where(
        _m.author == "citizen", _m.conversation_id.in_([row.conversation_id for row in rows])
    )
    found = {row.conversation_id: row for row in await conn.execute(_texts_of(last))}
    seen = {row.conversation_id: found[row.conversation_id].text[:_MAX_LAST_TEXT] for row in rows
            if row.conversation_id in found and views[row.id].sees(found[row.conversation_id].seq)}  # fmt: skip
    rest = [row for row in rows if row.conversation_id in found and row.conversation_id not in seen]
    return seen | await _last_allowed(conn, rest, views)


def _texts_of(last: sa.Select[Any]) -> sa.Select[Any]:
    newest = last.group_by(_m.conversation_id).subquery()
    return sa.select(_m.conversation_id, _m.seq, _m.text).join(
        newest, sa.and_(newest.c.conversation_id == _m.conversation_id, newest.c.seq == _m.seq)
    )


async def _last_allowed(conn: Connection, rows: Sequence[Handover], views: Mapping[str, View]) -> dict[str, str]:
    allowed = []
    for row in rows:
        parts = [_within(first, last, grant.struck) for grant in views[row.id].grants for first, last in grant.spans]
        hidden = [sa.not_(_within(first, last)) for first, last in views[row.id].apart]
        if parts:
            allowed.append(sa.and_(_m.conversation_id == row.conversation_id, sa.or_(*parts), *hidden))
    if not allowed:
        return {}
    last = sa.select(_m.conversation_id, sa.func.max(_m.seq).label("seq")).where(_m.author == "citizen", sa.or_(*allowed))
    return {row.conversation_id: row.text[:_MAX_LAST_TEXT] for row in await conn.execute(_texts_of(last))}


def _within(first: int, last: int | None, but: Collection[int] = ()) -> sa.ColumnElement[bool]:
    reached = _m.seq >= first if last is None else _m.seq.between(first, last)
    return sa.and_(reached, _m.seq.not_in(but)) if but else reached


def public(handover: Handover, departments: Departments, names: dict[str, str], now: dt.datetime, view: View) -> dict[str, Any]:
    """A handover as the desk's API shows it to an agent with this view; waiting time in whole seconds."""
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
        "consent": view.consent,
        "queued_at": stamp(handover.queued_at),
        "claimed_at": stamp(handover.claimed_at),
        "ended_at": stamp(handover.ended_at),
        "end_reason": handover.end_reason,
        "waiting_seconds": max(0, int(waited.total_seconds())),
        "unread": handover.unread,
        "due_at": stamp(handover.due_at),
        "due_reason": handover.due_reason,
        "overdue": overdue(handover, now),
        "silent": handover.warned_at is not None,
        "returning": handover.state == State.CLOSING and to_bot(handover) is not None,
    } | ({"claimed_by": {"id": claimed_by, "name": names.get(claimed_by, "")}} if claimed_by else {})


def shown_to(agent: Agent, handover: Handover, names: dict[str, str], now: dt.datetime, passing: Passing) -> dict[str, Any]:
    """A handover as the desk's API shows it to an agent."""
    return public(handover, passing.departments, names, now, passing.view(agent, handover))


def stamp(moment: dt.datetime | None) -> str | None:
    """A time as the API writes it."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None
