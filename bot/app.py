"""Builds the app: core, plugins, workers, health, metrics."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import sqlalchemy as sa
import structlog
from fastapi import APIRouter, FastAPI, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.core import Core
from bot.delivery.gauges import measure
from bot.delivery.worker import OutboxWorker
from bot.events import Hub, PostgresHub, RedisHub
from bot.http import BodyLimit, SecurityHeaders, install_error_handlers
from bot.pipeline.accept import examine
from bot.pipeline.worker import TurnWorker
from bot.plugins import Registry, register_all
from bot.privacy.addresses import AddressBook
from bot.rasa import RasaClient
from bot.retention import deletion
from bot.settings import ROOT, Settings
from bot.store import addresses, contacts, conversations, schema
from bot.store.engine import Store
from bot.store.migrate import pending_migrations
from bot.texts import Catalogue
from bot.tls import trusted
from knowledge.client import KnowledgeClient

_log = structlog.get_logger(__name__)
SWEEP_SECONDS = 300.0
RETENTION_BATCHES = 20  # of conversations whose time is over, in one sweep; what is left waits for the next
OPENAPI_TAGS = [
    {"name": "chat", "description": "The public web chat."},
    {"name": "desk", "description": "The agents' desk."},
    {"name": "operation", "description": "Health and metrics."},
]


def make_hub(settings: Settings) -> Hub:
    """The hub that the settings call for."""
    if settings.redis_url:
        return RedisHub(settings.redis_url)
    if settings.database_url.startswith("postgres"):
        return PostgresHub(settings.database_url.replace("postgresql+psycopg", "postgresql"))
    return Hub()


def make_core(settings: Settings) -> Core:
    """Core as the running app has it; tests build their own with other clocks."""
    hub = make_hub(settings)
    return Core(
        settings=settings,
        store=Store(settings.database_url, publish=hub.publish),
        texts=Catalogue.load(ROOT / "texts"),
        knowledge=KnowledgeClient(settings.knowledge_url, timeout=settings.knowledge_timeout_seconds),
        rasa=RasaClient(settings.rasa_url, settings.rasa_timeout_seconds),
        hub=hub,
    )


def create_app(core: Core) -> FastAPI:
    """The FastAPI app over a core.

    Raises:
        RuntimeError: a plugin is missing, or (at start) the database lacks migrations.
    """
    app = FastAPI(title="Fråga Göteborg", version="1.0", openapi_tags=OPENAPI_TAGS, lifespan=_lifespan,
                  description="The City of Gothenburg's conversational assistant: public web chat and agents' desk.")  # fmt: skip
    install_error_handlers(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders)
    # For the widget's script and texts, on a phone without a proxy before us. Replies are smaller: they are sent as they are.
    app.add_middleware(GZipMiddleware, minimum_size=16_384, compresslevel=6)
    # The widget lives on other pages of the city; it authenticates by bearer token, never by cookie.
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "POST"],
                       allow_headers=["authorization", "content-type"], expose_headers=["retry-after"], max_age=600)  # fmt: skip
    registry = Registry(core=core, app=app, worker=TurnWorker(core))
    app.state.registry = registry
    app.include_router(_operation(registry))
    register_all(registry, core.settings.plugin_names)
    registry.worker.desk = registry.desk
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    registry: Registry = app.state.registry
    core = registry.core
    if missing := await pending_migrations(core.store):
        raise RuntimeError(f"the database lacks {missing}; run: python -m bot.store.migrate")
    # The rules and name lists are read and compiled at first use, a second or two: not while a citizen waits.
    await asyncio.to_thread(examine, "hej", already_protected=False)
    await core.hub.start()
    await registry.worker.start()
    book = AddressBook(core.settings.secret_key.get_secret_value())
    outbox = OutboxWorker(core, registry.channels, book, core.settings.ambiguous_send, registry.desk)
    registry.outbox = outbox
    background = [asyncio.create_task(_sweep(core)), asyncio.create_task(_open_doors(core))]
    for start in registry.on_start:
        await start()
    await outbox.start()  # last, and stopped first: what it sends by is open all the while
    _log.info("app_ready", database=core.store.url.get_backend_name(), plugins=core.settings.plugin_names)
    try:
        yield
    finally:
        await outbox.stop()
        for stop in reversed(registry.on_stop):
            await stop()
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await registry.worker.stop()
        await core.hub.stop()
        await core.rasa.aclose()
        await core.knowledge.aclose()
        await core.store.close()


async def _open_doors(core: Core) -> None:
    """New conversations wait (503, `starting`) until knowledge and Rasa have loaded, but never longer than the grace.

    After the grace the app serves without them: danger and "human" work, and the rest is said honestly.
    """
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(core.started.set)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(core.settings.start_grace_seconds):
                while not (await core.knowledge.is_ready() and await core.rasa.is_ready()):  # noqa: ASYNC110
                    await asyncio.sleep(0.3)
    _log.info("doors_open")


async def close_idle(core: Core) -> int:
    """Ends conversations with the bot that nobody has written in for a day; returns how many."""
    c, now = schema.conversation.c, core.now()
    before = now - dt.timedelta(hours=core.settings.conversation_idle_hours)
    # Somebody is to call, or to answer in the conversation: however long ago it was promised, it stays open for that.
    h = schema.handover.c
    promised = sa.exists().where(h.conversation_id == c.id, h.state == "scheduled")
    query = sa.select(c.id, c.version).where(c.owner == "bot", c.active_at < before, ~promised).limit(500)
    closed = 0
    async with core.store.write() as tx:
        for row in (await tx.conn.execute(query)).all():
            with contextlib.suppress(conversations.StaleVersion):
                await conversations.set_owner(tx, row.id, "closed", expected_version=row.version, now=now, close_reason="idle")
                closed += 1
    return closed


async def sweep(core: Core) -> None:
    """Ends what is idle, and deletes what is not to be kept any longer."""
    await close_idle(core)
    async with core.store.write() as tx:
        await contacts.delete_expired(tx, now=core.now())
        await addresses.delete_expired(tx, now=core.now())
    await deletion.delete_due(core.store, now=core.now(), most_batches=RETENTION_BATCHES)


async def _sweep(core: Core) -> None:
    while True:
        try:
            await sweep(core)
        except Exception as fault:
            _log.error("sweep_failed", error=type(fault).__name__)
        await asyncio.sleep(SWEEP_SECONDS)


def _operation(registry: Registry) -> APIRouter:
    core, router = registry.core, APIRouter(tags=["operation"])

    @router.get("/healthz", summary="The process lives")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz", summary="The process can serve; which of the services behind it answer")
    async def readyz() -> JSONResponse:
        services = {"store": await _store_answers(core)}
        urls = {"knowledge": f"{core.settings.knowledge_url}/readyz", "rasa": f"{core.settings.rasa_url}/",
                "actions": f"{core.settings.actions_url}/health"}  # fmt: skip
        async with httpx.AsyncClient(verify=trusted(), timeout=2.0) as client:
            answers = await asyncio.gather(*(_answers(client, url) for url in urls.values()))
        services |= dict(zip(urls, answers, strict=True))
        # Only the store is vital: without the others emergency texts and the way to a human still work.
        complete = all(services.values()) and core.started.is_set()
        return JSONResponse({"ready": services["store"], "complete": complete, "services": services},
                            200 if services["store"] else 503)  # fmt: skip

    @router.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        await measure(registry)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _store_answers(core: Core) -> bool:
    try:
        async with core.store.read() as conn:
            await conn.execute(sa.text("SELECT 1"))
    except Exception:
        return False
    return True


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == 200
    except httpx.HTTPError:
        return False
