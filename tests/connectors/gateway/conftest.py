"""The real app with the gateway and the postcard channel, over a scripted knowledge and Rasa, spoken to over real HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from fastapi import FastAPI, Request, Response

from bot.app import create_app
from bot.core import Core
from bot.store import schema
from tests.bot.conftest import core, script
from tests.bot.scripted import Script
from tests.serving import serving

__all__ = ["core", "script"]
SECRET = "postcard-secret-" + "z" * 20


@dataclass
class Post:
    """The postcard provider: keeps what it was given; can be told to fail."""

    cards: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)  # statuses of the next calls; 0 = take it and break the connection
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/send")
        async def send(request: Request) -> Response:
            status = self.answers.pop(0) if self.answers else 200
            card = await request.json()
            if status == 200:
                self.cards.append(card)
                return Response(json.dumps({"id": f"p{next(self.numbers)}"}))
            return Response("{}", status, headers={"Retry-After": "1"} if status == 429 else {})

        return app

    def to(self, address: str) -> list[str]:
        return [card["text"] for card in self.cards if card["to"] == address]

    async def gets(self, address: str, count: int, seconds: float = 10.0) -> list[str]:
        """Waits until so many cards have come."""
        async with asyncio.timeout(seconds):
            while len(self.to(address)) < count:
                await asyncio.sleep(0.02)
        return self.to(address)


@dataclass
class Town:
    """The running app, the post, and the citizens who write."""

    url: str
    http: httpx.AsyncClient
    core: Core
    script: Script
    post: Post
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def delivers(self, *cards: dict[str, Any], secret: str = SECRET, body: bytes | None = None) -> httpx.Response:
        body = json.dumps({"cards": list(cards)}).encode() if body is None else body
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return await self.http.post("/hooks/postcard/main", content=body, headers={"X-Signature": signature})

    def card(self, address: str = "anna", text: str = "", **fields: Any) -> dict[str, Any]:
        return {"kind": "text", "provider_id": f"c{next(self.numbers)}", "address": address, "text": text} | fields

    async def writes(self, text: str, address: str = "anna", **fields: Any) -> httpx.Response:
        response = await self.delivers(self.card(address, text, **fields))
        assert response.status_code == 200, response.text
        return response

    async def rows(self, table: sa.Table, *where: Any) -> list[Any]:
        async with self.core.store.read() as conn:
            return list((await conn.execute(sa.select(table).where(*where))).all())

    async def quiet(self) -> None:
        """Waits until all turns are done and all that can go out has gone out."""
        t, o = schema.turn.c, schema.outbox.c
        async with asyncio.timeout(60):
            while await self.rows(schema.turn, t.state != "done") or await self.rows(
                schema.outbox, o.state.in_(("pending", "sending"))
            ):
                await asyncio.sleep(0.02)

    async def conversation(self) -> Any:
        rows = await self.rows(schema.conversation)
        return max(rows, key=lambda row: (row.created_at, row.owner != "closed"))


@pytest_asyncio.fixture
async def town(core: Core, script: Script, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    post = Post()
    async with serving(post.app()) as post_url:
        monkeypatch.setenv("CHANNELS", "tests.connectors.postcard:main")
        monkeypatch.setenv("POSTCARD_SECRET", SECRET)
        monkeypatch.setenv("POSTCARD_SEND_URL", f"{post_url}/send")
        monkeypatch.setenv("CHANNEL_MESSAGES_PER_MINUTE", "0")
        core.settings.plugins = "connectors.gateway,handover"
        async with serving(create_app(core)) as url, httpx.AsyncClient(base_url=url, timeout=30) as http:
            yield Town(url, http, core, script, post)
