"""What is saved can be read again, and the page keeps its prose."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from knowledge.article import Article
from knowledge.evaluation_run import summarise
from knowledge.reporting import quality_page
from knowledge.reporting.confusions import confusions
from knowledge.reporting.evaluation_report import PLOTS, Provenance, Report
from knowledge.reporting.outcomes import Outcome, Thresholds
from knowledge.settings import ROOT
from tests.knowledge.conftest import article_data
from tests.knowledge.reporting.builders import outcome

ARTICLES = {
    key: Article.model_validate(article_data(key, area, next=following))
    for key, area, following in (("a", "avfall", ["b"]), ("b", "trafik", []), ("c", "avfall", []), ("d", "jobb", []))
}
MIXED = [
    *[outcome(0.9)] * 6,
    *[outcome(0.8, "b a")] * 2,
    outcome(0.7, "a b", "b"),
    outcome(0.4, "c a", language="so", style="long"),
    outcome(0.7, "a", "", language="en", style="out_of_scope"),
]  # fmt: skip


def report(outcomes: Sequence[Outcome] = MIXED) -> Report:
    made = Provenance("q.jsonl", "0123456789abcdef", "2026-11-22", "v1", "model", "nothing", None, 0)
    row = {"answered": 1.0, "wrong": 0.0, "clarified": 0.0, "abstained": 0.0}
    return Report(made, Thresholds(0.6, 0.15), outcomes, {"all": summarise([row] * len(outcomes))}, ARTICLES)


def test_pairs_are_counted_in_both_directions_and_say_whether_they_are_neighbours() -> None:
    errors = confusions([*MIXED, outcome(0.9, "gone", "d")], ARTICLES)
    told = [(pair.first, pair.second, pair.first_missed, pair.second_missed, pair.area, pair.linked) for pair in errors.pairs]
    assert told == [
        ("a", "b", 2, 1, None, True),
        ("a", "c", 1, 0, "avfall", False),
        ("d", "gone", 1, 0, None, False),
    ]
    assert (errors.same_area.value, errors.linked.value, errors.among_three.value) == (0.2, 0.6, 0.8)
    assert confusions([outcome(0.9)], ARTICLES).same_area.value is None


def test_everything_is_saved(tmp_path: Path) -> None:
    report().save(tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "report.md",
        "report.json",
        "questions.jsonl",
        *PLOTS.values(),
    }
    saved = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert saved["provenance"]["answer"] == 0.6
    assert set(saved["further"]) == {"all", "sv", "so", "en"} and set(saved["styles"]) == {"question", "long", "out_of_scope"}
    assert saved["further"]["sv"]["top1"]["n"] == 9 and len(saved["further"]["sv"]["top1"]["ci95"]) == 2
    assert saved["confusions"]["pairs"][0]["n"] == 3
    lines = [json.loads(line) for line in (tmp_path / "out" / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(lines) == len(MIXED)
    assert lines[6]["candidates"] == [{"article_id": "b", "probability": 0.8}, {"article_id": "a", "probability": 0.4}]
    assert (lines[6]["expected"], lines[6]["reply"], lines[-1]["expected"]) == (["a"], "answered_wrong", [])


def test_every_picture_has_an_alternative_text_and_is_there(tmp_path: Path) -> None:
    report().save(tmp_path)
    pictures = re.findall(r"!\[(.*?)\]\((.*?)\)", (tmp_path / "report.md").read_text(encoding="utf-8"))
    assert {name for _, name in pictures} == set(PLOTS.values())
    for text, name in pictures:
        assert len(text) > 30
        with Image.open(tmp_path / name) as image:
            assert image.format == "PNG" and image.width > 400


def test_the_same_evaluation_gives_the_same_files(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        report().save(tmp_path / folder)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    "outcomes",
    [[outcome(0.9)], [outcome(0.0, "")], [outcome(0.9, "a", "")], [outcome(0.2, "", "a", "x-y", "")]],
    ids=["one right", "nothing found", "out of scope only", "unknown language, no style"],
)
def test_few_and_odd_questions_make_a_report_too(outcomes: list[Outcome], tmp_path: Path) -> None:
    report(outcomes).save(tmp_path)
    page = tmp_path / "page.md"
    page.write_text((ROOT / "docs" / "kvalitet.md").read_text(encoding="utf-8"), encoding="utf-8")
    quality_page.write(page, report(outcomes))
    assert "nan" not in page.read_text(encoding="utf-8").lower()


def test_the_page_keeps_its_prose_and_renews_its_figures(tmp_path: Path) -> None:
    page = tmp_path / "kvalitet.md"
    original = (ROOT / "docs" / "kvalitet.md").read_text(encoding="utf-8")
    page.write_text(original, encoding="utf-8")
    quality_page.write(page, report())
    renewed = page.read_text(encoding="utf-8")
    block = re.compile(r"(<!-- siffror:[a-z]+ -->).*?<!-- /siffror -->", re.DOTALL)
    assert block.sub(r"\1", renewed) == block.sub(r"\1", original)
    assert "| får rätt svar direkt | 60 % (31–83) |" in renewed
    assert "| svenska (sv) | 9 | 67 % (35–88) |" in renewed
    assert "22 november 2026: 11 frågor på 3 språk" in renewed
    for name in re.findall(r"\]\((images/.*?)\)", renewed):
        assert (tmp_path / name).exists()
    quality_page.write(page, report())
    assert page.read_text(encoding="utf-8") == renewed


def test_a_page_without_a_block_is_refused_before_any_work(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    with pytest.raises(ValueError, match="can't be read"):
        quality_page.check(page)
    page.write_text("<!-- siffror:resultat -->\n", encoding="utf-8")
    with pytest.raises(ValueError, match="siffror:sprak"):
        quality_page.check(page)


def test_the_committed_page_has_every_block_and_picture() -> None:
    page = ROOT / "docs" / "kvalitet.md"
    text = quality_page.check(page)
    for name in re.findall(r"\]\((images/.*?)\)", text):
        assert (page.parent / name).exists()
