"""Words: their forms for search, their base forms, and the names they make."""

import pytest

from knowledge.linguistics import Linguist, lemma_of, load_patterns
from knowledge.text_forms import fold, lexical_terms, stem


@pytest.fixture(scope="module")
def linguist() -> Linguist:
    return Linguist(load_patterns())


def test_dots_and_arabic_marks_are_forgiven() -> None:
    assert fold("Äldreboende på Ön") == "aldreboende pa on"
    assert fold("أُسْرَة") == fold("اسره")


def test_inflected_forms_share_a_stem() -> None:
    assert stem("soptunnorna", "sv") == stem("soptunnor", "sv")
    assert stem("recycling", "en") == stem("recycled", "en")


def test_a_compound_shares_pieces_with_its_parts() -> None:
    whole, part = set(lexical_terms("sophämtningsavgift", "sv")), set(lexical_terms("avgift för sophämtning", "sv"))
    assert len({term for term in whole & part if term.startswith("#")}) >= 5


def test_tokens_say_where_they_stand(linguist: Linguist) -> None:
    text = "När töms soptunnorna i Örgryte?"
    for token in linguist.read(text, "sv").tokens:
        assert text[token.start : token.end] == token.text
    assert lemma_of("soptunnor", "sv") == "soptunna"


@pytest.mark.parametrize(
    ("text", "language", "entity", "value"),
    [
        ("jag bor på hisingen", "sv", "district", "Hisingen"),
        ("I live in vastra frolunda now", "en", "district", "Frölunda"),
        ("mobilt bankid fungerar inte", "sv", "service", "BankID"),
        ("när öppnar tippen", "sv", "service", "ÅVC"),
        ("socialtjänsten svarar inte", "sv", "department", "social"),
        ("Migrationsverket", "so", "authority", "Migrationsverket"),
        ("أسكن في Angered", "ar", "district", "Angered"),
    ],
)
def test_names_are_found_in_every_language(linguist: Linguist, text: str, language: str, entity: str, value: str) -> None:
    found = [(item.entity, item.value) for item in linguist.read(text, language).entities]
    assert found == [(entity, value)]


def test_a_part_of_a_word_is_no_name(linguist: Linguist) -> None:
    assert linguist.read("hagalunds backar", "sv").entities == []
