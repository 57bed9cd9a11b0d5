"""Twilio's Messages API and webhooks as its documentation describes them, the opt-out words included."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Annotated, Any
from urllib.parse import parse_qs, urldefrag, urlencode

from defusedxml.ElementTree import ParseError, fromstring
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from connectors.simulator.base import Attempt, ReportState, SimMessage, Simulator, Webhook
from knowledge.sms import sms_size

MOST_CHARACTERS = 1600
STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit"})
START = frozenset({"start", "yes", "unstop"})
UNSUBSCRIBED = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe."
)
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
Given = Annotated[HTTPBasicCredentials | None, Depends(HTTPBasic(auto_error=False))]
_ERRORS = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    21211: (400, "The 'To' number {To} is not a valid phone number."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The From phone number {From} is not a valid, SMS-capable inbound phone number for your account."),
    21609: (400, "The StatusCallback URL {StatusCallback} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
}


class TwilioSimulator(Simulator):
    """One account with one number and one messaging service.

    Args:
        webhook_url: the number's "A message comes in", with its connection overrides after #.
        signs_fragment: whether what stands after # is signed with the address.
    """

    provider = "twilio"

    def __init__(
        self,
        webhook_url: str,
        *,
        account_sid: str = "AC" + "0" * 32,
        auth_token: str = "0123456789abcdef0123456789abcdef",  # noqa: S107 - of the simulator
        number: str = "+46766860001",
        messaging_service_sid: str = "MG" + "0" * 32,
        signs_fragment: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(webhook_url, **kwargs)
        self.account_sid, self.auth_token, self.number = account_sid, auth_token, number
        self.messaging_service_sid, self.signs_fragment = messaging_service_sid, signs_fragment
        self.messages: list[dict[str, Any]] = []  # oldest first
        self.stopped: set[str] = set()
        self.alerts: list[int] = []  # what the console's debugger would show
        self._callbacks: dict[str, str] = {}
        overrides = parse_qs(urldefrag(webhook_url).fragment)
        self.retry_waits = (0.0,) * min(int(overrides.get("rc", ["1"])[0]), 5)
        self._policy = set(overrides.get("rp", ["ct"])[0].split(","))

    # --- the API ---

    def router(self) -> APIRouter:
        """`/sim/twilio/2010-04-01/Accounts/{sid}/Messages`."""
        router = APIRouter(prefix="/sim/twilio/2010-04-01/Accounts/{sid}", tags=["simulator"])

        @router.post("/Messages.json")
        async def send(request: Request, sid: str, given: Given) -> Response:
            fields = {name: str(value) for name, value in (await request.form()).items()}
            return self._denied(sid, given) or await self._send(fields)

        @router.get("/Messages.json")
        async def listed(request: Request, sid: str, given: Given) -> Response:
            return self._denied(sid, given) or self._listed(request.query_params)

        @router.get("/Messages/{message_sid}.json")
        async def one(sid: str, message_sid: str, given: Given) -> Response:
            if denied := self._denied(sid, given):
                return denied
            found = [message for message in self.messages if message["sid"] == message_sid]
            return JSONResponse(found[0]) if found else _error(20404)

        return router

    def _denied(self, sid: str, given: HTTPBasicCredentials | None) -> Response | None:
        if given is None or not hmac.compare_digest(given.password.encode(), self.auth_token.encode()):
            return _error(20003)
        return None if sid == given.username == self.account_sid else _error(20003)

    async def _send(self, fields: dict[str, str]) -> Response:
        kind, retry_after = self.next_fault() or (None, 0.0)
        if kind == "server_error":
            return JSONResponse({"code": 20500, "message": "Internal Server Error", "status": 500}, 500)
        if kind == "rate_limited":
            return _error(20429, headers={"Retry-After": f"{retry_after:g}"})
        if kind == "invalid_number":
            return _error(21614)
        if code := self._fault_in(fields):
            return _error(code, fields)
        if kind == "blocked" or fields["To"] in self.stopped:
            return _error(21610)
        message = self._message("outbound-api", fields.get("From", self.number), fields["To"], fields["Body"], "queued")
        if "StatusCallback" in fields:
            self._callbacks[message["sid"]] = fields["StatusCallback"]
        self.arrive(fields["To"], SimMessage(fields["Body"], [], self.now(), message["sid"], dict(fields)))
        if kind in ("timeout", "dropped"):
            return await self.unanswered(kind)
        return JSONResponse(message, 201)

    def _fault_in(self, fields: Mapping[str, str]) -> int | None:
        checks = (
            (21604, not fields.get("To")),
            (21602, not fields.get("Body")),
            (21603, not (fields.get("From") or fields.get("MessagingServiceSid"))),
            (21211, not _E164.fullmatch(fields.get("To", ""))),
            (21606, fields.get("From", self.number) != self.number),
            (20404, fields.get("MessagingServiceSid", self.messaging_service_sid) != self.messaging_service_sid),
            (21609, not re.match(r"https?://\w", fields.get("StatusCallback", "http://x"))),
            (21617, len(fields.get("Body", "")) > MOST_CHARACTERS),
        )
        return next((code for code, wrong in checks if wrong), None)

    def _message(self, direction: str, sender: str, to: str, body: str, status: str) -> dict[str, Any]:
        sid = "SM" + secrets.token_hex(16)
        now = format_datetime(self.now())
        message: dict[str, Any] = {
            "sid": sid, "account_sid": self.account_sid, "api_version": "2010-04-01", "body": body, "date_created": now,
            "date_updated": now, "date_sent": None, "direction": direction, "error_code": None, "error_message": None,
            "from": sender, "messaging_service_sid": None, "num_media": "0", "num_segments": str(sms_size(body).parts or 1),
            "price": None, "price_unit": "USD", "status": status, "subresource_uris": {}, "to": to,
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/Messages/{sid}.json",
        }  # fmt: skip
        self.messages.append(message)
        return message

    def _listed(self, params: Mapping[str, str]) -> Response:
        found = [
            message
            for message in reversed(self.messages)
            if params.get("To") in (None, message["to"]) and params.get("From") in (None, message["from"])
        ]
        size, page = min(int(params.get("PageSize", 50)), 1000), int(params.get("Page", 0))
        base = f"/2010-04-01/Accounts/{self.account_sid}/Messages.json"
        body: dict[str, Any] = {
            "messages": found[page * size : (page + 1) * size], "page": page, "page_size": size, "start": page * size,
            "end": min((page + 1) * size, len(found)) - 1, "uri": f"{base}?{urlencode(params)}", "next_page_uri": None,
            "first_page_uri": f"{base}?{urlencode({**params, 'Page': 0})}", "previous_page_uri": None,
        }  # fmt: skip
        if len(found) > (page + 1) * size:
            body["next_page_uri"] = f"{base}?{urlencode({**params, 'PageSize': size, 'Page': page + 1})}"
        return JSONResponse(body)

    # --- webhooks ---

    async def citizen_sends(self, phone: str, text: str, **options: Any) -> Attempt | None:
        """An SMS, or with `media=<content type>` an MMS.

        Args:
            options: `media` (content type), `message_sid`.
        """
        word = text.strip().casefold()
        message = self._message("inbound", phone, self.number, text, "received")
        sid = message["sid"] = options.get("message_sid") or message["sid"]
        fields = {
            "ToCountry": "SE", "ToState": "", "SmsMessageSid": sid, "NumMedia": "0", "ToCity": "", "FromZip": "", "SmsSid": sid,
            "FromState": "", "SmsStatus": "received", "FromCity": "", "Body": text, "FromCountry": "SE", "To": self.number,
            "ToZip": "", "NumSegments": message["num_segments"], "MessageSid": sid, "AccountSid": self.account_sid,
            "From": phone, "ApiVersion": "2010-04-01",
        }  # fmt: skip
        if "media" in options:
            media = (
                f"https://api.twilio.com/2010-04-01/Accounts/{self.account_sid}/Messages/{sid}/Media/ME{secrets.token_hex(16)}"
            )
            fields |= {"NumMedia": "1", "MediaContentType0": options["media"], "MediaUrl0": media}
        if word in STOP:
            self.stopped.add(phone)
            self.arrive(phone, SimMessage(UNSUBSCRIBED, [], self.now(), "", {"opt_out": word}))
        elif word in START:
            self.stopped.discard(phone)
        attempt = await self.deliver(lambda: self._signed(self.webhook_url, fields))
        if attempt is not None:
            self._twiml(phone, attempt)
        return attempt

    def _twiml(self, phone: str, attempt: Attempt) -> None:
        """Does what the answer says; notes what the debugger would show."""
        if not attempt.ok:
            self.alerts.append(11200)
            return
        try:
            said = [child.text or "" for child in fromstring(attempt.body) if child.tag in ("Message", "Sms")]
        except ParseError:
            self.alerts.append(12100)
            return
        for text in said:
            message = self._message("outbound-reply", self.number, phone, text, "queued")
            self.arrive(phone, SimMessage(text, [], self.now(), message["sid"], {"twiml": attempt.body}))

    async def citizen_presses(self, phone: str, choice_index: int) -> Attempt | None:
        """An SMS has no buttons: the number is typed."""
        return await self.citizen_sends(phone, str(choice_index + 1))

    async def report(self, provider_id: str, state: ReportState, error: str | None = None) -> Attempt | None:
        """To the message's StatusCallback, if it had one.

        Args:
            state: a failure is called "undelivered" there.
            error: its code; 30003 (the phone is off) when it is left out.
        """
        url = self._callbacks.get(provider_id)
        status = "undelivered" if state == "failed" else state
        for message in self.messages:
            if message["sid"] == provider_id:
                message["status"] = status
                to = message["to"]
        if url is None:
            return None
        fields = {
            "SmsSid": provider_id, "SmsStatus": status, "MessageStatus": status, "To": to, "MessageSid": provider_id,
            "AccountSid": self.account_sid, "From": self.number, "ApiVersion": "2010-04-01",
        }  # fmt: skip
        if state == "failed":
            fields["ErrorCode"] = error or "30003"
        return await self.deliver(lambda: self._signed(url, fields))

    def retries(self, status: int | None) -> bool:
        """As the overrides of the webhook's address say; without them only when no connection is made."""
        if status is None:
            return bool(self._policy & {"ct", "rt", "all"})
        wanted = f"{status // 100}xx"
        return status >= 400 and bool(self._policy & {wanted, "all"})

    def _signed(self, url: str, fields: Mapping[str, str]) -> Webhook:
        called = urldefrag(url).url
        signed = url if self.signs_fragment else called
        data = signed + "".join(name + fields[name] for name in sorted(fields))
        mac = hmac.new(self.auth_token.encode(), data.encode(), hashlib.sha1)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": base64.b64encode(mac.digest()).decode(),
            "I-Twilio-Idempotency-Token": secrets.token_hex(16),
            "User-Agent": "TwilioProxy/1.1",
        }
        return Webhook(called, urlencode(fields).encode(), headers)


def _error(code: int, fields: Mapping[str, str] | None = None, *, headers: Mapping[str, str] | None = None) -> Response:
    status, message = _ERRORS[code]
    for name in ("To", "From", "StatusCallback"):
        message = message.replace(f"{{{name}}}", (fields or {}).get(name, ""))
    body = {"code": code, "message": message, "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status}
    return JSONResponse(body, status, dict(headers or {}))
