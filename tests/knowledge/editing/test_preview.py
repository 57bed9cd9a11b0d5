"""How a text would look on the web and weigh as an SMS."""

import pytest

from knowledge.editing.editor import Editor
from knowledge.sms import sms_size
from tests.knowledge.conftest import AVC


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "GSM-7", 0, 0),
        ("å" * 160, "GSM-7", 160, 1),
        ("å" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("a" * 152 + "€" + "a" * 20, "GSM-7", 174, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),  # the sign of two septets is not cut by the end of the first part
        ("ß–", "UCS-2", 2, 1),
        ("ع" * 70, "UCS-2", 70, 1),
        ("ع" * 71, "UCS-2", 71, 2),
        ("ع" * 134, "UCS-2", 134, 2),
        ("ع" * 135, "UCS-2", 135, 3),
        ("🙂" * 35, "UCS-2", 70, 1),
        ("🙂" * 66, "UCS-2", 132, 2),
        ("🙂" * 67, "UCS-2", 134, 3),  # 33 fit in a part of 67 units
    ],
)
def test_a_text_is_counted_as_phones_count_it(text: str, encoding: str, units: int, parts: int) -> None:
    size = sms_size(text)
    assert (size.encoding, size.units, size.parts, size.characters) == (encoding, units, parts, len(text))


def test_the_characters_that_make_it_dear_are_named() -> None:
    assert sms_size("“Ja” – nej").outside == "–“”"


def test_references_are_filled_in_and_unknown_ones_stay(editor: Editor) -> None:
    answer = "Ring {phone:kontaktcenter} eller {phone:okand} på {department:kretslopp-vatten}."
    shown = editor.check(AVC | {"answer": AVC["answer"] | {"sv": answer}}, [])["preview"]["sv"]
    assert shown["answer"] == "Ring 031-365 00 00 eller {phone:okand} på Kretslopp och vatten."
    assert shown["unknown"] == ["phone:okand"]
    assert (shown["words"], shown["words_limit"]) == (6, 80)


def test_half_written_data_have_a_preview_too(editor: Editor) -> None:
    checked = editor.check({"id": "x", "answer": {"sv": "1. Gör så\n2. Klart"}, "title": 5}, [])
    assert checked["valid"] is False
    assert checked["preview"]["sv"]["answer"] == "1. Gör så\n2. Klart"
