"""Telegram: a bot in private chats, over the official Bot API (webhook, or polling where nothing from outside reaches us)."""

import os

os.environ.setdefault("PTB_TIMEDELTA", "true")  # the library's own switch: times are timedelta, as its next version has them

from connectors.telegram.connector import Telegram

CONNECTOR = Telegram

__all__ = ["CONNECTOR", "Telegram"]
