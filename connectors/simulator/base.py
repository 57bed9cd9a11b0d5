"""What all simulated providers have: phones, webhooks with retries, faults at will."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import httpx
from fastapi import APIRouter, Response
from starlette.types import Receive, Scope, Send

from bot.tls import trusted

FaultKind = Literal["server_error", "rate_limited", "timeout", "dropped", "invalid_number", "blocked"]
ReportState = Literal["sent", "delivered", "read", "failed"]


@dataclass(frozen=True)
class SimMessage:
    """A message on a citizen's phone.

    Args:
        text: as it is shown there.
        buttons: their titles, in order.
        provider_id: the provider's id of it.
        raw: the request it was sent by.
    """

    text: str
    buttons: list[str]
    at: dt.datetime
    provider_id: str
    raw: dict[str, Any]


@dataclass(frozen=True)
class Webhook:
    """One delivery to the product, signed.

    Args:
        url: where to, with query.
        content: the exact bytes.
    """

    url: str
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True)
class Attempt:
    """What became of one try to deliver a webhook.

    Args:
        status: of the answer; None when none came.
        body: of the answer.
        number: 1 for the first try.
        retry_after: seconds that the answer asked to wait.
    """

    webhook: Webhook
    status: int | None
    body: str
    number: int
    retry_after: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether it was acknowledged."""
        return self.status is not None and 200 <= self.status < 300


@dataclass
class _Fault:
    kind: FaultKind
    count: int
    share: float
    retry_after: float


class Dropped(Response):
    """A response that breaks off: the caller can't know whether its request was carried out."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promises more than it sends."""
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


