"""Which language a message is in, with the conversation's last language as a prior.

Three witnesses: the script and letters only one language has, our model of words (`language_model.py`), and lingua's trigrams
over the whole message. Short messages say little about their language ("ok", "BankID", "Frölunda"), so the fewer ordinary words
there are, the more the hint weighs; names, addresses and places weigh nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from knowledge.language_model import Floats, WordModel
from knowledge.language_scripts import KINDRED, against, main_script, only_one
from knowledge.settings import ROOM

# Our code → the languages of lingua that we count as it. Kurdish and Tigrinya are not in lingua: script and words decide.
LINGUA: Mapping[str, tuple[str, ...]] = {
    "sv": ("SWEDISH",), "en": ("ENGLISH",), "fi": ("FINNISH",), "ar": ("ARABIC",), "so": ("SOMALI",), "fa": ("PERSIAN",),
    "es": ("SPANISH",), "pl": ("POLISH",), "bs": ("BOSNIAN", "CROATIAN", "SERBIAN"), "uk": ("UKRAINIAN",), "tr": ("TURKISH",),
    "fr": ("FRENCH",), "de": ("GERMAN",), "da": ("DANISH",), "nb": ("BOKMAL",), "ru": ("RUSSIAN",), "it": ("ITALIAN",),
    "pt": ("PORTUGUESE",), "nl": ("DUTCH",), "et": ("ESTONIAN",), "ro": ("ROMANIAN",), "hu": ("HUNGARIAN",), "sq": ("ALBANIAN",),
    "el": ("GREEK",), "ur": ("URDU",), "hi": ("HINDI",), "zh": ("CHINESE",), "th": ("THAI",), "vi": ("VIETNAMESE",),
}  # fmt: skip

# Before any hint: how often a message to the city is in the language. Neighbours are rare, so Danish must be clearly Danish.
_PRIOR: Mapping[str, float] = {
    "sv": 40.0,
    "en": 16.0,
    "ar": 6.0,
    "fi": 5.0,
    "so": 5.0,
    "fa": 3.0,
    **dict.fromkeys(("bs", "es", "fr", "pl", "tr", "uk"), 3.0),
    "ku": 0.5,
    "da": 0.05,
    "nb": 0.05,
    "et": 0.25,
}
_DEFAULT_PRIOR = 1.0
# The weights were chosen on tune.jsonl and on the tuning half of benchmarks/language.py, not on what docs/language.md reports.
_PRIOR_WEIGHT = 0.35
_WORD_FLOOR = -8.0  # no single word, however foreign, speaks louder: people mix "BankID" and "förskola" into every language
_LINGUA_WEIGHT = 0.5
_LINGUA_FLOOR = 1e-3
_UNSCORED = 0.03  # stands in for lingua's share of a language it does not know, and
_UNKNOWN_WORD = 0.02  # for the model's probability of a word in a language it does not know
_HINT_WEIGHT = 2.0  # of a one-word message; ten words weigh three times less
_MARKER_WEIGHT = 2.0
_LONE_MARKER_WEIGHT = 3.5  # "moi", "hej": a greeting alone outweighs the hint
_MARKER_CAP = 4.0
_MOST_LETTERS = 1000  # of a message: more make nobody surer

_WORD = re.compile(r"[^\W\d_]+(?:['’\u200c][^\W\d_]+)*", re.UNICODE)
_NOT_LANGUAGE = re.compile(r"https?://\S+|\S+@\S+|\[[^\]]*\]|\{[^}]*\}")
# "Storgatan 5 B", "södra vägen 12": an address is Swedish whatever the citizen speaks.
_ADDRESS = re.compile(
    r"\b(?:[^\W\d_]{1,20}\s)?[^\W\d_]{0,30}(?:gatan|vägen|vagen|gränd|torget|allén|stigen|backen|liden)\s+\d+(?:\s?[a-z]\b)?",
    re.I,
)
_STREET = re.compile(r"\b[A-ZÅÄÖ][^\W\d_]{0,30}(?:gatan|vägen|torget|allén|stigen)\b")
# A digit for a letter Latin has not: "3andi", "es2al", "7abibi". Not "covid19", "buss16", "7an" (a tram).
_CHAT_WORD = re.compile(r"(?<![^\W_])(?:[37][aeiou][a-z0-9']{2,}|[a-z]{1,15}[23579][a-z][a-z0-9']*)(?![^\W_])")
_ROMANISED_SHARE = 0.3  # of a message's words that must be known as romanised Arabic or Persian
_FEW_NAMES = 4  # so many capitalised words and no other: a name or a place


@dataclass(frozen=True)
class Detection:
    """A language code and how sure we are of it."""

    language: str
    probability: float


@dataclass(frozen=True)
class WordLists:
    """Words that settle the language of a short message, and words that say nothing about it."""

    markers: Mapping[str, frozenset[str]]
    neutral: frozenset[str]
    romanised: Mapping[str, frozenset[str]]


@cache
def word_lists() -> WordLists:
    """The lists of `language_words.yml`, with the places of `entities.yml` among the neutral words."""
    from knowledge.article import read_yaml

    loaded = read_yaml(ROOM / "language_words.yml")
    districts = read_yaml(ROOM / "entities.yml")["district"]
    # Of names of several words none is neutral ("city centre", "södra skärgården"): each is an ordinary word.
    places = {name.lower() for own, others in districts.items() for name in (own, *others) if " " not in name}
    return WordLists(
        _sets(loaded["markers"]), frozenset(str(word).lower() for word in loaded["neutral"]) | places, _sets(loaded["romanised"])
    )


def _sets(lists: Mapping[str, Sequence[object]]) -> dict[str, frozenset[str]]:
    return {code: frozenset(str(word).lower() for word in words) for code, words in lists.items()}


class LanguageDetector:
    """Detects the language of a message.

    Args:
        codes: the languages that may be answered.
        words: our model of words; None (no index built yet) leaves lingua alone with script, priors and marker words.
    """

    def __init__(self, codes: Sequence[str], words: WordModel | None = None) -> None:
        from lingua import Language, LanguageDetectorBuilder

        self._codes = tuple(codes)
        self._words = words
        self._of_lingua: dict[str, str] = {name: code for code in codes for name in LINGUA.get(code, ())}
        builder: Any = LanguageDetectorBuilder.from_languages(*(getattr(Language, name) for name in self._of_lingua))
        # Trigrams only: its longer groups take 6 CPU seconds to load and 600 MB, and our model of words knows more.
        self._detector = builder.with_low_accuracy_mode().build()

    def detect(self, text: str, hint: str | None = None) -> Detection:
        """The language of a text.

        Args:
            text: a message.
            hint: the conversation's language, or None.

        Returns:
            The most probable language. Without any word to go by: the hint (or Swedish) with probability 0.5.
        """
        known_hint = hint if hint in self._codes else None
        plain = _ADDRESS.sub(" ", _NOT_LANGUAGE.sub(" ", text[:_MOST_LETTERS]))
        words = _WORD.findall(_STREET.sub(" ", plain))
        neutral = word_lists().neutral
        lower = [word for word in map(str.lower, words) if word not in neutral]
        if not lower or _only_names(words):
            return Detection(known_hint or "sv", 0.5)
        script, lower = main_script(lower)
        if script is None:  # none that we know: whoever writes it reads English rather than Swedish
            return Detection("en", 0.5)
        joined = " ".join(lower)
        single = only_one(script, "".join(lower))
        if single in self._codes:
            return Detection(str(single), 0.99)
        if script == "latin" and (romanised := _romanised(plain.lower(), lower, known_hint)):
            return romanised
        codes = [code for code in self._codes if code in KINDRED[script]] or list(self._codes)
        scores = self._word_scores(lower)
        for code, penalty in against(script, joined).items():
            scores[code] = scores.get(code, len(lower) * math.log(_UNKNOWN_WORD)) + penalty
        posterior = weigh(self._lingua(joined), scores, codes, lower, known_hint)
        language = max(posterior, key=lambda code: posterior[code])
        return Detection(language, round(min(posterior[language], 0.999), 4))

    def _lingua(self, text: str) -> dict[str, float]:
        scores: dict[str, float] = {}
        for item in self._detector.compute_language_confidence_values(text):
            code = self._of_lingua[item.language.name]
            scores[code] = scores.get(code, 0.0) + float(item.value)
        return scores

    def _word_scores(self, words: Sequence[str]) -> dict[str, float]:
        """Per language the sum of the words' log-probabilities; all alike without the model."""
        if self._words is None:
            return dict.fromkeys(self._codes, 0.0)
        logs: Floats = np.maximum(self._words.log_probabilities(words), _WORD_FLOOR).sum(axis=0)
        return dict(zip(self._words.codes, logs.tolist(), strict=True))


