"""Entries become drafts: stable ids, the city's numbers as keys, a short answer only where a sentence fits, nothing invented."""

from typing import Any

import pytest

from knowledge.article import KnowledgeBase, load_knowledge_base
from knowledge.importing.drafts import Defaults, Draft, Refused, make_drafts, short_answer, slug
from knowledge.importing.entry import Entry, plain
from knowledge.settings import Settings
from tests.knowledge.conftest import TODAY


@pytest.fixture
def base(settings: Settings) -> KnowledgeBase:
    return load_knowledge_base(settings.articles_dir)


def entry(title: str = "Vad kostar det?", answer: str = "Det är gratis.", **more: Any) -> Entry:
    return Entry("row 2", title, answer, **more)


def drafts(base: KnowledgeBase, *entries: Entry, **defaults: str) -> list[Draft | Refused]:
    return make_drafts(
        entries, Defaults(**({"area": "avfall", "department": "kretslopp-vatten"} | defaults)), base, ["sv", "en", "ar"], TODAY
    )


def draft(base: KnowledgeBase, *entries: Entry, **defaults: str) -> Draft:
    (made,) = drafts(base, *entries, **defaults)
    assert isinstance(made, Draft), made
    return made


def ids(made: list[Draft | Refused]) -> list[str]:
    return [item.article.id if isinstance(item, Draft) else item.reason for item in made]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Återvinning på Öckerö – går det?", "atervinning-pa-ockero-gar-det"),
        ("SFI & Komvux 2026", "sfi-komvux-2026"),
        ("Łódź ışık", "lodz-isik"),
        ("ord " * 40, "ord-" * 14 + "ord"),
        ("x" * 80, "x" * 60),
        ("؟", ""),
    ],
)
def test_ids_are_ascii_words(title: str, expected: str) -> None:
    assert slug(title) == expected


def test_equal_titles_get_numbers_and_equal_entries_are_one(base: KnowledgeBase) -> None:
    entries = [entry(), entry(answer="Det kostar."), entry(), entry("Vad kostar det", "Något.")]
    assert ids(drafts(base, *entries)) == ["vad-kostar-det", "vad-kostar-det-2", "the same as row 2", "vad-kostar-det-3"]


def test_a_title_in_another_script_has_an_id_that_stays(base: KnowledgeBase) -> None:
    arabic = entry("كم تكلفة بطاقة ÅVC؟", "مجاني.", language="ar")
    first, second = (draft(base, arabic).article.id for _ in range(2))
    assert first == second and first.startswith("artikel-")


def test_an_entry_becomes_a_draft_with_its_source(base: KnowledgeBase) -> None:
    made = draft(
        base,
        entry(
            url="https://www.example.org/x",
            source_title="Priser",
            year=2024,
            phrasings=("pris", "pris"),
            links=(("https://example.org/y", "Y"),),
        ),
    )
    article = made.article
    assert (article.status, article.updated, article.area, article.department) == ("draft", TODAY, "avfall", "kretslopp-vatten")
    assert [source.model_dump() for source in article.sources] == [
        {"url": "https://www.example.org/x", "title": "Priser, example.org", "year": 2024}
    ]
    assert article.questions == {"sv": ["pris"]} and article.short == {"sv": "Det är gratis."}
    assert article.links[0].title == {"sv": "Y"}
    assert made.notes == () and made.derived == {"sv"}


def test_what_the_source_does_not_say_stays_empty(base: KnowledgeBase) -> None:
    made = draft(base, entry(language="en", answer="It is free."), department="")
    article = made.article
    assert (article.department, article.sources, article.volatile, article.amounts) == ("", [], [], None)
    assert set(article.answer) == set(article.title) == {"en"} and "en" in article.translations
    assert made.notes == ("no department",)


def test_entries_with_one_id_are_languages_of_one_article(base: KnowledgeBase) -> None:
    made = drafts(
        base,
        entry(id="pris", language="sv"),
        entry("Price?", "Free.", id="pris", language="en"),
        entry("Pris?", "Nej.", id="pris"),
    )
    assert isinstance(made[0], Draft) and made[0].article.title == {"sv": "Vad kostar det?", "en": "Price?"}
    assert ids(made) == ["pris", "pris in sv is already row 2"]


