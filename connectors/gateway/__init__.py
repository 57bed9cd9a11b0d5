"""The door of all channels that push: `connectors.gateway` in PLUGINS, their accounts in CHANNELS."""

from connectors.gateway.plugin import register

__all__ = ["register"]
