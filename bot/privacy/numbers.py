"""Finds personal identity, card, account and telephone numbers in the plain view of a text.

Digits are first gathered into clusters ("850709 - 98 05"), then each cluster is read from left to right in whole groups.
A group is never cut, so an article number that happens to contain a telephone number stays as it is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import phonenumbers

from bot.privacy import checks
from bot.privacy.cues import REACH, cue_before

Span = tuple[str, int, int]

_CLUSTER: Final = re.compile(r"(?:\+ ?|\(\+?)?\d(?:[ \n\-.+/()_·,*]{0,4}\d)*")
_GROUP: Final = re.compile(r"\d+")
_TIMES: Final = re.compile(
    r"\d{1,2}[.:]\d{2} ?- ?\d{1,2}[.:]\d{2}|(?<!\d)(?:19|20)\d\d-\d\d-\d\d(?!-?\d)|(?<!\d)\d{1,2}/\d{1,2}(?!\d)"
)
_MONEY_AFTER: Final = re.compile(r" ?(?:kr\b|kronor|sek\b|:-|€|euro|%|procent|tkr|mkr|kvm|kvadrat|m2|km\b)", re.IGNORECASE)
_RESERVE: Final = re.compile(
    r"(?<![\dA-Za-z])(\d{6}|\d{8}) ?[-+]? ?(?:[TRSUWXJKLMN]\d{3}|(?:TF|VG)[A-Z0-9]{2})(?![\dA-Za-z])", re.IGNORECASE
)
_HETU: Final = re.compile(r"(?<![\dA-Za-z])(\d{6})[-+A-FU-Y](\d{3})([0-9A-FHJ-NPR-Y])(?![\dA-Za-z])", re.IGNORECASE)
_IBAN: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])")
_SHARED: Final = frozenset(
    {
        phonenumbers.PhoneNumberType.TOLL_FREE,
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.SHARED_COST,
        phonenumbers.PhoneNumberType.UAN,
    }
)
_MOBILE_WITHOUT_ZERO: Final = re.compile(r"7[02369]\d{7}")
_MOST_DIGITS: Final = 22


@dataclass(frozen=True)
class Kept:
    """Numbers and addresses that the city publishes.

    Attributes:
        digits: As dialled within Sweden.
        emails: In lower case.
    """

    digits: frozenset[str]
    emails: frozenset[str]


def _national(digits: str, international: bool) -> str:
    """Digits as dialled within Sweden: +46 31 365 00 00, 0046 31 … and 031-365 00 00 are one number."""
    if digits.startswith("0046"):
        digits, international = digits[2:], True
    if international and digits.startswith("46"):
        return "0" + digits[2:].removeprefix("0")
    return digits


@lru_cache(maxsize=16)
def kept(keep: frozenset[str]) -> Kept:
    """Reads a list of published numbers.

    Args:
        keep: Telephone numbers as written, bankgiro numbers and e-mail addresses.

    Returns:
        The same, comparable.
    """
    numbers = (_national("".join(_GROUP.findall(entry)), entry.strip().startswith("+")) for entry in keep if "@" not in entry)
    return Kept(frozenset(numbers), frozenset(entry.strip().casefold() for entry in keep if "@" in entry))


class _Cues:
    """What the words before a number say about it; looked up when first needed, once per number."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._start = start
        # Most of a long row of digits has no word near it: nothing to look for.
        self.silent = not any(character.isalpha() for character in text[max(0, start - REACH) : start])
        self._known: dict[str, bool] = {}

    def say(self, name: str) -> bool:
        if self.silent:
            return False
        if name not in self._known:
            self._known[name] = cue_before(name, self._text, self._start)
        return self._known[name]


def _is_identity(digits: str, written: str, cues: _Cues) -> bool:
    if len(digits) not in (10, 12) or (len(digits) == 12 and not checks.century(digits)):
        return False
    last_ten = digits[-10:]
    if checks.birth_date(last_ten) and checks.luhn(last_ten):
        return True
    # A slip in the check digit: the form with a hyphen belongs to nothing else (an organisation's number has no month).
    if checks.birth_date(last_ten) and re.fullmatch(r"(?:\d\d ?)?\d{6} ?[-+] ?\d{4}", written):
        return True
    return cues.say("identity")


def _is_card(digits: str, cues: _Cues) -> bool:
    if not 13 <= len(digits) <= 19 or digits[0] not in "23456" or not checks.luhn(digits) or len(set(digits)) < 2:
        return False
    return not cues.say("not_personal")


