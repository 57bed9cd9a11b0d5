"""Figures that say how good search is can be trusted: each share is counted as it is named."""

from pathlib import Path

import pytest

from knowledge.calibration import Asked, Evidence
from knowledge.evaluation_run import EvaluationFileError, Question, evaluate, held_out_phrasings, read_questions
from tests.knowledge.reporting.builders import SIMPLE
from tests.knowledge.reporting.builders import evidence as near
from tests.knowledge.test_search import searcher  # noqa: F401 - the fixture


def evidence(*ids: str) -> list[Evidence]:
    """Of falling nearness: 0.95 is the probability of the first, 0.73 of the second."""
    return [near(key, 1 - n / 10) for n, key in enumerate(ids)]


def test_every_share_is_what_its_name_says() -> None:
    asked = [
        ("sv", Asked(evidence("a", "b"), frozenset({"a"}))),
        ("sv", Asked(evidence("b", "a"), frozenset({"a"}))),
        ("en", Asked(evidence("b", "c", "d", "a"), frozenset({"a"}))),
        ("en", Asked(evidence("a"), frozenset())),
        ("en", Asked([], frozenset())),
    ]
    figures = evaluate(asked, SIMPLE, answer=0.9, clarify=0.5)
    whole = figures["all"]
    assert (whole["n"], whole["n_in_scope"]) == (5, 3)
    assert whole["top1"] == pytest.approx(1 / 3, abs=1e-4)
    assert whole["top3"] == pytest.approx(2 / 3, abs=1e-4)
    assert whole["mrr"] == pytest.approx((1 + 1 / 2 + 1 / 4) / 3, abs=1e-4)
    assert (whole["answered"], whole["wrong"], whole["clarified"], whole["abstained"]) == (0.8, 0.6, 0.0, 0.2)
    assert set(figures) == {"all", "sv", "en"}
    low, high = whole["ci95"]["answered"]  # type: ignore[index]
    assert low < 0.8 <= high


def test_answered_clarified_and_abstained_are_everything() -> None:
    figures = evaluate([("sv", Asked(evidence("a"), frozenset({"a"})))] * 3, SIMPLE, answer=0.99, clarify=0.5)["all"]
    assert (figures["answered"], figures["clarified"], figures["abstained"]) == (0.0, 1.0, 0.0)


def test_a_language_with_only_out_of_scope_questions_has_no_rank() -> None:
    assert evaluate([("so", Asked([], frozenset()))], SIMPLE, 0.9, 0.5)["so"]["top1"] is None


def test_none_wrong_of_few_leaves_room_for_doubt() -> None:
    figures = evaluate([("sv", Asked(evidence("a"), frozenset({"a"})))] * 10, SIMPLE, answer=0.9, clarify=0.5)["sv"]
    low, high = figures["ci95"]["wrong"]  # type: ignore[index]
    assert (figures["wrong"], low) == (0.0, 0.0) and 0.2 < high < 0.35


def test_lines_are_read_and_a_bad_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(
        '{"text": "hej", "lang": "sv", "expected": ["a"], "style": "x"}\n\n{"text": "y", "lang": "en", "expected": []}\n'
    )
    assert read_questions(file) == [Question("hej", "sv", frozenset({"a"}), "x"), Question("y", "en", frozenset())]
    file.write_text('{"text": "hej"}\n')
    with pytest.raises(EvaluationFileError, match=r"q\.jsonl:1"):
        read_questions(file)


def test_a_held_out_phrasing_never_finds_itself(searcher, encoder) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    rows = held_out_phrasings(searcher, encoder.encode)
    texts = [entry.text for entry in searcher.index.phrasings if entry.kind == "phrasing"]
    assert len(rows) == len(texts)
    right = [asked.evidence[0].article_id in asked.expected for _, asked in rows]
    assert sum(right) / len(right) > 0.7
