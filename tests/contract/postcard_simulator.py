"""The other side of tests/connectors/postcard.py: a post office. With it a channel of sixty lines is in the whole suite."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from connectors.simulator.base import Attempt, ReportState, SimMessage, Simulator, Webhook


class PostcardSimulator(Simulator):
    provider = "postcard"
    retry_waits = (60.0,) * 20

    def __init__(self, webhook_url: str, *, secret: str = "postcard-secret-" + "z" * 20, **options: Any) -> None:
        super().__init__(webhook_url, **options)
        self.secret, self._numbers = secret, itertools.count(1)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/sim/postcard")

        @router.post("/send")
        async def send(request: Request) -> Response:
            card = await request.json()
            kind, wait = self.next_fault() or (None, 0.0)
            if kind == "server_error":
                return Response("{}", 500)
            if kind == "rate_limited":
                return Response("{}", 429, {"Retry-After": f"{wait:g}"})
            if kind in ("invalid_number", "blocked"):
                return Response("{}", 410)
            if len(card["text"]) > 500 or len(card["buttons"]) > 3:
                return Response("{}", 400)
            provider_id = f"p{next(self._numbers)}"
            self.arrive(
                card["to"], SimMessage(card["text"], [b["title"] for b in card["buttons"]], self.now(), provider_id, card)
            )
            return await self.unanswered(kind) if kind else JSONResponse({"id": provider_id})

        return router

    async def citizen_sends(self, phone: str, text: str, **options: Any) -> Attempt | None:
        kind = {"kind": "unsupported", "what": options["media"]} if "media" in options else {"kind": "text"}
        return await self._posts(kind | {"address": phone, "text": text})

    async def citizen_presses(self, phone: str, choice_index: int) -> Attempt | None:
        shown = next((m for m in reversed(self.inbox(phone)) if m.buttons), None)
        if shown is None:
            return await self.citizen_sends(phone, str(choice_index + 1))
        payload = shown.raw["buttons"][choice_index]["payload"]
        return await self._posts({"kind": "press", "address": phone, "payload": payload})

    async def report(self, provider_id: str, state: ReportState, error: str | None = None) -> Attempt | None:
        return await self._posts({"kind": "status", "provider_id": provider_id, "state": state, "error": error})

    async def _posts(self, card: dict[str, Any]) -> Attempt | None:
        body = json.dumps({"cards": [{"provider_id": f"c{next(self._numbers)}"} | card]}).encode()
        signature = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        return await self.deliver(lambda: Webhook(self.webhook_url, body, {"X-Signature": signature}))
