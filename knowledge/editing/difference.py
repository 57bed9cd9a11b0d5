"""What differs between two versions of an article, field by field and word by word. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, Literal

from knowledge.article import ORIGINAL, answer_hash

Operation = Literal["same", "added", "removed"]
Piece = tuple[Operation, str]

_TEXTS = ("title", "answer", "short")
_WORD = re.compile(r"\n+|[^\S\n]+|\w+(?:[-'’]\w+)*|[^\w\s]+")
_VALUES = (
    "status", "department", "area", "updated", "review_by", "live_only", "sensitive", "volatile", "amounts", "audience", "next",
    "sources", "links",
)  # fmt: skip


def word_difference(before: str, after: str) -> list[Piece]:
    """The text after, with what was added and what was taken away.

    Args:
        before: a text.
        after: the same text later.

    Returns:
        Pieces in order; `same` and `added` joined give `after`, `same` and `removed` give `before`.
    """
    old, new = _WORD.findall(before), _WORD.findall(after)
    pieces: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(("same", "".join(old[a:b])))
            continue
        if b > a:
            pieces.append(("removed", "".join(old[a:b])))
        if d > c:
            pieces.append(("added", "".join(new[c:d])))
    return pieces


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What differs between two versions.

    Args:
        before: an article as data (`revision.article_data`), or None when there was none.
        after: another version of it.

    Returns:
        One item per field that differs: `{field, kind: "text", words: [[operation, text]]}`,
        `{field, kind: "list", added: [...], removed: [...]}` for phrasings, `{field, kind: "value", before, after}` for the rest.
    """
    return list(_differences(before or {}, after))


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in _VALUES:
        old, new = before.get(name), after.get(name)
        if old != new and (old or new):
            yield {"field": name, "kind": "value", "before": old, "after": new}
    codes = {code: None for data in (before, after) for name in (*_TEXTS, "questions") for code in data.get(name) or {}}
    for code in codes:
        for name in _TEXTS:
            old, new = (before.get(name) or {}).get(code, ""), (after.get(name) or {}).get(code, "")
            if old != new:
                yield {"field": f"{name}.{code}", "kind": "text", "words": [list(piece) for piece in word_difference(old, new)]}
        asked, asks = (before.get("questions") or {}).get(code, []), (after.get("questions") or {}).get(code, [])
        added, removed = [text for text in asks if text not in asked], [text for text in asked if text not in asks]
        if added or removed:
            yield {"field": f"questions.{code}", "kind": "list", "added": added, "removed": removed}
        elif asked != asks:
            yield {"field": f"questions.{code}", "kind": "value", "before": asked, "after": asks}
        # What goes stale follows from the Swedish answer, above; only a translation that was looked after is a change of its own.
        state, states = _translation(before, code), _translation(after, code)
        if state != states and states not in ("stale", None):
            values = {"before": {"state": state} if state else None, "after": {"state": states}}
            yield {"field": f"translations.{code}", "kind": "value", **values}


def _translation(article: Mapping[str, Any], code: str) -> str | None:
    translation, answers = (article.get("translations") or {}).get(code), article.get("answer") or {}
    if not isinstance(translation, Mapping) or code not in answers:
        return None
    if translation.get("of") not in (None, answer_hash(answers.get(ORIGINAL, ""))):
        return "stale"
    return str(translation.get("state"))
