"""Check digits and calendar rules of identity, card and account numbers. Pure arithmetic on ASCII digits."""

from typing import Final

_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_HETU: Final = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_COORDINATION: Final = 60


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of the others.

    Args:
        digits: ASCII digits.

    Returns:
        True if the check digit is right.
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def birth_date(digits: str) -> bool:
    """Whether the first six digits are a date YYMMDD, or one of a coordination number (day + 60).

    29 February counts in every year: the century of a ten-digit number is not known. A coordination number may have
    month 00 and day 60 (what is not known about the birth is nought), and days that its month does not have.

    Args:
        digits: At least six ASCII digits.

    Returns:
        True if month and day exist.
    """
    month, day = int(digits[2:4]), int(digits[4:6])
    if day >= _COORDINATION:
        return month <= 12 and day - _COORDINATION <= 31
    return 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]


def century(digits: str) -> bool:
    """Whether a twelve-digit number begins with a century somebody living or remembered was born in.

    Args:
        digits: At least two ASCII digits.

    Returns:
        True for 18, 19 and 20.
    """
    return digits[:2] in ("18", "19", "20")


def hetu(date: str, individual: str, check: str) -> bool:
    """Whether a Finnish personal identity code has the right check character (remainder by 31).

    Args:
        date: Six digits DDMMYY.
        individual: Three digits.
        check: One character.

    Returns:
        True if date and check character are right.
    """
    day, month = int(date[:2]), int(date[2:4])
    if not (1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]):
        return False
    return _HETU[int(date + individual) % 31] == check.upper()


def iban(characters: str) -> bool:
    """Whether an IBAN is right (ISO 13616, remainder by 97).

    Args:
        characters: Letters and digits without spaces, 15 to 34.

    Returns:
        True if the check digits are right.
    """
    if not 15 <= len(characters) <= 34 or not characters.isascii() or not characters.isalnum():
        return False
    moved = characters[4:] + characters[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1
