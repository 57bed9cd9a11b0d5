"""Says the last reply again."""

from __future__ import annotations

from collections.abc import Sequence

from actions import keys
from actions.flow import Flow
from actions.payload import Payload, reply
from actions.turn import Turn


def decide(turn: Turn) -> Sequence[Payload]:
    """The replies of the last turn, or a text that there were none."""
    return turn.previous or [reply("text", keys.REPEAT_NOTHING, outcome="smalltalk")]


class ActionRepeat(Flow):
    """For `repeat`."""

    def name(self) -> str:
        """The name in the domain."""
        return "action_repeat"

    async def decide(self, turn: Turn) -> Sequence[Payload]:
        """See `decide`."""
        return decide(turn)
