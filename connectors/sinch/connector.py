"""Sinch's SMS REST API: signed JSON callbacks, batches of one message, our key as client reference."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from connectors.contract import (
    Account,
    AddressUnreachable,
    Answer,
    Context,
    Inbound,
    Outgoing,
    PermanentFailure,
    Receipt,
    Rejected,
    Request,
    Unreadable,
    Unsupported,
    send_request,
)
from connectors.sinch import signature
from connectors.sinch.settings import SinchSettings
from connectors.sms import SmsConnector, account_fault, answer_json, look_up

# https://developers.sinch.com/docs/sms/api-reference/sms/tag/Delivery-reports/
_STATES: dict[str, Any] = {
    "queued": "sent", "dispatched": "sent", "delivered": "delivered", "unknown": "sent",  # no receipt came from the operator
    "aborted": "failed", "cancelled": "failed", "canceled": "failed", "rejected": "failed", "deleted": "failed",
    "failed": "failed", "expired": "failed",
}  # fmt: skip
_UNROUTABLE = 402  # "Message unroutable": no operator has this number
_DELETED = "deleted"  # "may happen if the destination is an invalid MSISDN or opted out subscriber"
_ABOUT_RECIPIENT = re.compile(r"[\"'`\[.]to\b|\bto\[|recipient|msisdn|phone number", re.IGNORECASE)
_FURTHEST = {"sent": 1, "delivered": 2, "failed": 3}
LOOK_BACK = dt.timedelta(minutes=1)


class Sinch(SmsConnector):
    """A number of a service plan at Sinch."""

    provider = "sinch"
    Settings = SinchSettings

    def __init__(self, context: Context, settings: SinchSettings) -> None:
        super().__init__(context, settings)
        self._nonces = signature.Nonces()
        self._batches = f"{settings.api_url}/xms/v1/{settings.service_plan_id}/batches"
        self._headers = {"Authorization": f"Bearer {settings.api_token.get_secret_value()}"}

    def verify(self, request: Request) -> Account:
        """The signature of the raw body, its time, and that it was not taken before."""
        nonce = signature.check(request, self.settings.hmac_secret.get_secret_value().encode(), self.now())
        if nonce in self._nonces:
            raise Rejected(401, "replayed")
        return self.account

    def answer(self, request: Request) -> Answer:
        """Only what was taken is not taken again: after a fault of ours the same delivery must pass."""
        self._nonces.add(request.headers["x-sinch-webhook-signature-nonce"], self.now())
        return Answer()

    def parse(self, request: Request) -> Sequence[Inbound]:
        """A message, or a delivery report of one kind or the other."""
        try:
            event = json.loads(request.body)
        except (ValueError, RecursionError) as fault:
            raise Unreadable(type(fault).__name__) from None
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            raise Unreadable("no type")
        kind = event["type"]
        if kind in ("mo_text", "mo_binary", "mo_media"):
            return self._message(kind, event)
        if kind in ("recipient_delivery_report_sms", "recipient_delivery_report_mms"):
            return _report(event, [event])
        if kind in ("delivery_report_sms", "delivery_report_mms"):
            statuses = event.get("statuses")
            if not isinstance(statuses, list):
                raise Unreadable("no statuses")
            return _report(event, [status for status in statuses if isinstance(status, dict)])
        return []  # a kind that is not ours

    def _message(self, kind: str, event: Mapping[str, Any]) -> list[Inbound]:
        message_id, sender, body = event.get("id"), event.get("from"), event.get("body")
        if not isinstance(message_id, str) or not message_id or not isinstance(sender, str):
            raise Unreadable("no id or sender")
        # A number comes with its country code and without the plus.
        address = self.citizen(f"+{sender}" if sender.isdecimal() and not sender.startswith("0") else sender)
        if address is None:
            return []
        if kind == "mo_text":
            if not isinstance(body, str):
                raise Unreadable("no text")
            return [Inbound("text", message_id, address, body)]
        if kind == "mo_binary":
            return [Inbound("unsupported", message_id, address)]
        media = body if isinstance(body, dict) else {}
        return [Inbound("unsupported", message_id, address, str(media.get("message") or ""), what=_what(media))]

    async def send(self, outgoing: Outgoing) -> Receipt:
        """One message; Sinch cuts it into its parts."""
        batch = {
            "type": "mt_text",
            "from": self.settings.number,
            "to": [outgoing.address],
            "body": outgoing.text,
            "delivery_report": "per_recipient_final",
            "callback_url": self.context.webhook_url,
            "client_reference": outgoing.key,
        }
        response = await send_request(self.context.http, "POST", self._batches, json=batch, headers=self._headers)
        _raise_for(response)
        identity = answer_json(response).get("id")
        return Receipt(str(identity) if identity else None)

    async def find_sent(self, outgoing: Outgoing, since: dt.datetime) -> Receipt | None:
        """By the client reference, which no other message has."""
        params = {"client_reference": outgoing.key, "start_date": (since - LOOK_BACK).isoformat(), "page_size": "30"}
        page = await look_up(self.context.http, self._batches, params=params, headers=self._headers)
        for batch in page.get("batches") or ():
            if batch.get("client_reference") == outgoing.key and batch.get("id"):
                return Receipt(str(batch["id"]))
        return None


def _report(event: Mapping[str, Any], statuses: list[dict[str, Any]]) -> list[Inbound]:
    """What became of a batch. Ours have one recipient: the furthest status is its."""
    batch_id, key = event.get("batch_id"), event.get("client_reference")
    if not isinstance(batch_id, str) or not batch_id:
        raise Unreadable("no batch_id")
    known = [(_STATES[word], word, status.get("code")) for status in statuses
             if (word := str(status.get("status", "")).lower()) in _STATES]  # fmt: skip
    if not known:
        return []
    state, word, code = max(known, key=lambda found: _FURTHEST[found[0]])
    unreachable = state == "failed" and (code == _UNROUTABLE or word == _DELETED)
    error = f"{word} {code}" if state == "failed" else None
    key = key if isinstance(key, str) else ""
    return [Inbound("status", batch_id, state=state, error=error, unreachable=unreachable, key=key)]


def _what(media: Mapping[str, Any]) -> Unsupported:
    items = media.get("media")
    first = items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else {}
    kind = str(first.get("content_type", "")).partition("/")[0].lower()
    found: dict[str, Unsupported] = {"image": "image", "audio": "voice"}
    return found.get(kind, "file")


def _raise_for(response: httpx.Response) -> None:
    """Refusals as https://developers.sinch.com/docs/sms/api-reference/status-codes/ describes them: `{code, text}`."""
    status = response.status_code
    if status < 300:
        return
    try:
        answer = response.json()
    except ValueError:
        answer = None
    code, words = (str(answer.get("code", "")), str(answer.get("text", ""))) if isinstance(answer, dict) else ("", "")
    if status in (401, 402, 404) or status < 400 or (status == 403 and code in ("", "unauthorized", "forbidden")):
        raise account_fault("sinch", f"{status} {code[:40]}".rstrip())
    if status == 400 and _ABOUT_RECIPIENT.search(words):
        raise AddressUnreachable(f"{status} {code[:40]}")
    raise PermanentFailure(f"{status} {code[:40]}")
