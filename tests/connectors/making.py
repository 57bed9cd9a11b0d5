"""Connectors and requests for tests that need no running app."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import httpx
from fastapi import FastAPI

from bot.settings import ROOT
from bot.texts import Catalogue
from connectors.contract import Account, Connector, Context, Outgoing, Reply, Request
from connectors.rendering.render import Rendering
from connectors.simulator.base import Simulator
from tests.serving import serving

C = TypeVar("C", bound=Connector)
S = TypeVar("S", bound=Simulator)
PUBLIC = "https://fraga.example.se"
NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
RENDERING = Rendering(Catalogue.load(ROOT / "texts"), PUBLIC)


def connector(
    made: type[C],
    http: httpx.AsyncClient | None = None,
    *,
    production: bool = False,
    now: Callable[[], dt.datetime] = lambda: NOON,
    **settings: Any,
) -> C:
    """An account `main`, settings given instead of read from the environment."""
    account = Account(made.provider, "main")
    context = Context(
        account,
        f"{PUBLIC}/hooks/{made.provider}/main",
        RENDERING,
        http or answering(lambda _: httpx.Response(500)),
        production,
        now,
    )
    return made(context, made.Settings(_env_file=None, **settings))


@asynccontextmanager
async def reachable(made: S) -> AsyncIterator[S]:
    """A simulated provider over real HTTP, at `made.url`."""
    app = FastAPI()
    app.include_router(made.router())
    async with serving(app) as url:
        made.url = url  # type: ignore[attr-defined]
        yield made
        await made.aclose()


def delivery(url: str, body: bytes | str = b"", *, method: str = "POST", client: str = "127.0.0.1", **headers: str) -> Request:
    """A webhook's delivery to an address under `PUBLIC/hooks/<provider>/main`."""
    parts = urlsplit(url)
    rest = "/".join(parts.path.split("/")[4:])
    return Request(
        method=method, url=url, rest=rest, query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers={name.lower().replace("_", "-"): value for name, value in headers.items()},
        body=body.encode() if isinstance(body, str) else body, client=client,
    )  # fmt: skip


def outgoing(text: str = "Hej!", address: str = "+46701234567", key: str = "m1.0") -> Outgoing:
    """A part to send."""
    reply = Reply("m1", "c1", 2, "bot", text, "sv", NOON, address=address)
    return Outgoing(key, address, text, "sv", reply)


def payload(package: str, name: str) -> bytes:
    """A recorded payload: `payloads/<name>` beside the tests."""
    return (Path(package).parent / "payloads" / name).read_bytes().rstrip(b"\n")


def answering(handler: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    """A client whose calls a function answers."""
    return httpx.AsyncClient(transport=httpx.MockTransport(handler))
