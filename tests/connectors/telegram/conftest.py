"""The real app with the Telegram channel, and the simulated Telegram, both over real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from fastapi import FastAPI

from bot.app import create_app
from bot.core import Core
from connectors.contract import Account, Context, Request
from connectors.rendering.render import Rendering
from connectors.simulator.base import SimMessage
from connectors.simulator.telegram import TelegramSimulator
from connectors.telegram import Telegram
from connectors.telegram.settings import TelegramSettings
from tests.bot.conftest import core, script, texts
from tests.bot.scripted import Script, analysis, article
from tests.serving import serving

__all__ = ["core", "script"]
TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"
WEBHOOK = "https://fraga.example.se/hooks/telegram/main"
HTTP = httpx.AsyncClient()  # making one reads all certificates: a part of a second
UPDATES = Path(__file__).parent / "updates"


def recorded(name: str) -> dict[str, Any]:
    """A recorded update."""
    return dict(json.loads((UPDATES / f"{name}.json").read_text()))


def connector(url: str = WEBHOOK, *, production: bool = False, account: str = "main", **settings: Any) -> Telegram:
    """A connector without an app."""
    made = TelegramSettings(_env_file=None, **({"token": TOKEN} | settings))
    rendering = Rendering(texts(), "https://fraga.example.se")
    return Telegram(Context(Account("telegram", account), url, rendering, HTTP, production), made)


def delivery(body: bytes | dict[str, Any], secret: str | None, *, method: str = "POST", rest: str = "") -> Request:
    """A webhook's delivery."""
    headers = {"content-type": "application/json"} | ({"x-telegram-bot-api-secret-token": secret} if secret is not None else {})
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request(method, WEBHOOK, rest, {}, headers, raw, "149.154.167.220")


@pytest.fixture
def database_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """SQLite alone: the gateway's own tests run on both."""
    path = tmp_path / "fraga.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{path}"


@pytest_asyncio.fixture
async def telegram() -> AsyncIterator[TelegramSimulator]:
    """Telegram, without waits and limits of speed."""
    made = TelegramSimulator(token=TOKEN, floods=False, time_scale=0.0, hang_seconds=0.0, max_hold=0.5)
    made.retry_waits = (0, 0)
    yield made
    await made.aclose()


@pytest_asyncio.fixture
async def api_url(telegram: TelegramSimulator) -> AsyncIterator[str]:
    """Where the simulated Bot API is."""
    app = FastAPI()
    app.include_router(telegram.router())
    async with serving(app) as url:
        yield f"{url}/sim/telegram"


@dataclass
class Town:
    """The running app, and Telegram."""

    url: str
    http: httpx.AsyncClient
    core: Core
    script: Script
    telegram: TelegramSimulator

    def answers(self, text: str, article_id: str = "tippen", language: str = "sv", **fields: Any) -> None:
        """The bot's answer to a text from now on."""
        self.script.articles[article_id] = article(article_id, **fields)
        self.script.analyses[text] = analysis(language)
        said = {"type": "answer", "article_ids": [article_id], "outcome": "answered", "probability": 0.9}
        self.script.rasa = lambda _: [said]

    async def gets(self, phone: str, count: int) -> list[SimMessage]:
        """Waits until so many messages are on a phone."""
        await until(lambda: len(self.telegram.inbox(phone)) >= count)
        return self.telegram.inbox(phone)

    def called(self, method: str) -> list[dict[str, Any]]:
        """The arguments of every call of a method."""
        return [arguments for name, arguments in self.telegram.calls if name == method]

    async def rows(self, table: sa.Table, *where: Any) -> list[Any]:
        async with self.core.store.read() as conn:
            return list((await conn.execute(sa.select(table).where(*where))).all())


async def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Waits for something to be so."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


@pytest.fixture
def opened(
    core: Core, script: Script, telegram: TelegramSimulator, api_url: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AbstractAsyncContextManager[Town]]:
    """Opens the app with these TELEGRAM_ settings."""

    @asynccontextmanager
    async def opening(
        *, plugins: str = "connectors.gateway,handover", ready: Callable[[], object] | None = None, **settings: str
    ) -> AsyncIterator[Town]:
        monkeypatch.setenv("CHANNELS", "telegram:main")
        monkeypatch.setenv("CHANNEL_MESSAGES_PER_MINUTE", "0")
        for name, value in ({"TOKEN": TOKEN, "API_URL": api_url} | settings).items():
            monkeypatch.setenv(f"TELEGRAM_{name}", value)
        core.settings.plugins = plugins
        app = FastAPI()

        @asynccontextmanager
        async def public() -> AsyncIterator[str]:
            """The address is known before the app is made, as PUBLIC_URL is."""
            async with serving(app) as url:
                yield url

        async with public() as door:
            core.settings.public_url = door
            made = create_app(core)
            app.mount("/", made)
            async with made.router.lifespan_context(made), httpx.AsyncClient(base_url=door, timeout=30) as http:
                town = Town(door, http, core, script, telegram)
                await until(ready or (lambda: telegram.webhook_url or settings.get("MODE") == "polling"))
                yield town

    return opening
