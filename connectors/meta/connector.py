"""A connector on Meta's platform: settings, webhook, time window, and what becomes of a send nobody heard of."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from time import monotonic
from typing import Any

from pydantic import Field, SecretStr

from bot.settings import ConfigurationError
from connectors.contract import (
    Account,
    AccountSettings,
    Answer,
    Connector,
    Context,
    Outgoing,
    Receipt,
    Request,
    TemporaryFailure,
    Untraceable,
)
from connectors.meta import webhook
from connectors.meta.graph import Graph

WINDOW = dt.timedelta(hours=24)  # after the citizen's last message, for anything
REPORT_WAIT_SECONDS = 60.0  # for the report that tells what became of a send: it comes in a second or two, or the send was lost
ASK_AGAIN_SECONDS = 15.0
MOST_REMEMBERED = 10_000


class MetaSettings(AccountSettings):
    """Settings of an account on Meta's platform."""

    app_secret: SecretStr = Field(min_length=16)  # App settings → Basic
    access_token: SecretStr = Field(min_length=8)
    verify_token: SecretStr = Field(min_length=16)  # made up by the operator, entered at Meta with the webhook's address
    api_url: str = Field("https://graph.facebook.com", pattern=r"^https?://\S+$")
    api_version: str = Field("v25.0", pattern=r"^v\d{1,3}\.\d$")


class MetaConnector(Connector):
    """What Messenger and WhatsApp have in common."""

    settings: Any
    can_look_up = True

    def __init__(self, context: Context, settings: Any) -> None:
        super().__init__(context, settings)
        if context.production and not settings.api_url.startswith("https://"):
            raise ConfigurationError(f"{self.provider.upper()}_API_URL: production wants https")
        root = f"{settings.api_url.rstrip('/')}/{settings.api_version}"
        secret = settings.app_secret.get_secret_value()
        self.graph = Graph(context.http, root, settings.access_token.get_secret_value(), secret, self.key)
        self._waiting: OrderedDict[str, float] = OrderedDict()  # since when we wait for the report of a send, by its key

    def handshake(self, request: Request) -> Answer | None:
        """The answer to `hub.challenge`."""
        return webhook.handshake(request, self.settings.verify_token.get_secret_value())

    def verify(self, request: Request) -> Account:
        """Checks `X-Hub-Signature-256` over the raw body."""
        webhook.verify(request, self.settings.app_secret.get_secret_value())
        return self.account

    def silence(self, outgoing: Outgoing) -> dt.timedelta:
        """How long ago the citizen last wrote; zero when we do not know (then Meta decides)."""
        wrote = outgoing.reply.citizen_wrote_at
        now: dt.datetime = self.context.now() if self.context.now else dt.datetime.now(dt.UTC)
        return now - wrote if wrote else dt.timedelta(0)

    async def find_sent(self, outgoing: Outgoing, since: dt.datetime) -> Receipt | None:
        """Meta can't be asked, but it reports each message it took, with the key we gave it; the outbox reads that by itself.

        Until the report comes this waits a minute; then nobody can tell any more. A report that comes later still settles it.

        Raises:
            TemporaryFailure: still waiting.
            Untraceable: no report came.
        """
        now = monotonic()
        began = self._waiting.setdefault(outgoing.key, now)
        if len(self._waiting) > MOST_REMEMBERED:
            self._waiting.popitem(last=False)
        if now - began < REPORT_WAIT_SECONDS:
            # With a wish of its own: that no report has come yet says nothing against Meta's health.
            raise TemporaryFailure("waiting for Meta's report of this message", ASK_AGAIN_SECONDS)
        del self._waiting[outgoing.key]
        raise Untraceable("the connection broke while sending, and Meta has not reported this message")