@pytest.mark.parametrize("written", ["031-365 00 00", "031 365 00 00", "0313650000", "+46 31 365 00 00", "+46 (0)31-365 00 00"])
def test_published_numbers_become_keys(base: KnowledgeBase, written: str) -> None:
    article = draft(base, entry(answer=f"Ring kontaktcenter ({written}), eller 112 om det brinner. Läs 1177.se.")).article
    assert article.answer["sv"] == "Ring kontaktcenter ({phone:kontaktcenter}), eller {phone:sos} om det brinner. Läs 1177.se."
    assert "{phone:kontaktcenter}" in article.short["sv"]


def test_unknown_numbers_and_long_answers_are_noted(base: KnowledgeBase) -> None:
    made = draft(base, entry(answer="Ring 031-123 45 67. " + "ord " * 80))
    assert "031-123 45 67 is not in phones.yml" in made.notes
    assert any("words" in note for note in made.notes)
    assert made.article.answer["sv"].count("ord") == 80


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("En mening. " * 2, "En mening. En mening."),
        ("A" * 200 + ". " + "B" * 200 + ".", "A" * 200 + "."),
        ("a" * 307 + ".", ""),
        ("Ta t.ex. Vagn 5 eller d.v.s. Buss kl. 8. Sedan går du.", "Ta t.ex. Vagn 5 eller d.v.s. Buss kl. 8. Sedan går du."),
        ("Det är gratis. Gör så här:\n\n1. Sök.\n2. Vänta.", "Det är gratis."),
        ("1. Sök.\n2. Vänta.", ""),
        ("Säg \u201dja\u201d \u2013 så enkelt\u2026", 'Säg "ja" - så enkelt...'),
        ("ł" * 140 + ".", ""),
        ("Ring {phone:kontaktcenter}. " + "A" * 290 + ".", "Ring {phone:kontaktcenter}."),
        ("Ring {phone:nobody}.", "Ring {phone:nobody}."),
    ],
)
def test_a_short_answer_is_whole_sentences_that_fit(base: KnowledgeBase, answer: str, expected: str) -> None:
    assert short_answer(answer, "sv", base) == expected


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (entry(id="ÅVC Regler"), "lower-case"),
        (entry(id="../../etc"), "lower-case"),
        (entry(language="svenska"), "language 'svenska'"),
        (entry("FÃ¶rskola?"), "encoding"),
        (entry(answer="F\ufffdrskola"), "encoding"),
        (entry(answer="a" * 20_001), "20001 characters"),
        (entry("a" * 401), "401 characters"),
        (entry(phrasings=("a", "b" * 500)), "500 characters"),
        (entry(fields={"volatile": ["weather"]}), "volatile"),
    ],
)
def test_an_entry_that_cannot_be_an_article_is_refused_with_a_reason(base: KnowledgeBase, given: Entry, reason: str) -> None:
    (made,) = drafts(base, given)
    assert isinstance(made, Refused) and reason in made.reason


def test_an_area_is_needed(base: KnowledgeBase) -> None:
    (made,) = drafts(base, entry(), area="")
    assert isinstance(made, Refused) and "--area" in made.reason
    assert draft(base, entry(area="Fritid & kultur"), area="").article.area == "fritid-kultur"


def test_a_department_may_be_named(base: KnowledgeBase) -> None:
    assert draft(base, entry(department="Kretslopp och vatten"), department="").article.department == "kretslopp-vatten"
    made = draft(base, entry(department="Trafikkontoret"))
    assert made.article.department == "Trafikkontoret" and "no key of departments.yml" in made.notes[0]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a\u00a0b\u00ad c\u202ed\x07", "a b cd"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # the joiner belongs to the spelling
        ("A &amp; B", "A & B"),
        ("2 < 3 och 5 > 4", "2 < 3 och 5 > 4"),
        ("a\r\n\r\n\r\n\r\nb", "a\n\nb"),
        ("<p>a</p><p>b<br>c</p>", "a\n\nb\nc"),
        ("a\ud800b", "ab"),
    ],
)
def test_texts_are_cleaned(raw: str, expected: str) -> None:
    assert plain(raw) == expected
