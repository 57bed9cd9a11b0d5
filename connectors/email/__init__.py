"""E-mail, a way out only: a conversation to the citizen who asked for it, a word to the department that is to call."""

from connectors.email.connector import Email

CONNECTOR = Email

__all__ = ["CONNECTOR"]
