"""The rules over the store: reads who waits and who is at work, keeps the observed rates, opens what overflows."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Final

import sqlalchemy as sa
import structlog

from bot.core import Core
from bot.http import ApiError
from bot.settings import ConfigurationError
from bot.store import schema
from bot.store.engine import Connection, Transaction
from handover import hours, repository
from handover.auth import agent_from
from handover.passing import Passing
from handover.repository import Handover
from handover.routing import rules, wait
from handover.routing.model import AtDesk, Waiting
from handover.routing.rules import Plan, Rules, Suits
from handover.routing.wait import Rate, Rates
from handover.settings import Departments, DeskSettings
from handover.staffing import opening
from handover.staffing.opening import Opening
from handover.states import State

_log = structlog.get_logger(__name__)
_RATES: Final = "queue.rates"
_PROFILE: Final = "routing.agent:"  # + agent id: {capacity?, skills?, on_break?, duty?}
_LONGEST_GAP = 5.0  # minutes between two looks; after a longer one (the app was down) nothing was observed
_FRESH_SECONDS = 5  # an estimate of the same desk is not made anew more often

_h, _a, _s = schema.handover.c, schema.agent.c, schema.setting.c
_mine, _other = schema.conversation_address.alias(), schema.conversation_address.alias()  # slow to make, asked with every queue
_SAME_ADDRESS: Final = sa.select(_mine.c.conversation_id.label("here"), _other.c.conversation_id.label("there")).join(
    _other, _other.c.address_id == _mine.c.address_id
)


@dataclass(frozen=True)
class _Snapshot:
    """The desk at one moment, and the estimates that follow."""

    key: tuple[object, ...]
    found: Mapping[str, wait.Estimate]


class Routing:
    """Reads and decides; the decisions are those of `rules` and `wait`.

    Args:
        core: the app's shared parts.
        settings: the desk's settings.
        departments: the queues.
        is_holiday: the calendar of days on which the desk is closed.
    """

    def __init__(self, core: Core, settings: DeskSettings, departments: Departments, is_holiday: hours.IsHoliday) -> None:
        self.core, self.settings, self.departments, self._is_holiday = core, settings, departments, is_holiday
        self.rules = Rules(settings.queue, settings.routing)
        self.passing = Passing(core, departments, settings)
        unknown = ({*settings.department_hours} | settings.routing.never_overflow) - {*departments.queues()}
        if unknown:
            raise ConfigurationError(f"handover/settings.yml: no such queue: {', '.join(sorted(unknown))}")
        self._snapshot: _Snapshot | None = None
        self._task: asyncio.Task[None] | None = None
        self.taken_elsewhere: Callable[[str], bool] = lambda _: False  # whether another desk's agents take a department's queue

    async def staff(self, conn: Connection, now: dt.datetime) -> list[AtDesk]:
        """Everybody who works at the desk, present or not."""
        since = now - dt.timedelta(seconds=self.settings.presence.present_seconds)
        held = sa.select(_h.claimed_by, sa.func.count().label("n")).where(_h.state == State.CLAIMED).group_by(_h.claimed_by)
        claimed = {row.claimed_by: row.n for row in await conn.execute(held)}
        profiles = await self.profiles(conn)
        staff = []
        for row in await conn.execute(sa.select(schema.agent).where(_a.active)):
            agent, profile = agent_from(row), profiles.get(row.id, {})
            serves = frozenset(key for key in self.departments.queues() if agent.serves(key))
            if not agent.may("desk") or not serves:
                continue
            staff.append(AtDesk(
                agent.id, serves, frozenset(agent.languages), frozenset(profile.get("skills", ())),
                capacity=profile.get("capacity") or self.settings.routing.capacity, claimed=claimed.get(agent.id, 0),
                present=row.present_at is not None and row.present_at > since, on_break=bool(profile.get("on_break")),
            ))  # fmt: skip
        return staff

    async def waiting(self, conn: Connection, now: dt.datetime) -> dict[str, Waiting]:
        """Everybody in the queue, by conversation."""
        query = sa.select(
            _h.id, _h.conversation_id, _h.department, _h.language, _h.priority, _h.queued_at, _h.reason,
            _h.preview["overflow"].as_string().label("overflow"), _h.preview["last_agent"].as_string().label("last_agent"),
        ).where(_h.state == State.QUEUED)  # fmt: skip
        rows = (await conn.execute(query)).all()
        last = await self._last_agents(conn, [row.conversation_id for row in rows], now)
        skills = self.settings.routing.skills
        return {
            row.conversation_id: Waiting(row.id, row.department, row.language, row.priority, row.queued_at or now, row.overflow,
                                         row.last_agent or last.get(row.conversation_id), skills.get(row.reason))
            for row in rows
        }  # fmt: skip

    async def _last_agents(self, conn: Connection, conversations: Sequence[str], now: dt.datetime) -> dict[str, str]:
        """Who had each citizen last, in this conversation or another one with the same address."""
        if not conversations:
            return {}
        linked = await _linked(conn, conversations)
        since = now - dt.timedelta(days=self.settings.routing.sticky_days)
        query = sa.select(_h.conversation_id, _h.claimed_by, _h.ended_at).where(
            _h.conversation_id.in_(set().union(*linked.values())), _h.claimed_by.is_not(None), _h.ended_at > since
        )
        rows = await conn.execute(query.order_by(_h.ended_at))
        had = {row.conversation_id: (row.ended_at, row.claimed_by) for row in rows}
        lately = {here: theres & had.keys() for here, theres in linked.items()}
        return {here: max(had[there] for there in theres)[1] for here, theres in lately.items() if theres}

    async def position(self, conn: Connection, conversation_id: str) -> int | None:
        """Place among those whom the same agents may take: 1 = next, None = not queued."""
        now = self.core.now()
        return self.place(await self.waiting(conn, now), conversation_id, now)

    def place(self, waiting: Mapping[str, Waiting], conversation_id: str, now: dt.datetime) -> int | None:
        """Place of one among those who wait in a queue of theirs."""
        own = waiting.get(conversation_id)
        if own is None:
            return None
        key = rules.line_key(own, now, self.rules)
        beside = (other for other in waiting.values() if not {*own.queues}.isdisjoint(other.queues))
        return 1 + sum(rules.line_key(other, now, self.rules) < key for other in beside)

    async def place_and_wait(self, conn: Connection, conversation_id: str) -> tuple[int | None, Mapping[str, int] | None]:
        """The place in line, and the wait as it may be told to the citizen (None = nothing can be said)."""
        now = self.core.now()
        waiting = await self.waiting(conn, now)
        own = waiting.get(conversation_id)
        if own is None:
            return None, None
        opened = await opening.read(conn, self.settings)
        closes = [left for queue in own.queues if (left := self._closes_in(opened, queue, now)) is not None]
        found = self._estimates(list(waiting.values()), await self.staff(conn, now), await self.rates(conn), now)
        said = wait.said(found.get(own.id), self.settings.wait, closes_in=max(closes, default=None))
        return self.place(waiting, conversation_id, now), said

    def _estimates(
        self, waiting: list[Waiting], staff: list[AtDesk], rates: Rates, now: dt.datetime
    ) -> Mapping[str, wait.Estimate]:
        # Each of a hundred waiting clients asks after every change: the same desk is reckoned through once.
        key = (tuple(waiting), tuple(staff), rates, int(now.timestamp()) // _FRESH_SECONDS)
        if self._snapshot is None or self._snapshot.key != key:
            found = wait.estimates(waiting, staff, rates, now, self.rules, self.settings.wait)
            self._snapshot = _Snapshot(key, found)
        return self._snapshot.found

    def _closes_in(self, opened: Opening, department: str, now: dt.datetime) -> float | None:
        closes = hours.closing(now, opened.of(department), self._is_holiday)
        return None if closes is None else (closes - now).total_seconds() / 60

    def _wherever(self, own: Waiting) -> Waiting:
        """As it will be once it has overflowed, if it may."""
        may_leave = own.department not in self.rules.routing.never_overflow
        return dataclasses.replace(own, overflow=self.settings.queue.default_department) if may_leave else own

    async def plan(self, conn: Connection, conversation_id: str) -> Plan | None:
        """What a citizen in the queue can expect; None = not queued."""
        now = self.core.now()
        own = (await self.waiting(conn, now)).get(conversation_id)
        return None if own is None else await self._plan(conn, own, now)

    async def plan_of(self, conn: Connection, handover: Handover, now: dt.datetime) -> Plan:
        """What its citizen could expect if a handover stood in the queue now."""
        one = Waiting(handover.id, handover.department, handover.language, handover.priority, now, handover.overflow)
        return await self._plan(conn, one, now)

    async def _plan(self, conn: Connection, own: Waiting, now: dt.datetime) -> Plan:
        own = self._wherever(own)
        is_open = self._is_open(await opening.read(conn, self.settings), own, now)
        if is_open and self.taken_elsewhere(own.department):
            return Plan.SPEAKER  # who is there, and whom they speak with, the other desk knows
        return rules.plan(own, await self.staff(conn, now), self.rules, is_open=is_open)

    async def opens(self, conn: Connection, conversation_id: str) -> dt.datetime | None:
        """When a queue that may take them is staffed next, local time."""
        now = self.core.now()
        own = (await self.waiting(conn, now)).get(conversation_id)
        return None if own is None else self._opens(await opening.read(conn, self.settings), self._wherever(own), now)

    async def shut(self, conn: Connection, now: dt.datetime) -> dict[str, dt.datetime | None]:
        """Who waits while no queue that may take them is staffed, by handover: when one is staffed next, local time."""
        opened = await opening.read(conn, self.settings)
        waiting = [self._wherever(one) for one in (await self.waiting(conn, now)).values()]
        return {one.id: self._opens(opened, one, now) for one in waiting if not self._is_open(opened, one, now)}

    def _is_open(self, opened: Opening, one: Waiting, now: dt.datetime) -> bool:
        return any(self._closes_in(opened, queue, now) is not None for queue in one.queues)

    def _opens(self, opened: Opening, one: Waiting, now: dt.datetime) -> dt.datetime | None:
        found = (hours.next_opening(now, opened.of(queue), self._is_holiday) for queue in one.queues)
        return min((moment for moment in found if moment is not None), default=None)

    async def offered(self, conn: Connection, agent_id: str, now: dt.datetime) -> dict[str, Suits]:
        """The queue as an agent is offered it, first to take first: how each handover suits them, by its id."""
        staff = await self.staff(conn, now)
        agent = next((one for one in staff if one.id == agent_id), None)
        if agent is None:
            return {}
        waiting = await self.waiting(conn, now)
        return {one.id: fits for one, fits in rules.offered(agent, waiting.values(), staff, now, self.rules)}

    async def earlier_lately(self, conn: Connection, conversation_id: str, now: dt.datetime) -> bool:
        """Whether an agent had this citizen lately, in this conversation or another one with the same address."""
        since = now - dt.timedelta(days=self.settings.routing.repeated_days)
        linked = (await _linked(conn, [conversation_id]))[conversation_id]
        query = sa.select(sa.func.count()).select_from(schema.handover).where(
            _h.conversation_id.in_(linked), _h.claimed_by.is_not(None), _h.ended_at > since
        )  # fmt: skip
        return bool((await conn.execute(query)).scalar_one())

    async def about_children(self, conn: Connection, conversation_id: str) -> bool:
        """Whether the conversation's last analysed message was nearest to an article about children at risk."""
        t = schema.turn.c
        query = sa.select(t.analysis).where(t.conversation_id == conversation_id, t.state == "done").order_by(t.seq.desc())
        for analysis in (await conn.execute(query.limit(5))).scalars():
            candidates = (analysis or {}).get("candidates") or []
            if candidates:
                return candidates[0].get("article_id") in self.settings.routing.children_articles
        return False

    async def check_capacity(self, tx: Transaction, agent_id: str, *, override: bool) -> None:
        """Refuses a further conversation to an agent who has a break, or has enough.

        Raises:
            ApiError: 409 `on_break`; 409 `at_capacity`, with `capacity` and `claimed`.
        """
        # Two claims of one agent at once, on PostgreSQL: the second waits for the first. SQLite writes one at a time.
        await tx.conn.execute(sa.select(_a.id).where(_a.id == agent_id).with_for_update(key_share=True))
        agent = next((one for one in await self.staff(tx.conn, self.core.now()) if one.id == agent_id), None)
        if agent is not None and agent.on_break:
            raise ApiError(409, "on_break", "you have a break: say that you are available first")
        if agent is not None and rules.at_capacity(agent, override=override):
            raise ApiError(409, "at_capacity", f"you have {agent.claimed} conversations, which is your limit",
                           capacity=agent.capacity, claimed=agent.claimed)  # fmt: skip

    async def profiles(self, conn: Connection) -> dict[str, dict[str, Any]]:
        """What is set for each agent: `{capacity?, skills?, on_break?, duty?}` by id."""
        kept = sa.select(_s.key, _s.value).where(_s.key.startswith(_PROFILE, autoescape=True))
        return {row.key.removeprefix(_PROFILE): dict(row.value) for row in await conn.execute(kept)}

    async def set_profile(self, tx: Transaction, agent_id: str, *, actor: str, **values: Any) -> dict[str, Any]:
        """Sets an agent's capacity, skills or break; what is left out stays, None takes the desk's default."""
        now, key = self.core.now(), _PROFILE + agent_id
        # The first time there is no row of the profile to wait for, so the agent's own is locked (PostgreSQL).
        await tx.conn.execute(sa.select(_a.id).where(_a.id == agent_id).with_for_update(key_share=True))
        known = (await tx.conn.execute(sa.select(_s.value).where(_s.key == key).with_for_update())).scalar_one_or_none()
        value = {name: given for name, given in {**(known or {}), **values}.items() if given is not None}
        await _put(tx, key, value, known is None, actor, now)
        await repository.write_audit(tx, actor=actor, action="agent.routing", target=agent_id, now=now,
                                     detail={"fields": sorted(values)})  # fmt: skip
        tx.notify("desk", type="presence")
        return value

    async def rates(self, conn: Connection) -> Rates:
        """The rates as last observed."""
        value = (await conn.execute(sa.select(_s.value).where(_s.key == _RATES))).scalar_one_or_none()
        return _rates(value) if value else wait.prior(self.settings.wait)

    async def look(self) -> None:
        """One look at the desk: opens what overflows to the general queue, and observes how fast people are taken."""
        now = self.core.now()
        async with self.core.store.write() as tx:
            # Locked first: with several app processes only one of them counts what happened since the last look.
            value = (await tx.conn.execute(sa.select(_s.value).where(_s.key == _RATES).with_for_update())).scalar_one_or_none()
            waiting, staff = await self.waiting(tx.conn, now), await self.staff(tx.conn, now)
            opened = await opening.read(tx.conn, self.settings)
            since = dt.datetime.fromisoformat(value["at"]) if value else now
            minutes = (now - since).total_seconds() / 60
            if value and minutes * 60 < self.settings.presence.sweep_seconds / 2:
                return
            before = _rates(value) if value else wait.prior(self.settings.wait)
            after = await self._observed(tx.conn, before, waiting, staff, since, now)
            await _put(tx, _RATES, {"at": now.isoformat(), "free": astuple(after.free), "full": astuple(after.full)},
                       value is None, "system", now)  # fmt: skip
        for one in waiting.values():
            if self._overflows(one, staff, opened, now):
                await self._open(one, now)

    async def _observed(
        self, conn: Connection, before: Rates, waiting: Mapping[str, Waiting], staff: Sequence[AtDesk], since: dt.datetime,
        now: dt.datetime,
    ) -> Rates:  # fmt: skip
        minutes = (now - since).total_seconds() / 60
        if minutes > _LONGEST_GAP:
            return wait.observe(before, self.settings.wait, minutes=minutes, claims=0, waited=0, queue=(), staff=())
        query = sa.select(_h.queued_at, _h.claimed_at).where(_h.state == State.CLAIMED, _h.claimed_at > since)
        taken = [(row.queued_at or row.claimed_at, row.claimed_at) for row in await conn.execute(query)]
        spans = [*taken, *((one.queued_at, now) for one in waiting.values())]
        return wait.observe(before, self.settings.wait, minutes=minutes, claims=len(taken),
                            waited=wait.covered(spans, since, now), queue=list(waiting.values()), staff=staff)  # fmt: skip

    def _overflows(self, one: Waiting, staff: Sequence[AtDesk], opened: Opening, now: dt.datetime) -> bool:
        own = any(agent.working and agent.serves(one) for agent in staff)
        return rules.overflow_due(
            one, now, self.rules, own_at_work=own, own_open=self._closes_in(opened, one.department, now) is not None,
            general_open=self._closes_in(opened, self.settings.queue.default_department, now) is not None,
        )  # fmt: skip

    async def _open(self, one: Waiting, now: dt.datetime) -> None:
        general = self.settings.queue.default_department
        async with self.core.store.write() as tx:
            handover, _ = await repository.lock(tx, one.id)
            if handover.state != State.QUEUED or handover.preview.get("overflow"):
                return  # somebody was quicker
            await repository.change(tx, handover, preview=handover.preview | {"overflow": general})
            handover = await repository.get(tx.conn, one.id)
            await self.passing.ask(tx, handover, general, came_from=handover.department, leaves=False)
            await repository.write_audit(tx, actor="system", action="handover.overflow", target=one.id, now=now,
                                         detail={"department": one.department, "queue": general})  # fmt: skip

    async def start(self) -> None:
        """Begins looking, as often as presence is swept."""
        self._task = asyncio.create_task(self._forever())

    async def stop(self) -> None:
        """Stops looking."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _forever(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as fault:  # the store may be away for a moment; the next look sees it
                _log.error("routing_look_failed", error=type(fault).__name__)
            await asyncio.sleep(self.settings.presence.sweep_seconds)


async def _linked(conn: Connection, conversations: Sequence[str]) -> dict[str, set[str]]:
    """Each conversation, and those with the same address."""
    linked = {one: {one} for one in conversations}
    for row in await conn.execute(_SAME_ADDRESS.where(_mine.c.conversation_id.in_(conversations))):
        linked[row.here].add(row.there)
    return linked


def _rates(value: Mapping[str, Any]) -> Rates:
    return Rates(Rate(*value["free"]), Rate(*value["full"]))


async def _put(tx: Transaction, key: str, value: Mapping[str, Any], new: bool, actor: str, now: dt.datetime) -> None:
    values = {"value": dict(value), "updated_at": now, "updated_by": actor}
    if new:
        await tx.conn.execute(schema.setting.insert().values(key=key, **values))
    else:
        await tx.conn.execute(schema.setting.update().where(_s.key == key).values(**values))
