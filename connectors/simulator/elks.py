"""46elks as its documentation describes it: `/a1/sms` with Basic authentication, forms to `sms_url` and `whendelivered`."""

from __future__ import annotations

import datetime as dt
import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from connectors.simulator.base import Attempt, ReportState, SimMessage, Simulator, Webhook
from knowledge.sms import sms_size

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,10}")
_COST_OF_A_PART = 5200  # in 1/10,000 of a krona
MOST_AT_ONCE = 100
Given = Annotated[HTTPBasicCredentials | None, Depends(HTTPBasic(auto_error=False))]


class ElksSimulator(Simulator):
    """One account at 46elks with one number.

    Args:
        webhook_url: the number's `sms_url` and `mms_url`, with its key or user and password.
        number: ours.
        credit: how many parts may be sent until it is used up.
    """

    provider = "elks"
    # "at least 6 hours and at least 5 times"
    retry_waits = (60.0, 300.0, 1800.0, 5400.0, 14400.0)

    def __init__(
        self,
        webhook_url: str,
        *,
        username: str = "u0123456789abcdef",
        password: str = "simulated-password",  # noqa: S107 - of the simulator
        number: str = "+46766860000",
        credit: int = 1_000_000,
        **kwargs: Any,
    ) -> None:
        super().__init__(webhook_url, **kwargs)
        self.username, self.password, self.number, self.credit = username, password, number, credit
        self.messages: list[dict[str, Any]] = []  # the account's history, oldest first
        self._callbacks: dict[str, str] = {}

    # --- the API ---

    def router(self) -> APIRouter:
        """`/sim/elks/a1/sms`."""
        router = APIRouter(prefix="/sim/elks/a1", tags=["simulator"])

        @router.post("/sms")
        async def send(request: Request, given: Given) -> Response:
            return self._denied(given) or await self._send({name: str(value) for name, value in (await request.form()).items()})

        @router.get("/sms")
        async def history(request: Request, given: Given) -> Response:
            return self._denied(given) or self._history(request.query_params)

        @router.get("/sms/{message_id}")
        async def one(message_id: str, given: Given) -> Response:
            if denied := self._denied(given):
                return denied
            found = [message for message in self.messages if message["id"] == message_id]
            return JSONResponse(_shown(found[0])) if found else PlainTextResponse("Not found", 404)

        return router

    def _denied(self, given: HTTPBasicCredentials | None) -> Response | None:
        if given is not None:
            user = hmac.compare_digest(given.username.encode(), self.username.encode())
            if hmac.compare_digest(given.password.encode(), self.password.encode()) and user:
                return None
        return PlainTextResponse(
            "API access requires Basic HTTP authentication", 401, {"WWW-Authenticate": 'Basic realm="46elks"'}
        )

    async def _send(self, fields: dict[str, str]) -> Response:
        kind, retry_after = self.next_fault() or (None, 0.0)
        if kind == "server_error":
            return PlainTextResponse("Internal server error", 500)
        if kind == "rate_limited":
            return PlainTextResponse("Too many requests", 429, {"Retry-After": f"{retry_after:g}"})
        if fault := self._fault_in(fields, invalid=kind == "invalid_number"):
            return fault
        size = sms_size(fields["message"])
        message: dict[str, Any] = {
            "id": "s" + secrets.token_hex(16), "created": _utc(self.now()), "direction": "outgoing", "from": fields["from"],
            "to": fields["to"], "message": fields["message"], "status": "created", "parts": size.parts,
            "cost": size.parts * _COST_OF_A_PART,
        }  # fmt: skip
        if fields.get("dontlog") == "message":
            message["dontlog"] = "message"
        if fields.get("dryrun") == "yes":
            message["estimated_cost"] = message.pop("cost")
            message.pop("id")
            return JSONResponse(message)
        self.credit -= size.parts
        self.messages.append(message)
        if "whendelivered" in fields:
            self._callbacks[message["id"]] = fields["whendelivered"]
        if kind == "blocked":  # the operator finds out, not 46elks
            self.spawn(self.report(message["id"], "failed"))
        else:
            self.arrive(fields["to"], SimMessage(fields["message"], [], self.now(), message["id"], dict(fields)))
        if kind in ("timeout", "dropped"):
            return await self.unanswered(kind)
        return JSONResponse({**message, "message": fields["message"]})

    def _fault_in(self, fields: Mapping[str, str], *, invalid: bool) -> Response | None:
        for name in ("from", "to", "message"):
            if not fields.get(name):
                return PlainTextResponse(f'Missing key "{name}"', 400)
        if not (_E164.fullmatch(fields["from"]) or _NAME.fullmatch(fields["from"])):
            return PlainTextResponse("Invalid from number", 400)
        if _E164.fullmatch(fields["from"]) and fields["from"] != self.number:
            return PlainTextResponse("The from number is not yours", 403)
        if invalid or not _E164.fullmatch(fields["to"]):
            return PlainTextResponse("Invalid to number", 400)
        if "whendelivered" in fields and not re.match(r"https?://", fields["whendelivered"]):
            return PlainTextResponse('Invalid "whendelivered"', 400)
        if sms_size(fields["message"]).parts > self.credit:
            return PlainTextResponse("Not enough credits", 403)
        return None

    def _history(self, params: Mapping[str, str]) -> Response:
        found = [
            message
            for message in reversed(self.messages)
            if params.get("to") in (None, message["to"])
            and message["created"] <= params.get("start", "9999")
            and message["created"] >= params.get("end", "")
        ]
        limit = min(int(params.get("limit", MOST_AT_ONCE)), MOST_AT_ONCE)
        body: dict[str, Any] = {"data": [_shown(message) for message in found[:limit]]}
        if len(found) > limit:
            body["next"] = found[limit]["created"]
        return JSONResponse(body)

    # --- webhooks ---

    async def citizen_sends(self, phone: str, text: str, **options: Any) -> Attempt | None:
        """An SMS, or with `media=<url>` an MMS.

        Args:
            options: `media` (address of the image), `message_id`.
        """
        message_id = options.get("message_id") or "s" + secrets.token_hex(16)
        fields = {
            "direction": "incoming", "id": message_id, "from": phone, "to": self.number,
            "created": _utc(self.now()), "message": text,
        }  # fmt: skip
        self.messages.append({**fields, "cost": 0})
        if "media" in options:
            fields["image"] = options["media"]
        attempt = await self.deliver(lambda: _form(self.webhook_url, fields))
        if attempt is not None and attempt.ok and attempt.body.strip() and "media" not in options:
            self._reply(phone, attempt.body)
        return attempt

    def _reply(self, phone: str, text: str) -> None:
        """46elks sends what the webhook answers with."""
        message: dict[str, Any] = {
            "id": "s" + secrets.token_hex(16), "created": _utc(self.now()), "direction": "outgoing-reply",
            "from": self.number, "to": phone, "message": text, "status": "created", "cost": _COST_OF_A_PART,
        }  # fmt: skip
        self.messages.append(message)
        self.arrive(phone, SimMessage(text, [], self.now(), message["id"], {"reply": text}))

    async def citizen_presses(self, phone: str, choice_index: int) -> Attempt | None:
        """An SMS has no buttons: the number is typed."""
        return await self.citizen_sends(phone, str(choice_index + 1))

    async def report(self, provider_id: str, state: ReportState, error: str | None = None) -> Attempt | None:
        """To the message's `whendelivered`, if it had one. 46elks knows of no "read"."""
        url = self._callbacks.get(provider_id)
        if url is None or state == "read":
            return None
        fields = {"id": provider_id, "status": state}
        for message in self.messages:
            if message["id"] == provider_id:
                message["status"] = state
        if state == "delivered":
            fields["delivered"] = _utc(self.now())
        return await self.deliver(lambda: _form(url, fields))

    def retries(self, status: int | None) -> bool:
        """Anything but 200-204 counts as failed."""
        return status is None or not 200 <= status <= 204


def _form(url: str, fields: Mapping[str, str]) -> Webhook:
    return Webhook(url, urlencode(fields).encode(), {"Content-Type": "application/x-www-form-urlencoded"})


def _shown(message: Mapping[str, Any]) -> dict[str, Any]:
    hidden = "message" if message.get("dontlog") == "message" else ""
    return {name: value for name, value in message.items() if name != hidden}


def _utc(time: dt.datetime) -> str:
    return time.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
