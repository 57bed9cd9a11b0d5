"""What an action may know about the turn, read from Rasa's tracker once and typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

_ZONE: Final = ZoneInfo("Europe/Stockholm")


class Tracker(Protocol):
    """The part of rasa-sdk's Tracker used here."""

    latest_message: Any
    events: Any
    slots: Any


@dataclass(frozen=True)
class Candidate:
    """An article retrieval proposes; `probability` that it is the right answer, 0 to 1."""

    article_id: str
    title: str
    probability: float


@dataclass(frozen=True)
class Elsewhere:
    """Whose question it is, if it is not the city's: `id` of knowledge/elsewhere/, and how probable that is, 0 to 1."""

    id: str
    probability: float


@dataclass(frozen=True)
class Told:
    """What a human said last, when the assistant has the conversation back from them and has answered nothing since."""

    name: str
    text: str


@dataclass(frozen=True)
class Turn:
    """The citizen's message as Rasa parsed it, and what was said before."""

    text: str
    intent: str
    language: str | None
    candidates: tuple[Candidate, ...]
    elsewhere: Elsewhere | None
    choices: tuple[Candidate, ...]  # what to ask about when the message is one wide word
    entities: Mapping[str, str]
    knowledge_down: bool
    unanswered: int
    abuses: int
    previous: tuple[dict[str, Any], ...]
    written_on: dt.date  # the citizen's day, in Gothenburg
    told: Told | None = None

    @property
    def last(self) -> dict[str, Any]:
        """The assistant's last reply, or nothing."""
        return self.previous[-1] if self.previous else {}


def candidates(raw: Any) -> tuple[Candidate, ...]:
    """Reads `candidates` of the knowledge service, best first.

    Args:
        raw: list of `{article_id, title, probability, ...}`.

    Returns:
        The candidates, each article once.
    """
    best: dict[str, Candidate] = {}
    for entry in raw or []:
        found = Candidate(str(entry["article_id"]), str(entry.get("title") or ""), float(entry["probability"]))
        if found.article_id not in best or best[found.article_id].probability < found.probability:
            best[found.article_id] = found
    return tuple(sorted(best.values(), key=lambda c: -c.probability))


def elsewhere(raw: Any) -> Elsewhere | None:
    """Reads `elsewhere` of the knowledge service: `{id, probability}` or nothing."""
    return Elsewhere(str(raw["id"]), float(raw["probability"])) if raw else None


def written_on(stamp: str | None) -> dt.date:
    """The day in Gothenburg on which a message came in; without a time (`rasa shell`), today.

    Args:
        stamp: an ISO time with its offset.
    """
    at = dt.datetime.fromisoformat(stamp) if stamp else dt.datetime.now(dt.UTC)
    return at.astimezone(_ZONE).date()


def read(tracker: Tracker) -> Turn:
    """Reads the turn.

    Args:
        tracker: rasa-sdk's tracker.

    Returns:
        The turn.
    """
    message: Mapping[str, Any] = tracker.latest_message or {}
    slots: Mapping[str, Any] = tracker.slots or {}
    entities = {str(e["entity"]): str(e["value"]) for e in reversed(message.get("entities") or [])}
    metadata: Mapping[str, Any] = message.get("metadata") or {}
    return Turn(
        text=str(message.get("text") or ""),
        intent=str((message.get("intent") or {}).get("name") or ""),
        language=message.get("language") or metadata.get("language"),
        candidates=candidates(message.get("candidates")),
        elsewhere=elsewhere(message.get("elsewhere")),
        choices=candidates(message.get("choices")),
        entities=entities,
        knowledge_down=bool(message.get("knowledge_down")),
        unanswered=int(slots.get("unanswered_count") or 0),
        abuses=int(slots.get("abuse_count") or 0),
        previous=_last_replies(list(tracker.events or [])),
        written_on=written_on(metadata.get("written_at")),
        told=Told(str(told["name"]), str(told["text"])) if (told := metadata.get("told")) else None,
    )


def _last_replies(events: list[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """The assistant's replies in the latest turn in which it said anything."""
    replies: list[dict[str, Any]] = []
    for event in reversed(events):
        if event.get("event") == "bot":
            custom = (event.get("data") or {}).get("custom")
            if custom:
                replies.append(dict(custom))
        elif event.get("event") == "user" and replies:
            break
    return tuple(reversed(replies))
