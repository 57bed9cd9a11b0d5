"""Builders for the actions' tests."""

from __future__ import annotations

from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher


class Conversation:
    """A citizen's conversation as the action server sees it, built turn by turn."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.slots: dict[str, Any] = {"unanswered_count": 0, "abuse_count": 0}
        self.latest: dict[str, Any] = {}

    def citizen(self, text: str, intent: str = "ask_faq", **parsed: Any) -> Conversation:
        """The citizen writes; `parsed` is what the NLU puts beside the intent."""
        entities = [{"entity": name, "value": value} for name, value in parsed.pop("entities", {}).items()]
        self.latest = {"text": text, "intent": {"name": intent}, "entities": entities, **parsed}
        self.events.append({"event": "user", "text": text, "parse_data": self.latest})
        return self

    def tracker(self) -> Tracker:
        """The tracker rasa-sdk would hand to an action."""
        return Tracker("c:1", dict(self.slots), self.latest, list(self.events), False, None, {}, "action_listen")

    async def answered_by(self, action: Any) -> list[dict[str, Any]]:
        """Runs the action, keeps what it said and remembered, and gives its replies."""
        dispatcher = CollectingDispatcher()
        events = await action.run(dispatcher, self.tracker(), {})
        replies = [message["custom"] for message in dispatcher.messages]
        self.events += [{"event": "bot", "data": {"custom": reply}} for reply in replies]
        self.slots.update({event["name"]: event["value"] for event in events if event["event"] == "slot"})
        return replies


@pytest.fixture
def conversation() -> Conversation:
    """A new one."""
    return Conversation()


def candidate(article_id: str, probability: float, title: str = "") -> dict[str, Any]:
    """An article as the knowledge service proposes it."""
    title = title or article_id.capitalize()
    return {"article_id": article_id, "title": title, "language": "sv", "probability": probability, "matched": "x"}


@pytest.fixture(name="candidate")
def candidate_builder() -> Any:
    """`candidate("avc-regler", 0.9)`."""
    return candidate
