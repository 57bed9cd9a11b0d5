"""An article as a citizen would read it, on the web and as an SMS, also while it is being written. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from knowledge.article import KnowledgeBase, references
from knowledge.sms import sms_size
from knowledge.validation import MAX_ANSWER_WORDS, word_count


def preview(data: Mapping[str, Any], base: KnowledgeBase) -> dict[str, dict[str, Any]]:
    """Every language of an article as it would be shown.

    Args:
        data: an article as data, whole or not yet.
        base: for the names and numbers that its texts refer to.

    Returns:
        Per language `{title, answer, short, unknown: ["phone:x"], words, words_limit, sms}`, `sms` as `SmsSize`.
        A reference that leads nowhere stays as it is written.
    """
    texts = {name: _texts(data.get(name)) for name in ("title", "answer", "short")}
    codes = {code: None for of_language in texts.values() for code in of_language}
    shown = {}
    for code in codes:
        title, answer, short = (texts[name].get(code, "") for name in ("title", "answer", "short"))
        sent = _rendered(short, code, base)
        shown[code] = {
            "title": title,
            "answer": _rendered(answer, code, base),
            "short": sent,
            "unknown": sorted({f"{kind}:{key}" for kind, key in references(answer + short) if not _exists(kind, key, base)}),
            "words": word_count(answer),
            "words_limit": MAX_ANSWER_WORDS,
            "sms": asdict(sms_size(sent)),
        }
    return shown


def _texts(value: Any) -> dict[str, str]:
    return {code: text for code, text in value.items() if isinstance(text, str)} if isinstance(value, Mapping) else {}


def _exists(kind: str, key: str, base: KnowledgeBase) -> bool:
    return key in (base.phones if kind == "phone" else base.departments)


def _rendered(text: str, language: str, base: KnowledgeBase) -> str:
    known = {(kind, key) for kind, key in references(text) if _exists(kind, key, base)}
    for kind, key in known:
        reference = f"{{{kind}:{key}}}"
        text = text.replace(reference, base.render(reference, language))
    return text.strip()
