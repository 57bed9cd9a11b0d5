"""The catalogue: the same texts in every language, and every text complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bot.settings import ROOT
from bot.texts import Catalogue, MissingParameter, TextsInvalid, UnknownText, parameters

TEXTS = ROOT / "texts"
CODES = [row["code"] for row in yaml.safe_load((TEXTS / "languages.yml").read_text(encoding="utf-8"))]
FILES = {code: yaml.safe_load((TEXTS / f"{code}.yml").read_text(encoding="utf-8")) for code in CODES}
EMERGENCIES = ["danger", "fire", "suicide", "violence", "child", "poison", "health", "crime"]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load(TEXTS)


def test_the_city_speaks_its_languages_with_their_directions(catalogue: Catalogue) -> None:
    spoken = [(language.code, language.dir) for language in catalogue.languages()]
    assert spoken[:5] == [("sv", "ltr"), ("en", "ltr"), ("fi", "ltr"), ("ar", "rtl"), ("so", "ltr")]
    assert {code for code, direction in spoken if direction == "rtl"} == {"ar", "fa", "ckb"}
    assert [language.code for language in catalogue.languages() if language.greeting] == ["sv", "en", "fi", "ar", "so"]


@pytest.mark.parametrize("code", CODES)
def test_every_language_has_the_same_texts_with_the_same_parameters(code: str) -> None:
    assert set(FILES[code]) == set(FILES["sv"])
    assert {key: parameters(text) for key, text in FILES[code].items()} == {
        key: parameters(text) for key, text in FILES["sv"].items()
    }


@pytest.mark.parametrize("code", CODES)
def test_no_text_holds_a_raw_phone_number(code: str) -> None:
    for key, text in FILES[code].items():
        assert not re.search(r"\d{3,}", text), (code, key)


@pytest.mark.parametrize("code", CODES)
def test_d1_the_greeting_says_what_it_is_before_anything_else(catalogue: Catalogue, code: str) -> None:
    greeting = catalogue.render("greeting", code)
    assert len(greeting.split()) <= 60
    assert "112" in greeting
    in_own_words = {
        "fi": "tekoäly",
        "ar": "الذكاء الاصطناعي",
        "fa": "هوش مصنوعی",
        "es": "IA",
        "fr": "IA",
        "tr": "yapay zekâ",
        "uk": "ШІ",
    }
    assert in_own_words.get(code, "AI") in greeting


@pytest.mark.parametrize("code", CODES)
def test_d1_the_sms_greeting_fits_in_two_parts(catalogue: Catalogue, code: str) -> None:
    text = catalogue.render("greeting.short", code)
    gsm = set(
        "@£$¥èéùìòÇ\nØø\rÅåÆæÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
    )
    assert len(text) <= (306 if set(text) <= gsm else 134)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kind", EMERGENCIES)
def test_d2_an_emergency_text_names_112_first_and_asks_nothing(catalogue: Catalogue, code: str, kind: str) -> None:
    text = catalogue.render(f"emergency.{kind}", code)
    assert re.findall(r"\d[\d -]*\d", text)[0] == "112"
    assert not re.search(r"[?؟]", text)


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("suicide", "90101"),
        ("violence", "020-50 50 50"),
        ("child", "116 111"),
        ("poison", "010-456 67 00"),
        ("health", "1177"),
        ("crime", "114 14"),
    ],
)
@pytest.mark.parametrize("code", CODES)
def test_d2_each_emergency_names_the_right_line(catalogue: Catalogue, code: str, kind: str, line: str) -> None:
    assert line in catalogue.render(f"emergency.{kind}", code)


@pytest.mark.parametrize("code", CODES)
def test_d6_a_protected_person_gets_a_telephone_number(catalogue: Catalogue, code: str) -> None:
    assert "031-365 00 00" in catalogue.render("protected_identity", code)


@pytest.mark.parametrize("code", CODES)
def test_d11_an_appeal_is_dated_and_not_filed_here(catalogue: Catalogue, code: str) -> None:
    assert "2026-11-22" in catalogue.render("appeal.notice", code, date="2026-11-22")


def test_an_unknown_language_falls_back_to_english(catalogue: Catalogue) -> None:
    assert catalogue.render("thanks", "tlh") == catalogue.render("thanks", "en")
    assert catalogue.language_of("thanks", "tlh") == "en"


def test_an_unknown_key_or_a_missing_parameter_is_an_error(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownText):
        catalogue.render("no.such.text", "sv")
    with pytest.raises(MissingParameter, match="position"):
        catalogue.render("queue.joined", "sv")


def test_a_parameter_that_looks_like_a_placeholder_is_shown_as_it_is(catalogue: Catalogue) -> None:
    assert "{phone:sos}" in catalogue.render("agent.joined", "sv", name="{phone:sos}")


def test_a_phone_number_keeps_its_order_inside_arabic(catalogue: Catalogue) -> None:
    assert "\u2066031-365 00 00\u2069" in catalogue.render("handover.unavailable", "ar")
    assert "\u2066" not in catalogue.render("handover.unavailable", "sv")


def write_catalogue(folder: Path, sv: str) -> Path:
    texts = folder / "texts"
    texts.mkdir()
    (folder / "phones.yml").write_text('sos: {number: "112"}\n', encoding="utf-8")
    (texts / "languages.yml").write_text("- {code: sv, name: Svenska, dir: ltr}\n", encoding="utf-8")
    (texts / "sv.yml").write_text(sv, encoding="utf-8")
    return texts


def test_a_text_that_names_an_unknown_number_stops_the_start(tmp_path: Path) -> None:
    texts = write_catalogue(tmp_path, 'greet: "Ring {phone:nobody}"\n')
    with pytest.raises(TextsInvalid, match="nobody"):
        Catalogue.load(texts, tmp_path / "phones.yml")


@pytest.mark.parametrize("sv", ["- a list\n", "greet:\n", "greet: [1]\n", "greet: 'x\n"])
def test_a_malformed_file_stops_the_start_and_is_named(tmp_path: Path, sv: str) -> None:
    texts = write_catalogue(tmp_path, sv)
    with pytest.raises(TextsInvalid, match=r"sv\.yml"):
        Catalogue.load(texts, tmp_path / "phones.yml")
