"""What both simulated desks have: an API with faults at will, and webhooks that can be held back, repeated and mixed up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import httpx
from fastapi import FastAPI, Request, Response

from connectors.simulator.base import Dropped

TRIES = 4


@dataclass(frozen=True)
class Delivery:
    """One signed webhook."""

    body: bytes
    headers: Mapping[str, str]


@dataclass
class Faults:
    """What goes wrong.

    Args:
        down: every call is answered 503.
        broken_off: so many calls that change something are carried out, but their answer breaks off.
        stuck: calls that change something are carried out, and then nothing comes until it is set; each call only once.
    """

    down: bool = False
    broken_off: int = 0
    stuck: asyncio.Event | None = None
    carried_out: asyncio.Event = field(default_factory=asyncio.Event)
    struck: set[tuple[str, bytes]] = field(default_factory=set)


class Simulated:
    """A desk on a real port. `calls` are those that changed something, `refused` those without the rights for it."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.faults = Faults()
        self.calls: list[str] = []
        self.refused: list[str] = []
        self.held: list[Delivery] | None = None  # webhooks wait here while it is a list
        self.answers: list[int] = []
        self.webhook_url = ""
        # Without certificates, whose reading takes longer than a whole case; and a connection for each webhook.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.AsyncClient(timeout=5.0, verify=False, limits=limits)
        self._tasks: set[asyncio.Task[None]] = set()
        self.app.middleware("http")(self._goes_wrong)

    async def _goes_wrong(self, request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        changes, faults = request.method != "GET", self.faults
        if faults.down:
            return Response(status_code=503)
        call = (f"{request.method} {request.url.path}", await request.body())
        response = await call_next(request)
        if response.status_code in (401, 403):
            self.refused.append(f"{request.method} {request.url.path}")
        if not changes or response.status_code >= 300:
            return response
        self.calls.append(call[0])
        if faults.stuck is not None and call not in faults.struck:
            faults.struck.add(call)
            faults.carried_out.set()
            await faults.stuck.wait()
        if faults.broken_off > 0:
            faults.broken_off -= 1
            return Dropped()
        return response

    def tell(self, delivery: Delivery) -> None:
        """Delivers a webhook in the background, or holds it back."""
        if self.held is not None:
            self.held.append(delivery)
            return
        task = asyncio.create_task(self._try(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _try(self, delivery: Delivery) -> None:
        for _ in range(TRIES):
            try:
                if await self.deliver(delivery) < 500:
                    return
            except httpx.HTTPError:
                continue

    async def deliver(self, delivery: Delivery) -> int:
        """Delivers a webhook and returns the answer's status; after five seconds it has failed."""
        response = await self._http.post(self.webhook_url, content=delivery.body, headers=dict(delivery.headers))
        self.answers.append(response.status_code)
        return response.status_code

    async def settle(self) -> None:
        """Waits until no webhook is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def aclose(self) -> None:
        """Delivers no more."""
        await self.settle()
        await self._http.aclose()
