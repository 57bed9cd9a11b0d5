"""What one turn knows and decides while it passes through the stages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from bot.messages import Reply
from bot.store.conversations import Conversation
from knowledge.client import AnalysisData


class TurnDecided(Exception):
    """Raised by a stage when what to say is decided; the stages after it are skipped, rendering and writing are not."""


@dataclass(frozen=True)
class Facts:
    """What was seen in the raw text before it was masked; all that is kept of it.

    Args:
        emergency: kind of emergency that the rules found (`bot.safety.rules`).
        wants_human: the rules read a wish to talk to a person.
        protected: the citizen speaks of protected identity; then no text was stored.
        masked: kinds of personal data that were hidden.
        contact: of an answer to the question for contact details: the kinds that were kept, or `cancelled`, or `invalid`
            (something like one), or `missing`.
        struck: with a button that agrees to send the conversation: seqs of the messages that are not to be sent.
        follows: the conversation that was closed a short while before this first message, and may be opened again.
    """

    emergency: str | None = None
    wants_human: bool = False
    protected: bool = False
    masked: tuple[str, ...] = ()
    contact: tuple[str, ...] = ()
    struck: tuple[int, ...] = ()
    follows: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As stored in `turn.facts`."""
        return {
            "emergency": self.emergency,
            "human": self.wants_human,
            "protected": self.protected,
            "masked": list(self.masked),
            "contact": list(self.contact),
        } | {name: value for name, value in (("struck", list(self.struck)), ("follows", self.follows)) if value}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Facts:
        """The inverse of `to_json`."""
        return cls(
            stored["emergency"], stored["human"], stored["protected"], tuple(stored["masked"]), tuple(stored.get("contact", ())),
            tuple(stored.get("struck", ())), stored.get("follows"),
        )  # fmt: skip


@dataclass(frozen=True)
class AgentsWord:
    """What a human said last before the bot got the conversation back; `name` is the one the citizen knows."""

    name: str
    text: str


@dataclass(frozen=True)
class Topic:
    """What the citizen goes on from.

    Args:
        articles: of the last answer, in its order, or those an agent spoke of; at most three. None when the last turn gave no
            answer but a question back or a don't-know: then the citizen has begun something else.
        told: the agent's last word, while the bot has not answered anything since.
    """

    articles: tuple[str, ...] = ()
    told: AgentsWord | None = None


@dataclass(frozen=True)
class DeskCall:
    """A call of the desk, made inside the transaction that writes the turn."""

    kind: str  # offer | press | citizen_wrote | contact
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass
class TurnContext:
    """Passed from stage to stage.

    Args:
        conversation: as read when the turn began; replies are written only while its version still holds.
        text: the citizen's masked text ("" when nothing may be stored).
        action: a pressed button's action, instead of text.
        attempt: 1 at the first try; more after a crash or a dead service.
    """

    conversation: Conversation
    message_id: str
    seq: int
    text: str
    action: str | None
    facts: Facts
    created_at: dt.datetime
    attempt: int
    previously_notified: bool = False  # the citizen has been told that a service is down
    topic: Topic = field(default_factory=Topic)  # what a follow-up is about
    analysis: AnalysisData | None = None
    language: str = "sv"
    replies: list[Reply] = field(default_factory=list)
    desk: DeskCall | None = None
    updates: dict[str, Any] = field(default_factory=dict)  # columns of the conversation to set
    outcome: str | None = None
    deferred: str | None = None  # the dead service; the turn is tried again later

    def say(self, reply: Reply) -> None:
        """Adds a reply; the turn's outcome is that of the last reply which has one."""
        self.replies.append(reply)
        self.outcome = reply.outcome or self.outcome
