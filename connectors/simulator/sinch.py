"""Sinch's SMS REST API as its documentation describes it: batches, and callbacks signed with body, nonce and time."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from connectors.simulator.base import Attempt, ReportState, SimMessage, Simulator, Webhook

MOST_CHARACTERS = 2000
REPORTS = ("none", "summary", "full", "per_recipient", "per_recipient_final")
_MSISDN = re.compile(r"\+?[1-9][0-9]{4,14}")
_NAME = re.compile(r"[A-Za-z0-9 ]{1,11}")
_FINAL = {"delivered": ("Delivered", 0), "failed": ("Failed", 27)}
# The API's own codes, and the status that each comes with.
_ABORTED = frozenset({402, 403, 404, 405, 406, 408, 410, 411, 412, 413})


class SinchSimulator(Simulator):
    """One service plan with one number.

    Args:
        webhook_url: the plan's callback URL.
        hmac_secret: what callbacks are signed with.
    """

    provider = "sinch"
    retry_waits = tuple(5.0 * 2**number for number in range(15))  # up to 81,920 seconds

    def __init__(
        self,
        webhook_url: str,
        *,
        service_plan_id: str = "simulated0plan",
        api_token: str = "simulated-api-token",  # noqa: S107 - of the simulator
        hmac_secret: str = "simulated-hmac-secret",  # noqa: S107
        number: str = "+46766860002",
        **kwargs: Any,
    ) -> None:
        super().__init__(webhook_url, **kwargs)
        self.service_plan_id, self.api_token, self.hmac_secret, self.number = service_plan_id, api_token, hmac_secret, number
        self.batches: list[dict[str, Any]] = []  # oldest first

    # --- the API ---

    def router(self) -> APIRouter:
        """`/sim/sinch/xms/v1/{plan}/batches`."""
        router = APIRouter(prefix="/sim/sinch/xms/v1/{plan}", tags=["simulator"])

        @router.post("/batches")
        async def send(request: Request, plan: str) -> Response:
            return self._denied(plan, request) or await self._send(await request.body())

        @router.get("/batches")
        async def listed(request: Request, plan: str) -> Response:
            return self._denied(plan, request) or self._listed(request.query_params)

        @router.get("/batches/{batch_id}")
        async def one(request: Request, plan: str, batch_id: str) -> Response:
            if denied := self._denied(plan, request):
                return denied
            found = [batch for batch in self.batches if batch["id"] == batch_id]
            return JSONResponse(found[0]) if found else Response(status_code=404)

        return router

    def _denied(self, plan: str, request: Request) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(token.encode(), self.api_token.encode())
        if scheme.lower() != "bearer" or not right or plan != self.service_plan_id:
            return Response(status_code=401)
        return None

    async def _send(self, body: bytes) -> Response:
        kind, retry_after = self.next_fault() or (None, 0.0)
        if kind == "server_error":
            return _error(500, "internal_error", "Internal server error")
        if kind == "rate_limited":
            return JSONResponse({"code": "too_many_requests", "text": "Rate limit exceeded"}, 429,
                                {"Retry-After": f"{retry_after:g}"})  # fmt: skip
        try:
            asked = json.loads(body)
        except ValueError:
            return _error(400, "syntax_invalid_json", "The request contained invalid JSON")
        if fault := self._fault_in(asked, invalid=kind == "invalid_number"):
            return fault
        now = _time(self.now())
        batch = {"canceled": False, "delivery_report": "none", **asked, "id": _ulid(), "created_at": now, "modified_at": now}
        self.batches.append(batch)
        for phone in asked["to"]:
            if kind == "blocked":
                self.spawn(self.report(batch["id"], "failed", "deleted"))
            else:
                self.arrive(f"+{phone.lstrip('+')}", SimMessage(asked["body"], [], self.now(), batch["id"], dict(asked)))
        if kind in ("timeout", "dropped"):
            return await self.unanswered(kind)
        return JSONResponse(batch, 201)

    def _fault_in(self, asked: Any, *, invalid: bool) -> Response | None:
        if not isinstance(asked, dict):
            return _error(400, "syntax_invalid_json", "The request contained invalid JSON")
        to, body = asked.get("to"), asked.get("body")
        if not isinstance(to, list) or not 1 <= len(to) <= 1000:
            return _error(400, "syntax_constraint_violation", "[to] must have between 1 and 1000 recipients")
        if invalid or not all(isinstance(phone, str) and _MSISDN.fullmatch(phone) for phone in to):
            return _error(400, "syntax_invalid_parameter_format", "Invalid recipient in [to]")
        if not isinstance(body, str) or not 1 <= len(body) <= MOST_CHARACTERS:
            return _error(400, "syntax_constraint_violation", f"[body] must have between 1 and {MOST_CHARACTERS} characters")
        sender = str(asked.get("from", self.number))
        if sender.lstrip("+") != self.number.lstrip("+") and not (_NAME.fullmatch(sender) and not sender.isdecimal()):
            return _error(400, "syntax_invalid_parameter_format", "Invalid sender in [from]")
        if asked.get("type", "mt_text") != "mt_text" or asked.get("delivery_report", "none") not in REPORTS:
            return _error(400, "syntax_invalid_parameter_format", "Invalid value of [type] or [delivery_report]")
        if not re.match(r"https?://\w", str(asked.get("callback_url", "http://x"))):
            return _error(400, "syntax_invalid_parameter_format", "Invalid [callback_url]")
        if asked.get("delivery_report", "none") != "none" and not (asked.get("callback_url") or self.webhook_url):
            return _error(403, "missing_callback_url", "No callback URL is given or configured")
        return None

    def _listed(self, params: Mapping[str, str]) -> Response:
        earliest = dt.datetime.fromisoformat(params.get("start_date", (self.now() - dt.timedelta(hours=24)).isoformat()))
        found = [
            batch
            for batch in reversed(self.batches)
            if params.get("client_reference") in (None, batch.get("client_reference"))
            and dt.datetime.fromisoformat(batch["created_at"]) >= earliest
        ]
        size, page = min(int(params.get("page_size", 30)), 100), int(params.get("page", 0))
        shown = found[page * size : (page + 1) * size]
        return JSONResponse({"count": len(found), "page": page, "page_size": len(shown), "batches": shown})

    # --- callbacks ---

    async def citizen_sends(self, phone: str, text: str, **options: Any) -> Attempt | None:
        """An SMS, or with `media=<content type>` an MMS.

        Args:
            options: `media` (content type), `message_id`.
        """
        event: dict[str, Any] = {
            "type": "mo_text", "id": options.get("message_id") or _ulid(), "from": phone.lstrip("+"),
            "to": self.number.lstrip("+"), "body": text, "operator_id": "24007", "received_at": _time(self.now()),
            "sent_at": _time(self.now()),
        }  # fmt: skip
        if "media" in options:
            item = {"url": "https://media.example/1", "content_type": options["media"], "status": "Uploaded", "code": 0}
            event |= {"type": "mo_media", "body": {"subject": "", "message": text, "media": [item]}}
        return await self._callback(self.webhook_url, event)

    async def citizen_presses(self, phone: str, choice_index: int) -> Attempt | None:
        """An SMS has no buttons: the number is typed."""
        return await self.citizen_sends(phone, str(choice_index + 1))

    async def report(self, provider_id: str, state: ReportState, error: str | None = None) -> Attempt | None:
        """As the batch asked for it.

        Args:
            provider_id: the batch's id.
            error: a code of the documentation, or `deleted`, `expired`, `rejected`.
        """
        batch = next(batch for batch in self.batches if batch["id"] == provider_id)
        wanted = batch["delivery_report"]
        if wanted == "none" or state == "read" or (state == "sent" and wanted != "per_recipient"):
            return None
        status, code = _FINAL.get(state, ("Dispatched", 401))
        if state == "failed" and error:
            code = int(error) if error.isdecimal() else 34
            status = "Aborted" if code in _ABORTED else "Failed" if error.isdecimal() else error.capitalize()
        event: dict[str, Any] = {"batch_id": provider_id}
        if "client_reference" in batch:
            event["client_reference"] = batch["client_reference"]
        if wanted in ("summary", "full"):
            found: dict[str, Any] = {"code": code, "status": status, "count": len(batch["to"])}
            if wanted == "full":
                found["recipients"] = [phone.lstrip("+") for phone in batch["to"]]
            event |= {"type": "delivery_report_sms", "statuses": [found], "total_message_count": len(batch["to"])}
        else:
            event |= {"type": "recipient_delivery_report_sms", "recipient": batch["to"][0].lstrip("+"), "code": code,
                      "status": status, "at": _time(self.now()), "operator_status_at": _time(self.now())}  # fmt: skip
        return await self._callback(batch.get("callback_url") or self.webhook_url, event)

    async def _callback(self, url: str, event: Mapping[str, Any]) -> Attempt | None:
        body = json.dumps(event, ensure_ascii=False).encode()

        def signed() -> Webhook:
            nonce, timestamp = secrets.token_hex(16), str(int(self.now().timestamp()))
            mac = hmac.new(self.hmac_secret.encode(), body + f".{nonce}.{timestamp}".encode(), hashlib.sha256)
            header = "x-sinch-webhook-signature"
            headers = {
                "Content-Type": "application/json", header: base64.b64encode(mac.digest()).decode(),
                f"{header}-algorithm": "HmacSHA256", f"{header}-nonce": nonce, f"{header}-timestamp": timestamp,
            }  # fmt: skip
            return Webhook(url, body, headers)

        return await self.deliver(signed)

    def retries(self, status: int | None) -> bool:
        """5xx, 429 and no answer; other refusals are final."""
        return status is None or status == 429 or status >= 500


def _error(status: int, code: str, text: str) -> Response:
    return JSONResponse({"code": code, "text": text}, status)


def _ulid() -> str:
    return "01" + "".join(secrets.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(24))


def _time(time: dt.datetime) -> str:
    return time.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
