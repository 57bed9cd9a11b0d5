"""The cue words of cues.yml, compiled into patterns once."""

import re
from functools import cache
from pathlib import Path
from typing import Final

import yaml

REACH: Final = 40
"""How many characters before a number a cue word may stand."""


@cache
def _lists() -> dict[str, list[str]]:
    loaded = yaml.safe_load(Path(__file__).with_name("cues.yml").read_text(encoding="utf-8"))
    for name, entries in loaded.items():
        for word in entries:
            if not isinstance(word, str):  # YAML reads an unquoted `on` as true
                raise TypeError(f'cues.yml: {name} has {word!r}; put quotes around the word, for example "on"')
    return dict(loaded)


@cache
def words(name: str) -> frozenset[str]:
    """A list of cues.yml as a set.

    Args:
        name: Name of the list.

    Returns:
        Its words in lower case.
    """
    return frozenset(word.casefold() for word in _lists()[name])


@cache
def alternation(name: str) -> str:
    """A list of cues.yml as the inside of a regular expression, longest first.

    Args:
        name: Name of the list.

    Returns:
        `word|other word`, spaces matching any single blank.
    """
    ordered = sorted(_lists()[name], key=len, reverse=True)
    return "|".join(re.escape(word).replace(r"\ ", r"[ \n]") for word in ordered)


@cache
def _cue(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)[وف]?(?:{alternation(name)})(?!\w)", re.IGNORECASE)


def cue_before(name: str, text: str, start: int, reach: int = REACH) -> bool:
    """Whether a cue word stands shortly before a place in the text.

    A sentence's end or another number between the two breaks the connection: they belong to different things.

    Args:
        name: Name of the list.
        text: Plain text of the view.
        start: Where the number begins.
        reach: How many characters back to look.

    Returns:
        True if a cue stands there.
    """
    window = text[max(0, start - reach) : start]
    cut = max(window.rfind(". "), window.rfind("? "), window.rfind("! "), window.rfind("\n\n"))
    ends = [match.end() for match in _cue(name).finditer(window, max(0, cut))]
    return bool(ends) and not any(character.isdigit() for character in window[ends[-1] :])


def mentions(name: str, text: str) -> bool:
    """Whether a cue word stands anywhere in the text.

    Args:
        name: Name of the list.
        text: Plain text of the view.

    Returns:
        True if one does.
    """
    return _cue(name).search(text) is not None
