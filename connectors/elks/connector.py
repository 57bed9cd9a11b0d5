"""46elks: a secret in the webhook's address, forms both ways, one call to send."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hmac
import ipaddress
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

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
    Untraceable,
    send_request,
)
from connectors.elks.settings import ElksSettings, parse_networks
from connectors.sms import CLOCK_SKEW, SmsConnector, account_fault, answer_json, form, look_up, with_key

_STATES: dict[str, Any] = {"created": "sent", "sent": "sent", "delivered": "delivered", "failed": "failed"}
_ABOUT_RECIPIENT = re.compile(r"[\"'`]to[\"'`]|\bto[ -](?:number|param)|\binvalid to\b|recipient", re.IGNORECASE)
_ABOUT_ACCOUNT = re.compile(r"credit|balance|account|auth", re.IGNORECASE)
MOST_PAGES = 5  # of the history, a hundred messages each


class Elks(SmsConnector):
    """A number at 46elks."""

    provider = "elks"
    Settings = ElksSettings

    def __init__(self, context: Context, settings: ElksSettings) -> None:
        super().__init__(context, settings)
        self._networks = parse_networks(settings.networks)
        self._auth = (settings.username, settings.password.get_secret_value())
        self._messages = f"{settings.api_url}/a1/sms"

    def verify(self, request: Request) -> Account:
        """The key stands in the query or is the password of Basic authentication; then the network, if there is a list."""
        wanted = self.settings.webhook_key.get_secret_value().encode()
        in_query = hmac.compare_digest(wanted, request.query.get("key", "").encode())
        as_password = hmac.compare_digest(wanted, _basic_password(request.headers.get("authorization", "")).encode())
        if not (in_query or as_password):
            raise Rejected(401, "key")
        if self._networks and not self._from_them(request.client):
            raise Rejected(403, "network")
        return self.account

    def _from_them(self, client: str) -> bool:
        try:
            address = ipaddress.ip_address(client)
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self._networks)

    def parse(self, request: Request) -> Sequence[Inbound]:
        """An SMS, an MMS, or what became of one of ours."""
        fields = form(request)
        message_id = fields.get("id", "")
        if not message_id:
            raise Unreadable("no id")
        if request.rest == "delivery":
            state = _STATES.get(fields.get("status", ""))
            key = request.query.get("ref", "")
            return [Inbound("status", message_id, state=state, key=key)] if state else []
        if "from" not in fields or fields.get("direction", "incoming") != "incoming":
            raise Unreadable("not an incoming message")
        address = self.citizen(fields["from"])
        if address is None:
            return []
        text = fields.get("message", "")
        if "image" in fields or "image1" in fields:
            return [Inbound("unsupported", message_id, address, text, what="image")]
        return [Inbound("text", message_id, address, text)]

    def answer(self, request: Request) -> Answer:
        """Nothing: what stands in the body would be sent to the citizen."""
        return Answer(204)

    async def send(self, outgoing: Outgoing) -> Receipt:
        """One SMS; 46elks cuts it into its parts."""
        key = quote(self.settings.webhook_key.get_secret_value(), safe="")
        data = {
            "from": self.settings.number,
            "to": outgoing.address,
            "message": outgoing.text,
            "whendelivered": with_key(f"{self.context.webhook_url}/delivery?key={key}", outgoing),
        }
        if not self.settings.keep_texts:
            data["dontlog"] = "message"
        response = await send_request(self.context.http, "POST", self._messages, data=data, auth=self._auth)
        _raise_for(response)
        return _receipt(answer_json(response))

    async def find_sent(self, outgoing: Outgoing, since: dt.datetime) -> Receipt | None:
        """Looks through what went to the same number since, for the same text."""
        if not self.settings.keep_texts:
            raise Untraceable("46elks keeps no texts of this account")
        earliest = _utc(since) - CLOCK_SKEW
        # In 46elks' words `end` is the older end of the list, which begins with the newest.
        params = {"to": outgoing.address, "end": earliest.isoformat(), "limit": "100"}
        for _ in range(MOST_PAGES):
            page = await look_up(self.context.http, self._messages, params=params, auth=self._auth)
            for message in page.get("data", ()):
                if _is(message, outgoing, earliest):
                    return _receipt(message)
            if not page.get("next") or str(page["next"]) < params["end"]:
                return None
            params["start"] = str(page["next"])
        raise Untraceable("too many messages to the same number to look through")


def _basic_password(header: str) -> str:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _utc(time: dt.datetime) -> dt.datetime:
    """As 46elks writes times: UTC without saying so."""
    return time.astimezone(dt.UTC).replace(tzinfo=None)


def _is(message: dict[str, Any], outgoing: Outgoing, earliest: dt.datetime) -> bool:
    if not str(message.get("direction", "")).startswith("outgoing"):
        return False
    if message.get("to") != outgoing.address or message.get("message") != outgoing.text:
        return False
    try:
        return dt.datetime.fromisoformat(str(message.get("created"))).replace(tzinfo=None) >= earliest
    except ValueError:
        return False


def _receipt(message: dict[str, Any]) -> Receipt:
    identity = message.get("id")
    return Receipt(str(identity) if identity else None, _STATES.get(str(message.get("status")), "sent"))


def _raise_for(response: httpx.Response) -> None:
    """46elks documents no error codes: the status, and words about what is wrong.

    What is the account's fault (password, no credit) the operator mends; nothing is lost meanwhile.
    """
    status = response.status_code
    if status < 300:
        return
    words = response.text[:500]
    if status in (401, 402) or 300 <= status < 400 or (status == 403 and _ABOUT_ACCOUNT.search(words)):
        raise account_fault("elks", str(status))
    if status in (400, 403, 422) and _ABOUT_RECIPIENT.search(words):
        raise AddressUnreachable(f"{status}: the number")
    raise PermanentFailure(str(status))
