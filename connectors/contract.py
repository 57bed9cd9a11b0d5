"""What a channel is: verify, parse, render, send. One folder per provider implements it; nothing else changes.

A provider's module `connectors.<provider>` names its class in `CONNECTOR`. The setting `CHANNELS=elks:main,telegram:main`
switches accounts on; each is given its own settings, read from the environment under `<PROVIDER>_` (account `main`) or
`<PROVIDER>_<ACCOUNT>_`.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

import httpx
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.delivery.calls import retry_after_seconds, send_request
from bot.delivery.contract import (
    AddressUnreachable,
    Choice,
    DeliveryFailure,
    DeliveryState,
    Offering,
    OutcomeUnknown,
    Outgoing,
    PermanentFailure,
    Receipt,
    StoredReply,
    TemporaryFailure,
    Untraceable,
)
from bot.settings import ROOT

if TYPE_CHECKING:
    from bot.plugins import Registry

__all__ = [
    "Account",
    "AccountSettings",
    "AddressUnreachable",
    "Answer",
    "Capabilities",
    "Choice",
    "Connector",
    "Context",
    "DeliveryFailure",
    "Inbound",
    "Offering",
    "OutcomeUnknown",
    "Outgoing",
    "PermanentFailure",
    "Receipt",
    "Rejected",
    "Reply",
    "Request",
    "TemporaryFailure",
    "Unreadable",
    "Untraceable",
    "retry_after_seconds",
    "send_request",
]  # fmt: skip

Reply = StoredReply

Unsupported = Literal["image", "voice", "file", "location", "contact", "sticker", "other", "group"]


class Rejected(Exception):
    """The delivery is not from the provider, or not for us. The answer tells nothing more than the status.

    Args:
        status: 401 unsigned or forged, 403 not from the provider's network, 404 unknown account.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Unreadable(Exception):
    """The delivery is signed, but not of the form the provider documents. It is answered 400 and counted."""


@dataclass(frozen=True)
class Request:
    """A webhook's delivery, before anybody has read it.

    Args:
        method: upper case.
        url: as the provider called it: the public URL with path and query (signatures are made over it).
        rest: what the path has after the account.
        query: the query's values.
        headers: names in lower case.
        body: the raw bytes.
        client: the network address it came from.
    """

    method: str
    url: str
    rest: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    client: str


@dataclass(frozen=True)
class Answer:
    """What the provider gets back at once."""

    status: int = 200
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Account:
    """An account of a provider: `elks:main`."""

    provider: str
    name: str

    @property
    def key(self) -> str:
        """As in `address.channel_account`."""
        return f"{self.provider}:{self.name}"


@dataclass(frozen=True)
class Inbound:
    """One thing a provider delivered.

    Args:
        kind: `text`; `press` (a button: `payload`); `start` (Telegram's /start); `unsupported` (`what`, perhaps with a caption
        in `text`);
            `status` (of a message of ours: `provider_id` is its id, `state`, `error`); `gone` (the citizen blocked us).
        provider_id: the provider's id, the same at every delivery: the key against duplicates.
        address: of the citizen; empty for a status.
        language: a weak prior (Telegram's `language_code`).
        unreachable: a failed status that means the address will never be reached.
        key: of a status, the `Outgoing.key` that the provider gives back: it settles a send whose outcome nobody knew.
        until: of a status without a `provider_id`: it holds for everything that went to `address` until then (a watermark).
        extra: what the connector itself needs again in `noticed` (a callback's id).
    """

    kind: Literal["text", "press", "start", "unsupported", "status", "gone"]
    provider_id: str
    address: str = ""
    text: str = ""
    payload: str = ""
    what: Unsupported = "other"
    language: str | None = None
    state: DeliveryState = "sent"
    error: str | None = None
    unreachable: bool = False
    key: str = ""
    until: dt.datetime | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Capabilities:
    """What a channel can show. Rendering is driven by this alone (`connectors/rendering`).

    Args:
        max_length: characters of one part.
        buttons: how many buttons a message may have; 0 = choices are numbered in the text.
        button_title: characters of a button's title; longer ones are numbered in the text and the buttons show the numbers.
        markup: how bold text and links are written; None = plain text.
        typing: can show that somebody writes.
        media: can send images (nothing of ours needs it).
        read_receipts: tells when a message was read.
        sms: an article's `short` text is sent, typography is reduced to the SMS alphabet, length counts in SMS parts.
        related: whether related articles are offered under an answer.
        answer_hours: how long after the citizen's last message an answer may be sent freely; None = always.
    """

    max_length: int
    buttons: int = 0
    button_title: int = 0
    markup: Literal["html"] | None = None
    typing: bool = False
    media: bool = False
    read_receipts: bool = False
    sms: bool = False
    related: bool = True
    answer_hours: float | None = None


