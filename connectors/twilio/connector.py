"""Twilio: signed forms over the exact public address, TwiML as answer, one call to send."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from connectors.contract import (
    Account,
    Answer,
    Context,
    Inbound,
    Outgoing,
    Receipt,
    Rejected,
    Request,
    Unreadable,
    Unsupported,
    Untraceable,
    send_request,
)
from connectors.sms import CLOCK_SKEW, SmsConnector, answer_json, form, look_up, with_key
from connectors.twilio.codes import UNREACHABLE, raise_for
from connectors.twilio.settings import TwilioSettings

_STATES: dict[str, Any] = {
    "accepted": "sent", "scheduled": "sent", "queued": "sent", "sending": "sent", "sent": "sent", "delivered": "delivered",
    "partially_delivered": "sent", "read": "read", "undelivered": "failed", "failed": "failed", "canceled": "failed",
}  # fmt: skip
_WHAT: dict[str, Unsupported] = {
    "image": "image",
    "audio": "voice",
    "video": "file",
    "text/vcard": "contact",
    "text/x-vcard": "contact",
}
NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
MOST_PAGES = 5  # of the history, a hundred messages each


class Twilio(SmsConnector):
    """A number, or a messaging service, at Twilio."""

    provider = "twilio"
    Settings = TwilioSettings

    def __init__(self, context: Context, settings: TwilioSettings) -> None:
        super().__init__(context, settings)
        self._validator = RequestValidator(settings.auth_token.get_secret_value())
        self._auth = (settings.account_sid, settings.auth_token.get_secret_value())
        self._messages = f"{settings.api_url}/2010-04-01/Accounts/{settings.account_sid}/Messages.json"
        self._fragment = f"#{settings.connection_overrides}" if settings.connection_overrides else ""

    def verify(self, request: Request) -> Account:
        """The signature over the address as Twilio called it and the form's values."""
        try:
            fields = form(request)
        except Unreadable:
            raise Rejected(401, "no form") from None
        given = request.headers.get("x-twilio-signature", "")
        # The overrides after # never arrive here; whether they were signed with the rest is not documented.
        if not any(self._validator.validate(request.url + after, fields, given) for after in ("", self._fragment)):
            raise Rejected(401, "signature")
        if fields.get("AccountSid", self.settings.account_sid) != self.settings.account_sid:
            raise Rejected(404, "another account")
        return self.account

    def parse(self, request: Request) -> Sequence[Inbound]:
        """A message, or what became of one of ours."""
        fields = form(request)
        message_id = fields.get("MessageSid") or fields.get("SmsSid") or ""
        if not message_id:
            raise Unreadable("no MessageSid")
        if request.rest == "status":
            state = _STATES.get(fields.get("MessageStatus") or fields.get("SmsStatus") or "")
            code = fields.get("ErrorCode", "")
            unreachable = code.isdecimal() and int(code) in UNREACHABLE
            if not state:
                return []
            key = request.query.get("ref", "")
            return [Inbound("status", message_id, state=state, error=code or None, unreachable=unreachable, key=key)]
        if "From" not in fields:
            raise Unreadable("no From")
        address = self.citizen(fields["From"])
        if address is None:
            return []
        text = fields.get("Body", "")
        if fields.get("NumMedia", "0") not in ("", "0"):
            return [Inbound("unsupported", message_id, address, text, what=_what(fields.get("MediaContentType0", "")))]
        return [Inbound("text", message_id, address, text)]

    def answer(self, request: Request) -> Answer:
        """No reply: it goes out later, by the API."""
        return Answer(200, NO_REPLY, "text/xml; charset=utf-8")

    async def send(self, outgoing: Outgoing) -> Receipt:
        """One message; Twilio cuts it into its segments."""
        report = with_key(f"{self.context.webhook_url}/status", outgoing) + self._fragment
        data = {"To": outgoing.address, "Body": outgoing.text, "StatusCallback": report}
        if self.settings.messaging_service_sid:
            data["MessagingServiceSid"] = self.settings.messaging_service_sid
        else:
            data["From"] = self.settings.number
        response = await send_request(self.context.http, "POST", self._messages, data=data, auth=self._auth)
        raise_for(response)
        return _receipt(answer_json(response))

    async def find_sent(self, outgoing: Outgoing, since: dt.datetime) -> Receipt | None:
        """Looks through what went to the same number since, for the same text."""
        earliest = since - CLOCK_SKEW
        # Not by DateSent: a message that is still queued has none.
        url = f"{self._messages}?{urlencode({'To': outgoing.address, 'PageSize': 100})}"
        for _ in range(MOST_PAGES):
            page = await look_up(self.context.http, url, auth=self._auth)
            for message in page.get("messages", ()):
                created = _created(message)
                if created is None or not str(message.get("direction", "")).startswith("outbound"):
                    continue
                if created < earliest:
                    return None  # the newest come first
                if message.get("to") == outgoing.address and message.get("body") == outgoing.text:
                    return _receipt(message)
            if not page.get("next_page_uri"):
                return None
            url = f"{self.settings.api_url}/{str(page['next_page_uri']).lstrip('/')}"
        raise Untraceable("too many messages to the same number to look through")


def _what(content_type: str) -> Unsupported:
    kind = content_type.partition(";")[0].strip().lower()
    return _WHAT.get(kind) or _WHAT.get(kind.partition("/")[0], "file")


def _created(message: dict[str, Any]) -> dt.datetime | None:
    try:
        created = parsedate_to_datetime(str(message.get("date_created")))
    except ValueError:
        return None
    return created if created.tzinfo else created.replace(tzinfo=dt.UTC)


def _receipt(message: dict[str, Any]) -> Receipt:
    identity = message.get("sid")
    return Receipt(str(identity) if identity else None, _STATES.get(str(message.get("status")), "sent"))
