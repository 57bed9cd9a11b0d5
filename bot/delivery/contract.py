"""What the outbox and a channel that pushes say to each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from bot.messages import Author

DeliveryState = Literal["sent", "delivered", "read", "failed"]


class DeliveryFailure(Exception):
    """A part was not delivered. The text is for the operator: it never holds an address or what was said."""


class TemporaryFailure(DeliveryFailure):
    """The provider can't take it now.

    Args:
        reason: what the provider answered.
        retry_after: the provider's own wish, in seconds; never shortened.
        whole_account: the wish holds for everything that goes out by this account, not for this address alone.
    """

    def __init__(self, reason: str, retry_after: float | None = None, *, whole_account: bool = False) -> None:
        super().__init__(reason)
        self.retry_after, self.whole_account = retry_after, whole_account


class PermanentFailure(DeliveryFailure):
    """The provider will never take this message."""


class AddressUnreachable(PermanentFailure):
    """Nothing will ever reach this address: invalid, blocked us, left. Its conversation is closed."""


class OutcomeUnknown(DeliveryFailure):
    """The connection broke after the request went out: the provider may have taken it."""


class Untraceable(OutcomeUnknown):
    """Asked about such a send, the provider can't tell, and will not later: AMBIGUOUS_SEND decides."""


@dataclass(frozen=True)
class Choice:
    """A button as it is offered on a channel.

    Args:
        title: in the citizen's language.
        payload: what pressing it sends back; issued by the store.
    """

    title: str
    payload: str
    article_id: str | None = None


@dataclass(frozen=True)
class Offering:
    """What a message offers to choose.

    Args:
        article_id: the article it answers with; then the choices are related ones.
    """

    article_id: str | None
    choices: tuple[Choice, ...]

    @classmethod
    def of(cls, article_id: str | None, payload: Mapping[str, Any]) -> Offering:
        """From the columns of a stored message."""
        buttons = payload.get("buttons") or ()
        return cls(article_id, tuple(Choice(b["title"], b["payload"], b.get("article_id")) for b in buttons))


@dataclass(frozen=True)
class StoredReply:
    """A stored message and what a channel must know to say it.

    Args:
        payload: the further fields of the message: sources, links, title, short, preview, …
        choices: its buttons.
        offered_before: what else was offered since the citizen last wrote; the numbers of choices go on from there.
        address: where to (decrypted); never logged.
        first: nothing has gone to this address in this conversation: it must say that this is an AI.
        agent_name: the agent who wrote it.
        citizen_wrote_at: when the citizen last wrote, for channels that allow an answer only for a time.
    """

    message_id: str
    conversation_id: str
    seq: int
    author: Author
    text: str
    language: str
    created_at: dt.datetime
    outcome: str | None = None
    article_id: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    offered_before: tuple[Offering, ...] = ()
    address: str = ""
    first: bool = False
    agent_name: str | None = None
    citizen_wrote_at: dt.datetime | None = None


@dataclass(frozen=True)
class Outgoing:
    """One part of a reply in the form a channel sends.

    Args:
        key: the idempotency key, the same at every try: `<message id>.<part>`.
        address: where to.
        text: in the channel's markup, within its length.
        choices: buttons to show under it, at most as many as the channel can; numbered ones are in the text already.
        reply: what it is a part of.
        extra: what only this channel understands.
    """

    key: str
    address: str
    text: str
    language: str
    reply: StoredReply
    choices: tuple[Choice, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Receipt:
    """The provider took a part.

    Args:
        provider_id: the provider's id, by which it will report the delivery; None when it gives none.
    """

    provider_id: str | None
    state: DeliveryState = "sent"


class Channel(Protocol):
    """One account of a channel that pushes messages to an address. The web does not: its client reads the store."""

    @property
    def key(self) -> str:
        """`provider:account`, as in `address.channel_account` and `outbox.account`."""
        ...

    @property
    def per_second(self) -> float:
        """How many messages the provider takes from this account a second; 0 = as many as come."""
        ...

    @property
    def per_address_per_minute(self) -> int:
        """How many messages may go to one address a minute; 0 = as many as come."""
        ...

    @property
    def can_look_up(self) -> bool:
        """Whether `find_sent` can tell what became of a send."""
        ...

    def render_parts(self, reply: StoredReply) -> Sequence[Outgoing]:
        """The reply in parts, always the same for the same reply: a crash between two parts must not change them."""
        ...

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Sends one part.

        Raises:
            TemporaryFailure, PermanentFailure, AddressUnreachable, OutcomeUnknown: see there.
        """
        ...

    async def find_sent(self, outgoing: Outgoing, since: dt.datetime) -> Receipt | None:
        """What became of a send whose outcome is unknown: the receipt, or None if the provider never took it.

        Raises:
            TemporaryFailure: the provider can't be asked now, or can't tell yet.
            Untraceable: it will never be known.
        """
        ...
