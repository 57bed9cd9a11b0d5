"""Words a citizen types that are meant for the channel, not for the bot: STOPP, START, WEBB, a number."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Command = Literal["stop", "start", "continue"]

# Only the whole message counts: "hur stoppar jag mitt avtal?" is a question. STOP is what operators' networks teach everywhere.
_WORDS: dict[str, Command] = {
    "stopp": "stop", "stop": "stop", "stopall": "stop", "unsubscribe": "stop", "/stop": "stop",
    "start": "start", "/start": "start", "unstop": "start",
    "webb": "continue", "web": "continue", "/webb": "continue", "/web": "continue", "/continue": "continue",
}  # fmt: skip
_NUMBER = re.compile(r"\(?([0-9]{1,2})\s*[.):]?\)?")


def read(text: str) -> Command | None:
    """The command a message is, if it is one."""
    word = text.strip().strip(".!\"'”“ ").casefold()
    return _WORDS.get(word)


def read_number(text: str) -> int | None:
    """The number a message is, in any script's digits; None when it says anything else."""
    folded = "".join(str(unicodedata.digit(char)) if char.isdigit() else char for char in text.strip())
    match = _NUMBER.fullmatch(folded)
    return int(match[1]) if match else None
