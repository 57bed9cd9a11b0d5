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
        ("questions", {"questions": {"sv": [f"fråga {n}" for n in range(24)], "en": ["Is it free?"]}}),
        ("questions", {"questions": {"sv": ["Vad kostar det?"] * 25, "en": ["Is it free?"]}}),
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


@pytest.mark.parametrize(
    ("language", "short", "good"),
    [
        ("ar", "م" * 134, True),
        ("ar", "م" * 135, False),
        ("pl", "ł" * 134, True),
        ("pl", "ł" * 135, False),
        ("pl", "Bez biletu, bez kolejki. " * 12, True),  # all of it in the SMS alphabet: 300
        ("es", "a" * 306, True),
        ("es", "a" * 307, False),
        ("es", "a" * 134 + "ó", False),  # one sign outside the alphabet halves the room
        ("fi", "Maksuton ł", False),
    ],
)
def test_the_room_of_a_short_answer_depends_on_its_letters(
    settings: Settings, edit: Callable[..., Path], language: str, short: str, good: bool
) -> None:
    answers = {"ar": "مجاني.", "pl": "To jest za darmo.", "es": "Es gratis.", "fi": "Se on maksuton."}
    edit(
        GOOD,
        translations={"en": {"state": "drafted"}, language: {"state": "drafted"}},
        title={**AVC["title"], language: "T"},
        answer={**sv("Det är gratis."), language: answers[language]},
        short={**sv("Gratis."), language: short},
    )
    assert faults(settings) == (set() if good else {"short"})


def warnings(settings: Settings) -> list[tuple[str, str]]:
    return [(item.rule, item.message) for item in findings(settings) if not item.fault]


@pytest.mark.parametrize(
    ("swedish", "english", "expected"),
    [
        ("Du väntar 4 månader.", "You wait 4 months.", ""),
        ("Du väntar 4 månader.", "You wait 5 months.", "has 5"),
        ("Du väntar 4 månader.", "You wait for months.", "lacks 4"),
        ("Du väntar fyra månader.", "You wait 4 months.", ""),
        ("Det är 1 200 platser.", "There are 1,200 places.", ""),
        ("Det är 1 200 platser.", "There are 1,300 places.", "has 1300"),
        ("Bredden är 7,5 meter.", "It is 7.5 metres wide.", ""),
        ("Före klockan 15.", "Before 3 p.m.", ""),
        ("Gör så:\n\n1. Sök.\n2. Vänta.", "Do this:\n\n- Apply.\n- Wait.", ""),
        ("Läs mer på www2.goteborg.se.", "Read more there.", ""),
        ("Det finns 12 platser.", "There are ۱۲ places.", ""),
        ("Det finns 12 platser.", "There are ١٢ places.", ""),
        ("Senast den 31 maj.", "Before 31.5. please.", ""),
    ],
)
def test_numbers_of_a_translation_are_those_of_the_swedish_text(
    settings: Settings, edit: Callable[..., Path], swedish: str, english: str, expected: str
) -> None:
    edit(GOOD, answer={"sv": swedish, "en": english})
    found = [message for rule, message in warnings(settings) if rule == "numbers"]
    assert len(found) >= 1 and any(expected in message for message in found) if expected else found == []
    assert faults(settings) == set()


def test_a_short_translation_may_leave_out_but_not_add(settings: Settings, edit: Callable[..., Path]) -> None:
    texts = {"sv": "Ring {phone:sos} inom 4 dagar.", "en": "Call {phone:sos} within 4 days."}
    edit(GOOD, answer=texts, short={"sv": "Ring {phone:sos} inom 4 dagar.", "en": "Call soon."})
    assert warnings(settings) == []
    edit(GOOD, answer=texts, short={"sv": "Ring.", "en": "Call {phone:polisen} within 5 days."})
    assert {rule for rule, _ in warnings(settings)} == {"numbers", "placeholders"}


def test_placeholders_of_a_translation_are_those_of_the_swedish_text(settings: Settings, edit: Callable[..., Path]) -> None:
    edit(GOOD, answer={"sv": "Ring {phone:sos}.", "en": "Call {phone:polisen}."})
    found = [message for rule, message in warnings(settings) if rule == "placeholders"]
    assert any("lacks {phone:sos}" in message for message in found) and any("has {phone:polisen}" in message for message in found)


@pytest.mark.parametrize(
    ("language", "answer", "good"),
    [
        ("ar", "مجاني لسكان Göteborg.", True),
        ("ar", "It is free.", False),
        ("fa", "رایگان است.", True),
        ("uk", "Це безкоштовно.", True),
        ("uk", "To jest za darmo.", False),
        ("uk", "Це бeзкоштовно.", False),  # the first е is Latin
        ("pl", "Це безкоштовно.", False),
        ("so", "Waa lacag la'aan.", True),
    ],
)
def test_a_translation_is_written_in_the_script_of_its_language(
    settings: Settings, edit: Callable[..., Path], language: str, answer: str, good: bool
) -> None:
    edit(
        GOOD,
        translations={"en": {"state": "drafted"}, language: {"state": "drafted"}},
        title={**AVC["title"], language: answer},
        answer={**sv("Det är gratis."), language: answer},
        short={**sv("Gratis."), language: answer},
    )
    assert ("script" not in {rule for rule, _ in warnings(settings)}) is good


