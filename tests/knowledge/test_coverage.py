"""The table of what exists in which language."""

from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge import coverage
from knowledge.article import answer_hash, load_knowledge_base
from knowledge.settings import Settings
from tests.knowledge.conftest import AVC, PRESCHOOL, SFI

CODES = ["sv", "en", "fi"]


@pytest.fixture
def varied(settings: Settings, edit: Callable[..., Path]) -> Settings:
    """One article per state."""
    edit(AVC, translations={"en": {"state": "reviewed", "of": answer_hash(AVC["answer"]["sv"])}})
    edit(SFI, translations={"en": {"state": "drafted", "of": "0" * 12}})
    edit(PRESCHOOL, status="draft", title={"en": "T"}, answer={"en": "A."}, questions={"en": ["a", "b"]})
    return settings


def test_each_topic_has_its_phrasings_and_states(varied: Settings) -> None:
    assert coverage.rows(load_knowledge_base(varied.articles_dir), CODES) == [
        ["avfall", "avc-regler", "25 o", "8 r", "8 -"],  # phrasings in Finnish, no answer
        ["forskola", "forskola-ansokan (draft)", "-", "2 d", "-"],
        ["vuxenutbildning", "sfi", "25 o", "8 s", "-"],
    ]


def test_totals_count_articles_by_state(varied: Settings) -> None:
    assert coverage.totals(load_knowledge_base(varied.articles_dir), CODES) == [
        ["sv", "50", "2", "0", "0", "0", "1"],
        ["en", "18", "0", "1", "1", "1", "0"],
        ["fi", "8", "0", "0", "0", "0", "3"],
    ]


def test_languages_come_in_the_order_of_the_settings(settings: Settings) -> None:
    found = coverage.languages(load_knowledge_base(settings.articles_dir), ["sv", "en", "fi", "ar"])
    assert found[:4] == ["sv", "en", "fi", "ar"] and "languages" not in found


def test_the_command_prints_columns_or_writes_markdown(
    varied: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from knowledge.__main__ import main

    monkeypatch.setattr("knowledge.__main__.Settings", lambda: varied)
    assert main(["coverage"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:6] == ["avfall", "avc-regler", "25", "o", "8", "r"]
    assert len({len(line.rstrip()) for line in lines[1:4]}) == 1  # columns stand below each other
    path = tmp_path / "coverage.md"
    assert main(["coverage", "--markdown", str(path)]) == 0
    text = path.read_text(encoding="utf-8")
    assert "| avfall | avc-regler | 25 o | 8 r |" in text and text.startswith("# Coverage\n")
