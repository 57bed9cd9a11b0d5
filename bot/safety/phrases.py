"""Finds phrases in a message although it is misspelt, without diacritics, or stretched ("hjäääälp").

The phrases are data. One is a row of words:

* `word` is that word, or a misspelling of it (one edit from five letters, two from nine; the first letter must be right; in
  Arabic script, where unrelated words lie closer, one edit from seven letters);
* `word*` is any word that begins so; `a|b|c` is any of these; `word!` must be spelt exactly so; `word?` may be left out;
* `_` stands for up to three words of any kind, `__` for up to six.

A phrase of one single word has no neighbours to confirm it, so there a misspelling counts from seven letters only.

Matching is linear in the length of the message: each distinct word is looked up in deletion neighbourhoods
(the symmetric-delete method of W. Garbe's SymSpell), never compared with the whole vocabulary.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

MAX_CHARS: Final = 10_000
"""Longer messages are read up to here; the channels accept at most 2000 characters."""

_MAX_WORD: Final = 32
_GAPS: Final = {"_": 3, "__": 6}

_APOSTROPHES: Final = re.compile(r"['’‘`´ʼ]")
_WORD: Final = re.compile(r"[^\W_]+")
_STRETCHED: Final = re.compile(r"(.)\1{2,}")
_SINGLE_FORMS: Final = str.maketrans(
    {
        "ß": "ss", "æ": "a", "ø": "o", "đ": "d", "ł": "l", "ı": "i",
        # Arabic and Persian letters that are typed interchangeably.
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ئ": "ي", "ؤ": "و", "ة": "ه", "ک": "ك", "ـ": "",
        # Sorani letters, which many type on an Arabic or Persian keyboard.
        "ێ": "ي", "ۆ": "و", "ڕ": "ر", "ڵ": "ل", "ە": "ه", "ھ": "ه",
        # Ukrainian letters that a Russian keyboard does not have.
        "і": "и", "є": "е", "ґ": "г",
        # Tigrinya syllables that sound alike and are written either way (ሠ/ሰ, ፀ/ጸ, ኀ/ሀ in every vowel; ሀ/ሃ, ሐ/ሓ, አ/ኣ, ዐ/ዓ).
        **{chr(other + vowel): chr(usual + vowel)
           for other, usual in ((0x1220, 0x1230), (0x1340, 0x1338), (0x1280, 0x1200)) for vowel in range(8)},
        "ሀ": "ሃ", "ኀ": "ሃ", "ሐ": "ሓ", "አ": "ኣ", "ዐ": "ዓ",
        # Arabic and Persian digits.
        **{chr(zero + digit): str(digit) for zero in (0x0660, 0x06F0) for digit in range(10)},
    }
)  # fmt: skip
_PERSIAN_PREFIX: Final = re.compile(r"(?<!\w)(ن?می)[\s\u200c]+(?=\w)")
"""`می` of the verb, written apart, joined or with a zero-width non-joiner; with the Persian ی, since Arabic `مي` is a word."""

_SERBIAN: Final = {"lj": "љ", "nj": "њ", "dž": "џ"} | dict(
    zip("abvgdđežzijklmnoprstćufhcčš", "абвгдђежзијклмнопрстћуфхцчш", strict=True)
)
_SERBIAN_LETTER: Final = re.compile("|".join(_SERBIAN))
_ARABIC_PREFIXES: Final = ("وال", "بال", "فال", "كال", "ال", "لل", "و", "ف", "ب", "ل")


def normalise(text: str) -> str:
    """Brings a text to the form that phrases are compared in.

    Args:
        text: Anything a citizen may have written.

    Returns:
        Lower case, without diacritics, invisible characters, apostrophes and letters written three times or more.
    """
    text = _PERSIAN_PREFIX.sub(r"\1", unicodedata.normalize("NFKC", text[:MAX_CHARS])).casefold().translate(_SINGLE_FORMS)
    text = "".join(
        character for character in unicodedata.normalize("NFD", text) if unicodedata.category(character) not in ("Mn", "Me", "Cf")
    )
    return _STRETCHED.sub(r"\1", _APOSTROPHES.sub("", text)).translate(_SINGLE_FORMS)


def words(text: str) -> list[str]:
    """Splits a text into normalised words.

    Args:
        text: Anything a citizen may have written.

    Returns:
        The words in order, each at most 32 letters.
    """
    return [word[:_MAX_WORD] for word in _WORD.findall(normalise(text))]


def in_every_script(language: str, phrases: Iterable[str]) -> list[str]:
    """The phrases of a language in each script that it is written in.

    Args:
        language: Code of the language. Bosnian, Croatian and Serbian (`bs`) are kept in Latin letters, with their
            diacritics, and written in Cyrillic too.
        phrases: Its phrases.

    Returns:
        The phrases, and for `bs` the same again in Cyrillic.
    """
    phrases = list(phrases)
    if language != "bs":
        return phrases
    return phrases + [_SERBIAN_LETTER.sub(lambda match: _SERBIAN[match.group()], phrase.lower()) for phrase in phrases]


def read_phrases(path: Path) -> dict[str, Any]:
    """A YAML file of phrases, read with libyaml where it is there: five times as fast, and there are many.

    Args:
        path: The file.

    Raises:
        yaml.YAMLError: If it is no YAML.
    """
    loaded: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return loaded


def edits_within(a: str, b: str, limit: int) -> bool:
    """Whether two words are at most `limit` edits apart (insert, delete, substitute, swap neighbours).

    Args:
        a: A word.
        b: Another word.
        limit: Highest distance (optimal string alignment).

    Returns:
        True if the distance is at most `limit`.
    """
    if abs(len(a) - len(b)) > limit:
        return False
    before: list[int] = []
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        current = [i]
        for j, y in enumerate(b, 1):
            cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (x != y))
            if before and i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return False
        before, previous = previous, current
    return previous[-1] <= limit


_LONE_WORD_EDITS_FROM: Final = 7


def _allowed_edits(word: str) -> int:
    if "\u0600" <= word[0] <= "\u06ff":
        return 0 if len(word) < 7 else 1
    return 0 if len(word) < 5 else 1 if len(word) < 9 else 2


def _deletions(word: str, depth: int) -> set[str]:
    found = {word}
    frontier = {word}
    for _ in range(depth):
        frontier = {w[:i] + w[i + 1 :] for w in frontier for i in range(1, len(w))}
        found |= frontier
    return found


@dataclass(frozen=True)
class _Step:
    """One place in a phrase: which vocabulary entries may stand there, or a gap."""

    entries: frozenset[int]
    optional: bool = False
    gap: int = 0


class PhraseBook:
    """A set of labelled phrases, compiled once and searched in any number of messages. Immutable."""

    def __init__(self, phrases: Iterable[tuple[str, str]], *, not_typos: Iterable[str] = ()) -> None:
        """Compiles the phrases.

        Args:
            phrases: Pairs of label and phrase.
            not_typos: Real words that look like misspellings of a phrase's word and must not count as one.

        Raises:
            ValueError: If a phrase has no word that must be present.
        """
        self._vocabulary: list[str] = []
        self._entry: dict[str, int] = {}
        self._not_typos = frozenset(form for word in not_typos for form in words(word))
        self._exact: dict[str, list[int]] = {}
        self._prefix: dict[str, list[int]] = {}
        self._near: dict[str, list[int]] = {}
        self._near_prefix: dict[str, list[int]] = {}
        self._longest_prefix = 0
        self._starts: dict[int, list[tuple[str, str, tuple[_Step, ...]]]] = {}
        for label, phrase in phrases:
            steps = self._compile(phrase)
            for first in steps[0].entries:
                self._starts.setdefault(first, []).append((label, phrase, steps))
        # Bound per instance so that books do not share a cache; citizens' words repeat a great deal.
        self._entries_of = lru_cache(maxsize=20_000)(self._look_up)

    def _compile(self, phrase: str) -> tuple[_Step, ...]:
        steps = []
        elements = phrase.split()
        for element in elements:
            if element in _GAPS:
                steps.append(_Step(frozenset(), gap=_GAPS[element]))
                continue
            optional = element.endswith("?")
            alternatives = element.removesuffix("?").split("|")
            steps.append(_Step(frozenset(self._add(word, lone=len(elements) == 1) for word in alternatives), optional))
        if not steps or steps[0].gap or steps[0].optional or steps[-1].gap:
            raise ValueError(f"phrase {phrase!r} must begin with a required word and not end with a gap")
        return tuple(steps)

    def _add(self, written: str, *, lone: bool) -> int:
        kind = written[-1] if written[-1] in "*!" else ""
        parts = words(written.removesuffix(kind) if kind else written)
        if len(parts) != 1:
            raise ValueError(f"{written!r} is not one word")
        word = parts[0]
        exact = kind == "!" or (lone and len(word) < _LONE_WORD_EDITS_FROM)
        name = word + kind + ("!" if exact and kind != "!" else "")
        if name in self._entry:
            return self._entry[name]
        entry = len(self._vocabulary)
        self._entry[name] = entry
        self._vocabulary.append(word)
        edits = 0 if exact else _allowed_edits(word[:-1] if kind and len(word) > 1 else word)
        if kind == "*":
            self._longest_prefix = max(self._longest_prefix, len(word))
            self._prefix.setdefault(word, []).append(entry)
            if edits:
                for form in _deletions(word, 1):
                    self._near_prefix.setdefault(form, []).append(entry)
        else:
            self._exact.setdefault(word, []).append(entry)
            if edits:
                for form in _deletions(word, edits):
                    self._near.setdefault(form, []).append(entry)
        return entry

    def _look_up(self, token: str) -> frozenset[int]:
        forms = [token]
        if "\u0600" <= token[0] <= "\u06ff":
            forms += [token[len(p) :] for p in _ARABIC_PREFIXES if token.startswith(p) and len(token) - len(p) >= 3]
        found: set[int] = set()
        for form in forms:
            found.update(self._exact.get(form, ()))
            for end in range(2, min(len(form), self._longest_prefix) + 1):
                found.update(self._prefix.get(form[:end], ()))
            if len(form) >= 4 and form not in self._not_typos:
                self._add_near(form, found)
        return frozenset(found)

    def _add_near(self, form: str, found: set[int]) -> None:
        edits = _allowed_edits(form)
        for shortened in _deletions(form, edits):
            for entry in self._near.get(shortened, ()):
                word = self._vocabulary[entry]
                if entry in found or word[0] != form[0]:
                    continue
                if edits_within(word, form, min(_allowed_edits(word), edits)):
                    found.add(entry)
        for end in range(4, min(len(form), self._longest_prefix + 1) + 1):
            head = form[:end]
            for shortened in _deletions(head, 1):
                for entry in self._near_prefix.get(shortened, ()):
                    word = self._vocabulary[entry]
                    if entry not in found and word[0] == head[0] and edits_within(word, head, 1):
                        found.add(entry)

    def find(self, tokens: Sequence[str]) -> list[tuple[str, str, int, int]]:
        """Finds every phrase.

        Args:
            tokens: Words as `words` gives them; an empty string is a wall that no phrase crosses.

        Returns:
            Tuples of label, phrase, first word and word after the last.
        """
        entries = [self._entries_of(token) if token else frozenset[int]() for token in tokens]
        found = []
        for start, here in enumerate(entries):
            for entry in here:
                for label, phrase, steps in self._starts.get(entry, ()):
                    end = _match(steps, 1, entries, tokens, start + 1)
                    if end is not None:
                        found.append((label, phrase, start, end))
        return found


def _match(
    steps: tuple[_Step, ...], at: int, entries: Sequence[frozenset[int]], tokens: Sequence[str], position: int
) -> int | None:
    if at == len(steps):
        return position
    step = steps[at]
    if step.gap:
        for skipped in range(step.gap + 1):
            if skipped and (position + skipped > len(tokens) or not tokens[position + skipped - 1]):
                return None
            end = _match(steps, at + 1, entries, tokens, position + skipped)
            if end is not None:
                return end
        return None
    if position < len(entries) and step.entries & entries[position]:
        end = _match(steps, at + 1, entries, tokens, position + 1)
        if end is not None:
            return end
    return _match(steps, at + 1, entries, tokens, position) if step.optional else None
