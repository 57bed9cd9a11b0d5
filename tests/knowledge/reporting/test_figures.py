"""Every figure is what its name says, on cases small enough to count by hand."""

from dataclasses import replace

import numpy as np
import pytest

from knowledge.calibration import Asked, judge
from knowledge.calibration import calibration_error as reference_error
from knowledge.calibration import scope_auroc as reference_auroc
from knowledge.evaluation_run import Question
from knowledge.reporting.curves import reliability, risk_coverage
from knowledge.reporting.figures import (
    Scores,
    area_under_risk,
    bootstrapped,
    brier,
    calibration_error,
    quality,
    recall_at_coverage,
    risks,
    scope_auroc,
    share,
)
from knowledge.reporting.outcomes import Reply, Thresholds, collect
from tests.knowledge.reporting.builders import SIMPLE, evidence, outcome

LIMITS = Thresholds(answer=0.6, clarify=0.15)


def scores(top: list[float], right: list[bool], inside: list[bool]) -> Scores:
    return Scores(np.array(top), np.array(right), np.array(inside))


@pytest.mark.parametrize(
    ("item", "reply"),
    [
        (outcome(0.9), Reply.RIGHT),
        (outcome(0.6, "b a"), Reply.WRONG),
        (outcome(0.9, "a", ""), Reply.WRONG),
        (outcome(0.5, "b c a"), Reply.OFFERED),
        (outcome(0.5, "b c d a"), Reply.NOT_OFFERED),
        (outcome(0.15, "b c a"), Reply.OFFERED),
        (outcome(0.14), Reply.ABSTAINED),
        (outcome(0.0, ""), Reply.ABSTAINED),
    ],
)
def test_what_the_citizen_meets(item, reply) -> None:  # type: ignore[no-untyped-def]
    assert item.reply(LIMITS) is reply


def test_a_candidate_too_unlikely_to_be_shown_is_not_offered() -> None:
    second = outcome(0.16, "b a")
    unlikely = replace(second, candidates=(("b", 0.16), ("a", 0.04)))
    assert (second.reply(LIMITS), unlikely.reply(LIMITS)) == (Reply.OFFERED, Reply.NOT_OFFERED)


def test_of_several_right_articles_any_first_counts() -> None:
    asked = Asked([evidence("b", 1.0), evidence("a", 0.9)], frozenset({"a", "b"}))
    (found,) = collect([Question("?", "sv", frozenset({"a", "b"}))], ["nb"], [asked], SIMPLE)
    assert found.right and found.missed is None and found.detected == "nb"
    assert [key for key, _ in found.candidates] == ["b", "a"]


def test_the_missed_article_is_the_one_that_came_nearest() -> None:
    asked = Asked([evidence("x", 1.0), evidence("b", 0.9)], frozenset({"a", "b"}))
    (found,) = collect([Question("?", "sv", asked.expected)], ["sv"], [asked], SIMPLE)
    assert (found.rank, found.missed) == (2, "b")
    other = replace(asked, expected=frozenset({"d", "c"}))
    (lost,) = collect([Question("?", "sv", other.expected)], ["sv"], [other], SIMPLE)
    assert (lost.rank, lost.missed) == (0, "c")


def test_shares_have_the_right_questions_under_them() -> None:
    group = [
        outcome(0.9),
        outcome(0.9, "b a", detected="nb"),
        outcome(0.5, "b a"),
        outcome(0.1),
        outcome(0.9, "a", ""),
        outcome(0.3, "a", ""),
        outcome(0.1, "a", ""),
    ]
    found = quality(group, LIMITS)
    told = {name: (figure.value, figure.n) for name, figure in found.items()}
    assert told["top1"] == (0.5, 4) and told["top3"] == (1.0, 4)
    assert [told[str(kind)] for kind in Reply] == [(0.25, 4), (0.25, 4), (0.0, 4), (0.25, 4), (0.25, 4)]
    assert told["right_when_answered"] == (0.3333, 3)
    assert told["coverage"] == (0.75, 4)
    assert told["out_of_scope_recall"] == (0.6667, 3) and told["out_of_scope_abstained"] == (0.3333, 3)
    assert told["language_detected"] == (0.8571, 7)
    assert told["out_of_scope_recall_at_90"][1] == 3
    for name, figure in found.items():
        assert name == "calibration_error_by_chance" or (figure.ci95 and figure.ci95[0] <= figure.value <= figure.ci95[1]), name  # type: ignore[operator]


