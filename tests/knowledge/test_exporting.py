"""The export holds what may be shown, in valid forms, and comes back as it went out."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from knowledge.article import KnowledgeBase, load_knowledge_base
from knowledge.exporting import export, publication
from knowledge.importing.drafts import Defaults, Draft, make_drafts
from knowledge.importing.entry import About
from knowledge.importing.faq import read_json
from knowledge.importing.sheet import read_csv
from knowledge.settings import Settings
from tests.knowledge.conftest import AVC, PRESCHOOL, SFI, TODAY


@pytest.fixture
def base(settings: Settings) -> KnowledgeBase:
    return load_knowledge_base(settings.articles_dir)


def exported(base: KnowledgeBase, kind: Any, language: str | None = None) -> str:
    return export(base, kind, language, publication(), TODAY)


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_json_ld_is_a_faq_page(base: KnowledgeBase) -> None:
    page = json.loads(exported(base, "jsonld"))
    assert (page["@context"], page["@type"], page["inLanguage"]) == ("https://schema.org", "FAQPage", "sv")
    assert page["publisher"]["@type"] == "GovernmentOrganization" and page["license"].startswith("https://")
    first = page["mainEntity"][0]
    assert first["@type"] == "Question" and first["name"] == AVC["title"]["sv"]
    assert first["acceptedAnswer"]["text"] == "Det är gratis för dig som bor i Göteborg. Ring 031-365 00 00 om du undrar."
    assert first["dateModified"] == "2026-11-20" and first["isBasedOn"][0]["url"] == "https://goteborg.se/"
    assert [item["identifier"] for item in page["mainEntity"]] == ["avc-regler", "forskola-ansokan", "sfi"]


def test_json_ld_of_a_translation_says_how_far_it_has_come(settings: Settings, edit: Callable[..., Path]) -> None:
    edit(SFI, translations={"en": {"state": "drafted", "of": "0" * 12}})
    page = json.loads(exported(load_knowledge_base(settings.articles_dir), "jsonld", "en"))
    assert [item["identifier"] for item in page["mainEntity"]] == ["avc-regler", "forskola-ansokan"]  # sfi is stale
    assert {item["acceptedAnswer"]["creativeWorkStatus"] for item in page["mainEntity"]} == {"drafted"}


@pytest.mark.parametrize("kind", ["jsonld", "json", "csv"])
def test_only_what_may_be_shown_is_exported(settings: Settings, edit: Callable[..., Path], kind: str) -> None:
    edit(PRESCHOOL, status="draft")
    edit(SFI, updated="2025-01-01", review_by="2026-11-22")
    text = exported(load_knowledge_base(settings.articles_dir), kind)
    assert AVC["title"]["sv"] in text and PRESCHOOL["title"]["sv"] not in text and SFI["title"]["sv"] not in text


@pytest.mark.parametrize("kind", ["jsonld", "json", "csv"])
def test_the_same_articles_give_the_same_bytes(settings: Settings, kind: str) -> None:
    assert exported(load_knowledge_base(settings.articles_dir), kind) == exported(
        load_knowledge_base(settings.articles_dir), kind
    )


def test_json_has_every_language_and_a_version_of_its_content(
    settings: Settings, edit: Callable[..., Path], base: KnowledgeBase
) -> None:
    data = json.loads(exported(base, "json"))
    assert data["exported"] == "2026-11-23" and [item["id"] for item in data["articles"]] == [
        "avc-regler",
        "forskola-ansokan",
        "sfi",
    ]
    first = data["articles"][0]
    assert first["states"] == {"sv": "original", "en": "drafted"} and first["next"] == ["forskola-ansokan", "sfi"]
    edit(SFI, answer={"sv": "Nytt.", "en": "New."})
    changed = json.loads(exported(load_knowledge_base(settings.articles_dir), "json"))
    assert changed["version"] != data["version"]


def test_nothing_to_show_is_said(base: KnowledgeBase) -> None:
    with pytest.raises(ValueError, match="in uk"):
        exported(base, "csv", "uk")
    with pytest.raises(ValueError, match="no article"):
        export(base, "json", None, publication(), TODAY.replace(year=2030))


@pytest.mark.parametrize("text", ["=1+1", "+46", "-5", "@x", "\t=1", "'=1", "''-1", "- punkt"])
def test_no_cell_calculates_and_every_cell_comes_back(
    settings: Settings, edit: Callable[..., Path], tmp_path: Path, text: str
) -> None:
    edit(SFI, title={"sv": text.strip(), "en": "T"}, answer={"sv": text, "en": "A"})
    out = exported(load_knowledge_base(settings.articles_dir), "csv", "sv")
    row = next(row for row in table(out) if row["id"] == "sfi")
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())
    path = tmp_path / "out.csv"
    path.write_text(out, encoding="utf-8", newline="")
    back = next(entry for entry in read_csv(path, About()).entries if entry.id == "sfi")
    assert (back.title, back.answer) == (text.strip(), text.strip())


def texts(base: KnowledgeBase) -> dict[tuple[str, str, str], Any]:
    """Everything a citizen can be shown or ask, as shown."""
    said: dict[tuple[str, str, str], Any] = {}
    for key, article in base.articles.items():
        for field in ("title", "answer", "short"):
            for code, text in getattr(article, field).items():
                said[key, field, code] = base.render(text, code).strip()
        for code in article.answer:
            said[key, "questions", code] = article.questions[code]
    return said


@pytest.mark.parametrize(("kind", "read"), [("json", read_json), ("csv", read_csv)])
def test_an_export_imports_to_the_same_texts(base: KnowledgeBase, tmp_path: Path, kind: str, read: Any) -> None:
    path = tmp_path / f"out.{kind}"
    path.write_text(exported(base, kind), encoding="utf-8", newline="")
    found = read(path, About())
    assert found.left_out == [] and found.remarks == []
    made = make_drafts(found.entries, Defaults(), base, ["sv", "en"], TODAY)
    back = {item.article.id: item.article for item in made if isinstance(item, Draft)}
    assert texts(KnowledgeBase(back, {}, base.departments, base.phones)) == texts(base)
    assert "{phone:kontaktcenter}" in back["avc-regler"].answer["sv"]
    assert {item.area for item in back.values()} == {"avfall", "forskola", "vuxenutbildning"}


@pytest.mark.parametrize("kind", ["jsonld", "json", "csv"])
def test_the_command_writes_a_file_or_standard_output(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path, kind: str
) -> None:
    from knowledge.__main__ import main

    monkeypatch.setattr("knowledge.__main__.Settings", lambda: settings)
    monkeypatch.setattr("knowledge.exporting.todays_date", lambda: TODAY)
    assert main(["export", "--format", kind, "--language", "sv"]) == 0
    printed = capsysbinary.readouterr().out
    path = tmp_path / "new" / "out"
    assert main(["export", "--format", kind, "--language", "sv", "--out", str(path)]) == 0
    assert path.read_bytes() == printed and "Söka plats i förskola".encode() in printed


def test_a_file_that_cannot_be_written_is_one_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from knowledge.__main__ import main

    monkeypatch.setattr("knowledge.__main__.Settings", lambda: settings)
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert main(["export", "--format", "json", "--out", str(tmp_path / "file" / "out.json")]) == 1
    assert capsys.readouterr().err.startswith("knowledge export: ")
    assert main(["export", "--format", "json", "--language", "uk"]) == 1
    assert "no article may be shown in uk" in capsys.readouterr().err
