"""Right-to-left texts where the app on the phone guesses the direction of each line by its first letter."""

from __future__ import annotations

import re
import unicodedata

_RIGHT_TO_LEFT = ("R", "AL")
_MARK = "\u200f"  # RIGHT-TO-LEFT MARK: invisible, counts as a letter
_NOT_SAID = re.compile(r"<[^>]*>|https?://\S+|&[a-z]+;")  # markup and addresses


def anchored(text: str) -> str:
    """The text with a mark before each line that would be set from left to right though the text is not.

    Args:
        text: plain, or with the markup of `Capabilities.markup`.

    Returns:
        The same text if most of its letters are written from left to right.
    """
    said = [unicodedata.bidirectional(char) for char in _NOT_SAID.sub("", text)]
    if sum(kind in _RIGHT_TO_LEFT for kind in said) <= said.count("L"):
        return text
    return "\n".join(_MARK + line if _starts_left(line) else line for line in text.split("\n"))


def _starts_left(line: str) -> bool:
    for char in re.sub(r"<[^>]*>", "", line):
        kind = unicodedata.bidirectional(char)
        if kind in ("L", *_RIGHT_TO_LEFT):
            return kind == "L"
    return False
