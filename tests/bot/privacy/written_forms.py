"""Synthetic personal data in every form people type it: made here, so that no test holds a real person's number."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

FULL_WIDTH = str.maketrans("0123456789-+", "０１２３４５６７８９－＋")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
BOLD = {ord("0") + n: 0x1D7CE + n for n in range(10)}


def luhn_digit(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def identity_number(chance: random.Random, *, coordination: bool = False) -> str:
    """Twelve digits with a right check digit."""
    born = date(1925, 1, 1) + timedelta(days=chance.randrange(98 * 365))
    day = born.day + (60 if coordination else 0)
    ten = f"{born:%y%m}{day:02}{chance.randrange(1, 1000):03}"
    return f"{born:%Y}"[:2] + ten + luhn_digit(ten)


def ways_to_write(number: str) -> Iterator[str]:
    """Every way we know of typing one twelve-digit number."""
    century, date6, last = number[:2], number[2:8], number[8:]
    yield from (f"{date6}{last}", f"{date6}-{last}", f"{date6}+{last}", f"{date6} {last}", f"{date6} - {last}", f"{date6}–{last}")
    yield from (f"{century}{date6}{last}", f"{century}{date6}-{last}", f"{century}{date6} {last}", f"{century} {date6}-{last}")
    yield f"{century}{date6[:2]}-{date6[2:4]}-{date6[4:]}-{last}"
    yield f"{date6[:2]} {date6[2:4]} {date6[4:]} {last}"
    yield f"{date6[:2]}.{date6[2:4]}.{date6[4:]}.{last}"
    yield f"{date6[:2]}/{date6[2:4]}/{date6[4:]}-{last}"
    yield f"{date6}\u2011{last}"
    yield f"{date6}\u2212{last}"
    yield f"{date6}\n{last}"
    yield f"{date6}-\n{last}"
    yield f"{date6}\u00a0{last}"
    yield f"{date6}\u200b-\u200b{last}"
    yield "\u2060".join(f"{date6}{last}")
    yield " ".join(f"{date6}{last}")
    yield f"{date6[:3]}\u00ad{date6[3:]}-{last}"
    yield f"({date6}-{last})"
    yield f"{date6}_{last}"
    for table in (FULL_WIDTH, ARABIC, PERSIAN, BOLD):
        yield f"{century}{date6}-{last}".translate(table)
        yield f"{date6}{last}".translate(table)


def phone_numbers() -> Iterator[str]:
    """Numbers that are reserved for fiction or follow a mobile series."""
    for subscriber in ("070-1740605", "070-1740612", "073-1740620", "076-1740633"):
        head, tail = subscriber.split("-")
        yield subscriber
        yield head + tail
        yield f"{head} {tail[:3]} {tail[3:5]} {tail[5:]}"
        yield f"{head}-{tail[:3]} {tail[3:5]} {tail[5:]}"
        yield f"{head}/{tail}"
        yield f"+46{head[1:]}{tail}"
        yield f"+46 {head[1:]} {tail[:3]} {tail[3:5]} {tail[5:]}"
        yield f"+46 (0){head[1:]}-{tail}"
        yield f"0046{head[1:]}{tail}"
        yield f"{head}{tail}".translate(FULL_WIDTH)
        yield f"{head}{tail}".translate(ARABIC)
    yield from (
        "08-465 004 01",
        "031-390 06 01",
        "031 390 06 02",
        "040-628 04 03",
        "+358 40 1234567",
        "+49 30 1234567",
        "+252 61 5123456",
    )