class AccountSettings(BaseSettings):
    """Settings of one account. A field without a default is required: its absence stops the start with its name."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore")


class Renderer(Protocol):
    """Puts a reply into parts (`connectors.rendering.render.Rendering`)."""

    def render(self, reply: Reply, capabilities: Capabilities) -> list[Outgoing]:
        """The parts, in order."""
        ...

    def say(self, key: str, reply: Reply, **params: object) -> str:
        """A text of the catalogue in the reply's language."""
        ...


@dataclass(frozen=True)
class Context:
    """What every connector is given.

    Args:
        account: which account this is.
        webhook_url: public address of its webhook, without a slash at the end.
        renderer: the shared rendering.
        http: a client for its calls; closed by the gateway.
        production: secrets must be strong, addresses https.
        now: the app's clock.
    """

    account: Account
    webhook_url: str
    renderer: Renderer
    http: httpx.AsyncClient
    production: bool = False
    now: Any = None


class Connector(ABC):
    """One account of a provider.

    Class attributes:
        provider: folder and name in URLs and settings: `elks`.
        channel: the citizen's word for it: `sms`, `telegram`.
        capabilities: what it can show.
        Settings: model of its settings.

    Attributes:
        receive: takes an inbound as if it had been delivered, for a connector that fetches; the gateway sets it before `start`.
    """

    provider: ClassVar[str]
    channel: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    Settings: ClassVar[type[AccountSettings]] = AccountSettings
    per_second: float = 0.0
    per_address_per_minute: int = 0
    can_look_up: bool = False
    receive: Callable[[Inbound], Awaitable[None]] | None = None

    def __init__(self, context: Context, settings: Any) -> None:
        self.context, self.settings, self.account = context, settings, context.account

    @property
    def key(self) -> str:
        """`provider:account`."""
        return self.account.key

    def join(self, registry: Registry) -> None:  # noqa: B027 - most have nothing to do
        """Called once while the app is built, for a connector that does more than carry messages (e-mail is the mailer)."""

    async def start(self) -> None:  # noqa: B027
        """Called once when the app starts (registering the webhook, polling)."""

    async def stop(self) -> None:  # noqa: B027
        """Called once when the app stops."""

    def handshake(self, request: Request) -> Answer | None:
        """The answer to a provider's question whether this webhook is ours (GET); None = there is no such question."""
        return None

    @abstractmethod
    def verify(self, request: Request) -> Account:
        """Checks the raw delivery, in constant time.

        Raises:
            Rejected: it is not signed, or not for this account.
        """

    @abstractmethod
    def parse(self, request: Request) -> Sequence[Inbound]:
        """Everything in a verified delivery, in its order. What needs no reaction (echoes) is left out.

        Raises:
            Unreadable: not of the documented form.
        """

    def continue_link(self, code: str) -> str | None:
        """Where a citizen goes on here with a conversation from elsewhere, by one press; None = the code has to be typed."""
        return None

    def render(self, reply: Reply, capabilities: Capabilities) -> list[Outgoing]:
        """The reply in parts, always the same for the same reply."""
        return self.context.renderer.render(reply, capabilities)

    def render_parts(self, reply: Reply) -> list[Outgoing]:
        """`render` with this channel's own capabilities."""
        return self.render(reply, self.capabilities)

    @abstractmethod
    async def send(self, outgoing: Outgoing) -> Receipt:
        """Sends one part.

        Raises:
            TemporaryFailure, PermanentFailure, AddressUnreachable, OutcomeUnknown: see there.
        """

    async def find_sent(self, outgoing: Outgoing, since: dt.datetime) -> Receipt | None:
        """What became of a send whose outcome is unknown; only called when `can_look_up`."""
        raise NotImplementedError

    def answer(self, request: Request) -> Answer:
        """What the provider gets when its delivery was taken."""
        return Answer()

    async def noticed(self, inbound: Inbound, *, answering: bool) -> None:  # noqa: B027
        """After a message was stored: shows "typing", answers a callback. Best effort: a failure is logged, nothing more.

        Args:
            answering: the bot answers; else the citizen waits for a human, and nobody is writing yet.
        """
