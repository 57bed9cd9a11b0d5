"""The providers' side of every channel, for trying the product and for its tests: an API to send by, and citizens' phones.

A simulator is written from the provider's documentation and imports no connector: it checks what the real one checks, answers
with the real one's errors, and signs and repeats its webhooks as the real one does. `make demo-channels` shows them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.plugins import Registry

__all__ = ["register"]


def register(registry: Registry) -> None:
    """See `connectors.simulator.plugin`; imported late, for who needs but a simulator."""
    from connectors.simulator import plugin

    plugin.register(registry)
