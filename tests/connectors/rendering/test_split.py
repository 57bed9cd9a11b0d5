"""Cutting long texts: nothing but white space is lost, every piece fits, cuts are where a reader would make them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.rendering import sms
from connectors.rendering.split import split

# What people write: letters of several scripts, signs that sentences end with, pictures, every kind of white space.
_CHARS = st.sampled_from("aåBö1.,!?… \n\t'-€{šžمرپ؟۔ሰ።😀👍🏽\u00a0\u200d\u2028")
_WORDS = st.lists(st.text(_CHARS, min_size=1, max_size=40), max_size=60).map(" ".join)
_PARAGRAPHS = st.lists(_WORDS, max_size=6).map("\n\n".join)
_ANY = st.one_of(_PARAGRAPHS, _WORDS, st.text(max_size=600), st.text(_CHARS, max_size=900))


def _without_space(text: str) -> str:
    return "".join(text.split())


def _at_most(length: int) -> Callable[[str], bool]:
    return lambda text: len(text) <= length


@settings(max_examples=200, deadline=None)
@given(_ANY, st.integers(1, 200))
def test_nothing_but_white_space_is_lost(text: str, length: int) -> None:
    pieces = split(text, _at_most(length))
    assert _without_space("".join(pieces)) == _without_space(text)
    assert all(piece and piece == piece.strip() and len(piece) <= length for piece in pieces)


@settings(max_examples=60, deadline=None)
@given(_ANY)
def test_every_sms_is_one_message(text: str) -> None:
    pieces = split(sms.plain(text), sms.fits_message)
    assert all(sms.fits_message(piece) for piece in pieces)
    assert _without_space("".join(pieces)) == _without_space(sms.plain(text))


@settings(max_examples=50, deadline=None)
@given(_ANY, st.integers(1, 100))
def test_the_same_text_is_always_cut_alike(text: str, length: int) -> None:
    assert split(text, _at_most(length)) == split(text, _at_most(length))


@pytest.mark.parametrize(
    ("text", "length", "pieces"),
    [
        ("", 10, []),
        ("  \n ", 10, []),
        ("kort", 10, ["kort"]),
        ("Ett stycke.\n\nEtt till.", 15, ["Ett stycke.", "Ett till."]),
        ("Ett. Två. Tre.", 10, ["Ett. Två.", "Tre."]),
        ("Öppet kl. 9 i dag. Stängt sen.", 20, ["Öppet kl. 9 i dag.", "Stängt sen."]),
        ("t.ex. ett hus. Två.", 15, ["t.ex. ett hus.", "Två."]),
        ("ett två tre fyra", 8, ["ett två", "tre fyra"]),
        ("مرحبا؟ نعم.", 8, ["مرحبا؟", "نعم."]),
        ("ሰላም። ሓደ።", 6, ["ሰላም።", "ሓደ።"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("- ett\n- två\n- tre", 11, ["- ett\n- två", "- tre"]),
    ],
)
def test_cuts_are_between_paragraphs_sentences_words(text: str, length: int, pieces: list[str]) -> None:
    assert split(text, _at_most(length)) == pieces


def test_a_long_text_takes_no_more_messages_than_it_needs() -> None:
    text = " ".join(["ord"] * 1000)
    pieces = split(text, sms.fits_message)
    assert len(pieces) == 5  # 3,999 characters, 918 a message
