"""Which language a message is in, with the conversation's last language as a prior.

Lingua is restricted to the languages the city meets. Short messages say little about their language ("ok", "BankID", "Frölunda"),
so the fewer ordinary words there are, the more the hint weighs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from knowledge.settings import ROOM

# Our code → the languages of lingua that we count as it. Kurdish and Tigrinya are not in lingua: script and marker words decide.
_LINGUA: Mapping[str, tuple[str, ...]] = {
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
    "fa": 2.0,
    "da": 0.25,
    "nb": 0.25,
    "et": 0.25,
}
_DEFAULT_PRIOR = 1.0
_PRIOR_WEIGHT = 0.7
_HINT_WEIGHT = 2.0  # of a one-word message; ten words weigh three times less
_MARKER_WEIGHT = 3.5  # a greeting in another language outweighs the hint
_MARKER_CAP = 7.0
_UNSCORED = 0.03  # stands in for lingua's share of a language it does not know

_WORD = re.compile(r"[^\W\d_]+(?:['’\u200c][^\W\d_]+)*", re.UNICODE)
_NOT_LANGUAGE = re.compile(r"https?://\S+|\S+@\S+|\[[^\]]*\]|\{[^}]*\}")

_SCRIPTS: Sequence[tuple[str, re.Pattern[str]]] = (
    ("ti", re.compile(r"[\u1200-\u139f\u2d80-\u2ddf]")),
    ("arabic", re.compile(r"[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")),
    ("cyrillic", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("latin", re.compile(r"[A-Za-z\u00c0-\u024f]")),
)
# Lingua knows no Kurdish, and little Serbian in Cyrillic; their letters say enough.
_OWN_LETTERS: Mapping[str, Sequence[tuple[str, re.Pattern[str]]]] = {
    "arabic": (("ckb", re.compile("[ێۆڵڕڤە]")),),
    "cyrillic": (("bs", re.compile("[ћђљњџј]")),),
}
_OWN_SHARE = 0.04
_OF_SCRIPT: Mapping[str, frozenset[str]] = {
    "arabic": frozenset({"ar", "fa", "ur", "ckb"}),
    "cyrillic": frozenset({"uk", "ru", "bs"}),
}


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


@cache
def word_lists() -> WordLists:
    """The lists of `language_words.yml`."""
    from knowledge.article import read_yaml

    loaded = read_yaml(ROOM / "language_words.yml")
    markers = {code: frozenset(str(word).lower() for word in words) for code, words in loaded["markers"].items()}
    return WordLists(markers, frozenset(str(word).lower() for word in loaded["neutral"]))


class LanguageDetector:
    """Detects the language of a message.

    Args:
        codes: the languages that may be answered.
    """

    def __init__(self, codes: Sequence[str]) -> None:
        from lingua import Language, LanguageDetectorBuilder

        self._codes = tuple(codes)
        self._of_lingua: dict[str, str] = {name: code for code in codes for name in _LINGUA.get(code, ())}
        builder: Any = LanguageDetectorBuilder.from_languages(*(getattr(Language, name) for name in self._of_lingua))
        # Trigrams only: with priors and marker words one point less on citizens' questions (95 against 96 %), for 8 CPU
        # seconds of
        # loading and 480 MB less.
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
        words = [word.lower() for word in _WORD.findall(_NOT_LANGUAGE.sub(" ", text))]
        telling = [word for word in words if word not in word_lists().neutral]
        if not telling:
            return Detection(known_hint or "sv", 0.5)
        script = _script(" ".join(telling))
        if script in self._codes:
            return Detection(script, 0.99)
        if (written := _by_letters(script, "".join(telling))) in self._codes:
            return Detection(str(written), 0.99)
        scores = self._lingua(" ".join(telling))
        if script == "arabic":
            # Persian and Urdu have letters that Arabic has not, Arabic some that Persian hardly uses; each has its kaf and yeh.
            joined = " ".join(telling)
            foreign, own = len(re.findall("[پچژگٹڈںےکی]", joined)), len(re.findall(r"[ةىإؤأكي]|\bال", joined))
            scores = {
                code: value * (0.05 if (code == "ar" and foreign > own) or (code != "ar" and own > foreign) else 1.0)
                for code, value in scores.items()
            }
        if script in _OF_SCRIPT:
            scores = {code: value for code, value in scores.items() if code in _OF_SCRIPT[script]} or scores
        posterior = weigh(scores, self._codes, telling, known_hint)
        language = max(posterior, key=lambda code: posterior[code])
        return Detection(language, round(min(posterior[language], 0.999), 4))

    def _lingua(self, text: str) -> dict[str, float]:
        scores: dict[str, float] = {}
        for item in self._detector.compute_language_confidence_values(text):
            code = self._of_lingua[item.language.name]
            scores[code] = scores.get(code, 0.0) + float(item.value)
        return scores


def weigh(scores: Mapping[str, float], codes: Sequence[str], telling: Sequence[str], hint: str | None) -> dict[str, float]:
    """Joins what lingua says, the priors, marker words and the hint into probabilities.

    Args:
        scores: lingua's share per language.
        codes: all languages to choose from (those lingua does not know can win by marker words only).
        telling: the message's words, lower case, without those that say nothing about its language.
        hint: the conversation's language, already known to be one of the codes.

    Returns:
        Probability per language; they sum to 1.
    """
    lists = word_lists().markers
    count = len(telling)
    logs: dict[str, float] = {}
    for code in codes:
        if code not in scores and code not in lists:
            continue
        value = math.log(max(scores.get(code, 0.0), 1e-4) if code in _LINGUA else _UNSCORED)
        value += _PRIOR_WEIGHT * math.log(_PRIOR.get(code, _DEFAULT_PRIOR))
        hits = sum(word in lists.get(code, frozenset()) for word in telling)
        value += min(_MARKER_CAP, _MARKER_WEIGHT * hits)
        if code == hint:
            value += _HINT_WEIGHT / math.sqrt(count)
        logs[code] = value
    top = max(logs.values())
    raw = {code: math.exp(value - top) for code, value in logs.items()}
    total = sum(raw.values())
    return {code: value / total for code, value in raw.items()}


def _by_letters(script: str, text: str) -> str | None:
    """The language of a script that has letters no other of our languages writes, if a good share of the text are such."""
    for code, letters in _OWN_LETTERS.get(script, ()):
        if len(letters.findall(text)) >= max(1, len(text) * _OWN_SHARE):
            return code
    return None


def _script(text: str) -> str:
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS}
    return max(counts, key=lambda name: counts[name])
