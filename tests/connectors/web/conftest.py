"""The real app with the web plugin, over a scripted knowledge and Rasa, spoken to over real HTTP."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest_asyncio

from bot.app import create_app
from bot.core import Core
from tests.bot.conftest import core, script
from tests.bot.scripted import Script
from tests.serving import serving

__all__ = ["core", "script"]


@dataclass
class Browser:
    """One citizen's client."""

    http: httpx.AsyncClient
    token: str
    conversation_id: str
    greeting: list[dict[str, Any]]

    @property
    def auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def send(
        self, text: str | None = None, *, wait: float | None = 15, client_message_id: str | None = None, **body: Any
    ) -> httpx.Response:
        body = {
            "client_message_id": client_message_id or str(uuid.uuid4()),
            **({"text": text} if text is not None else {}),
            **body,
        }
        query = "" if wait is None else f"?wait={wait}"
        return await self.http.post(f"/chat/v1/messages{query}", json=body, headers=self.auth)

    async def read(self, after: int = 0) -> dict[str, Any]:
        response = await self.http.get(f"/chat/v1/messages?after={after}", headers=self.auth)
        assert response.status_code == 200, response.text
        return dict(response.json())


@dataclass
class Served:
    """The running app."""

    url: str
    core: Core
    script: Script

    async def open(self, **body: Any) -> Browser:
        http = httpx.AsyncClient(base_url=self.url, timeout=30)
        response = await http.post("/chat/v1/conversations", json=body)
        assert response.status_code == 201, response.text
        opened = response.json()
        return Browser(http, opened["token"], opened["conversation_id"], opened["messages"])


@pytest_asyncio.fixture
async def served(core: Core, script: Script) -> AsyncIterator[Served]:
    core.settings.plugins = "connectors.web"
    async with serving(create_app(core)) as url:
        yield Served(url, core, script)
