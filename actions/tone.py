"""Abuse: polite; then a human; in the end, the end."""

from __future__ import annotations

from collections.abc import Sequence

from rasa_sdk.events import EventType, SlotSet

from actions import keys
from actions.flow import Flow
from actions.payload import Payload, offer_human, reply
from actions.turn import Turn

MOST_OFFERS = 3


def decide(abuses_before: int) -> Payload:
    """The reply to one more abusive message.

    Args:
        abuses_before: abusive messages in this episode before this one.

    Returns:
        A polite text, then offers of a human, then the end of the conversation.
    """
    if abuses_before == 0:
        return reply("text", keys.ABUSE, outcome="smalltalk")
    if abuses_before < MOST_OFFERS:
        return offer_human(keys.ABUSE_AGAIN)
    return reply("end", keys.ENDED, outcome="smalltalk")


class ActionAnswerAbuse(Flow):
    """For `abuse`."""

    def name(self) -> str:
        """The name in the domain."""
        return "action_answer_abuse"

    async def decide(self, turn: Turn) -> Sequence[Payload]:
        """See `decide`."""
        return [decide(turn.abuses)]

    def remember(self, turn: Turn) -> list[EventType]:
        """One more."""
        return [SlotSet("abuse_count", turn.abuses + 1)]
