"""The classifier learns from Rasa's own files, says nothing without them, and finds a call for help in other words."""

from pathlib import Path

import numpy as np
import pytest

from knowledge.encoder import Encoder
from knowledge.index import build_index, load_index
from knowledge.settings import Settings
from knowledge.signals import Signals
from tests.knowledge.conftest import TODAY

NLU = """version: "3.1"
nlu:
- intent: emergency_fire
  examples: |
    - det brinner hos grannen
    - huset brinner
    - there is a fire in my kitchen
    - jag ser lågor från taket
    - it is burning and full of smoke
    - rök ur fönstret, det brinner i [Angered](district)
- intent: ask_human
  examples: |
    - jag vill prata med en människa
    - koppla mig till en handläggare
    - can I talk to a person
    - I want a human agent
    - kan jag få prata med någon
    - finns det någon riktig människa här
- intent: ask_faq
  examples: |
    - hur söker jag förskola
- intent: too_few
  examples: |
    - bara en
"""


@pytest.fixture
def nlu(settings: Settings) -> Settings:
    settings.nlu_dir.mkdir()
    (settings.nlu_dir / "nlu.yml").write_text(NLU, encoding="utf-8")
    return settings


def test_only_signal_intents_with_enough_examples_are_read(nlu: Settings) -> None:
    examples = Signals.read_examples(nlu.nlu_dir)
    assert set(examples) == {"ask_human", "emergency_fire"}
    assert "rök ur fönstret, det brinner i Angered" in examples["emergency_fire"]


def test_an_emergency_in_other_words_is_found(nlu: Settings, encoder: Encoder) -> None:
    report = build_index(nlu, lambda: encoder, TODAY, lambda line: None)
    signals = load_index(nlu).signals
    assert signals is not None
    fire = signals.probabilities(encoder.encode(["hjälp, min lägenhet står i brand"])[0])
    question = signals.probabilities(encoder.encode(["vad kostar det på återvinningscentralen"])[0])
    assert fire["emergency_fire"] > 0.5 > question["emergency_fire"]
    assert sum(fire.values()) <= 1.001 and "faq" not in fire
    assert set(report.signals["emergency_fire"]) == {"n", "recall", "false"}


def test_without_rasas_files_there_are_no_signals(settings: Settings, encoder: Encoder) -> None:
    build_index(settings, lambda: encoder, TODAY, lambda line: None)
    assert load_index(settings).signals is None


def test_an_edited_article_does_not_train_the_signals_again(nlu: Settings, encoder: Encoder, edit, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from tests.knowledge.conftest import AVC

    build_index(nlu, lambda: encoder, TODAY, lambda line: None)
    edit(AVC, status="draft")

    def train(*_: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(Signals, "train", train)
    build_index(nlu, lambda: encoder, TODAY, lambda line: None)
    assert load_index(nlu).signals is not None


def test_one_intent_alone_is_told_from_questions(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    help_, faq = (generator.normal(mean, 0.1, (20, 8)).astype(np.float32) for mean in (0.5, -0.5))
    signals, figures = Signals.train({"ask_human": help_}, faq)
    signals.save(tmp_path / "s.npz")
    again = Signals.load(tmp_path / "s.npz")
    assert again.probabilities(help_[0])["ask_human"] > 0.9 > 0.1 > again.probabilities(faq[0])["ask_human"]
    assert figures["ask_human"]["recall"] == 1.0
