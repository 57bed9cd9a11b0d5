"""Joins the other desks that DESKS names: their webhooks, and the courier."""

# No `from __future__ import annotations` here: FastAPI reads live annotations.

from collections.abc import Callable

import structlog
from fastapi import APIRouter, Request, Response

from bot import metrics
from bot.core import Core
from bot.plugins import Registry
from handover import hours
from handover.desks.applying import Applying
from handover.desks.cases import Cases
from handover.desks.contract import OtherDesk, Rejected, Unreadable
from handover.desks.courier import Courier
from handover.desks.settings import build
from handover.settings import Departments, DeskSettings

_log = structlog.get_logger(__name__)


def join(
    registry: Registry, settings: DeskSettings, departments: Departments, is_holiday: hours.IsHoliday
) -> Callable[[str], bool]:
    """Adds the other desks to the app.

    Returns:
        Whether another desk's agents take a department's queue, so that nobody need be at our own console.

    Raises:
        ConfigurationError: a setting of one is missing or wrong.
    """
    core = registry.core
    desks = build(departments.queues(), production=core.settings.fraga_env == "production")
    if desks:
        courier = Courier(core, desks, Cases(core, settings, departments, is_holiday), Applying(core, settings), departments)
        registry.add_routes(hooks(core, desks, courier))
        registry.on_start.append(courier.start)
        registry.on_stop.append(courier.stop)
    return lambda department: any(desk.takes(department) for desk in desks.values() if not desk.out_of_hours)


def hooks(core: Core, desks: dict[str, OtherDesk], courier: Courier) -> APIRouter:
    """`POST /hooks/<desk>`. Answered at once: nothing is waited for but the signature's check, not even the store."""
    router = APIRouter(include_in_schema=False)

    @router.post("/hooks/{desk_key}")
    async def deliver(desk_key: str, request: Request) -> Response:
        desk = desks.get(desk_key)
        if desk is None:
            return Response(status_code=404)
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.body()
        try:
            desk.verify(headers, body, core.now())
            hint = desk.read(headers, body)
        except Rejected as rejected:
            return _refuse(desk, "forged", 401, str(rejected))
        except Unreadable as fault:
            return _refuse(desk, "malformed", 400, str(fault))
        if hint is not None:
            courier.nudge(desk.key, hint)
        return Response(status_code=200)

    return router


def _refuse(desk: OtherDesk, code: str, status: int, reason: str) -> Response:
    metrics.REFUSED.labels(channel=desk.key, code=code).inc()
    _log.warning("desk_webhook_refused", desk=desk.key, code=code, reason=reason)
    return Response(status_code=status)
