"""The commands as an editor types them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from knowledge import commands
from knowledge.__main__ import main
from knowledge.encoder import Encoder
from knowledge.index import build_index
from knowledge.settings import ROOT, Settings
from tests.knowledge.conftest import AVC, TODAY


def run(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"ARTICLES_DIR": str(settings.articles_dir), "VAR_DIR": str(settings.var_dir), "NLU_DIR": str(settings.nlu_dir)}
    return subprocess.run(
        [sys.executable, "-m", "knowledge", *arguments], capture_output=True, text=True, check=False, cwd=ROOT, env=environment
    )


def test_validate_prints_a_line_per_fault_and_fails(settings: Settings, edit: Callable[..., Path]) -> None:
    assert run(settings, "validate").returncode == 0
    edit(AVC, department="trafikkontoret")
    done = run(settings, "validate")
    assert done.returncode == 1
    assert done.stdout.count("\n") == 1
    assert "avfall/avc-regler.yml: department: trafikkontoret is no key" in done.stdout


def test_search_and_evaluate_answer_from_the_shell(settings: Settings, encoder: Encoder, tmp_path: Path) -> None:
    build_index(settings, lambda: encoder, TODAY, lambda line: None)
    questions = tmp_path / "q.jsonl"
    questions.write_text('{"text": "hur får man dagisplats", "lang": "sv", "expected": ["forskola-ansokan"]}\n')
    done = run(settings, "evaluate", str(questions), "--out", str(tmp_path / "report"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sv"]["top1"] == 1.0
    assert f"report: {tmp_path / 'report' / 'report.md'}" in done.stderr
    assert "| sv | 1 | 1.000 [" in (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    saved = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert saved["figures"] == json.loads(done.stdout) and saved["provenance"]["indexed"] == 0


def test_an_evaluation_that_cannot_be_saved_is_refused_at_once(settings: Settings, tmp_path: Path) -> None:
    questions = tmp_path / "q.jsonl"
    questions.write_text("")
    for arguments in (["--out", str(questions)], ["--out", str(tmp_path / "new")], ["--page", str(tmp_path / "page.md")]):
        done = run(settings, "evaluate", str(questions), *arguments)
        assert done.returncode == 1
        assert done.stderr.strip().splitlines()[-1].startswith("knowledge evaluate: ")


def test_a_missing_index_is_one_sentence(settings: Settings) -> None:
    done = run(settings, "search", "hej")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("knowledge search: no index in")


def test_stamping_one_article(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    path = settings.articles_dir / "avfall" / "avc-regler.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("en:\n    state: drafted", "en: {state: drafted}"), encoding="utf-8")
    monkeypatch.setattr("knowledge.__main__.Settings", lambda: settings)
    assert main(["stamp", "--id", "avc-regler"]) == 0
    assert "stamped 1" in capsys.readouterr().err
    assert 'of: "' in path.read_text(encoding="utf-8")
    assert main(["stamp", "--id", "nobody"]) == 1
    assert "there is no article nobody" in capsys.readouterr().err


def test_rasa_gets_the_same_spread_sample_each_time(settings: Settings) -> None:
    assert commands.export_nlu(settings, 12) == 0
    target = settings.var_dir / "nlu" / "faq.yml"
    first = target.read_text(encoding="utf-8")
    commands.export_nlu(settings, 12)
    assert target.read_text(encoding="utf-8") == first
    block = yaml.safe_load(first)["nlu"][0]
    lines = [line.removeprefix("- ") for line in block["examples"].splitlines()]
    assert block["intent"] == "ask_faq" and len(lines) == len(set(lines)) == 12
    assert any("Maksaako kierrätyskeskus jotain?" in line for line in lines)


def test_rasa_learns_nothing_from_drafts(settings: Settings, edit: Callable[..., Path]) -> None:
    edit(AVC, status="draft")
    assert commands.export_nlu(settings, 100) == 0
    text = (settings.var_dir / "nlu" / "faq.yml").read_text(encoding="utf-8")
    assert AVC["questions"]["sv"][0] not in text and "sfi" in text


def test_a_phrasing_cannot_become_an_intent_or_an_entity_mark() -> None:
    assert commands.sample_phrasings({"a": {"sv": ["/restart [x](y) {z}"]}}, 5) == ["restart  x  y   z "]


def test_the_real_articles_are_without_fault() -> None:
    from knowledge.article import load_knowledge_base
    from knowledge.settings import today
    from knowledge.validation import check

    faults = [
        f"{item.path.name}: {item.rule}: {item.message}"
        for item in check(load_knowledge_base(Settings().articles_dir), today())
        if item.fault
    ]
    assert faults == []
