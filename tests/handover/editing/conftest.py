"""The real app and the real knowledge service over a small knowledge base, with editors in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest_asyncio
from pydantic import SecretStr

from bot.app import create_app
from bot.core import Core
from knowledge.settings import Settings
from tests.bot.scripted import Script
from tests.conftest import Clock
from tests.handover.conftest import Office, Staff, core, script
from tests.knowledge.conftest import edit, encoder, settings
from tests.knowledge.editing.conftest import TOKEN, editing, index_folder, service
from tests.serving import serving

__all__ = ["core", "edit", "editing", "encoder", "index_folder", "script", "service", "settings"]


@dataclass
class Newsroom(Office):
    """An office with editors; `knowledge` is the address of the knowledge service."""

    knowledge: str = ""
    files: Settings | None = None

    async def editor(self, name: str) -> Editor:
        """A new editor, logged in."""
        return Editor(**vars(await self.staff(name, "editor")))

    async def answer(self, article_id: str = "avc-regler") -> str | None:
        """What a citizen gets; None when the article is out of use."""
        async with httpx.AsyncClient(base_url=self.knowledge) as http:
            response = await http.get(f"/articles/{article_id}")
        return str(response.json()["answer"]) if response.status_code == 200 else None


class Editor(Staff):
    """An editor in their browser."""

    async def article(self, article_id: str = "avc-regler") -> dict[str, Any]:
        response = await self.get(f"/articles/{article_id}")
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def save(
        self, article: dict[str, Any], base_hash: str | None, version: int | None = None, **more: Any
    ) -> httpx.Response:
        return await self.post(f"/articles/{article['id']}/draft", article=article, base_hash=base_hash, version=version, **more)

    async def drafted(self, article_id: str = "avc-regler", **answers: str) -> dict[str, Any]:
        """A draft with other answers."""
        seen = await self.article(article_id)
        article = seen["article"]
        saved = await self.save(article | {"answer": article["answer"] | answers}, seen["hash"])
        assert saved.status_code == 200, saved.text
        return dict(saved.json())

    async def proposed(self, article_id: str = "avc-regler", **answers: str) -> dict[str, Any]:
        """A proposal of other answers."""
        draft = await self.drafted(article_id, **answers)
        done = await self.step(draft, "propose", reason="Bättre svar")
        assert done.status_code == 200, done.text
        return dict(done.json())

    async def step(self, change: dict[str, Any], step: str, **body: Any) -> httpx.Response:
        return await self.post(f"/articles/changes/{change['id']}/{step}", version=change["version"], **body)

    async def change(self, change: dict[str, Any]) -> dict[str, Any]:
        response = await self.get(f"/articles/changes/{change['id']}")
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def listed(self) -> dict[str, Any]:
        return dict((await self.get("/articles/changes")).json())


@pytest_asyncio.fixture
async def newsroom(core: Core, script: Script, clock: Clock, service: str, settings: Settings) -> AsyncIterator[Newsroom]:
    core.settings.plugins = "connectors.web,handover"
    core.settings.knowledge_url = service
    core.settings.knowledge_token = SecretStr(TOKEN)
    app = create_app(core)
    async with serving(app) as url:
        made = Newsroom(url, core, script, clock, app.state.registry, knowledge=service, files=settings)
        yield made
        for client in made.clients:
            await client.aclose()
