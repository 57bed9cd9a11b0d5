"""Three versions of an article made into one: what a proposal was made from, what the file says now, what is proposed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Data = Mapping[str, Any]
_BY_LANGUAGE = ("title", "answer", "short", "questions", "translations")
_MISSING = object()


@dataclass(frozen=True)
class Conflict:
    """A field that both changed, each in its own way. None = not there."""

    field: str
    base: Any
    current: Any
    proposed: Any


@dataclass(frozen=True)
class Merged:
    """The article made of both, and what could not be settled: there it has what was proposed."""

    article: dict[str, Any]
    conflicts: list[Conflict]
    theirs: list[str]  # fields that only the file's change touched


def merge(base: Data, current: Data, proposed: Data) -> Merged:
    """Makes one article of both changes.

    Args:
        base: the article that the proposal was made from.
        current: the article as its file is now.
        proposed: the article as it is proposed.

    Returns:
        Field by field whichever side changed it; of phrasings the additions and removals of both; the later date of the text.
    """
    old, now, new = _fields(base), _fields(current), _fields(proposed)
    chosen: dict[tuple[str, str], Any] = {}
    conflicts: list[Conflict] = []
    theirs: list[str] = []
    for key in dict.fromkeys((*now, *new, *old)):
        a, b, c = (side.get(key, _MISSING) for side in (old, now, new))
        name = ".".join(part for part in key if part)
        if b == c or a == b:
            chosen[key] = c
        elif a == c:
            chosen[key] = b
            theirs.append(name)
        elif key[0] == "questions":
            chosen[key] = _phrasings(*([] if side is _MISSING else side for side in (a, b, c)))
        elif key[0] == "updated":
            chosen[key] = max(b, c)
        elif key[0] == "translations":
            chosen[key] = c  # follows from the texts when the article is proposed again
        else:
            chosen[key] = c
            conflicts.append(Conflict(name, *(None if side is _MISSING else side for side in (a, b, c))))
    return Merged(_article(proposed, chosen), conflicts, theirs)


def _fields(article: Data) -> dict[tuple[str, str], Any]:
    fields: dict[tuple[str, str], Any] = {}
    for name, value in article.items():
        if name in _BY_LANGUAGE and isinstance(value, Mapping):
            fields |= {(name, str(code)): text for code, text in value.items()}
        else:
            fields[name, ""] = value
    return fields


def _phrasings(base: list[str], current: list[str], proposed: list[str]) -> list[str]:
    removed = [text for text in base if text not in proposed]
    kept = [text for text in current if text not in removed]
    return kept + [text for text in proposed if text not in base and text not in kept]


def _article(proposed: Data, chosen: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    article: dict[str, Any] = {name: {} for name in _BY_LANGUAGE if name in proposed}
    for (name, code), value in chosen.items():
        if value is _MISSING:
            continue
        if code:
            article.setdefault(name, {})[code] = value
        elif name not in _BY_LANGUAGE:
            article[name] = value
    return article
