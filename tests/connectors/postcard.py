"""A small channel of its own, to show what adding one takes: this file and `CHANNELS=tests.connectors.postcard:main`.

It speaks JSON over a webhook signed with HMAC-SHA256, and posts replies to a URL.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence

from pydantic import SecretStr

from connectors.contract import (
    Account,
    AccountSettings,
    AddressUnreachable,
    Capabilities,
    Connector,
    Inbound,
    Outgoing,
    PermanentFailure,
    Receipt,
    Rejected,
    Request,
    Unreadable,
    send_request,
)


class PostcardSettings(AccountSettings):
    secret: SecretStr
    send_url: str


class Postcard(Connector):
    provider = "postcard"
    channel = "postcard"
    capabilities = Capabilities(max_length=500, buttons=3, button_title=24)
    Settings = PostcardSettings

    def verify(self, request: Request) -> Account:
        wanted = hmac.new(self.settings.secret.get_secret_value().encode(), request.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, request.headers.get("x-signature", "")):
            raise Rejected(401, "signature")
        return self.account

    def parse(self, request: Request) -> Sequence[Inbound]:
        try:
            cards = json.loads(request.body)["cards"]
            return [Inbound(**card) for card in cards]
        except (ValueError, KeyError, TypeError) as fault:
            raise Unreadable(type(fault).__name__) from None

    async def send(self, outgoing: Outgoing) -> Receipt:
        card = {"to": outgoing.address, "text": outgoing.text, "key": outgoing.key,
                "buttons": [{"title": c.title, "payload": c.payload} for c in outgoing.choices]}  # fmt: skip
        response = await send_request(self.context.http, "POST", self.settings.send_url, json=card)
        if response.status_code == 410:
            raise AddressUnreachable("moved")
        if response.status_code >= 400:
            raise PermanentFailure(str(response.status_code))
        return Receipt(response.json()["id"])


CONNECTOR = Postcard