@pytest.mark.parametrize(
    ("language", "promise", "right_to_appeal"),
    [
        ("es", "Tiene derecho a una tarjeta.", "Tiene derecho a recurrir."),
        ("pl", "Masz prawo do karty.", "Masz prawo do odwołania."),
        ("bs", "Imate pravo na karticu.", "Imate pravo na žalbu."),
        ("uk", "Ви маєте право на картку.", "Ви маєте право на оскарження."),
        ("fr", "Vous avez droit à une carte.", "Vous avez le droit de faire appel."),
        ("tr", "Kart için hak sahibisiniz.", "İtiraz edebilirsiniz."),
    ],
)
def test_a_promise_is_found_in_other_languages_too(
    settings: Settings, edit: Callable[..., Path], language: str, promise: str, right_to_appeal: str
) -> None:
    for text, expected in ((promise, {"promise"}), (right_to_appeal, set())):
        edit(
            GOOD,
            translations={"en": {"state": "drafted"}, language: {"state": "drafted"}},
            title={**AVC["title"], language: "T"},
            answer={**sv("Ja."), language: text},
            short={**sv("Ja."), language: "-"},
        )
        assert faults(settings) == expected


def test_an_amount_in_another_language_says_that_it_may_have_changed(settings: Settings, edit: Callable[..., Path]) -> None:
    answers = {**sv("Det kostar 404 kr (2023, kan ha ändrats)."), "en": "SEK 404 (2023, may have changed)."}
    for text, expected in (("404 крон (2023).", {"amount"}), ("404 крон (2023, може змінитися).", set())):
        edit(
            GOOD,
            translations={"en": {"state": "drafted"}, "uk": {"state": "drafted"}},
            title={**AVC["title"], "uk": "Т"},
            answer={**answers, "uk": text},
            short={**sv("Ja."), "uk": "Так."},
            amounts={"year": 2023},
        )
        assert faults(settings) == expected


def test_what_a_draft_lacks_is_a_warning(settings: Settings, edit: Callable[..., Path]) -> None:
    lacking = {
        "department": "",
        "sources": [],
        "questions": {"en": ["Is it free?"]},
        "title": {"en": "Free"},
        "answer": {"en": "Call 031-365 00 00. " + "word " * 90},
        "short": {},
        "translations": {"en": {"state": "drafted", "of": "0" * 12}},
    }
    edit(GOOD, status="draft", **lacking)
    assert faults(settings) == set()
    assert {"department", "sources", "questions", "language", "phone", "length"} <= {
        rule for rule, message in warnings(settings) if message.startswith("before it can be published: ")
    }
    edit(GOOD, **lacking)
    assert {"department", "sources", "questions", "language", "phone", "length"} <= faults(settings)


def test_a_draft_lies_where_it_belongs(settings: Settings, edit: Callable[..., Path]) -> None:
    path = edit(GOOD, status="draft")
    path.rename(path.with_name("tippen.yml"))
    assert faults(settings) == {"id"}


def test_few_phrasings_of_a_translation_are_a_warning(settings: Settings, edit: Callable[..., Path]) -> None:
    edit(GOOD, questions={**AVC["questions"], "fi": ["Maksaako se?"]})
    assert [rule for rule, _ in warnings(settings)] == ["questions"] and faults(settings) == set()


def test_hard_words_long_sentences_and_passed_dates_are_warnings(settings: Settings, edit: Callable[..., Path]) -> None:
    hard = "Myndighetsutövningens handläggningsrutiner beträffande avfallshanteringsföreskrifternas tillämpning redovisas. "
    edit(GOOD, answer=sv(hard + "och " * 26 + "slut."), updated="2026-01-01", review_by="2026-06-01")
    assert faults(settings) == set()
    assert {item.rule for item in findings(settings)} >= {"plain language", "review_by"}


def test_a_stale_translation_and_a_phrasing_in_two_articles_are_warnings(settings: Settings, edit: Callable[..., Path]) -> None:
    edit(GOOD, translations={"en": {"state": "drafted", "of": "0" * 12}})
    questions = {"sv": [*AVC["questions"]["sv"], "Kostar sfi pengar?"], "en": AVC["questions"]["en"]}
    assert [item.rule for item in findings(settings)] == ["translations"]
    edit(GOOD, questions=questions)
    found = findings(settings)
    assert [item.rule for item in found] == ["questions"] and not found[0].fault


def test_counting() -> None:
    assert word_count("1. Gör så här\n- ring {phone:sos}") == 5
    assert lix("Katten sover. Hunden springer.") == pytest.approx(2 + 100 * 1 / 4)
