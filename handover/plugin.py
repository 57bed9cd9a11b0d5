"""Registers the desk with the app."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from bot.plugins import Registry
from handover.agent_actions import AgentActions
from handover.api import DeskApi
from handover.auth import Gate
from handover.desk import HandoverDesk
from handover.editing.api import EditingApi
from handover.events import events_router
from handover.presence import Presence
from handover.settings import load_departments, load_settings
from knowledge.editing.client import EditingClient

CONSOLE = Path(__file__).parent / "console"


def register(registry: Registry) -> None:
    """Gives the pipeline its desk, and the app the desk's API, events and console.

    Raises:
        ConfigurationError: handover/settings.yml is not in order.
    """
    core, settings = registry.core, load_settings()
    departments = load_departments(settings.queue.default_department)
    desk = HandoverDesk(core, settings, departments)
    gate, actions = Gate(core.store, settings.login), AgentActions(core, settings, departments)
    presence = Presence(core, settings.presence, actions)
    registry.desk = desk
    desk_api = DeskApi(core, desk, gate, actions)
    registry.add_routes(desk_api.router())
    articles = EditingClient(core.settings.knowledge_url, core.settings.knowledge_token.get_secret_value())
    registry.add_routes(EditingApi(core, articles, desk_api.requires).router())
    registry.add_routes(events_router(core, gate, presence))
    registry.on_start.append(presence.start)
    registry.on_stop += [presence.stop, articles.aclose]
    pages = APIRouter(include_in_schema=False)

    @pages.get("/desk")
    async def console() -> FileResponse:
        # Asked for anew each time: an agent's console must not be older than the server it talks to.
        return FileResponse(CONSOLE / "index.html", headers={"Cache-Control": "no-cache"})

    registry.add_routes(pages)
    registry.app.mount("/desk/console", StaticFiles(directory=CONSOLE), name="console")
