"""Cuts a text that is too long for one message: between paragraphs, else between sentences, else between words."""

from __future__ import annotations

import re
from collections.abc import Callable

# A sentence ends at . ! ? … or their Arabic, Ethiopic and full-width kin, followed by a space; not after "kl." or a single
# letter.
_SENTENCE = re.compile(r"(?<=[.!?…؟۔።])(?<!\b\w\.)(?<!\bkl\.)(?<!\bt\.ex\.)(?<!\bbl\.a\.)\s+")
_CUTS: tuple[tuple[str | re.Pattern[str], str], ...] = (
    ("\n\n", "\n\n"), ("\n", "\n"), (_SENTENCE, " "), (re.compile(r"\s+"), " "),
)  # fmt: skip


def split(text: str, fits: Callable[[str], bool]) -> list[str]:
    """Cuts a text into pieces that fit, as few as a greedy packing gives.

    Args:
        fits: whether a piece is short enough for one message; every single character must fit.

    Returns:
        The pieces in order, without blank ends; nothing of the text but white space is lost.
    """
    return _split(text.strip(), fits, 0)


def _split(text: str, fits: Callable[[str], bool], level: int) -> list[str]:
    if not text:
        return []
    if fits(text):
        return [text]
    if level == len(_CUTS):
        return _hard(text, fits)
    cut, joint = _CUTS[level]
    pieces = [p for p in (cut.split(text) if isinstance(cut, re.Pattern) else text.split(cut)) if p.strip()]
    packed: list[str] = []
    for piece in pieces:
        if packed and fits(packed[-1] + joint + piece):
            packed[-1] += joint + piece
        elif fits(piece):
            packed.append(piece)
        else:
            packed += _split(piece.strip(), fits, level + 1)
    return [piece.strip() for piece in packed]


def _hard(text: str, fits: Callable[[str], bool]) -> list[str]:
    """A word without end (a link, an attack): by characters."""
    pieces: list[str] = []
    while text:
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if fits(text[:middle]) else (low, middle - 1)
        pieces.append(text[:low])
        text = text[low:]
    return pieces
