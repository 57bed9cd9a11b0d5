"""The web chat: its public API, its events, and the widget's files."""

from connectors.web.plugin import register

__all__ = ["register"]
