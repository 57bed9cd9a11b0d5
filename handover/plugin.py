"""Registers the desk with the app."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from bot.plugins import Registry
from handover.agent_actions import AgentActions
from handover.api import DeskApi
from handover.assist.canned_api import CannedApi
from handover.assist.knowledge_api import KnowledgeApi
from handover.assist.reports import ReportsApi
from handover.auth import Gate
from handover.contact_api import ContactApi
from handover.deliveries import DeliveriesApi
from handover.desk import HandoverDesk
from handover.desks.plugin import join as join_other_desks
from handover.editing.api import EditingApi
from handover.events import events_router
from handover.identity.api import SessionsApi
from handover.identity.oidc import Oidc
from handover.identity.oidc_api import oidc_router
from handover.identity.second_factor import SecondFactor
from handover.identity.second_factor_api import SecondFactorApi
from handover.identity.settings import load_identity
from handover.identity.throttle import AddressThrottle
from handover.lifecycle import Lifecycle
from handover.lifecycle_api import LifecycleApi
from handover.presence import Presence
from handover.records_api import RecordsApi
from handover.settings import load_departments, load_settings
from handover.staffing.api import StaffingApi
from handover.staffing.queues import Queues
from handover.timers import Timers
from knowledge.editing.client import EditingClient

CONSOLE = Path(__file__).parent / "console"


def register(registry: Registry) -> None:
    """Gives the pipeline its desk, and the app the desk's API, events and console.

    Raises:
        ConfigurationError: handover/settings.yml is not in order.
    """
    core, settings = registry.core, load_settings()
    departments = load_departments(settings.queue.default_department)
    desk = HandoverDesk(core, settings, departments, mailer=lambda: registry.mailer)
    secret_key, (identity, provider) = core.settings.secret_key.get_secret_value(), load_identity()
    throttle, factor = AddressThrottle(core.store, secret_key, settings.login), SecondFactor(secret_key)
    gate = Gate(core.store, settings.login, throttle, factor, identity.totp_roles(core.settings.fraga_env))
    actions = AgentActions(core, settings, departments)
    lifecycle = Lifecycle(core, actions)
    queues = Queues(desk.routing)
    looked_after = (Timers(core, actions, lifecycle).sweep, desk.expectations.sweep, queues.refresh)
    presence = Presence(core, settings.presence, actions, also=looked_after)
    registry.desk = desk
    desk.routing.taken_elsewhere = join_other_desks(registry, settings, departments, desk.is_holiday)
    desk_api = DeskApi(core, desk, gate, actions)
    registry.add_routes(desk_api.router())
    registry.add_routes(ContactApi(desk_api).router())
    registry.add_routes(LifecycleApi(core, desk.passing, lifecycle, desk_api.requires).router())
    registry.add_routes(SessionsApi(core, gate, desk_api.requires).router())
    registry.add_routes(SecondFactorApi(core, gate, factor, desk_api.requires).router())
    oidc = Oidc(core.store, provider, secret_key, lambda: core.settings.public_url) if provider.oidc_issuer else None
    registry.add_routes(oidc_router(core, gate, oidc, int(settings.login.session_hours * 3600)))
    articles = EditingClient(core.settings.knowledge_url, core.settings.knowledge_token.get_secret_value())
    registry.add_routes(
        ReportsApi(core, desk.passing, desk_api.requires).router()
    )  # before EditingApi: `reports` is no article's id
    registry.add_routes(EditingApi(core, articles, desk_api.requires).router())
    canned = CannedApi(desk_api)
    registry.add_routes(canned.router())
    registry.add_routes(KnowledgeApi(core, desk_api.requires).router())
    registry.add_routes(StaffingApi(desk_api, queues).router())
    registry.add_routes(RecordsApi(core, desk_api.requires).router())
    registry.add_routes(DeliveriesApi(registry, desk_api.requires).router())
    registry.add_routes(events_router(core, gate, presence))
    registry.on_start += [canned.start, queues.start, presence.start, desk.routing.start]
    registry.on_stop += [desk.routing.stop, presence.stop, articles.aclose]
    pages = APIRouter(include_in_schema=False)

    @pages.get("/desk")
    async def console() -> FileResponse:
        # Asked for anew each time: an agent's console must not be older than the server it talks to.
        return FileResponse(CONSOLE / "index.html", headers={"Cache-Control": "no-cache"})

    registry.add_routes(pages)
    registry.app.mount("/desk/console", StaticFiles(directory=CONSOLE), name="console")
