"""Telephone numbers in running text: the published ones become `{phone:key}`, the others are found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import phonenumbers

from knowledge.article import KnowledgeBase, Phone

NOT_NUMBERS = re.compile(r"\{[a-z]+:[a-z0-9-]+\}|https?://\S+|\b[\w.-]+\.(?:se|com|org|nu|eu)\b")
SHORT_LENGTH = 6  # digits; longer numbers are found by their form
_DIGIT = re.compile(r"\d")
_FORM = re.compile(r"(?<![\d.,])(?:\+46|0\d{1,3})[ -]?(?:\d[ -]?){5,9}(?!\d)")


def raw_numbers(text: str, base: KnowledgeBase) -> list[str]:
    """The telephone numbers that stand in a text as digits.

    Args:
        text: as an article has it; placeholders and web addresses are passed over.
        base: for the published short numbers.
    """
    if not _DIGIT.search(text):  # most texts; the patterns below are slow
        return []
    bare = NOT_NUMBERS.sub(" ", text)
    short = [number for number, pattern in _short_numbers(base.phones) if pattern.search(bare)]
    return [match.group().strip() for match in _FORM.finditer(bare)] + short


def with_placeholders(text: str, base: KnowledgeBase) -> str:
    """Replaces each published number, however it is spaced and with or without +46, by `{phone:key}`.

    Args:
        text: any text; what already is a placeholder or part of a web address stays.
        base: for the published numbers.
    """
    long = {_e164(phone.number): key for key, phone in base.phones.items() if len(_digits(phone.number)) > SHORT_LENGTH}
    short = {phone.number: key for key, phone in base.phones.items()}

    def replaced(piece: str) -> str:
        for match in reversed(list(phonenumbers.PhoneNumberMatcher(piece, "SE"))):
            key = long.get(phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164))
            if key is not None:
                # "(031-365 00 00)" is found with its first bracket, "(0)31-…" with both.
                start = match.start + (match.raw_string.count("(") - match.raw_string.count(")"))
                piece = f"{piece[:start]}{{phone:{key}}}{piece[match.end :]}"
        for number, pattern in _short_numbers(base.phones):
            piece = pattern.sub(f"{{phone:{short[number]}}}", piece)
        return piece

    parts: list[str] = []
    end = 0
    for match in NOT_NUMBERS.finditer(text):
        parts += [replaced(text[end : match.start()]), match.group()]
        end = match.end()
    return "".join([*parts, replaced(text[end:])])


def _short_numbers(phones: Mapping[str, Phone]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return _short_patterns(tuple(phone.number for phone in phones.values() if len(_digits(phone.number)) <= SHORT_LENGTH))


@lru_cache(maxsize=8)
def _short_patterns(numbers: tuple[str, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Patterns of short numbers however they are spaced (`116 111`, `116111`).

    A digit beside it, another group of thousands (`20 112`, `112 000`) or a currency after it makes it something else.
    """
    before, after = r"(?<![\d.,])(?<!\d[ \u00a0])", r"(?![\d.,]?\d|[ \u00a0]\d{3}\b|\s*(?:kr|kronor|SEK|år))"
    return tuple((number, re.compile(f"{before}{'[ -]?'.join(_digits(number))}{after}")) for number in numbers)


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def _e164(number: str) -> str:
    return phonenumbers.format_number(phonenumbers.parse(number, "SE"), phonenumbers.PhoneNumberFormat.E164)
