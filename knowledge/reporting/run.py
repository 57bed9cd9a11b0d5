"""Asks a file of questions and reports: what `python -m knowledge evaluate` does."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge import evaluation_run
from knowledge.analysis import Analyst
from knowledge.calibration import Calibration
from knowledge.evaluation_run import Question
from knowledge.index import Index
from knowledge.reporting import quality_page
from knowledge.reporting.evaluation_report import Provenance, Report, fingerprint
from knowledge.reporting.outcomes import Thresholds, collect
from knowledge.search import Searcher
from knowledge.settings import Settings, today


@dataclass(frozen=True)
class Order:
    """What to evaluate and where the report goes.

    Attributes:
        file: the questions.
        phrasings: search an index that keeps only so many per article and language: what the others are worth.
        table: Markdown on standard output instead of JSON.
        out: folder for the report.
        page: the page for decision-makers whose figures are renewed.
    """

    file: Path
    phrasings: int | None = None
    table: bool = False
    out: Path | None = None
    page: Path | None = None


def run_evaluation(settings: Settings, order: Order, say: Callable[[str], None]) -> int:
    """Prints the figures of docs/architecture.md, "Command line", as JSON or as a table, and saves the report if told where.

    Args:
        settings: models and thresholds.
        order: what to do.
        say: takes a line for the person who waits.

    Raises:
        ValueError: the questions' file, the folder or the page is not as it should be; found before the questions are asked.
    """
    questions = evaluation_run.read_questions(order.file)
    _check_targets(order, len(questions))
    analyst, calibration, tuning = Analyst(settings), Calibration.load(), settings.tuning
    if order.phrasings is not None:
        thin = evaluation_run.thinned(analyst.searcher.index, order.phrasings, tuning)
        analyst.searcher = Searcher(thin, tuning, calibration)
    # The language is detected as in service: a mistaken one is part of the result.
    detected = [analyst.detect(question.text) for question in questions]
    languages = iter(detected)
    vectors = analyst.encoder.encode([question.text for question in questions])
    asked = evaluation_run.ask(analyst.searcher, questions, vectors, lambda _: next(languages))
    named = zip([question.language for question in questions], asked, strict=True)
    figures = evaluation_run.evaluate(named, calibration, tuning.answer, tuning.clarify)
    print(evaluation_run.as_table(figures) if order.table else json.dumps(figures, indent=1))
    if order.out is None and order.page is None:
        return 0
    report = Report(
        Provenance(
            questions=order.file.name,
            sha256=fingerprint(order.file),
            date=today().isoformat(),
            index_version=analyst.searcher.index.version,
            encoder=settings.encoder_slug,
            calibration=calibration.fitted_on,
            phrasings=order.phrasings,
            indexed=_indexed(analyst.searcher.index, questions),
        ),
        Thresholds(tuning.answer, tuning.clarify),
        collect(questions, detected, asked, calibration),
        figures,
        analyst.searcher.index.knowledge_base.answerable(today()),
    )
    if order.out is not None:
        report.save(order.out)
        say(f"report: {order.out / 'report.md'}")
    if order.page is not None:
        quality_page.write(order.page, report)
        say(f"page: {order.page}")
    return 0


def _indexed(index: Index, questions: Sequence[Question]) -> int:
    """How many questions the index holds word for word, case and spaces aside."""
    known = {" ".join(entry.text.casefold().split()) for entry in index.phrasings}
    return sum(" ".join(question.text.casefold().split()) in known for question in questions)


def _check_targets(order: Order, count: int) -> None:
    """Asking takes a minute: what could not be saved is said before."""
    if order.page is not None:
        quality_page.check(order.page)
    if order.out is not None:
        try:
            order.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"{order.out} can't be made: {error.strerror or error}") from error
    if not count and (order.out or order.page):
        raise ValueError(f"{order.file.name} has no questions to report on")
