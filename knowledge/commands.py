"""The commands behind `python -m knowledge`. Each returns an exit code; heavy imports stay inside."""

from __future__ import annotations

import functools
import json
import logging
import os
import random
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.article import EMERGENCY_AREA, load_knowledge_base
from knowledge.settings import ROOT, Backend, Settings, today

if TYPE_CHECKING:
    from knowledge.encoder import EncoderCrew
    from knowledge.reporting.run import Order

MOST_ENCODERS = 4  # side by side when the index is built; each takes half a gigabyte
EXPECTED = (RuntimeError, FileNotFoundError, ValueError)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def quiet_libraries() -> None:
    """Settles threads, and silences what libraries print about a local model (a warning of a regular expression it has not)."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # A search's products are small: a second thread waits for its core longer than it calculates. The model has its own threads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module=r"(torch|optimum|transformers)\b")


def _building_encoder(settings: Settings) -> EncoderCrew:
    from knowledge.encoder import EncoderCrew, load_encoder

    # Whole precision: its vectors agree with the 8-bit ones of the questions to 0.9995 (ADR 0003).
    one = settings.model_copy(update={"encoder_threads": 1})
    backend: Backend | None = "onnx" if settings.encoder_backend == "onnx-q8" else None
    return EncoderCrew([load_encoder(one, backend) for _ in range(min(os.cpu_count() or 1, MOST_ENCODERS))])


def validate(settings: Settings) -> int:
    """Prints one line per fault and warning; 1 if there is a fault."""
    from knowledge.validation import check

    base = load_knowledge_base(settings.articles_dir)
    findings = check(base, today())
    for finding in findings:
        path = finding.path.relative_to(ROOT) if finding.path.is_relative_to(ROOT) else finding.path
        print(f"{path}: {'' if finding.fault else 'warning: '}{finding.rule}: {finding.message}")
    faults = sum(finding.fault for finding in findings)
    _say(f"{len(base.articles)} articles, {faults} faults, {len(findings) - faults} warnings")
    return 1 if faults else 0


def stamp(settings: Settings, language: str | None, article_id: str | None) -> int:
    """Writes `of:` into translations that have none; with a filter also into stale ones."""
    from knowledge.stamping import stamp_file

    base = load_knowledge_base(settings.articles_dir)
    if article_id is not None and article_id not in base.articles:
        raise ValueError(f"there is no article {article_id}")
    renew = language is not None or article_id is not None
    count = 0
    for key in [article_id] if article_id else sorted(base.articles):
        count += stamp_file(base.paths[key], base.articles[key], language, renew)
    _say(f"stamped {count} translations")
    return 0


def encoder(settings: Settings) -> int:
    """Makes the model folder."""
    from knowledge.encoder_build import ensure_encoder

    quiet_libraries()
    _say(f"encoder: ready in {ensure_encoder(settings, _say)}")
    return 0


def build(settings: Settings, strict: bool) -> int:
    """Builds the index and prints what the signals classifier can do."""
    from knowledge.follow_up import build_leaning_model
    from knowledge.index import build_index
    from knowledge.language_model import build_word_model

    quiet_libraries()
    started = time.perf_counter()
    encoder_once = functools.cache(lambda: _building_encoder(settings))  # asked for at every kind of text; loading takes seconds
    report = build_index(settings, encoder_once, today(), _say)
    build_word_model(settings, _say)
    build_leaning_model(settings, encoder_once, today(), _say)
    for name, figures in report.signals.items():
        if name != "faq":
            _say(f"signals: {name}: n {figures['n']}, recall {figures['recall']:.3f}, false on phrasings {figures['false']:.4f}")
    seconds = time.perf_counter() - started
    _say(f"index {report.version}: {report.articles} articles, {report.encoded} texts encoded, {seconds:.1f} s")
    return 1 if strict and report.faulty else 0


def search(settings: Settings, text: str, language: str | None) -> int:
    """Prints language, signals and candidates for a question."""
    from knowledge.analysis import Analyst

    quiet_libraries()
    found = Analyst(settings).analyse(text, language)
    print(f"language {found.language} ({found.language_probability:.2f})  index {found.index_version}  {found.ms} ms")
    strong = {name: p for name, p in found.signals.items() if p >= 0.05}
    if strong:
        print("signals  " + "  ".join(f"{name} {p:.2f}" for name, p in sorted(strong.items(), key=lambda item: -item[1])))
    for item in found.candidates:
        print(f"{item.probability:6.3f}  {item.article_id:30} {item.title}  <- {item.matched}")
    return 0


def evaluate(settings: Settings, order: Order) -> int:
    """Prints how often the right answer comes first, and saves a report where the order says."""
    from knowledge.reporting.run import run_evaluation

    quiet_libraries()
    return run_evaluation(settings, order, _say)


def followups(settings: Settings, file: Path) -> int:
    """Prints as JSON how well follow-ups are understood, and that new topics are left alone."""
    from knowledge.analysis import Analyst
    from knowledge.follow_up_run import figures, read_follow_ups

    quiet_libraries()
    print(json.dumps(figures(Analyst(settings), read_follow_ups(file), settings.tuning), indent=1))
    return 0


def calibrate(settings: Settings, files: list[Path], dry_run: bool) -> int:
    """Fits weights and probabilities; see `calibrating.py`."""
    from knowledge.calibrating import run_calibration

    quiet_libraries()
    return run_calibration(settings, files, dry_run, _say)


def bench(settings: Settings, queries: int) -> int:
    """Times the backends and the whole analysis; prints JSON."""
    from knowledge.bench import run_bench

    quiet_libraries()
    print(json.dumps(run_bench(settings, queries, _say), indent=1))
    return 0


def serve(settings: Settings) -> int:
    """Runs the service."""
    from knowledge.service import serve as run

    quiet_libraries()
    run(settings)
    return 0


def export_nlu(settings: Settings, count: int) -> int:
    """Writes phrasings as Rasa examples of `ask_faq`: a seeded sample over articles and languages, and the mistakable ones."""
    from knowledge.nlu_examples import easily_mistaken

    quiet_libraries()
    base = load_knowledge_base(settings.articles_dir)
    # The help lines' phrasings are calls for help; as examples of `ask_faq` they would teach Rasa the contrary.
    published = {key: article for key, article in base.articles.items() if article.status == "published"}
    questions = {key: article.questions for key, article in published.items() if article.area != EMERGENCY_AREA}
    encoder_once = functools.cache(lambda: _building_encoder(settings))
    hard = [_plain(text) for text in easily_mistaken(settings, questions, encoder_once)]
    chosen = list(dict.fromkeys([*sample_phrasings(questions, count), *hard]))
    target = settings.var_dir / "nlu" / "faq.yml"
    target.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"    - {text}\n" for text in chosen)
    temporary = target.with_suffix(".tmp")
    temporary.write_text(f'version: "3.1"\nnlu:\n- intent: ask_faq\n  examples: |\n{lines}', encoding="utf-8")
    temporary.replace(target)
    _say(f"{target}: {len(chosen)} examples of ask_faq")
    return 0


def sample_phrasings(questions: dict[str, dict[str, list[str]]], count: int, seed: int = 3) -> list[str]:
    """Takes phrasings in turn from every article and language until there are enough.

    Args:
        questions: article → language → phrasings.
        count: how many at most.
        seed: the same seed and articles give the same sample, so that Rasa's training is repeatable.
    """
    generator = random.Random(seed)  # noqa: S311 - a repeatable sample
    piles = []
    for article in sorted(questions):
        for language in sorted(questions[article]):
            pile = [" ".join(text.split()) for text in questions[article][language]]
            generator.shuffle(pile)
            piles.append(pile)
    generator.shuffle(piles)
    chosen: list[str] = []
    depth = 0
    while len(chosen) < count and any(depth < len(pile) for pile in piles):
        fresh = [_plain(pile[depth]) for pile in piles if depth < len(pile)]
        chosen += [text for text in fresh if text not in chosen]
        depth += 1
    return chosen[:count]


def _plain(text: str) -> str:
    """Without what Rasa would read as entity marks or, a leading slash, as an intent."""
    return text.lstrip("/").translate(str.maketrans("[](){}", "      "))
