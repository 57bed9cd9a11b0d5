"""How long a text is as an SMS: alphabet, characters, parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# 3GPP TS 23.038, 6.2.1: the default alphabet and its extension table (a sign of the latter takes two septets).
GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENDED = frozenset("^{}\\[~]|€\f")
SINGLE = {"GSM-7": 160, "UCS-2": 70}  # units in one message
PART = {"GSM-7": 153, "UCS-2": 67}  # units in each part of a longer one (3GPP TS 23.040, 9.2.3.24.1)


@dataclass(frozen=True)
class SmsSize:
    """A text's size. Units are septets (GSM-7) or UTF-16 units (UCS-2)."""

    encoding: Literal["GSM-7", "UCS-2"]
    characters: int
    units: int
    parts: int
    outside: str  # the characters that force UCS-2, each once


def sms_size(text: str) -> SmsSize:
    """Measures a text.

    Args:
        text: as it is sent, placeholders filled in.

    Returns:
        0 parts for an empty text. No character is cut in two by the end of a part, as phones demand.
    """
    outside = "".join(sorted({char for char in text if char not in GSM7 and char not in GSM7_EXTENDED}))
    encoding: Literal["GSM-7", "UCS-2"] = "UCS-2" if outside else "GSM-7"
    if outside:
        widths = [len(char.encode("utf-16-le")) // 2 for char in text]
    else:
        widths = [2 if char in GSM7_EXTENDED else 1 for char in text]
    units = sum(widths)
    if units <= SINGLE[encoding]:
        return SmsSize(encoding, len(text), units, 1 if units else 0, outside)
    parts, used = 1, 0
    for width in widths:
        if used + width > PART[encoding]:
            parts, used = parts + 1, 0
        used += width
    return SmsSize(encoding, len(text), units, parts, outside)