def _is_phone(digits: str, written: str, groups: int, cues: _Cues) -> bool:
    international = written.lstrip("(").startswith("+") or digits.startswith("00")
    if not (7 if international else 6) <= len(digits) <= 15:
        return False
    if cues.silent and not international and digits[0] != "0" and not _MOBILE_WITHOUT_ZERO.fullmatch(digits):
        return False
    if _TIMES.search(written):
        return False
    cue = cues.say("phone")
    if not cue and cues.say("not_personal"):
        return False
    if "," in written or ("\n" in written and not cue and not digits.startswith("0") and not international):
        return False
    if not cue and not international and written.count("-") > 1 and len(digits) / groups <= 2:
        return False  # opening hours: 08-16 10-15
    if international:
        # "+46 (0)70": the bracketed zero is not dialled from abroad.
        parsed = _parse(("+" + digits.removeprefix("00")).replace("+460", "+46", 1))
        if parsed is None:
            return cue
        return phonenumbers.is_possible_number(parsed) and phonenumbers.number_type(parsed) not in _SHARED
    if digits.startswith("0") and 8 <= len(digits) <= 11:
        parsed = _parse("+46" + digits[1:])
        if parsed is None:
            return cue
        if phonenumbers.number_type(parsed) in _SHARED:
            return False
        return phonenumbers.is_valid_number(parsed) or cue or (digits.startswith("07") and len(digits) == 10)
    return bool(_MOBILE_WITHOUT_ZERO.fullmatch(digits)) or cue


def _parse(number: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None


def _read(text: str, groups: list[re.Match[str]], start: int, keep: Kept) -> tuple[str | None, int] | None:
    """Reads the number that begins at the first of some groups.

    Returns:
        Kind (None: a published number) and how many groups it takes, or None if no number begins here.
    """
    cues = _Cues(text, start)
    digits = ""
    readings: list[tuple[int, str, str]] = []
    for taken, group in enumerate(groups, 1):
        digits += group.group()
        if len(digits) > _MOST_DIGITS:
            break
        readings.append((taken, digits, text[start : group.end()]))
    readings.reverse()
    published = 0
    for taken, number, written in readings:
        if _national(number, written.lstrip("(").startswith("+")) in keep.digits:
            published = taken
            break
    one_number = [reading for reading in readings if "," not in reading[2]]
    for taken, number, written in one_number:
        # "9 0 1 0 1 1 2 3 9 0": a published number at the beginning of a longer one is not meant.
        if taken > published and _is_identity(number, written, cues):
            return "personnummer", taken
    for taken, number, _ in one_number:
        if taken > published and _is_card(number, cues):
            return "card", taken
    if published:
        return None, published
    not_money = [
        reading for reading in readings if len(reading[1]) >= 6 and not _MONEY_AFTER.match(text, start + len(reading[2]))
    ]
    for taken, number, _ in not_money:
        if 7 <= len(number) <= 20 and cues.say("account"):
            return "account", taken
    for taken, number, written in not_money:
        if _is_phone(number, written, taken, cues):
            return "phone", taken
    return None


def find_numbers(text: str, keep: Kept) -> Iterator[Span]:
    """Finds numbers that point to a person.

    Args:
        text: Plain text of the view.
        keep: Published numbers.

    Yields:
        Kind, start and end; ascending, not overlapping.
    """
    for cluster in _CLUSTER.finditer(text):
        groups = list(_GROUP.finditer(text, cluster.start(), cluster.end()))
        if sum(len(group.group()) for group in groups) < 6:
            continue
        at = 0
        while at < len(groups):
            start = cluster.start() if at == 0 else groups[at].start()
            if at and text[start - 1] == "+":
                start -= 1
            found = _read(text, groups[at : at + _MOST_DIGITS], start, keep)
            if found is None:
                at += 1
                continue
            kind, taken = found
            if kind is not None:
                yield kind, start, groups[at + taken - 1].end()
            at += taken


def find_lettered_numbers(text: str) -> Iterator[Span]:
    """Finds numbers that contain letters: reserve numbers, Finnish personal identity codes and IBANs.

    Args:
        text: Plain text of the view.

    Yields:
        Kind, start and end.
    """
    for match in _RESERVE.finditer(text):
        if checks.birth_date(match[1][-6:]):
            yield "personnummer", match.start(), match.end()
    for match in _HETU.finditer(text):
        if checks.hetu(match[1], match[2], match[3]) or cue_before("identity", text, match.start()):
            yield "personnummer", match.start(), match.end()
    for match in _IBAN.finditer(text):
        end = match.end()
        # The pattern may swallow the words after a spaced IBAN: shorten from the right until the check is right.
        while end - match.start() >= 15:
            if checks.iban(re.sub(r"[ -]", "", text[match.start() : end])):
                yield "account", match.start(), end
                break
            end = max(text.rfind(" ", match.start(), end), match.start())
