"""`python -m knowledge import` as an editor types it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.article import load_article, load_knowledge_base
from knowledge.settings import Settings, today
from knowledge.validation import check
from tests.knowledge.conftest import AVC
from tests.knowledge.importing.conftest import SOURCES, Said

Knowledge = Callable[..., Said]


def contents(settings: Settings) -> dict[str, str]:
    return {str(path): path.read_text(encoding="utf-8") for path in settings.articles_dir.rglob("*") if path.is_file()}


def test_a_sheet_becomes_drafts_that_load_and_break_nothing(settings: Settings, knowledge: Knowledge) -> None:
    said = knowledge("import", SOURCES / "sheet.csv")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0].startswith("created      fritid/far-jag-fiska-i-savean: Får jag fiska i Säveån?")
    assert lines[1].startswith("created      fritid-kultur/var-ar-badtunnan:")
    assert lines[2:] == [
        "left out     row 4 has no answer",
        "left out     row 5: a formula in answer; paste it as text",
        "note         columns that mean nothing here: Ansvarig",
    ]
    assert said.err.strip() == "2 drafts created; 0 unchanged; 2 left out; new area: fritid, fritid-kultur"
    base = load_knowledge_base(settings.articles_dir)
    assert base.faulty == () and base.articles["var-ar-badtunnan"].department == "kretslopp-vatten"
    assert [finding for finding in check(base, today()) if finding.fault] == []
    assert "far-jag-fiska-i-savean" not in base.answerable(today())


def test_the_same_file_again_changes_nothing_and_says_so(settings: Settings, knowledge: Knowledge) -> None:
    arguments = (
        "import",
        SOURCES / "questions.html",
        "--area",
        "fritid",
        "--department",
        "stadsmiljo",
        "--url",
        "https://example.org/odling",
    )
    assert knowledge(*arguments).code == 0
    before = contents(settings)
    said = knowledge(*arguments)
    assert said.code == 0 and contents(settings) == before
    assert said.out.count("unchanged") == 5 and "0 drafts created; 5 unchanged" in said.err and "nothing was changed" in said.err


def test_an_article_that_exists_is_never_touched(settings: Settings, knowledge: Knowledge, tmp_path: Path) -> None:
    before = contents(settings)
    sheet = tmp_path / "a.csv"
    sheet.write_text("id,area,question,answer\navc-regler,annat,Ny fråga?,Nytt svar.\n", encoding="utf-8")
    said = knowledge("import", sheet)
    assert said.code == 0 and contents(settings) == before
    assert said.out.startswith("exists       avfall/avc-regler: row 2 says something else; the article is not touched")
    assert "1 exist with another text" in said.err


def test_a_published_article_stays_the_same_article_when_its_source_comes_again(
    settings: Settings, knowledge: Knowledge, edit: Callable[..., Path], tmp_path: Path
) -> None:
    sheet = tmp_path / "a.csv"
    sheet.write_text("id,area,question,answer\nny,avfall,Ny?,Ring 112.\n", encoding="utf-8")
    assert knowledge("import", sheet).code == 0
    path = settings.articles_dir / "avfall" / "ny.yml"
    data = load_article(path).model_dump(mode="json", exclude_none=True)
    edit(data, status="published", short={"sv": "Ring."}, questions={"sv": [*data["questions"]["sv"], "nytt?"]})
    before = contents(settings)
    assert knowledge("import", sheet).out.startswith("unchanged")
    assert contents(settings) == before


def test_a_broken_file_of_the_same_name_is_not_overwritten(settings: Settings, knowledge: Knowledge, tmp_path: Path) -> None:
    path = settings.articles_dir / "avfall" / "ny.yml"
    path.write_text("id: [an editor is writing here", encoding="utf-8")
    sheet = tmp_path / "a.csv"
    sheet.write_text("question,answer\nNy?,Ja.\n", encoding="utf-8")
    said = knowledge("import", sheet, "--area", "avfall")
    assert "exists" in said.out and path.read_text(encoding="utf-8") == "id: [an editor is writing here"


def test_a_dry_run_writes_nothing(settings: Settings, knowledge: Knowledge) -> None:
    before = contents(settings)
    said = knowledge("import", SOURCES / "faq.jsonld", "--area", "fritid", "--dry-run")
    assert said.code == 0 and contents(settings) == before and not (settings.articles_dir / "fritid").exists()
    assert said.out.startswith("would create fritid/vad-kostar-simskolan: Vad kostar simskolan?; no department")
    assert "nothing was written" in said.err


def test_a_question_that_another_article_has_is_said(knowledge: Knowledge, tmp_path: Path) -> None:
    sheet = tmp_path / "a.csv"
    sheet.write_text(f"question,answer\n{AVC['questions']['sv'][0].upper()},Ja.\n", encoding="utf-8")
    assert "its question also stands in avc-regler" in knowledge("import", sheet, "--area", "avfall").out


def test_a_sitemap_brings_its_saved_pages(settings: Settings, knowledge: Knowledge) -> None:
    said = knowledge(
        "import", SOURCES / "sitemap.xml", "--pages", SOURCES / "saved", "--area", "fritid", "--department", "idrott-forening"
    )
    assert said.code == 0 and "2 drafts created" in said.err
    assert "left out     missing: https://example.org/inte-sparad" in said.out
    article = load_article(settings.articles_dir / "fritid" / "far-jag-odla-i-parken.yml")
    assert article.sources[0].model_dump() == {"url": "https://example.org/odling", "title": "Odling, example.org", "year": 2024}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nowhere.csv",), "not there"),
        ((".",), "no kind that is read"),
        (("file.pdf",), "no kind that is read"),
        ((SOURCES / "bomb.xml",), "entities"),
        ((SOURCES / "page.html", "--area", "Fritid & kultur"), "write for example fritid-kultur"),
        ((SOURCES / "page.html", "--area", "../../tmp"), "no name of an area"),
        ((SOURCES / "page.html", "--area", "fritid", "--department", "trafikkontoret"), "no key of departments.yml"),
        ((SOURCES / "page.html", "--area", "fritid", "--url", "example.org"), "not a full web address"),
        ((SOURCES / "page.html", "--area", "fritid", "--language", "svenska"), "--language"),
        ((SOURCES / "sitemap.xml", "--pages", SOURCES / "nowhere", "--area", "fritid"), "--pages"),
        ((SOURCES / "sitemap.xml", "--pages", SOURCES.parent, "--area", "fritid"), "no question with an answer"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_and_changes_nothing(
    settings: Settings, knowledge: Knowledge, arguments: tuple[object, ...], reason: str
) -> None:
    before = contents(settings)
    said = knowledge("import", *arguments)
    assert said.code == 1 and said.out == "" and contents(settings) == before
    assert said.err.count("\n") == 1 and said.err.startswith("knowledge import: ") and reason in said.err
