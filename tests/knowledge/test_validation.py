"""An editor's mistakes are found, each with its rule; a good article passes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from knowledge.article import load_knowledge_base
from knowledge.settings import Settings
from knowledge.validation import Finding, check, lix, word_count
from tests.knowledge.conftest import AVC, TODAY

GOOD = {**AVC, "translations": {"en": {"state": "drafted"}}}


def findings(settings: Settings) -> list[Finding]:
    return check(load_knowledge_base(settings.articles_dir), TODAY)


def faults(settings: Settings) -> set[str]:
    return {item.rule for item in findings(settings) if item.fault}


def sv(text: str) -> dict[str, str]:
    return {"sv": text, "en": "It is free."}


def test_good_articles_pass(settings: Settings) -> None:
    assert findings(settings) == []


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("department", {"department": "trafikkontoret"}),
        ("sources", {"sources": []}),
        ("sources", {"sources": [{"url": "goteborg.se/x", "title": "T"}]}),
        ("sources", {"sources": [{"url": "https://goteborg.se/.../x", "title": "T"}]}),
        ("review_by", {"review_by": "2026-11-20"}),
        ("review_by", {"review_by": "2028-01-01"}),
        ("review_by", {"volatile": ["rule"]}),
        ("updated", {"updated": "2026-12-24"}),
        ("next", {"next": ["no-such-article"]}),
        ("next", {"next": ["avc-regler"]}),
        ("links", {"links": [{"url": "https://goteborg.se/", "title": {"en": "Rules"}}]}),
        ("questions", {"questions": {"sv": ["Vad kostar det?"], "en": ["Is it free?"]}}),
        ("language", {"answer": {"sv": "Det är gratis."}}),
        ("language", {"short": {"sv": "Gratis.", "en": "Free.", "fi": "Ilmainen."}}),
        ("translations", {"translations": {}}),
        ("translations", {"translations": {"en": {"state": "drafted"}, "fi": {"state": "drafted"}}}),
        ("length", {"answer": sv("ord " * 81)}),
        ("reference", {"answer": sv("Ring {phone:trafikkontoret}.")}),
        ("reference", {"answer": sv("Fråga {avdelning}.")}),
        ("phone", {"answer": sv("Ring 031-365 00 00.")}),
        ("phone", {"answer": sv("Ring 112 om det brinner.")}),
        ("phone", {"short": sv("Ring 116 111.")}),
        ("phone", {"answer": sv("Ring +46 31 365 00 00.")}),
        ("amount", {"answer": sv("Det kostar 404 kr. Det kan ha ändrats."), "amounts": {"year": 2023}}),
        ("amount", {"answer": sv("Det kostar 404 kr (2023). Det kan ha ändrats.")}),
        ("amount", {"answer": sv("Det kostar 404 kr (2023). Det kan ha ändrats."), "amounts": {"year": 2024}}),
        ("amount", {"answer": sv("Det kostar 404 kr (2023)."), "amounts": {"year": 2023}}),
        ("promise", {"answer": sv("Du har rätt till ett kort.")}),
        ("promise", {"answer": {"sv": "Ja.", "en": "You are entitled to a card."}}),
        ("opening hours", {"answer": sv("Vi har öppet måndag till fredag 7–18.")}),
        ("opening hours", {"short": sv("Telefontid 8.30-12.")}),
        ("short", {"short": sv("Gratis \u2014 för dig.")}),
        ("short", {"short": sv("å" * 307)}),
        ("short", {"short": sv("Gratis ✓")}),
        ("format", {"status": "publicerad"}),
        ("format", {"id": "AVC Regler"}),
    ],
)
def test_each_mistake_is_found(settings: Settings, edit: Callable[..., Path], rule: str, changes: dict[str, Any]) -> None:
    path = settings.articles_dir / "avfall" / "avc-regler.yml"
    edit(GOOD, **changes)
    if "id" in changes:
        path.write_text(path.read_text(encoding="utf-8").replace("id: avc-regler", "id: AVC Regler"), encoding="utf-8")
        (settings.articles_dir / "avfall" / "AVC Regler.yml").replace(path)
    assert rule in faults(settings)


@pytest.mark.parametrize(
    "text",
    [
        "Det kostar 404 kr (2023). Beloppet kan ha ändrats.",
        "Läs mer på 1177.se eller https://www.polisen.se/11414.",
        "Bredden är högst 112 kr (2023), kan ha ändrats.",
        "Ansökan tar 4 till 10 veckor.",
        "Du har rätt att överklaga.",
        "Öppettiderna står på goteborg.se.",
    ],
)
def test_good_wording_is_left_alone(settings: Settings, edit: Callable[..., Path], text: str) -> None:
    edit(GOOD, answer=sv(text), amounts={"year": 2023})
    assert faults(settings) == set()


def test_a_file_in_the_wrong_place_is_found(settings: Settings) -> None:
    path = settings.articles_dir / "avfall" / "avc-regler.yml"
    path.rename(path.with_name("tippen.yml"))
    (settings.articles_dir / "annat").mkdir()
    path = settings.articles_dir / "vuxenutbildning" / "sfi.yml"
    path.rename(settings.articles_dir / "annat" / "sfi.yml")
    assert {"id", "area"} <= faults(settings)


def test_a_placeholder_counts_as_the_number_it_becomes(settings: Settings, edit: Callable[..., Path]) -> None:
    edit(GOOD, short=sv("å" * 292 + " {phone:kontaktcenter}"))  # 292 + 1 + 13 = 306
    assert faults(settings) == set()
    edit(GOOD, short=sv("å" * 293 + " {phone:kontaktcenter}"))
    assert faults(settings) == {"short"}


def test_an_arabic_short_answer_has_less_room(settings: Settings, edit: Callable[..., Path]) -> None:
    arabic = {"translations": {"en": {"state": "drafted"}, "ar": {"state": "drafted"}}}
    for length, expected in ((134, set()), (135, {"short"})):
        texts = {"title": {**AVC["title"], "ar": "م"}, "answer": {**AVC["answer"], "ar": "مجاني."}}
        edit(GOOD, **arabic, **texts, short={**sv("Gratis."), "ar": "م" * length})
        assert faults(settings) == expected


def test_hard_words_long_sentences_and_passed_dates_are_warnings(settings: Settings, edit: Callable[..., Path]) -> None:
    hard = "Myndighetsutövningens handläggningsrutiner beträffande avfallshanteringsföreskrifternas tillämpning redovisas. "
    edit(GOOD, answer=sv(hard + "och " * 26 + "slut."), updated="2026-01-01", review_by="2026-06-01")
    assert faults(settings) == set()
    assert {item.rule for item in findings(settings)} >= {"plain language", "review_by"}


def test_a_stale_translation_and_a_phrasing_in_two_articles_are_warnings(settings: Settings, edit: Callable[..., Path]) -> None:
    edit(GOOD, translations={"en": {"state": "drafted", "of": "0" * 12}})
    questions = {"sv": [*AVC["questions"]["sv"], "Kostar sfi pengar?"], "en": ["Is it free?"]}
    assert [item.rule for item in findings(settings)] == ["translations"]
    edit(GOOD, questions=questions)
    found = findings(settings)
    assert [item.rule for item in found] == ["questions"] and not found[0].fault


def test_counting() -> None:
    assert word_count("1. Gör så här\n- ring {phone:sos}") == 5
    assert lix("Katten sover. Hunden springer.") == pytest.approx(2 + 100 * 1 / 4)
