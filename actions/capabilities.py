"""What the assistant can do, and in which languages."""

from __future__ import annotations

from collections.abc import Sequence

from actions import keys
from actions.flow import Flow
from actions.payload import Payload, reply
from actions.turn import Turn


class ActionAskCapabilities(Flow):
    """Says what can be asked, and what cannot."""

    def name(self) -> str:
        """The name in the domain."""
        return "action_ask_capabilities"

    async def decide(self, turn: Turn) -> Sequence[Payload]:
        """One text."""
        return [reply("text", keys.CAPABILITIES, outcome="smalltalk")]
