"""Nobody understood the message, or the knowledge service is down."""

from __future__ import annotations

from actions import answering, keys
from actions.answering import Said
from actions.flow import Flow
from actions.payload import offer_human
from actions.thresholds import Thresholds, load
from actions.turn import Turn


def decide(turn: Turn, limits: Thresholds) -> Said:
    """Says so, and offers a human.

    Args:
        turn: the turn.
        limits: the thresholds.

    Returns:
        The reply. With the service down the count of turns without an answer stays: it was not the citizen's wording.
    """
    if turn.knowledge_down:
        return Said((offer_human(keys.KNOWLEDGE_DOWN, outcome="error_knowledge"),), turn.unanswered)
    return answering.answer_or_ask(turn, limits)


class ActionDefaultFallback(Flow):
    """Rasa's own name for this action."""

    def name(self) -> str:
        """The name in the domain."""
        return "action_default_fallback"

    async def decide(self, turn: Turn) -> Said:
        """See `decide`."""
        return decide(turn, load())
