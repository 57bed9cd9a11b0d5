"""One version of an article: its hash, how a form's data become one, and what an edit means for the translations. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Set
from typing import Any

from knowledge.article import ORIGINAL, Article, Translation, answer_hash
from knowledge.writing import stripped

_BY_LANGUAGE = ("title", "answer", "short")
_SHOWN = ("title", "answer", "short")  # what a citizen reads; a new phrasing does not make the article newer


def content_hash(article: Article) -> str:
    """Short hash of what an article says: the same whatever form its file is written in (16 hex digits)."""
    data = stripped(article).model_dump(mode="json")
    return hashlib.sha256(json.dumps(data, sort_keys=True, ensure_ascii=False).encode("utf-8")).hexdigest()[:16]


def file_hash(content: bytes) -> str:
    """Short hash of a file that is no article (16 hex digits)."""
    return hashlib.sha256(content).hexdigest()[:16]


def article_data(article: Article) -> dict[str, Any]:
    """The article as plain data, as the routes give and take it."""
    return stripped(article).model_dump(mode="json")


def cleaned(data: Mapping[str, Any]) -> dict[str, Any]:
    """A form's data without what was left empty: blank ends, empty lines among the phrasings, languages without a word.

    Whatever is not of the expected type is left as it is; the article's model then says what is wrong with it.
    """
    article = dict(data)
    for name in _BY_LANGUAGE:
        if isinstance(article.get(name), Mapping):
            texts = {code: text.strip() if isinstance(text, str) else text for code, text in article[name].items()}
            article[name] = {code: text for code, text in texts.items() if text not in ("", None)}
    if isinstance(article.get("questions"), Mapping):
        listed = {code: _phrasings(lines) for code, lines in article["questions"].items()}
        article["questions"] = {code: lines for code, lines in listed.items() if lines != []}
    answers, translations = article.get("answer"), article.get("translations")
    if isinstance(answers, Mapping) and isinstance(translations, Mapping | None):
        known = dict(translations or {})
        article["translations"] = {
            code: known.get(code) or {"state": "drafted"} for code in answers if isinstance(code, str) and code != ORIGINAL
        }
    for name in ("audience", "amounts"):
        if article.get(name) in ("", {"year": None}, {"year": ""}):
            article[name] = None
    return article


def _phrasings(lines: Any) -> Any:
    if not isinstance(lines, list):
        return lines
    trimmed = [" ".join(line.split()) if isinstance(line, str) else line for line in lines]
    seen: dict[Any, None] = dict.fromkeys(line for line in trimmed if isinstance(line, str) and line)
    return [*seen, *(line for line in trimmed if not isinstance(line, str))]


def prepared(before: Article | None, after: Article, reviewed: Set[str], today: dt.date) -> Article:
    """The article as it would be written: its dates and the state of its translations follow from what was edited.

    Args:
        before: the article as it is now, or None for a new one.
        after: as the editor wants it.
        reviewed: languages whose translation the editor has read against the Swedish text and found right.
        today: becomes the date of the text if what citizens read in Swedish changed and the editor set no other.

    Returns:
        `after` with `updated` and `translations` set. A translation that was not touched while the Swedish answer changed keeps
        the hash of the Swedish answer it translates, so that it is found to be stale.
    """
    before, after = stripped(before) if before else None, stripped(after)
    hash_after = answer_hash(after.answer.get(ORIGINAL, ""))
    hash_before = answer_hash(before.answer.get(ORIGINAL, "")) if before else hash_after
    translations: dict[str, Translation] = {}
    for code in after.translations:
        old = before.translations.get(code) if before and code in before.answer else None
        touched = before is None or any(getattr(before, name).get(code) != getattr(after, name).get(code) for name in _SHOWN)
        rewritten = before is None or before.answer.get(code) != after.answer.get(code)
        if code in reviewed:
            translations[code] = Translation(state="reviewed", of=hash_after)
        elif rewritten or old is None:
            translations[code] = Translation(state="drafted", of=hash_after)
        elif touched:
            translations[code] = Translation(state="drafted", of=old.of or hash_before)
        elif hash_before != hash_after and old.of is None:
            translations[code] = Translation(state=old.state, of=hash_before)
        else:
            translations[code] = old
    updated = after.updated
    if before is not None and updated == before.updated and updated < today:
        swedish = [(getattr(before, name).get(ORIGINAL), getattr(after, name).get(ORIGINAL)) for name in _SHOWN]
        if any(old_text != new_text for old_text, new_text in swedish):
            updated = today
    return after.model_copy(update={"translations": translations, "updated": updated})


def is_withdrawal(before: Article, after: Article) -> bool:
    """Whether the change does nothing but take the article out of use: the safe direction, which no fault may hinder."""
    return after.status == "expired" and stripped(before).model_copy(update={"status": "expired"}) == stripped(after)
