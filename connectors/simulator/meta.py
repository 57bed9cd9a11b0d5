"""What the simulated Messenger and WhatsApp share: Graph API errors, tokens, signed webhooks in batches.

Written from Meta's documentation: https://developers.facebook.com/docs/graph-api and …/webhooks/getting-started
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import secrets
from abc import abstractmethod
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from connectors.simulator.base import Attempt, Simulator, Webhook

WINDOW = dt.timedelta(hours=24)
API_VERSION = "v25.0"
PROCESS = "OAuthException"


class GraphFault(Exception):
    """An error of the Graph API, with the body that the real one has.

    Args:
        message: as Meta words it, with the code in front where Meta puts it there.
        details: WhatsApp's `error_data.details`.
    """

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        subcode: int | None = None,
        details: str | None = None,
        transient: bool | None = None,
        kind: str = PROCESS,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers
        self.body: dict[str, Any] = {"message": message, "type": kind, "code": code}
        if details is not None:
            self.body["error_data"] = {"messaging_product": "whatsapp", "details": details}
        if subcode is not None:
            self.body["error_subcode"] = subcode
        if transient is not None:
            self.body["is_transient"] = transient
        self.body["fbtrace_id"] = "A" + secrets.token_urlsafe(16)

    def response(self) -> Response:
        """The answer."""
        return JSONResponse({"error": self.body}, self.status, headers=self.headers)


class MetaSimulator(Simulator):
    """One app on Meta's platform.

    Args:
        app_secret: signs the webhooks.
        access_token: what the API wants.
        verify_token: what the operator entered beside the webhook's address.
    """

    # Meta tries at once and then ever more seldom for 36 hours (WhatsApp: seven days); shortened at the end.
    retry_waits = (0.0, 15.0, 60.0, 300.0, 900.0, 3600.0)

    def __init__(
        self,
        webhook_url: str,
        *,
        app_secret: str = "0123456789abcdef0123456789abcdef",  # noqa: S107 - of the simulation
        access_token: str = "EAASimulatedAccessToken",  # noqa: S107
        verify_token: str = "simulated-verify-token",  # noqa: S107
        **options: Any,
    ) -> None:
        super().__init__(webhook_url, **options)
        self.app_secret, self.access_token, self.verify_token = app_secret, access_token, verify_token
        self.wrote_at: dict[str, dt.datetime] = {}  # when each citizen last wrote, by phone
        self._events: list[dict[str, Any]] | None = None
        self._recent: dict[str, deque[dt.datetime]] = {}

    # --- webhooks ---

    @abstractmethod
    def payload(self, events: list[dict[str, Any]]) -> dict[str, Any]:
        """One delivery with these events."""

    def sign(self, payload: dict[str, Any]) -> Webhook:
        """A delivery as Meta sends it: letters beyond ASCII and slashes are escaped, and the signature is made over that."""
        content = json.dumps(payload, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/").encode()
        signature = hmac.new(self.app_secret.encode(), content, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Hub-Signature-256": f"sha256={signature}",
            "User-Agent": "facebookexternalua",
        }
        return Webhook(self.webhook_url, content, headers)

    async def emit(self, event: dict[str, Any]) -> Attempt | None:
        """Delivers an event, or keeps it for the batch at hand."""
        if self._events is not None:
            self._events.append(event)
            return None
        return await self.deliver(lambda: self.sign(self.payload([event])))

    @asynccontextmanager
    async def batching(self) -> AsyncIterator[None]:
        """Everything that happens while the block runs is delivered as one webhook."""
        self._events = []
        try:
            yield
        finally:
            events, self._events = self._events, None
            if events:
                await self.deliver(lambda: self.sign(self.payload(events)))

    async def verify_webhook(self) -> bool:
        """Asks whether the address is ours, as Meta does when an operator enters it."""
        challenge = str(self.random.randrange(10**9, 10**10))
        query = urlencode({"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": self.verify_token})
        attempt = await self._try(Webhook(f"{self.webhook_url}?{query}", b"", method="GET"), 1)
        return attempt.ok and attempt.body == challenge

    def retries(self, status: int | None) -> bool:
        """Everything but 200 is tried again."""
        return status != 200

    # --- the API ---

    def authenticate(self, request: Request) -> None:
        """Checks the token and its proof.

        Raises:
            GraphFault: as Meta answers it.
        """
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        token = bearer or request.query_params.get("access_token", "")
        if not hmac.compare_digest(token.encode(), self.access_token.encode()):
            raise GraphFault(401, 190, "Invalid OAuth access token - Cannot parse access token")
        proof = request.query_params.get("appsecret_proof")
        expected = hmac.new(self.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if proof is not None and not hmac.compare_digest(proof.encode(), expected.encode()):
            raise GraphFault(400, 100, "Invalid appsecret_proof provided in the API argument", kind="GraphMethodException")

    @staticmethod
    async def read_body(request: Request) -> dict[str, Any]:
        """The request's JSON object.

        Raises:
            GraphFault: it is none.
        """
        try:
            body = await request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise GraphFault(400, 100, "(#100) Invalid parameter")
        return body

    @staticmethod
    def no_such_object(object_id: str) -> GraphFault:
        """What Meta says of an id that the token may not see."""
        message = (
            f"Unsupported post request. Object with ID '{object_id}' does not exist, cannot be loaded due to missing "
            "permissions, or does not support this operation"
        )
        return GraphFault(400, 100, message, subcode=33, kind="GraphMethodException")

    def within_window(self, phone: str, window: dt.timedelta = WINDOW) -> bool:
        """Whether the citizen wrote so recently."""
        wrote = self.wrote_at.get(phone)
        return wrote is not None and self.now() - wrote <= window

    def over_rate(self, key: str, limit: int, per: dt.timedelta) -> bool:
        """Counts one message; whether that is more than `limit` in the time before."""
        recent, now = self._recent.setdefault(key, deque()), self.now()
        while recent and now - recent[0] > per:
            recent.popleft()
        recent.append(now)
        return len(recent) > limit
