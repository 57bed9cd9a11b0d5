"""Deliveries of Meta, signed by hand, and the whole app beside a simulator."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from bot.app import create_app
from bot.core import Core
from bot.store import schema
from connectors.contract import Request
from connectors.simulator.base import SimMessage
from connectors.simulator.meta import MetaSimulator
from tests.bot.scripted import Script
from tests.conftest import Clock
from tests.connectors.making import PUBLIC, delivery
from tests.serving import serving

SECRET = "app-secret-of-the-tests-0123456789"
TOKEN = "EAA-token-of-the-tests"
VERIFY = "verify-token-of-the-tests"
SETTINGS: dict[str, Any] = {"app_secret": SECRET, "access_token": TOKEN, "verify_token": VERIFY}
SIM: dict[str, Any] = {"app_secret": SECRET, "access_token": TOKEN, "verify_token": VERIFY, "time_scale": 0}
S = TypeVar("S", bound=MetaSimulator)


def signed(provider: str, body: bytes | dict[str, Any], secret: str = SECRET) -> Request:
    """A POST as Meta sends it."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = "sha256=" + hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
    return delivery(f"{PUBLIC}/hooks/{provider}/main", content, x_hub_signature_256=signature)


@dataclass
class Place(Generic[S]):
    """The running app, Meta, and who writes."""

    url: str
    http: httpx.AsyncClient
    core: Core
    script: Script
    clock: Clock
    sim: S

    async def gets(self, phone: str, count: int, seconds: float = 10.0) -> list[SimMessage]:
        """Waits until a phone has so many messages."""
        async with asyncio.timeout(seconds):
            while len(self.sim.inbox(phone)) < count:
                await asyncio.sleep(0.02)
        return self.sim.inbox(phone)

    async def rows(self, table: sa.Table, *where: Any) -> list[Any]:
        async with self.core.store.read() as conn:
            return list((await conn.execute(sa.select(table).where(*where))).all())

    async def until(
        self, table: sa.Table, *where: Any, count: int = 1, seconds: float = 10.0, ticking: bool = False
    ) -> list[Any]:
        """Waits until so many rows are so; `ticking`: the app's clock goes on meanwhile, a second in each twentieth."""
        async with asyncio.timeout(seconds):
            while len(found := await self.rows(table, *where)) < count:
                await asyncio.sleep(0.05)
                if ticking:
                    self.clock.forward(seconds=1)
        return found

    async def states(self) -> list[str]:
        """Of all parts that were sent, in order."""
        rows = await self.rows(schema.delivery)
        return [row.state for row in sorted(rows, key=lambda row: (row.updated_at, row.provider_id))]


@asynccontextmanager
async def place(
    sim: S, core: Core, script: Script, clock: Clock, monkeypatch: pytest.MonkeyPatch, **settings: str
) -> AsyncIterator[Place[S]]:
    """Serves the simulator and the app, each knowing the other's address."""
    provider = sim.provider.upper()
    there = FastAPI()
    there.include_router(sim.router())
    async with serving(there) as meta_url, httpx.AsyncClient(timeout=10, verify=False) as http:
        named = {name: str(value) for name, value in SETTINGS.items()} | settings
        for name, value in named.items():
            monkeypatch.setenv(f"{provider}_{name.upper()}", value)
        monkeypatch.setenv(f"{provider}_API_URL", f"{meta_url}/sim/{sim.provider}")
        monkeypatch.setenv("CHANNELS", sim.provider)
        core.settings.plugins = "connectors.gateway"
        async with serving(create_app(core)) as url:
            sim.webhook_url = f"{url}/hooks/{sim.provider}/main"
            yield Place(url, http, core, script, clock, sim)
            await sim.settle()
            await sim.aclose()
