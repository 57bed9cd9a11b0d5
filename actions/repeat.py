"""Says the last reply again, the assistant's or a human's."""

from __future__ import annotations

from collections.abc import Sequence

from actions import keys
from actions.flow import Flow
from actions.payload import Payload, reply
from actions.turn import Turn


def decide(turn: Turn) -> Sequence[Payload]:
    """A human's last word, if the conversation is just back from them; else the replies of the last turn, if there were any."""
    if turn.told is not None:
        return [reply("text", keys.REPEAT_AGENT, params={"name": turn.told.name, "said": turn.told.text}, outcome="smalltalk")]
    return turn.previous or [reply("text", keys.REPEAT_NOTHING, outcome="smalltalk")]


class ActionRepeat(Flow):
    """For `repeat`."""

    def name(self) -> str:
        """The name in the domain."""
        return "action_repeat"

    async def decide(self, turn: Turn) -> Sequence[Payload]:
        """See `decide`."""
        return decide(turn)
