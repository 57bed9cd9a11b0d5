"""Thumbs up or down, pressed or written."""

from __future__ import annotations

from collections.abc import Sequence

from actions import keys
from actions.flow import Flow
from actions.payload import Payload, offer_human, reply
from actions.turn import Turn


def decide(turn: Turn) -> Payload:
    """Thanks; after a thumb down also a way on: a human.

    Args:
        turn: `/give_feedback{"value": "up" | "down"}`, or the intents positive_feedback and negative_feedback.

    Returns:
        The reply.
    """
    pleased = turn.entities.get("value") == "up" if "value" in turn.entities else turn.intent == "positive_feedback"
    if pleased:
        return reply("text", keys.FEEDBACK_UP, outcome="smalltalk")
    return offer_human(keys.FEEDBACK_DOWN)


class ActionGiveFeedback(Flow):
    """Thanks for feedback; `app` stores it."""

    def name(self) -> str:
        """The name in the domain."""
        return "action_give_feedback"

    async def decide(self, turn: Turn) -> Sequence[Payload]:
        """See `decide`."""
        return [decide(turn)]