def weigh(
    lingua: Mapping[str, float], words: Mapping[str, float], codes: Sequence[str], telling: Sequence[str], hint: str | None
) -> dict[str, float]:
    """Joins what lingua and the words say, the priors, marker words and the hint into probabilities.

    Args:
        lingua: lingua's share per language.
        words: sum of log-probabilities per language.
        codes: all languages to choose from.
        telling: the message's words, lower case, without those that say nothing about its language.
        hint: the conversation's language, already known to be one the detector may answer.

    Returns:
        Probability per language; they sum to 1.
    """
    lists = word_lists().markers
    count = len(telling)
    logs: dict[str, float] = {}
    for code in codes:
        value = _LINGUA_WEIGHT * math.log(max(lingua.get(code, 0.0), _LINGUA_FLOOR) if code in LINGUA else _UNSCORED)
        value += words.get(code, count * math.log(_UNKNOWN_WORD))
        value += _PRIOR_WEIGHT * math.log(_PRIOR.get(code, _DEFAULT_PRIOR))
        hits = sum(word in lists.get(code, frozenset()) for word in telling)
        value += min(_MARKER_CAP, (_MARKER_WEIGHT if count > 1 else _LONE_MARKER_WEIGHT) * hits)
        if code == hint:
            value += _HINT_WEIGHT / math.sqrt(count)
        logs[code] = value
    top = max(logs.values())
    raw = {code: math.exp(value - top) for code, value in logs.items()}
    total = sum(raw.values())
    return {code: value / total for code, value in raw.items()}


