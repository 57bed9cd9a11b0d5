"""The thin edge to rasa-sdk that the flows share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import Said
from actions.payload import Payload
from actions.turn import Turn, read


class Flow(Action, ABC):  # type: ignore[misc]
    """An action that reads the turn, decides, and speaks. Abstract, or rasa-sdk would register it."""

    @abstractmethod
    def name(self) -> str:
        """The name in the domain."""

    @abstractmethod
    async def decide(self, turn: Turn) -> Said | Sequence[Payload]:
        """What to say in this turn.

        Args:
            turn: the turn.

        Returns:
            The replies; a `Said` also sets the count of turns without an answer.
        """

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Called by rasa-sdk."""
        turn = read(tracker)
        said = await self.decide(turn)
        payloads = said.payloads if isinstance(said, Said) else said
        for payload in payloads:
            dispatcher.utter_message(json_message=payload)
        events: list[EventType] = []
        if isinstance(said, Said) and said.unanswered != turn.unanswered:
            events.append(SlotSet("unanswered_count", said.unanswered))
        return events + self.remember(turn)

    def remember(self, turn: Turn) -> list[EventType]:
        """Further events of this flow; none unless a subclass says so."""
        return []
