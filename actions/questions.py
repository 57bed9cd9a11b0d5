"""Several questions in one message: the ways it may be divided. Only proposals; retrieval decides which of them is right.

Nothing here knows a question word. Sentences end alike in all our languages, and a small table names what joins two questions.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yaml

TABLE = Path(__file__).resolve().parent / "conjunctions.yml"
MOST = 3  # questions answered in one reply
MOST_JOINTS = 4  # places at which one sentence is tried; a list of ten things is no ten questions
FEWEST_WORDS = 2  # "Hello?" and "tips?" are no questions of their own
MOST_READINGS = 6

Reading = tuple[str, ...]

_ENDS = r"?？؟፧"  # Latin, full-width, Arabic, Ethiopic; ";" asks in Greek alone
_SENTENCE = re.compile(rf"(?<=[{_ENDS}!…])\s*(?!$)|(?<=[.።])\s+|\n+")
_ASKS = re.compile(rf"[{_ENDS}]\W*$")
_EDGES = " \t,;،؛፣"


def readings(text: str, language: str | None) -> list[Reading]:
    """The ways to read a message as two or three questions.

    A sentence without a question mark beside one that has it is background ("I have moved. How do I …?") and left out. Without
    any question mark only lines are told apart: sentences are then mostly a story with one question in it.

    Args:
        text: the message.
        language: its language's code, which names the conjunctions; unknown ones have none.

    Returns:
        Ways in the order they should be tried, each the parts of the message; none when it can only be one question.
    """
    sentences = [part.strip() for part in _SENTENCE.split(text) if part.strip()]
    asking = [part for part in sentences if _ASKS.search(part)] or [line for line in text.splitlines() if line.strip()]
    asking = [part.strip() for part in asking if _is_long_enough(part)]
    if len(asking) > MOST:
        return []
    if len(asking) > 1:
        return [tuple(asking)]
    return _divided(asking[0], language) if asking else []


def _divided(sentence: str, language: str | None) -> list[Reading]:
    """One sentence in two at each conjunction. Not at commas: before those stands the background ("we are moving, how …")."""
    joint = _joint(language)
    joints = list(joint.finditer(sentence))[:MOST_JOINTS] if joint else []
    halves: list[Reading] = [(sentence[: found.start()].strip(_EDGES), sentence[found.end() :].strip(_EDGES)) for found in joints]
    return [pair for pair in halves if all(map(_is_long_enough, pair))][:MOST_READINGS]


def _is_long_enough(part: str) -> bool:
    return len(part.split()) >= FEWEST_WORDS


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, list[str]], dict[str, str]]:
    loaded = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return loaded["words"], loaded["prefixes"]


@lru_cache(maxsize=64)
def _joint(language: str | None) -> re.Pattern[str] | None:
    """What may stand between two questions, if we know the language; the conjunction itself is left out of both."""
    words, prefix = (by_language.get(language or "") for by_language in _table())
    ways = [rf"[,;،؛፣]?\s+(?:{'|'.join(map(re.escape, words))})\s+"] if words else []
    if prefix:
        ways.append(rf"\s+{prefix}(?=\w{{2,}})")
    return re.compile("|".join(ways), re.IGNORECASE) if ways else None
