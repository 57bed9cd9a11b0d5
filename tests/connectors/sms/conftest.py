"""The running app with one SMS account, and the provider's simulator, over real HTTP both ways."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from fastapi import FastAPI

from bot.app import create_app
from bot.core import Core
from bot.store import schema
from connectors.simulator.base import SimMessage, Simulator
from connectors.simulator.elks import ElksSimulator
from connectors.simulator.sinch import SinchSimulator
from connectors.simulator.twilio import TwilioSimulator
from tests.bot.conftest import core, script
from tests.bot.scripted import Script, analysis, article
from tests.conftest import Clock
from tests.serving import free_port, serving

__all__ = ["core", "script"]
KEY = "elks-webhook-key-" + "k" * 20
ANNA, BO = "+46701740605", "+46701740606"  # numbers that are kept free for such use


@pytest.fixture
def database_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """SQLite alone: that both databases hold is the gateway's to show."""
    path = tmp_path / "fraga.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{path}"


def _elks(url: str, **options: Any) -> tuple[Simulator, Callable[[str], dict[str, str]]]:
    sim = ElksSimulator(f"{url}/hooks/elks/main?key={KEY}", **options)
    return sim, lambda api: {"ELKS_USERNAME": sim.username, "ELKS_PASSWORD": sim.password, "ELKS_NUMBER": sim.number,
                             "ELKS_WEBHOOK_KEY": KEY, "ELKS_API_URL": f"{api}/sim/elks", "ELKS_PER_SECOND": "0"}  # fmt: skip


def _twilio(url: str, **options: Any) -> tuple[Simulator, Callable[[str], dict[str, str]]]:
    sim = TwilioSimulator(f"{url}/hooks/twilio/main#rc=5&rp=all", **options)
    return sim, lambda api: {"TWILIO_ACCOUNT_SID": sim.account_sid, "TWILIO_AUTH_TOKEN": sim.auth_token,
                             "TWILIO_NUMBER": sim.number, "TWILIO_API_URL": f"{api}/sim/twilio"}  # fmt: skip


def _sinch(url: str, **options: Any) -> tuple[Simulator, Callable[[str], dict[str, str]]]:
    sim = SinchSimulator(f"{url}/hooks/sinch/main", **options)
    return sim, lambda api: {"SINCH_SERVICE_PLAN_ID": sim.service_plan_id, "SINCH_API_TOKEN": sim.api_token,
                             "SINCH_HMAC_SECRET": sim.hmac_secret, "SINCH_NUMBER": sim.number,
                             "SINCH_API_URL": f"{api}/sim/sinch"}  # fmt: skip


PROVIDERS = {"elks": _elks, "twilio": _twilio, "sinch": _sinch}


@dataclass
class Town:
    """The running app, the provider, and the citizens' phones."""

    provider: str
    sim: Any
    core: Core
    script: Script
    clock: Clock

    def knows(self, question: str, article_id: str = "tippen", language: str = "sv") -> None:
        """From now on this question is answered with this article."""
        self.script.articles[article_id] = article(article_id)
        self.script.analyses[question] = analysis(language)
        self.script.rasa = lambda body: [
            {"type": "answer", "article_ids": [article_id], "outcome": "answered", "probability": 0.9}
        ]

    async def gets(self, count: int, phone: str = ANNA) -> list[SimMessage]:
        """Waits until so many messages are on a phone."""
        await self.until(lambda: len(self.sim.inbox(phone)) >= count)
        return list(self.sim.inbox(phone))

    async def until(self, condition: Callable[[], Any], *, forward: float = 0.0) -> None:
        """Waits for something; the clock runs so many seconds each time it is looked at."""
        async with asyncio.timeout(30):
            while True:
                found = condition()
                if await found if asyncio.iscoroutine(found) else found:
                    return
                self.clock.forward(seconds=forward)
                await asyncio.sleep(0.05)

    async def rows(self, table: sa.Table, *where: Any) -> list[Any]:
        async with self.core.store.read() as conn:
            return list((await conn.execute(sa.select(table).where(*where))).all())

    async def outbox(self, state: str, *, forward: float = 0.0) -> None:
        """Waits until a message of ours has come so far."""

        async def there() -> bool:
            return bool(await self.rows(schema.outbox, schema.outbox.c.state == state))

        await self.until(there, forward=forward)

    async def stopped(self, *reasons: str | None) -> None:
        """Waits until nothing is sent any more to the addresses, for these reasons."""

        async def there() -> bool:
            return [row.stop_reason for row in await self.rows(schema.address)] == list(reasons)

        await self.until(there)


@contextlib.asynccontextmanager
async def town_of(
    provider: str,
    core: Core,
    script: Script,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    plugins: str = "connectors.gateway",
) -> AsyncIterator[Town]:
    """The running app with one account of a provider."""
    listening, url = free_port()
    # The app's clock stands still; the provider's is the same one.
    sim, environment = PROVIDERS[provider](url, time_scale=0, reports=(), hang_seconds=30, now=clock)
    api = FastAPI()
    api.include_router(sim.router())
    async with serving(api) as api_url:
        for name, value in {
            "CHANNELS": f"{provider}:main",
            "CHANNEL_MESSAGES_PER_MINUTE": "0",
            **environment(api_url),
        }.items():
            monkeypatch.setenv(name, value)
        core.settings.plugins, core.settings.public_url = plugins, url
        async with serving(create_app(core), listening):
            yield Town(provider, sim, core, script, clock)
        await sim.aclose()


@pytest_asyncio.fixture(params=list(PROVIDERS))
async def town(
    request: pytest.FixtureRequest, core: Core, script: Script, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Town]:
    async with town_of(request.param, core, script, clock, monkeypatch) as made:
        yield made
