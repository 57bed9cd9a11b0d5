"""Danger to life is recognised with every other process dead; everyday words raise no alarm."""

from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import Path

import pytest
import yaml

from bot.safety.rules import KINDS, Emergency, Rules, decide, detect

CORPUS = Path(__file__).parent / "corpus"
LANGUAGES = sorted(path.stem.removeprefix("emergency_") for path in CORPUS.glob("emergency_*.yml"))
LARGE = {"sv": 150, "en": 150, "fi": 50, "ar": 50, "so": 50}


def emergencies(language: str) -> list[tuple[str, str]]:
    by_kind = yaml.safe_load((CORPUS / f"emergency_{language}.yml").read_text(encoding="utf-8"))
    return [(kind, line) for kind, lines in by_kind.items() for line in lines.splitlines()]


def everyday(language: str) -> list[str]:
    loaded = yaml.safe_load((CORPUS / f"everyday_{language}.yml").read_text(encoding="utf-8"))
    return list(loaded["messages"].splitlines())


def test_every_language_of_the_assistant_has_its_messages() -> None:
    from bot.settings import ROOT

    listed = yaml.safe_load((ROOT / "texts" / "languages.yml").read_text(encoding="utf-8"))
    assert {language["code"] for language in listed} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_d2_no_emergency_is_missed(language: str) -> None:
    messages = emergencies(language)
    assert len(messages) >= (100 if language in LARGE else 24)
    of_kind = Counter(kind for kind, _ in messages)
    assert min(of_kind[kind] for kind in KINDS) >= 3
    assert [text for _, text in messages if detect(text) is None] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_d2_capitals_and_missing_diacritics_hide_none(language: str) -> None:
    def bare(text: str) -> str:
        return "".join(mark for mark in unicodedata.normalize("NFD", text) if not unicodedata.combining(mark))

    messages = [text for _, text in emergencies(language)]
    assert [text for text in messages if detect(text.upper()) is None or detect(bare(text)) is None] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_d2_the_card_is_nearly_always_the_one_a_reader_would_choose(language: str) -> None:
    messages = emergencies(language)
    right = sum(hit is not None and kind in (hit.kind, *hit.also) for kind, text in messages if (hit := detect(text)) or True)
    assert right / len(messages) >= 0.95


def test_what_the_second_reading_taught_is_kept() -> None:
    by_language = yaml.safe_load((CORPUS / "second_reading.yml").read_text(encoding="utf-8"))
    assert [text for lines in by_language.values() for text in lines.splitlines() if detect(text) is None] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_everyday_messages_raise_no_alarm(language: str) -> None:
    messages = everyday(language)
    assert len(messages) >= LARGE.get(language, 30)
    assert [text for text in messages if detect(text) is not None] == []


@pytest.mark.parametrize(
    "text",
    [
        "DET BRINNER I KÖKET",
        "det brinnerrrr",
        "d e t? det   brinner",
        "Ｄｅｔ ｂｒｉｎｎｅｒ",
        "det bri\u200bnner",
        "jag vill ta sja\u0308lvmord",
        "sjalvmord",
        "självmrod",
        "I'm going to kill myself",
        "im gonna kil myself i want to dye, kill myself",
        "Hej! Jag dör av skratt åt er. Men det brinner hos grannen.",
    ],
)
def test_typing_does_not_hide_an_emergency(text: str) -> None:
    assert detect(text) is not None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("میخواهم بمیرم", "suicide"),
        ("mi marido me pega", "violence"),
        ("chcę umrzeć", "suicide"),
        ("moj muž me tuče", "violence"),
        ("у нас пожежа", "fire"),
        ("он меня убьет, муж меня бьет", "violence"),
        ("kocam beni dövüyor", "violence"),
        ("au secours", "danger"),
    ],
)
def test_other_languages_are_heard_as_well(text: str, kind: str) -> None:
    hit = detect(text)
    assert hit is not None
    assert kind in (hit.kind, *hit.also)


@pytest.mark.parametrize("text", ["vad är numret till självmordslinjen?", "teléfono de prevención del suicidio"])
def test_asking_for_the_helpline_shows_it(text: str) -> None:
    hit = detect(text)
    assert hit is not None
    assert hit.kind == "suicide"


def test_a_course_on_preventing_it_does_not() -> None:
    assert detect("curso de prevención del suicidio para profesores") is None


def test_an_everyday_expression_never_hides_the_emergency_beside_it() -> None:
    assert detect("får man elda löv i trädgården") is None
    hit = detect("får man elda löv i trädgården, nu brinner det i grannens hus")
    assert hit is not None
    assert hit.kind == "fire"


def test_no_exception_hides_an_emergency_in_any_language() -> None:
    by_language = yaml.safe_load((CORPUS / "beside_everyday.yml").read_text(encoding="utf-8"))
    assert set(by_language) >= {"sv", "en", "fa", "bs", "es", "fr", "pl", "tr", "uk", "ku", "ckb", "ti"}
    assert [text for lines in by_language.values() for text in lines.splitlines() if detect(text) is None] == []


def test_the_evidence_never_repeats_the_citizens_words() -> None:
    hit = detect("min man Kalle Hemligsson slår mig")
    assert hit is not None
    assert "Hemligsson" not in hit.evidence


@pytest.mark.parametrize("unit", ["a", "a ", "självmord", "ab ", "jag vill ", "\u0301", "😀", "ا", "hjälp hjälp det "])
def test_a_very_long_message_is_read_in_bounded_work(unit: str) -> None:
    detect(unit * (100_000 // len(unit)))


def test_the_rules_are_enough_without_a_classifier() -> None:
    hit = Emergency("fire")
    assert decide(hit, {}) == hit


def test_the_classifier_is_enough_without_a_rule() -> None:
    found = decide(None, {"emergency_suicide": 0.9, "faq": 0.1})
    assert found is not None
    assert (found.kind, found.source) == ("suicide", "classifier")


def test_a_classifier_that_hesitates_between_two_emergencies_is_believed() -> None:
    found = decide(None, {"emergency_violence": 0.3, "emergency_child": 0.28, "faq": 0.42})
    assert found is not None
    assert found.kind == "violence"


def test_an_ordinary_question_shows_nothing() -> None:
    assert decide(None, {"emergency_violence": 0.05, "faq": 0.9, "ask_human": 0.05}) is None
    assert decide(None, {}) is None


def test_a_threshold_can_be_set_per_kind() -> None:
    assert decide(None, {"emergency_crime": 0.4}, {"default": 0.35, "crime": 0.6, "total": 0.9}) is None


def test_the_rule_decides_the_card_and_the_classifier_only_adds() -> None:
    found = decide(Emergency("violence", ("child",)), {"emergency_suicide": 0.8})
    assert found is not None
    assert (found.kind, found.also) == ("violence", ("child", "suicide"))


def test_every_kind_has_its_text() -> None:
    from bot.settings import ROOT

    texts = yaml.safe_load((ROOT / "texts" / "sv.yml").read_text(encoding="utf-8"))
    assert {f"emergency.{kind}" for kind in KINDS} <= set(texts)


def test_a_rule_of_no_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sv.yml"
    path.write_text("storm: [storm]\n", encoding="utf-8")
    with pytest.raises(ValueError, match="storm"):
        Rules(tmp_path)