@pytest.mark.parametrize("expected", ["a", ""])
def test_without_questions_of_one_kind_its_figures_are_empty(expected: str) -> None:
    found = quality([outcome(0.9, "a", expected)], LIMITS)
    assert found["scope_auroc"].value is None and found["out_of_scope_recall_at_90"].ci95 is None
    assert found["top1" if not expected else "out_of_scope_recall"].value is None
    assert found["brier"].value is not None


def test_nothing_wrong_among_few_is_no_proof() -> None:
    figure = share([False] * 10)
    assert figure.value == 0.0 and figure.ci95 is not None
    assert figure.ci95[0] == 0.0 and figure.ci95[1] == pytest.approx(0.2775, abs=1e-3)  # Wilson's, for 0 of 10


def test_calibration_error_and_brier_by_hand() -> None:
    some = scores([0.95, 0.95, 0.25, 0.25], [True, False, False, True], [True] * 4)
    assert calibration_error(some) == pytest.approx((0.45 + 0.25) / 2)
    assert brier(some) == pytest.approx((0.05**2 + 0.95**2 + 0.25**2 + 0.75**2) / 4)


def test_they_agree_with_what_calibrate_prints() -> None:
    generator = np.random.default_rng(2)
    asked = [
        Asked([evidence("a", float(near))], frozenset({"a"} if n % 3 else ()))
        for n, near in enumerate(generator.uniform(0.6, 1, 90))
    ]
    judged = [judge(item, SIMPLE) for item in asked]
    questions = [Question("?", "sv", item.expected) for item in asked]
    columns = Scores.of(collect(questions, ["sv"] * len(asked), asked, SIMPLE))
    assert calibration_error(columns) == pytest.approx(reference_error(judged))
    inside, outside = ([item for item in judged if item.in_scope is scope] for scope in (True, False))
    assert scope_auroc(columns) == pytest.approx(reference_auroc(inside, outside))


def test_the_calibration_errors_interval_holds_the_value_although_resampling_pushes_it_up() -> None:
    generator = np.random.default_rng(4)
    top = generator.random(200)
    figure = bootstrapped(
        scores(top.tolist(), (generator.random(200) < top).tolist(), [True] * 200), calibration_error, pivotal=True
    )
    assert figure.ci95 is not None and figure.ci95[0] <= figure.value <= figure.ci95[1]  # type: ignore[operator]


def test_risk_and_coverage_by_hand() -> None:
    some = scores([0.9, 0.8, 0.7, 0.1], [True, False, True, False], [True, True, True, False])
    assert risks(some).tolist() == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2])
    assert area_under_risk(some) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert [(point.coverage, point.risk) for point in risk_coverage(some)] == [
        (0.25, 0.0),
        (0.5, 0.5),
        (0.75, 0.3333),
        (1.0, 0.5),
    ]


def test_equal_probabilities_have_no_order() -> None:
    forward = scores([0.5, 0.5], [True, False], [True, True])
    backward = scores([0.5, 0.5], [False, True], [True, True])
    assert risks(forward).tolist() == risks(backward).tolist() == [0.5, 0.5]


def test_recall_at_a_coverage_takes_the_highest_threshold_that_reaches_it() -> None:
    inside = [0.1 * place for place in range(1, 11)]  # nine of ten reach 0.2
    some = scores([*inside, 0.19, 0.2, 0.05, 0.9], [True] * 10 + [False] * 4, [True] * 10 + [False] * 4)
    assert recall_at_coverage(some) == 0.5


def test_reliability_leaves_empty_bins_out() -> None:
    found = reliability(scores([0.0, 0.04, 1.0], [False, True, True], [True] * 3))
    assert [(item.low, item.high, item.n, item.right) for item in found] == [(0.0, 0.1, 2, 0.5), (0.9, 1.0, 1, 1.0)]
