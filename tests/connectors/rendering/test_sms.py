"""What a text costs as an SMS, and what is done to make it cheap."""

from __future__ import annotations

import pytest

from connectors.rendering import sms
from knowledge.sms import GSM7, GSM7_EXTENDED, sms_size


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("å" * 160, "GSM-7", 160, 1),  # å ä ö é ü are in the alphabet
        ("€" * 80, "GSM-7", 160, 1),  # an extension character takes two
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 152 + "€" + "a" * 8, "GSM-7", 162, 2),  # and is not cut in two: 152 + (2 + 8)
        ("a" * 152 + "€" + "a" * 151, "GSM-7", 305, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),  # 306 units, but one of the first part's is left unused
        ("م" * 70, "UCS-2", 70, 1),
        ("م" * 71, "UCS-2", 71, 2),
        ("م" * 134, "UCS-2", 134, 2),
        ("م" * 135, "UCS-2", 135, 3),
        ("a" * 70 + "š", "UCS-2", 71, 2),  # one letter outside makes them all dear
        ("😀" * 35, "UCS-2", 70, 1),  # outside the basic plane: two units
        ("😀" * 36, "UCS-2", 72, 2),
        ("😀" * 66, "UCS-2", 132, 2),  # 33 a part: half a picture is not sent
        ("😀" * 67, "UCS-2", 134, 3),
    ],
)
def test_parts_of_a_text(text: str, encoding: str, units: int, parts: int) -> None:
    size = sms_size(text)
    assert (size.encoding, size.units, size.parts) == (encoding, units, parts)


def test_the_alphabet_is_that_of_the_standard() -> None:
    assert len(GSM7) == 127  # 128 places, one of which is the escape
    assert frozenset("^{}\\[~]|€\f") == GSM7_EXTENDED
    assert not GSM7 & GSM7_EXTENDED
    assert set("åäöÅÄÖéüñ§¿¡") <= GSM7
    assert not set("ç’“–…íáóúš`\t") & GSM7


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("”Avfall” – det är ’bra’…", "\"Avfall\" - det är 'bra'..."),
        ("kl. 9–12", "kl. 9-12"),
        ("1\u00a0200\u202fkr", "1 200 kr"),
        ("\u2066031-365 00 00\u2069", "031-365 00 00"),
        ("e\u0301", "é"),  # composed, and then in the alphabet
        ("Bra 👍🏽 jobbat 👩‍👩‍👧", "Bra jobbat"),
        ("Tryck 1️⃣", "Tryck 1"),
        ("a\tb\u2028c", "a b c"),  # white space is never what joins two words
        ("3 × 2 m²", "3 x 2 m2"),
        ("  rad 1 \n\n rad 2  ", "rad 1\n\nrad 2"),
    ],
)
def test_typography_becomes_that_of_a_phone(typed: str, sent: str) -> None:
    assert sms.plain(typed) == sent
    assert sms_size(sent).encoding == "GSM-7"


@pytest.mark.parametrize(
    "text", ["Cześć, miłego dnia", "Dobrý den", "مرحبا", "здравствуйте", "25 °C", "1½ timme", "≤ 18 år", "ሰላም"]
)
def test_letters_and_signs_with_a_meaning_stay(text: str) -> None:
    assert sms.plain(text) == text


def test_pictures_stay_where_letters_are_dear_anyway() -> None:
    assert sms.plain("مرحبا 👍") == "مرحبا 👍"


def test_a_message_of_pictures_alone_is_sent() -> None:
    assert sms.plain("👍👍") == "👍👍"


def test_plain_twice_is_plain_once() -> None:
    for text in ("”x” – y", "Bra 👍", "a\tb", "е́", "½ 👍"):
        assert sms.plain(sms.plain(text)) == sms.plain(text)


def test_of_several_forms_the_first_that_fits_else_the_cheapest() -> None:
    assert sms.fewest_parts(["a" * 306, "a" * 10]) == "a" * 306
    assert sms.fewest_parts(["a" * 307, "a" * 306, "a"]) == "a" * 306
    assert sms.fewest_parts(["a" * 600, "b" * 400, "c" * 450]) == "b" * 400
