"""The desk: how a conversation gets from the bot to a human, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.plugins import Registry


def register(registry: Registry) -> None:
    """Registers the desk with the app."""
    from handover import plugin  # late: the command line and the pure modules need none of the web server

    plugin.register(registry)


__all__ = ["register"]
