"""Finds names of private persons in the plain view of a text.

Two roads: a cue ("jag heter", "min son", a sign-off) in front, or a first name followed by a family name, both known from
the name lists of the Faker package and names.txt. Places named after people (Gustaf Adolfs torg) and people in office
(kommunalrådet ...) are left alone.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

from bot.privacy.cues import alternation, words
from bot.privacy.numbers import Span

_LOCALES: Final = (
    "sv_SE",
    "fi_FI",
    "en_GB",
    "no_NO",
    "da_DK",
    "de_DE",
    "pl_PL",
    "es_ES",
    "tr_TR",
    "hr_HR",
    "fr_FR",
    "ar_AA",
    "fa_IR",
    "uk_UA",
)
_WORD: Final = re.compile(r"[^\W\d_](?:[\w'’]|-(?=\w)){0,40}")
_FAMILY_ENDINGS: Final = (
    "sson",
    "sdotter",
    "ström",
    "gren",
    "qvist",
    "kvist",
    "blad",
    "nen",
    "ović",
    "ovic",
    "ski",
    "ska",
    "oğlu",
    "енко",
    "чук",
    "ський",
    "ська",
)
_MOST_WORDS: Final = 4
_BETWEEN: Final = frozenset({" ", "\n"})


@cache
def gazetteer() -> tuple[frozenset[str], frozenset[str]]:
    """First names and family names in lower case, loaded once.

    Returns:
        The two sets. Names of names.txt are in both: in Somali and Arabic a father's first name is the family name.
    """
    first: set[str] = set()
    family: set[str] = set()
    for locale in _LOCALES:
        provider = import_module(f"faker.providers.person.{locale}").Provider
        for target, attributes in (
            (first, ("first_names", "first_names_female", "first_names_male")),
            (family, ("last_names", "last_names_female", "last_names_male")),
        ):
            for attribute in attributes:
                target.update(name.casefold() for name in getattr(provider, attribute, ()) if " " not in name)
    both = Path(__file__).with_name("names.txt").read_text(encoding="utf-8").casefold().split()
    first.update(both)
    family.update(both)
    return frozenset(first), frozenset(family)


@cache
def _cues() -> dict[str, re.Pattern[str]]:
    # The end must not be a letter: "jag heter" is none in "jag hetero...".
    return {
        name: re.compile(rf"(?<!\w)[وف]?(?:{alternation(name)})(?!\w)[ ,:\n]{{1,3}}", re.IGNORECASE)
        for name in ("name", "named", "kin", "sign_off")
    }


def _is_place(word: str) -> bool:
    lowered = word.casefold()
    return lowered in words("place_words") or (len(lowered) > 5 and lowered.endswith(tuple(words("street_endings"))))


def _is_known(word: str, names: frozenset[str]) -> bool:
    lowered = word.casefold()
    return lowered in names or (lowered.endswith("s") and lowered[:-1] in names)


def _is_family(word: str) -> bool:
    return _is_known(word, gazetteer()[1]) or word.casefold().removesuffix("s").endswith(_FAMILY_ENDINGS)


def _words_from(text: str, start: int) -> list[re.Match[str]]:
    """Words that follow each other with single blanks, at most one more than a name has."""
    found: list[re.Match[str]] = []
    while len(found) <= _MOST_WORDS:
        match = _WORD.match(text, start)
        if match is None:
            break
        found.append(match)
        start = match.end()
        if start < len(text) and text[start] in _BETWEEN and text[start : start + 1] != "\n":
            start += 1
        else:
            break
    return found


def _name_after_cue(text: str, start: int) -> int | None:
    """Where a name ends that certainly begins at `start`, or None if a stop word stands there."""
    end = None
    family = 0
    followers = _words_from(text, start)
    for place, match in enumerate(followers[:_MOST_WORDS]):
        word = match.group()
        if word.casefold() in words("not_names") or (place and word[0] == "و"):
            break  # the Arabic letter is "and", written together with what follows
        small = word[0].islower()
        if place and small and (family or place >= 2) and not _is_family(word):
            break
        if place and small and not _is_family(word) and followers[0].group()[0].isupper():
            break
        if _is_place(word):
            return None
        family += place
        end = match.end()
    return end


def _certain_name(text: str, start: int) -> int | None:
    """Where a name ends if what stands at `start` is capitalised and known: for cues that often stand before other things."""
    followers = _words_from(text, start)
    taken = []
    for match in followers[:_MOST_WORDS]:
        word = match.group()
        if not (word[0].isupper() or "\u0600" <= word[0] <= "\u06ff") or word.casefold() in words("not_names"):
            break
        taken.append(match)
    if not taken or any(_is_place(match.group()) for match in followers[: len(taken) + 1]):
        return None
    first, family = gazetteer()
    head = taken[0].group()
    if "\u0600" <= head[0] <= "\u06ff":
        # Without capitals only a known name is certain: "my child ill" looks like "my child Ali".
        return taken[0].end() if head in first else None
    if _is_known(head, first) or (len(taken) > 1 and (_is_family(taken[1].group()) or _is_known(head, family))):
        return taken[-1].end()
    return None


def _find_pairs(text: str) -> Iterator[Span]:
    first, _ = gazetteer()
    matches = list(_WORD.finditer(text))
    at = 0
    while at < len(matches) - 1:
        here, following = matches[at], matches[at + 1]
        at += 1
        word = here.group()
        if not word[0].isupper() or word.casefold() not in first or not following.group()[0].isupper():
            continue
        if text[here.end() : following.start()] != " ":
            continue
        last = at
        # A second first name ("Anna Maria Andersson") stands between.
        while last + 1 < len(matches) and last - at < 2 and not _is_family(matches[last].group()):
            if matches[last].group().casefold() not in first or text[matches[last].end() : matches[last + 1].start()] != " ":
                break
            last += 1
        if not _is_family(matches[last].group()) or not matches[last].group()[0].isupper():
            continue
        while last + 1 < len(matches) and last - at < 2:
            further = matches[last + 1]
            if (
                text[matches[last].end() : further.start()] != " "
                or not further.group()[0].isupper()
                or not _is_family(further.group())
            ):
                break
            last += 1
        after = matches[last + 1] if last + 1 < len(matches) else None
        if after is not None and text[matches[last].end() : after.start()] in (" ", "-") and _is_place(after.group()):
            continue
        if _is_place(matches[last].group()) or _in_office(matches, at - 1):
            continue
        yield "name", here.start(), matches[last].end()
        at = last + 1


def _in_office(matches: list[re.Match[str]], at: int) -> bool:
    before = " ".join(match.group().casefold() for match in matches[max(0, at - 2) : at])
    return any(before == title or before.endswith(" " + title) for title in words("official"))


def find_names(text: str) -> Iterator[Span]:
    """Finds names of private persons.

    Args:
        text: Plain text of the view.

    Yields:
        Kind, start and end.
    """
    for kind, pattern in _cues().items():
        for cue in pattern.finditer(text):
            end = _name_after_cue(text, cue.end()) if kind == "name" else _certain_name(text, cue.end())
            if kind == "sign_off" and end is None:
                end = _signature(text, cue.end())
            if end is not None:
                yield "name", cue.end(), end
    yield from _find_pairs(text)


def _signature(text: str, start: int) -> int | None:
    """A capitalised word or two that end the line after a sign-off."""
    match = re.match(r"[A-ZÅÄÖ][\w'’-]{1,40}(?: [A-ZÅÄÖ][\w'’-]{1,40}){0,2}(?=[ .!]*(?:\n|$))", text[start : start + 130])
    if match is None or any(word.casefold() in words("towns") for word in match.group().split()):
        return None
    return start + match.end()
