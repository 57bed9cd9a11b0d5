"""Does a message name another municipality? Then it is most likely not for this city, however much it sounds like one of ours."""

from __future__ import annotations

import re
import shlex
from functools import cache
from typing import Any

from knowledge.article import read_yaml
from knowledge.settings import ROOM
from knowledge.text_forms import fold

ENDING = 4  # letters that a language may add to a name: Malmössä, Boråsin
SHORT = 4  # names up to so many letters take none but an s: "Malå" is not in "målat"


@cache
def _pattern() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """(names in folded text, careful names in the text as it stands, our own city's in folded text)."""
    table: dict[str, Any] = read_yaml(ROOM / "municipalities.yml")
    careful = set(table["careful"])
    plain = [name for name in shlex.split(table["names"]) if name not in careful] + table["forms"]
    folded = sorted({fold(name) for name in plain}, key=len, reverse=True)
    long = "|".join(re.escape(name) for name in folded if len(name) > SHORT)
    short = "|".join(re.escape(name) for name in folded if len(name) <= SHORT)
    with_care = "|".join(sorted(map(re.escape, careful), key=len, reverse=True))
    before = "|".join(map(re.escape, table["before"]))
    home = "|".join({re.escape(fold(name)) for name in table["home"]})
    return (
        re.compile(rf"\b(?:(?:{long})[^\W\d_]{{0,{ENDING}}}|(?:{short})(?:s|ssa|sta|on|n)?)(?![^\W\d_])"),
        re.compile(rf"\b(?:{before})\s+(?:{with_care})s?\b"),
        re.compile(home),
    )


def names_another_city(text: str) -> bool:
    """Whether a message names another municipality, and not Göteborg.

    Args:
        text: a message in any language; small letters and missing dots are understood.
    """
    names, careful, home = _pattern()
    folded = fold(text)
    return bool(names.search(folded) or careful.search(text)) and not home.search(folded)
