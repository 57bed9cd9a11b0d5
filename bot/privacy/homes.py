"""Finds home addresses in the plain view of a text, and leaves the place of a fault alone.

"Lampan är trasig på Storgatan 5" must reach the people who mend it; "jag bor på Storgatan 5" must not be stored. So a
street is taken only with a sign that somebody lives there: a cue word, an apartment number, a c/o, or a name before it.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from bot.privacy.cues import alternation, mentions, words
from bot.privacy.numbers import Span
from bot.privacy.view import WALL

_WORD: Final = r"[^\W\d_][\w'’.-]{0,40}"
_NUMBER: Final = r"\d{1,4}(?: ?[A-Za-z](?!\w))?"
_DETAIL: Final = (
    r"(?:,? {0,2}(?:lgh|lägenhet|lägenhetsnummer|apt|apartment|vån|våning|uppgång|port|asunto|شقة|guri)\.? {0,2}\d{1,4}[a-z]?)"
)
_TOWN: Final = r"(?:,? ?\n? ?(?:SE?-)?\d{3} ?\d{2},? {1,2}[^\W\d_][\w-]{1,30})"


@cache
def _street() -> str:
    return rf"(?:{_WORD} ){{0,2}}[^\W\d_][\w'’-]{{0,40}}?(?:{alternation('street_endings')}) {_NUMBER}"


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    tail = rf"{_DETAIL}{{0,3}}{_TOWN}?"
    return {
        "cue": re.compile(
            rf"(?<!\w)[وف]?(?:{alternation('home')})(?!\w)[ :\n]{{0,3}}(?:på |i |at |on |the |är |is )?", re.IGNORECASE
        ),
        "after_cue": re.compile(rf"((?:{_WORD},? ){{1,4}}?)({_NUMBER})(?!\w)(?:{tail})"),
        "number_first": re.compile(rf"\d{{1,4}} (?:{_WORD}[ ,]{{0,2}}){{1,3}}"),
        "apartment": re.compile(rf"(?<!\w){_street()}{_DETAIL}{{1,3}}{_TOWN}?", re.IGNORECASE),
        "detail": re.compile(_DETAIL, re.IGNORECASE),
        "posted": re.compile(rf"(?<!\w){_street()}{_TOWN}", re.IGNORECASE),
        "after_name": re.compile(rf"(?<={WALL})(?:,| )[ \n]?({_street()})(?!\w)", re.IGNORECASE),
        "care_of": re.compile(rf"(?<!\w)c/o {_WORD}(?: {_WORD}){{0,2}}(?:,? {_street()})?", re.IGNORECASE),
        "post_code": re.compile(r"(?<![\w-])(?:SE?-)?[1-9]\d{2} ?\d{2},? {1,2}([^\W\d_][\w-]{1,30})(?: [A-ZÅÄÖ][\w-]{1,30})?"),
        "bare_post_code": re.compile(
            r"(?<!\w)(?:postnummer|postnr|post code|postcode|postinumero)(?: är| is|:)? ?(\d{3} ?\d{2})(?!\d)", re.IGNORECASE
        ),
    }


_UNIT_AFTER: Final = re.compile(r" ?([^\W\d_]+)")


def _measures(text: str, end: int) -> bool:
    """Whether a number is followed by what it counts ("5 minuter"): then it is no house number."""
    match = _UNIT_AFTER.match(text, end)
    return match is not None and match[1].casefold() in words("units")


def _looks_like_street(before_number: str) -> bool:
    names = [word.strip(",.").casefold() for word in before_number.split()]
    if not names or names[-1] in words("not_streets") or names[-1] in words("units"):
        return False
    if names[-1].endswith(tuple(words("street_endings"))):
        return True
    if len(names) == 1 or "\u0600" <= names[-1][0] <= "\u06ff":
        return True
    return all(word[0].isupper() for word in before_number.split())


def _find_after_cue(text: str) -> Iterator[Span]:
    patterns = _patterns()
    for cue in patterns["cue"].finditer(text):
        match = patterns["after_cue"].match(text, cue.end())
        if match and _looks_like_street(match[1]) and not _measures(text, match.end(2)):
            yield "address", match.start(), match.end()
            continue
        match = patterns["number_first"].match(text, cue.end())
        if match is None:
            continue
        number, *names = match.group().rstrip(" ,.").split()
        is_street = any(name.casefold().strip(",.").endswith(tuple(words("street_endings"))) for name in names)
        if is_street and not _measures(text, match.start() + len(number)):
            yield "address", match.start(), match.start() + len(match.group().rstrip(" ,."))


def find_homes(text: str) -> Iterator[Span]:
    """Finds home addresses.

    Args:
        text: Plain text of the view; names before an address are walls already.

    Yields:
        Kind, start and end.
    """
    patterns = _patterns()
    for match in patterns["care_of"].finditer(text):
        yield "address", _without_lead(match), match.end()
    if not any(character.isdigit() for character in text):
        return  # most messages: no house number, no address
    yield from _find_after_cue(text)
    if patterns["detail"].search(text):
        for match in patterns["apartment"].finditer(text):
            yield "address", _without_lead(match), match.end()
    if WALL in text:
        for match in patterns["after_name"].finditer(text):
            yield "address", match.start(1), match.end(1)
    for match in patterns["bare_post_code"].finditer(text):
        yield "address", match.start(1), match.end(1)
    if mentions("fault", text):
        return
    for match in patterns["posted"].finditer(text):
        yield "address", _without_lead(match), match.end()
    for match in patterns["post_code"].finditer(text):
        town = match[1].casefold()
        if town in words("towns") or (match[1][0].isupper() and town not in words("units") and " " in match.group()[:4]):
            yield "address", match.start(), match.end()


def _without_lead(match: re.Match[str]) -> int:
    """Start of a street without the small words the pattern may have taken before it ("och på Storgatan 5")."""
    written = match.group()
    head = re.split(r"\d", written, maxsplit=1)[0].split()
    lead = 0
    for word in head[:-1]:
        if word[0].isupper() or word.casefold() == "c/o":
            break
        lead += len(word) + 1
    return match.start() + lead
