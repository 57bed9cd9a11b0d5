"""The staffing routes: breaks, the own day, the overview; an admin's opening hours, notice and profiles of agents."""

# No `from __future__ import annotations` here: FastAPI reads the dependencies, which are local, from live annotations.

import datetime as dt
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path
from holidays.countries.sweden import Sweden

from bot.banner import Banner, read_banner, set_banner
from bot.http import ApiError, faults
from handover import accounts, repository
from handover.api import DeskApi
from handover.auth import Session
from handover.queue import stamp
from handover.settings import Hours
from handover.staffing import figures, opening
from handover.staffing.models import BannerBody, DepartmentBody, DutyBody, HoursBody, ProfileBody, later
from handover.staffing.queues import BadChoice, Choice, Queues

_HOLIDAYS_SHOWN = 12


class StaffingApi:
    """The routes.

    Args:
        desk: the desk's own routes: settings, departments, routing, rights.
        queues: which of the departments' queues are open.
    """

    def __init__(self, desk: DeskApi, queues: Queues) -> None:
        self._core, self._desk, self._routing = desk.core, desk, desk.desk.routing
        self._queues = queues

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/desk/v1", tags=["staffing"], responses=faults(401, 403, 404, 422))
        self._add_day(router)
        self._add_admin(router)
        self._add_departments(router)
        return router

    def _add_day(self, router: APIRouter) -> None:
        Reader = Annotated[Session, Depends(self._desk.requires("desk", writes=False))]
        Writer = Annotated[Session, Depends(self._desk.requires("desk", writes=True))]
        Supervisor = Annotated[Session, Depends(self._desk.requires("supervise", writes=False))]

        @router.post("/me/duty", summary="Available, on a break, or away: what is claimed is kept, nothing new is offered")
        async def duty(body: DutyBody, session: Writer) -> dict[str, Any]:
            async with self._core.store.write() as tx:
                await self._routing.set_profile(tx, session.agent.id, actor=session.agent.id, duty=body.duty,
                                                on_break=body.duty != "available")  # fmt: skip
                tx.notify("desk", type="queue")
            return {"duty": body.duty}

        @router.get("/me/day", summary="My figures of today")
        async def day(session: Reader) -> dict[str, Any]:
            async with self._core.store.read() as conn:
                return await figures.day_of(conn, session.agent.id, self._core.now(), self._desk.settings)

        @router.get("/overview", summary="How the desk stands: queues, staff, conversations")
        async def overview(session: Supervisor) -> dict[str, Any]:
            async with self._core.store.read() as conn:
                return await figures.overview(conn, session.agent, self._core.now(), self._desk.settings, self._desk.departments,
                                              self._routing, self._desk.desk.is_holiday)  # fmt: skip

        _ = (duty, day, overview)

    def _add_admin(self, router: APIRouter) -> None:
        Reader = Annotated[Session, Depends(self._desk.requires("admin", writes=False))]
        Writer = Annotated[Session, Depends(self._desk.requires("admin", writes=True))]

        @router.get("/hours", summary="Opening hours: the common ones, and the departments' own")
        async def hours(_: Reader) -> dict[str, Any]:
            return await self.hours_shown()

        @router.post("/hours", summary="Set the opening hours of a department, or the common ones")
        async def set_hours(body: HoursBody, session: Writer) -> dict[str, Any]:
            if body.department is not None and body.department not in self._desk.departments.queues():
                raise ApiError(422, "invalid", f"no such queue: {body.department}")
            try:
                value = opening.checked(body.hours, self._desk.settings) if body.hours is not None else None
            except opening.BadHours as bad:
                raise ApiError(422, "invalid", str(bad)) from None
            async with self._core.store.write() as tx:
                await opening.save(tx, body.department, value, actor=session.agent.id, now=self._core.now())
            return await self.hours_shown()

        @router.get("/banner", summary="The notice to citizens")
        async def banner(_: Reader) -> dict[str, Any]:
            return await self.banner_shown()

        @router.post("/banner", summary="Set the notice to citizens, or take it away")
        async def put_banner(body: BannerBody, session: Writer) -> dict[str, Any]:
            now, texts = self._core.now(), {code: text for code, text in body.texts.items() if text}
            unknown = set(texts) - {one.code for one in self._core.texts.languages()}
            if unknown:
                raise ApiError(422, "invalid", f"no such language: {', '.join(sorted(unknown))}")
            if texts and "sv" not in texts:
                raise ApiError(422, "swedish_missing", "the Swedish text is needed: it is shown where a language has none")
            if texts and not later(body.until, now):
                raise ApiError(422, "past", "the end lies in the past")
            async with self._core.store.write() as tx:
                await set_banner(tx, Banner(texts, body.until if texts else None), actor=session.agent.id, now=now)
            return await self.banner_shown()

        @router.post("/agents/{agent_id}/routing", summary="How many conversations at once, and which skills")
        async def profile(agent_id: str, body: ProfileBody, session: Writer) -> dict[str, Any]:
            async with self._core.store.write() as tx:
                try:
                    await accounts.get(tx.conn, agent_id)
                except LookupError:
                    raise ApiError(404, "not_found", "there is no such account") from None
                kept = await self._routing.set_profile(tx, agent_id, actor=session.agent.id, capacity=body.capacity,
                                                       skills=body.skills)  # fmt: skip
            return {"capacity": kept.get("capacity"), "skills": kept.get("skills", [])}

        _ = (hours, set_hours, banner, put_banner, profile)

    def _add_departments(self, router: APIRouter) -> None:
        Reader = Annotated[Session, Depends(self._desk.requires("admin", writes=False))]
        Writer = Annotated[Session, Depends(self._desk.requires("admin", writes=True))]

        @router.get("/departments", summary="The departments at the desk: board, queue, overflow, agents")
        async def departments(_: Reader) -> dict[str, Any]:
            return await self.departments_shown()

        @router.post("/departments/{department}", summary="Open or close a department's queue; let it overflow, or not")
        async def set_department(
            department: Annotated[str, Path(max_length=48)], body: DepartmentBody, session: Writer
        ) -> dict[str, Any]:
            choice = Choice(body.queue, body.overflow)
            try:
                async with self._core.store.write() as tx:
                    await self._queues.set(tx, department, choice, actor=session.agent.id, now=self._core.now())
            except LookupError:
                raise ApiError(404, "not_found", "this department has no queue at the desk") from None
            except BadChoice as bad:
                raise ApiError(422, "invalid", str(bad)) from None
            await self._queues.refresh()
            return await self.departments_shown()

        _ = (departments, set_department)

    async def departments_shown(self) -> dict[str, Any]:
        """Each department with a queue, as an admin sees it."""
        known, settings, now = self._desk.departments, self._desk.settings, self._core.now()
        async with self._core.store.read() as conn:
            opened, staff = await opening.read(conn, settings), await self._routing.staff(conn, now)
            names = await repository.agent_names(conn, [one.id for one in staff])
        return {"departments": [
            {"key": key, "name": {lang: known.name(key, lang) for lang in ("sv", "en")},
             "board": known.name(settings.board(key), "sv"), "queue": known.route(key) == key,
             "general": key == settings.queue.default_department, "overflow": self._queues.overflows(key),
             "secret": key in settings.routing.never_overflow, "own_hours": key in opened.departments,
             "agents": sorted(names[one.id] for one in staff if key in one.departments)}
            for key in known.queues()
        ]}  # fmt: skip

    async def hours_shown(self) -> dict[str, Any]:
        """Hours as an admin edits them, with the holidays to come."""
        async with self._core.store.read() as conn:
            opened = await opening.read(conn, self._desk.settings)
        today = self._core.now().astimezone(ZoneInfo(opened.common.timezone)).date()
        return {
            "common": _hours(opened.common), "edited": sorted(opened.edited), "holidays": _holidays(today),
            "departments": {key: _hours(value) for key, value in opened.departments.items()},
            "queues": [{"key": key, "name": {lang: self._desk.departments.name(key, lang) for lang in ("sv", "en")}}
                       for key in self._desk.departments.queues()],
        }  # fmt: skip

    async def banner_shown(self) -> dict[str, Any]:
        """The notice as an admin edits it."""
        async with self._core.store.read() as conn:
            banner = await read_banner(conn)
        shown = bool(banner.shown(self._core.now()))
        return {
            "texts": dict(banner.texts), "until": stamp(banner.until), "shown_now": shown,
            "languages": [{"code": one.code, "name": one.name, "dir": one.dir} for one in self._core.texts.languages()],
        }  # fmt: skip


def _hours(value: Hours) -> dict[str, Any]:
    shown = value.model_dump(mode="json")
    shown["weekly"] = {day: [clock[:5] for clock in span] for day, span in shown["weekly"].items()}
    shown["open_dates"] = {day: [clock[:5] for clock in span] for day, span in shown["open_dates"].items()}
    shown["closed_dates"] = sorted(shown["closed_dates"])
    return shown


def _holidays(today: dt.date) -> list[dict[str, Any]]:
    """The Swedish holidays to come, with the eves that are holidays in practice, as `handover.hours` reckons."""
    years = [today.year, today.year + 1]
    calendars = {lang: Sweden(years=years, categories=("public", "de_facto"), include_sundays=False, language=code)
                 for lang, code in (("sv", "sv"), ("en", "en_US"))}  # fmt: skip
    days = sorted(day for day in calendars["sv"] if day >= today)[:_HOLIDAYS_SHOWN]
    return [{"date": day.isoformat(), "name": {lang: calendar[day] for lang, calendar in calendars.items()}} for day in days]
