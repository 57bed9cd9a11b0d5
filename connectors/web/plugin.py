"""Registers the web chat with the app."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from bot.plugins import Registry
from connectors.web.api import WebChat
from connectors.web.bundle import read_bundle, script_routes
from connectors.web.events import events_router

STATIC = Path(__file__).parent / "static"


def register(registry: Registry) -> None:
    """Adds the API, the events, the widget's script, the demo page and the accessibility statement.

    The web pushes nothing: it has no outbox.
    """

    def continues() -> bool:
        return any(not key.startswith("email:") for key in registry.channels)  # e-mail only goes out

    chat = WebChat(registry.core, registry.worker, lambda: registry.desk, lambda: registry.mailer, continues)
    registry.add_routes(chat.router())
    registry.add_routes(events_router(chat))
    registry.add_routes(script_routes(read_bundle()))  # before the folder, which would answer 404
    registry.app.mount("/widget", StaticFiles(directory=STATIC), name="widget")
    pages = APIRouter(include_in_schema=False)

    @pages.get("/")
    async def demo() -> FileResponse:
        return FileResponse(STATIC / "demo.html")

    @pages.get("/tillganglighet")
    async def accessibility() -> FileResponse:
        return FileResponse(STATIC / "tillganglighet.html")

    registry.add_routes(pages)
