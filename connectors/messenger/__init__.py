"""Facebook Messenger: a page's conversations, by Meta's Messenger Platform."""

from connectors.messenger.adapter import Messenger

CONNECTOR = Messenger

__all__ = ["CONNECTOR", "Messenger"]
