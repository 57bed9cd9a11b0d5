"""Buttons under a message (an inline keyboard), and how the pressed one is marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from connectors.contract import Choice

MOST_BUTTONS = 20  # the Bot API takes a hundred; nobody reads them
TITLE = 40  # characters that a phone shows of a button as wide as the message
_PRESSED = "✓ "
# The longest title in a message decides how many buttons stand beside each other: numbers, language names, sentences.
_ABREAST = ((3, 6), (10, 3), (18, 2))
_Rows = Sequence[Sequence[Mapping[str, Any]]]


def keyboard(choices: Sequence[Choice]) -> InlineKeyboardMarkup | None:
    """The buttons in rows, in their order; what a press sends back is our payload (at most 64 bytes)."""
    if not choices:
        return None
    longest = max(len(choice.title) for choice in choices)
    abreast = next((number for length, number in _ABREAST if longest <= length), 1)
    buttons = [InlineKeyboardButton(choice.title, callback_data=choice.payload) for choice in choices]
    return InlineKeyboardMarkup([buttons[at : at + abreast] for at in range(0, len(buttons), abreast)])


def marked(rows: _Rows, pressed: str) -> InlineKeyboardMarkup:
    """The same buttons with a tick at the pressed one; all of them can still be pressed.

    Args:
        rows: the keyboard as the press reported it.
        pressed: the payload.
    """
    return InlineKeyboardMarkup([[_ticked(button, pressed) for button in row] for row in rows])


def _ticked(button: Mapping[str, Any], pressed: str) -> InlineKeyboardButton:
    title = str(button.get("text", "")).removeprefix(_PRESSED)
    if button.get("callback_data") == pressed:
        title = _PRESSED + title
    return InlineKeyboardButton(title, callback_data=button.get("callback_data"), url=button.get("url"))