class Simulator(ABC):
    """One account at a simulated provider.

    Class attributes:
        provider: name in its routes: `/sim/<provider>/…`.
        retry_waits: seconds between the tries of a webhook, as the provider documents them.

    Args:
        webhook_url: where the account's webhooks go, as an operator would enter it at the provider.
        time_scale: what the documented waits are multiplied by; 0 = no waits (tests).
        reports: states reported by themselves after a message was taken.
        hang_seconds: how long the API says nothing under the fault `timeout`.
        seed: of everything random.
        now: the provider's clock.
    """

    provider: ClassVar[str]
    retry_waits: Sequence[float] = ()

    def __init__(
        self,
        webhook_url: str,
        *,
        time_scale: float = 1.0,
        reports: Sequence[ReportState] = ("sent", "delivered"),
        hang_seconds: float = 60.0,
        seed: int = 0,
        now: Callable[[], dt.datetime] | None = None,
    ) -> None:
        self.now = now or (lambda: dt.datetime.now(dt.UTC))
        self.webhook_url, self.time_scale, self.reports, self.hang_seconds = webhook_url, time_scale, tuple(reports), hang_seconds
        self.random = random.Random(seed)  # noqa: S311 - of play, not of secrets
        self.attempts: list[Attempt] = []  # every try of every webhook, in order
        self._phones: defaultdict[str, list[SimMessage]] = defaultdict(list)
        self._faults: list[_Fault] = []
        self._duplicates = 0.0
        self._held: list[Callable[[], Webhook]] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._http: httpx.AsyncClient | None = None

    # --- what each provider writes ---

    @abstractmethod
    def router(self) -> APIRouter:
        """The provider's HTTP API, under `/sim/<provider>`."""

    @abstractmethod
    async def citizen_sends(self, phone: str, text: str, **options: Any) -> Attempt | None:
        """A citizen writes; the signed webhook is delivered with the provider's retries.

        Args:
            phone: the citizen's address on this channel: a number, a chat's id.
            options: what the provider can also say (`media=…`, `group=True`); each simulator names its own.

        Returns:
            The last try, None while deliveries are held.
        """

    @abstractmethod
    async def citizen_presses(self, phone: str, choice_index: int) -> Attempt | None:
        """A citizen presses a button of the last message that has any (0 = the first); without buttons the number is typed."""

    @abstractmethod
    async def report(self, provider_id: str, state: ReportState, error: str | None = None) -> Attempt | None:
        """Tells by webhook what became of a message. `error` is the provider's own code."""

    def retries(self, status: int | None) -> bool:
        """Whether the provider tries again after this answer (None = no answer). Overridden where it is choosier."""
        return status is None or not 200 <= status < 300

    # --- what a citizen sees ---

    def inbox(self, phone: str) -> list[SimMessage]:
        """The messages on a phone, oldest first."""
        return list(self._phones.get(phone, ()))

    @property
    def phones(self) -> list[str]:
        """Everybody who has got a message."""
        return list(self._phones)

    def arrive(self, phone: str, message: SimMessage) -> None:
        """Puts a message on a phone and starts its reports."""
        self._phones[phone].append(message)
        if self.reports:
            self.spawn(self._report_all(message.provider_id))

    async def _report_all(self, provider_id: str) -> None:
        for state in self.reports:
            await asyncio.sleep(0.05 * self.time_scale)
            await self.report(provider_id, state)

    # --- what goes wrong ---

    def fault(self, kind: FaultKind, count: int = 1, *, share: float | None = None, retry_after: float = 1.0) -> None:
        """Makes the API fail.

        Args:
            kind: `server_error` (500), `rate_limited` (429 with Retry-After), `timeout` (takes the message and says nothing),
                `dropped` (takes the message and breaks off), `invalid_number`, `blocked` (by the citizen).
            count: for so many requests; without meaning when there is a `share`.
            share: for this share of all requests from now on.
            retry_after: seconds, for `rate_limited`.
        """
        self._faults.append(_Fault(kind, count, share or 0.0, retry_after))

    def no_faults(self) -> None:
        """Everything works again."""
        self._faults.clear()
        self._duplicates = 0.0

    def duplicates(self, share: float) -> None:
        """This share of all webhooks is delivered twice."""
        self._duplicates = share

    def next_fault(self) -> tuple[FaultKind, float] | None:
        """What the request at hand is to suffer, and the Retry-After; called once per request that sends a message."""
        for fault in self._faults:
            if fault.share:
                if self.random.random() < fault.share:
                    return fault.kind, fault.retry_after
                continue
            fault.count -= 1
            if fault.count <= 0:
                self._faults.remove(fault)
            return fault.kind, fault.retry_after
        return None

    async def unanswered(self, kind: FaultKind) -> Response:
        """For `timeout` and `dropped`, after the message was taken."""
        if kind == "timeout":
            await asyncio.sleep(self.hang_seconds)
        return Dropped()

    # --- webhooks ---

    async def deliver(self, make: Callable[[], Webhook]) -> Attempt | None:
        """Delivers a webhook until it is acknowledged, refused for good, or the provider gives up.

        Args:
            make: makes the delivery, signed anew at each try.

        Returns:
            The last try, None while deliveries are held.
        """
        if self._held is not None:
            self._held.append(make)
            return None
        last = await self._deliver(make)
        if self._duplicates and self.random.random() < self._duplicates:
            last = await self._deliver(make)
        return last

    async def _deliver(self, make: Callable[[], Webhook]) -> Attempt:
        waits = iter(self.retry_waits)
        number = 1
        while True:
            attempt = await self._try(make(), number)
            self.attempts.append(attempt)
            if not self.retries(attempt.status):
                return attempt
            wait = next(waits, None)
            if wait is None:
                return attempt
            await asyncio.sleep(wait * self.time_scale)
            number += 1

    async def _try(self, webhook: Webhook, number: int) -> Attempt:
        if self._http is None:
            self._http = httpx.AsyncClient(verify=trusted(), timeout=15.0)
        try:
            response = await self._http.request(
                webhook.method, webhook.url, content=webhook.content, headers=dict(webhook.headers)
            )
        except httpx.HTTPError as fault:
            return Attempt(webhook, None, type(fault).__name__, number)
        wished = response.headers.get("retry-after", "")
        return Attempt(webhook, response.status_code, response.text, number, float(wished) if wished.isdecimal() else 0.0)

    @asynccontextmanager
    async def holding(self, *, shuffled: bool = False, backwards: bool = False) -> AsyncIterator[None]:
        """Keeps all webhooks back while the block runs, then delivers them: late, and out of order if wished."""
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
            if shuffled:
                self.random.shuffle(held)
            if backwards:
                held.reverse()
            for make in held:
                await self.deliver(make)

    # --- tasks ---

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Runs something in the background (reports)."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Waits for everything in the background: all reports are out."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def aclose(self) -> None:
        """Ends what still runs."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.aclose()
            self._http = None


__all__ = ["Attempt", "Dropped", "FaultKind", "ReportState", "SimMessage", "Simulator", "Webhook"]
