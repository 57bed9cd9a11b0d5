"""Forms of a text for lexical search: folded, split into words, stemmed per language, and cut into character n-grams."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache, lru_cache
from typing import Any

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_ARABIC_MARKS = re.compile(r"[\u064b-\u0652\u0670\u0640]")
_ARABIC_LETTERS = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ی": "ي", "ک": "ك"})
_SNOWBALL = {
    "sv": "swedish", "en": "english", "fi": "finnish", "ar": "arabic", "de": "german", "fr": "french", "es": "spanish",
    "pl": "polish", "tr": "turkish", "ru": "russian", "da": "danish",
    "nb": "norwegian", "nl": "dutch", "it": "italian", "pt": "portuguese",
}  # fmt: skip


@cache
def _stemmer(language: str) -> Any:
    import snowballstemmer

    name = _SNOWBALL.get(language)
    return snowballstemmer.stemmer(name) if name in snowballstemmer.algorithms() else None


def fold(text: str) -> str:
    """Lower case without diacritics: people write "aldreboende" for "äldreboende", and Arabic with or without its marks."""
    text = unicodedata.normalize("NFKD", text.casefold())
    text = _ARABIC_MARKS.sub("", text).translate(_ARABIC_LETTERS)
    return "".join(char for char in text if not unicodedata.combining(char)).replace("ø", "o").replace("æ", "a").replace("đ", "d")


def words(text: str) -> list[str]:
    """Words of a text as they stand, without punctuation."""
    return _WORD.findall(text)


@lru_cache(maxsize=20_000)
def stem(word: str, language: str) -> str:
    """Folded stem of one word: `soptunnornas` → `soptun`. Languages without a stemmer keep the folded word."""
    stemmer = _stemmer(language)
    return fold(stemmer.stemWord(word.casefold()) if stemmer is not None else word)


def lexical_terms(text: str, language: str) -> list[str]:
    """Terms by which lexical search compares texts.

    Stems, and four-letter pieces of longer words (marked `#`): a Swedish compound such as "sophämtningsavgift" shares pieces, not
    words, with "avgift för sophämtning".

    Args:
        text: any text.
        language: decides the stemmer.
    """
    return [term for word in words(text) for term in _terms_of(word, language)]


@lru_cache(maxsize=100_000)  # the words of all articles: indexing them anew after an edit takes a tenth of the time
def _terms_of(word: str, language: str) -> tuple[str, ...]:
    base = stem(word, language)
    if not base:
        return ()
    pieces = range(len(base) - 3) if len(base) >= 6 else ()
    return (base, *(sys.intern("#" + base[i : i + 4]) for i in pieces))
