"""Registers every channel account that CHANNELS names, and their one webhook route."""

from __future__ import annotations

import asyncio
from functools import partial

import httpx
import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from bot import metrics
from bot.http import MAX_WEBHOOK_BYTES
from bot.plugins import Registry
from bot.privacy.addresses import AddressBook
from bot.tls import trusted
from connectors import contract
from connectors.contract import Connector, Inbound, Rejected, Unreadable
from connectors.gateway.accounts import GatewaySettings, build
from connectors.gateway.api import continue_routes
from connectors.gateway.intake import Intake
from connectors.gateway.pages import answer_routes
from connectors.rendering.render import Rendering

_log = structlog.get_logger(__name__)
MOST_IN_ONE_DELIVERY = 500  # Meta batches at most a thousand changes; what is over is refused and comes again in smaller ones
API_TIMEOUT = httpx.Timeout(15.0, connect=5.0)


def register(registry: Registry) -> None:
    """Adds the webhook of all accounts, the pages of answers, and the codes to continue elsewhere.

    Raises:
        ConfigurationError: a setting of a channel is missing or wrong.
    """
    core = registry.core
    settings = GatewaySettings()
    rendering = Rendering(core.texts, core.settings.public_url)
    clients: list[httpx.AsyncClient] = []

    def client() -> httpx.AsyncClient:
        clients.append(httpx.AsyncClient(verify=trusted(), timeout=API_TIMEOUT, limits=httpx.Limits(max_connections=40)))
        return clients[-1]

    production = core.settings.fraga_env == "production"
    connectors = build(settings.channels, public_url=core.settings.public_url, production=production,
                       renderer=rendering, http=client, now=core.now)  # fmt: skip
    addresses = AddressBook(core.settings.secret_key.get_secret_value())
    intake = Intake(core, settings, addresses, lambda: registry.desk)
    registry.channels.update(connectors)
    gateway = Gateway(registry, intake, connectors)
    for connector in connectors.values():
        connector.receive = partial(gateway.take, connector)
        connector.join(registry)
        registry.on_start.append(connector.start)
        registry.on_stop.append(connector.stop)

    async def close_clients() -> None:
        for made in clients:
            await made.aclose()

    registry.on_stop.insert(0, close_clients)  # stopped in reverse: after the connectors
    registry.add_routes(gateway.router())
    registry.add_routes(answer_routes(core, rendering))
    registry.add_routes(continue_routes(core, settings, addresses, connectors))


class Gateway:
    """Verifies, parses, stores, acknowledges; everything else happens after the answer."""

    def __init__(self, registry: Registry, intake: Intake, connectors: dict[str, Connector]) -> None:
        self._registry, self._intake, self._connectors = registry, intake, connectors
        self._tasks: set[asyncio.Task[None]] = set()

    def router(self) -> APIRouter:
        """`/hooks/{provider}/{account}` and what some providers put after it."""
        router = APIRouter(include_in_schema=False)

        @router.api_route("/hooks/{provider}/{account}", methods=["GET", "POST"])
        @router.api_route("/hooks/{provider}/{account}/{rest:path}", methods=["GET", "POST"])
        async def deliver(request: Request, provider: str, account: str, rest: str = "") -> Response:
            connector = self._connectors.get(f"{provider}:{account}")
            if connector is None:
                return Response(status_code=404)
            self._registry.core.precedence.arrived()
            return await self.deliver(connector, await _read(request, connector, rest))

        return router

    async def deliver(self, connector: Connector, request: contract.Request) -> Response:
        """One delivery, from the raw bytes to the acknowledgement."""
        try:
            if request.method == "GET" and (asked := connector.handshake(request)) is not None:
                return _response(asked)
            connector.verify(request)
            inbounds = connector.parse(request)
        except Rejected as rejected:
            return self._refuse(connector, "forged", rejected.status, str(rejected))
        except Unreadable as fault:
            return self._refuse(connector, "malformed", 400, str(fault))
        except Exception as fault:  # of ours, in reading what is signed: no retry will mend it
            _log.error("delivery_unreadable", channel=connector.key, error=type(fault).__name__, exc_info=fault)
            return self._refuse(connector, "malformed", 400, type(fault).__name__)
        if len(inbounds) > MOST_IN_ONE_DELIVERY:
            return self._refuse(connector, "too_large", 413, f"{len(inbounds)} messages")
        try:
            for inbound in inbounds:
                await self.take(connector, inbound)
        except SQLAlchemyError as fault:  # the provider keeps what we could not store, and brings it again
            _log.error("delivery_not_stored", channel=connector.key, error=type(fault).__name__)
            return Response(status_code=503, headers={"Retry-After": "5"})
        return _response(connector.answer(request))

    async def take(self, connector: Connector, inbound: Inbound) -> None:
        """Stores one inbound and sets its turn going; also the way in for a connector that polls."""
        taken = await self._intake.take(connector, inbound)
        if taken.conversation_id is not None:
            self._registry.worker.kick(taken.conversation_id)
        # A sign that we read and write is worth less than another provider's acknowledgement.
        if inbound.kind in ("text", "press", "start", "unsupported") and not self._registry.core.precedence.pressing:
            task = asyncio.create_task(_notice(connector, inbound, answering=taken.answering))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _refuse(self, connector: Connector, code: str, status: int, reason: str) -> Response:
        metrics.REFUSED.labels(channel=connector.channel, code=code).inc()
        _log.warning("delivery_refused", channel=connector.key, code=code, reason=reason[:200])
        return Response(status_code=status)


async def _notice(connector: Connector, inbound: Inbound, *, answering: bool) -> None:
    try:
        await connector.noticed(inbound, answering=answering)
    except Exception as fault:  # a sign that we read it, nothing more
        _log.info("notice_failed", channel=connector.key, error=type(fault).__name__)


async def _read(request: Request, connector: Connector, rest: str) -> contract.Request:
    url = connector.context.webhook_url + (f"/{rest}" if rest else "")
    query = request.url.query
    return contract.Request(
        method=request.method, url=url + (f"?{query}" if query else ""), rest=rest, query=dict(request.query_params),
        headers={name.lower(): value for name, value in request.headers.items()}, body=await request.body(),
        client=request.client.host if request.client else "",
    )  # fmt: skip


def _response(answer: contract.Answer) -> Response:
    return Response(answer.body, answer.status, media_type=answer.content_type)


__all__ = ["MAX_WEBHOOK_BYTES", "register"]
