"""Whether a translation says the same as the Swedish text, as far as a machine can see: numbers, placeholders, script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from knowledge.article import ORIGINAL, Article, references

_NOT_FACTS = re.compile(r"\{[a-z]+:[a-z0-9-]+\}|https?://\S+|\b[\w.-]+\.(?:se|com|org|nu|eu)\b|^\s*\d{1,2}[.)]\s", re.MULTILINE)
_THOUSANDS = re.compile(r"(?<![\d.,])(\d{1,3})((?:[ \u00a0\u202f\u2009.,'\u2019٬]\d{3})+)(?![\d]|[.,]\d)")
_DAY_AND_MONTH = re.compile(r"\b(\d{1,2})\.(?:1[0-2]|[1-9])\.(?=20\d\d|\D|$)")  # Finnish: 31.5. is the 31st of May
_HALF_DAY = re.compile(r"\b(\d{1,2})((?:[.:]\d{2})?)\s*([ap])\.?m\b\.?", re.IGNORECASE)
_SCRIPTS = {
    "Latin": re.compile("[A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff]+"),
    "Cyrillic": re.compile("[\u0400-\u052f]+"),
    "Arabic": re.compile("[\u0600-\u065f\u066e-\u06ef\u06fa-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]+"),
    "Ethiopic": re.compile("[\u1200-\u139f]+"),
}
_SCRIPT_OF = {
    "ar": "Arabic",
    "fa": "Arabic",
    "ckb": "Arabic",
    "ur": "Arabic",
    "uk": "Cyrillic",
    "ru": "Cyrillic",
    "ti": "Ethiopic",
}
# The rest may be Swedish names, which stay as the reader will meet them; in a short answer they may be most of it.
_LEAST_SHARE = {"answer": 0.5, "short": 0.15}
# Swedish writes small numbers as words where a short translation takes the digit. "en" and "ett" are articles too.
_SWEDISH_NUMBERS = {"ett": 1, "två": 2, "tre": 3, "fyra": 4, "fem": 5, "sex": 6, "sju": 7, "åtta": 8, "nio": 9, "tio": 10,
                    "elva": 11, "tolv": 12, "halvår": 6, "sexton": 16, "arton": 18, "tjugo": 20}  # fmt: skip
_SWEDISH_NUMBER = re.compile(rf"\b(?:{'|'.join(_SWEDISH_NUMBERS)})\b", re.IGNORECASE)
# One letter of the other alphabet looks the same and makes the word another one to search and to a screen reader.
_HOMOGLYPH = re.compile("[A-Za-z][\u0400-\u052f]|[\u0400-\u052f][A-Za-z]")


@lru_cache(maxsize=4096)
def numbers(text: str) -> frozenset[str]:
    """The numbers a text states, so that two languages' ways of writing them compare.

    Thousands separators are taken out (`1 200`, `1.200`, `1,200`), Arabic and Persian digits are digits, the parts around a
    decimal sign or in a time of day count on their own (`7,5` and `7.5` are 7 and 5), `3 p.m.` is 15, a month that is written as
    a number is none. List markers, placeholders and web addresses state nothing.
    """
    bare = _NOT_FACTS.sub(" ", text)
    bare = _DAY_AND_MONTH.sub(r"\1 ", bare)
    bare = _HALF_DAY.sub(lambda m: f" {int(m[1]) % 12 + 12 * (m[3] in 'pP')}{m[2]} ", bare)
    bare = _THOUSANDS.sub(lambda m: m[1] + re.sub(r"\D", "", m[2]), bare)
    return frozenset(str(int(run)) for run in re.findall(r"\d+", bare)) - {"0"}  # 22 and 22.00 are the same hour


@lru_cache(maxsize=4096)
def _swedish_numbers(text: str) -> frozenset[str]:
    return numbers(text) | {str(_SWEDISH_NUMBERS[word.lower()]) for word in _SWEDISH_NUMBER.findall(text)}


def script_share(language: str, text: str) -> float:
    """The share of a text's letters that are of the language's script; 1 for a text without letters.

    Args:
        language: its code; one that is not known to have another script is written in Latin letters.
        text: placeholders and web addresses are left out of the count.
    """
    if text.isascii():
        return float(script_name(language) == "Latin" or not re.search("[A-Za-z]", text))
    bare = _NOT_FACTS.sub(" ", text)
    count = {name: sum(map(len, pattern.findall(bare))) for name, pattern in _SCRIPTS.items()}
    total = sum(count.values())
    return count[script_name(language)] / total if total else 1.0


def script_name(language: str) -> str:
    """The name of the script that the language is written in."""
    return _SCRIPT_OF.get(language, "Latin")


def differences(article: Article) -> Iterator[tuple[str, str]]:
    """What to look at in an article's translations.

    A short answer may leave facts out, as it has less room in some scripts; it may not add any.

    Returns:
        (rule, message) pairs.
    """
    known = " \n".join(texts[ORIGINAL] for texts in (article.title, article.answer, article.short) if ORIGINAL in texts)
    swedish = article.answer.get(ORIGINAL)
    for language in dict.fromkeys((*article.answer, *article.title, *article.short)):
        yield from _scripts(article, language)
        if language == ORIGINAL or swedish is None:
            continue
        if language in article.answer:
            yield from _compare(language, article.answer[language], swedish, known)
        for field in ("title", "short"):
            if text := getattr(article, field).get(language):
                yield from _extra(f"{field}.{language}", text, known)


def _compare(language: str, text: str, swedish: str, known: str) -> Iterator[tuple[str, str]]:
    where = f"answer.{language}"
    yield from _extra(where, text, known)
    # 1 is as often a word.
    if lacking := numbers(swedish) - numbers(text) - {"1"}:
        yield "numbers", f"{where} lacks {_listed(lacking)} of the Swedish text; check it"
    if lacking := _placeholders(swedish) - _placeholders(text):
        yield "placeholders", f"{where} lacks {_listed(lacking)} of the Swedish text"


def _extra(where: str, text: str, known: str) -> Iterator[tuple[str, str]]:
    if extra := numbers(text) - _swedish_numbers(known):
        yield "numbers", f"{where} has {_listed(extra)}, which the Swedish text has not; check it"
    if extra := _placeholders(text) - _placeholders(known):
        yield "placeholders", f"{where} has {_listed(extra)}, which the Swedish text has not"


def _scripts(article: Article, language: str) -> Iterator[tuple[str, str]]:
    for field, least in _LEAST_SHARE.items():
        text = getattr(article, field).get(language, "")
        if script_share(language, text) < least:
            yield "script", f"{field}.{language} is not written in {script_name(language)} script; is it the right language?"
    for field in ("title", "answer", "short"):
        if match := _HOMOGLYPH.search(getattr(article, field).get(language, "")):
            yield "script", f"{field}.{language} mixes Latin and Cyrillic letters in a word at {match.group()!r}"


def _placeholders(text: str) -> frozenset[str]:
    return frozenset(f"{{{kind}:{key}}}" for kind, key in references(text))


def _listed(values: frozenset[str]) -> str:
    return ", ".join(sorted(values, key=lambda value: (len(value), value)))
