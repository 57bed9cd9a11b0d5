"""What makes a text cheap and readable as an SMS: the 7-bit alphabet where the language allows it, few parts."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from knowledge.sms import sms_size

MOST_PARTS = 6  # of one message; a longer text goes out as several messages
ANSWER_PARTS = 2  # what an answer should take, its link included

_PLAIN = str.maketrans({
    "”": '"', "“": '"', "„": '"', "«": '"', "»": '"', "’": "'", "‘": "'", "‚": "'", "′": "'",
    "–": "-", "—": "-", "‑": "-", "−": "-", "…": "...", "•": "-", "·": "-",
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u200b": "", "\u200e": "", "\u200f": "", "\ufeff": "",
    "\u2066": "", "\u2067": "", "\u2068": "", "\u2069": "", "\u00ad": "",
    "×": "x", "→": "->", "←": "<-", "²": "2", "³": "3",
})  # fmt: skip
_FIRST_PICTURE = 0x2300  # signs before it carry meaning: ° ± ≤ № ™
_PICTURE_PARTS = frozenset("\ufe0e\ufe0f\u200d\u20e3")  # what joins or dresses pictures


def plain(text: str) -> str:
    """The same text with the typography of a phone: quotes, dashes and spaces of the GSM alphabet, no invisible marks.

    Letters are never changed: Polish, Somali or Arabic stay what they are, also when that makes the message dearer. Only where
    nothing but pictures stands outside the alphabet are the pictures left out, unless they are all there is.
    """
    text = _in_lines(unicodedata.normalize("NFC", text).translate(_PLAIN))
    outside = sms_size(text).outside
    if outside and all(_is_picture(char) for char in outside):
        return _in_lines("".join(char for char in text if char not in outside)) or text
    return text


def _in_lines(text: str) -> str:
    """Single spaces, no blank ends; a blank line between paragraphs stays."""
    return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()


def _is_picture(char: str) -> bool:
    return char in _PICTURE_PARTS or (ord(char) >= _FIRST_PICTURE and unicodedata.category(char)[0] in "SC")


def fewest_parts(forms: Sequence[str]) -> str:
    """The first form that is within what an answer should cost, else the cheapest; of equally dear ones the first."""
    sizes = [sms_size(form).parts for form in forms]
    within = [form for form, parts in zip(forms, sizes, strict=True) if parts <= ANSWER_PARTS]
    return within[0] if within else forms[sizes.index(min(sizes))]


def fits_message(text: str) -> bool:
    """Whether it goes out as one message."""
    return sms_size(text).parts <= MOST_PARTS