def _only_names(words: Sequence[str]) -> bool:
    """Whether a short message is capitalised throughout ("Anna Kowalska"). One capital may be the keyboard's."""
    if not 2 <= len(words) <= _FEW_NAMES:
        return False
    known = word_lists().markers.values()
    return all(word.istitle() and not any(word.lower() in listed for listed in known) for word in words)


def _romanised(plain: str, words: Sequence[str], hint: str | None) -> Detection | None:
    """Arabic and Persian as typed with Latin letters ("kifak", "mikham"), which neither lingua nor our model knows.

    Args:
        plain: the message in lower case: digits inside words stand for Arabic letters.
        words: its telling words.
        hint: decides between the two when the words do not.

    Returns:
        Sure with two words that no other language has; a lone one is likely, but not enough to change a conversation.
    """
    lists = word_lists().romanised
    chat = _CHAT_WORD.findall(plain)
    written = {*words, *chat, *plain.split()}
    hits = {code: len(written & lists[code]) for code in ("ar", "fa")}
    known = sum(hits.values()) + len(written & lists["either"])
    hits["ar"] += len(set(chat) - lists["ar"])
    total = known + len(set(chat) - lists["ar"])
    # A digit in a word that we do not know is Arabic beside another sign of it; alone it may be anything ("b2b").
    if not total or total < max(_ROMANISED_SHARE * len(words), 1 if known else 2):
        return None
    if hits["ar"] == hits["fa"]:
        return Detection(hint if hint in ("ar", "fa") else "ar", 0.5)
    language = max(hits, key=lambda code: hits[code])
    return Detection(language, 0.9 if total >= 2 else 0.6)
