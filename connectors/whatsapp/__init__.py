"""WhatsApp: a number's conversations, by Meta's Cloud API."""

from connectors.whatsapp.adapter import WhatsApp

CONNECTOR = WhatsApp

__all__ = ["CONNECTOR", "WhatsApp"]
