"""`out_of_scope`: not the city's business, and whose it is where that is known."""

from __future__ import annotations

from actions import answering
from actions.answering import Said
from actions.flow import Flow
from actions.thresholds import load
from actions.turn import Turn


class ActionOutOfScope(Flow):
    """For `out_of_scope`."""

    def name(self) -> str:
        """The name in the domain."""
        return "action_out_of_scope"

    async def decide(self, turn: Turn) -> Said:
        """See `answering.not_ours`."""
        return answering.not_ours(turn, load())
