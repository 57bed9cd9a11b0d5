"""schema.org markup is found however it is laid out."""

import json
from pathlib import Path
from typing import Any

import pytest

from knowledge.importing.entry import About
from knowledge.importing.faq import faq_entries, language_code, read_json
from knowledge.importing.reading import Unreadable
from tests.knowledge.importing.conftest import SOURCES

QUESTION = {"@type": "Question", "name": "A?", "acceptedAnswer": {"@type": "Answer", "text": "a"}}


def test_answers_lose_their_markup_and_keep_their_lists() -> None:
    found = read_json(SOURCES / "faq.jsonld", About())
    first, second = found.entries
    assert first.answer == (
        "Simskolan är gratis för barn & unga.\n\nSå här gör du:\n\n1. Logga in.\n2. Välj kurs.\n\nRing 031-365 00 00 om du undrar."
    )
    assert first.links == (("https://example.org/kurser", "kurs"),)
    assert (first.language, first.url, first.year, first.source_title) == (
        "sv", "https://example.org/simskola/fragor", 2025, "Frågor om simskolan",
    )  # fmt: skip
    assert second.answer == "Kurserna börjar i augusti."
    assert found.left_out == ["question 3 (Utan svar?) has no answer"]


@pytest.mark.parametrize(
    "data",
    [
        {"@type": "FAQPage", "mainEntity": QUESTION},
        {"@type": ["WebPage", "https://schema.org/FAQPage"], "mainEntity": [QUESTION]},
        [{"@type": "Organization"}, {"@type": "FAQPage", "mainEntity": [QUESTION]}],
        {"@graph": [{"@type": "schema:FAQPage", "mainEntity": [{"@id": "_:q"}]}, {**QUESTION, "@id": "_:q"}]},
        {"@graph": [{"@type": "FAQPage", "mainEntity": ["_:q"]}, {**QUESTION, "@id": "_:q"}]},
        {"@type": "WebSite", "hasPart": {"@type": "FAQPage", "mainEntity": [QUESTION]}},
        {"@type": "FAQPage", "hasPart": [QUESTION]},
        {
            "@graph": [
                {"@type": "FAQPage", "mainEntity": [{"@id": "q"}]},
                {"@type": "FAQPage", "mainEntity": {"@id": "q"}},
                {**QUESTION, "@id": "q"},
            ]
        },
    ],
)
def test_every_layout_gives_the_question_once(data: Any) -> None:
    assert [(entry.title, entry.answer) for entry in faq_entries(data, About()).entries] == [("A?", "a")]


@pytest.mark.parametrize(
    "data",
    [
        {
            "@type": "FAQPage",
            "mainEntity": [None, 3, "q", [], {"@type": None}, {"@id": ["x"]}, {"@type": "Question", "acceptedAnswer": 7}],
        },
        {"@type": "FAQPage", "mainEntity": {"@id": "loop"}, "@id": "loop"},
        {"@type": {"a": 1}, "mainEntity": QUESTION},
        {"@type": "QAPage", "mainEntity": QUESTION},
    ],
)
def test_markup_that_is_none_gives_nothing(data: Any) -> None:
    assert faq_entries(data, About()).entries == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON|too deep"),
        ('{"a": 1}', "no schema.org FAQPage"),
        ("[]", "no schema.org FAQPage"),
        ('"FAQPage"', "no schema.org FAQPage"),
    ],
)
def test_a_file_without_questions_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "faq.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Unreadable, match=reason):
        read_json(path, About())


def test_our_own_export_is_read_article_by_article(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    article = {
        "id": "x",
        "area": "avfall",
        "title": {"sv": "T", "en": "T"},
        "answer": {"sv": "A &amp; b", "en": "A"},
        "live_only": True,
        "sensitive": True,
    }
    path.write_text(json.dumps({"articles": [article, {"id": "y"}, 3]}), encoding="utf-8")
    found = read_json(path, About())
    assert [(entry.id, entry.language, entry.answer) for entry in found.entries] == [("x", "sv", "A &amp; b"), ("x", "en", "A")]
    assert found.entries[0].fields == {"live_only": True, "sensitive": True}
    assert len(found.left_out) == 2


@pytest.mark.parametrize(
    ("text", "code"), [("sv-SE", "sv"), ("EN", "en"), ("svenska", ""), (None, ""), ({"alternateName": "fi"}, "fi")]
)
def test_language_tags(text: Any, code: str) -> None:
    assert language_code(text) == code
