"""Probabilities mean what they say, and the thresholds are those that cost the citizen least."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge.calibration import (
    OUT_OF_SCOPE_SHARE,
    SCALE,
    Asked,
    Calibration,
    Evidence,
    Judged,
    calibration_error,
    cheapest_thresholds,
    fit,
    fit_weights,
    judge,
    reply_cost,
    scope_auroc,
    without_opinion,
)
from knowledge.settings import Cost

EVIDENCE = Evidence(
    article_id="a", score=0.5, phrasing=0.5, nearest=0.5, answer=0.4, lexical=0.2, letters=0.3, choice=-1.0,
    margin=0.1, rival=0.1, outside=1.0, away=False, unspoken=0.0, covered=1.0, off_topic=0.1, words=5, matched="?",
)  # fmt: skip


def asked(nearest: float, right: bool) -> Asked:
    return Asked([replace(EVIDENCE, nearest=nearest, score=nearest)], frozenset({"a"} if right else ()))


QUESTIONS = [asked(0.3 + 0.01 * n, right=n >= 20 or n % 10 == 0) for n in range(40)]


def test_closer_phrasings_are_more_probable() -> None:
    calibration = fit(QUESTIONS, "model", "forty questions")
    low, high = calibration.probabilities([replace(EVIDENCE, nearest=v, score=v) for v in (0.3, 0.7)])
    assert low < 0.3 < 0.8 < high


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    calibration = fit(QUESTIONS, "model", "forty questions")
    path = tmp_path / "calibration.json"
    calibration.save(path)
    read = Calibration.load(path)
    assert read.fitted_on == "forty questions"
    assert read.probabilities([EVIDENCE]) == pytest.approx(calibration.probabilities([EVIDENCE]), abs=1e-3)


def test_a_calibration_of_other_features_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    fit(QUESTIONS, "model", "").save(path)
    path.write_text(path.read_text().replace('"lexical"', '"bm25"'))
    with pytest.raises(ValueError, match="calibrate"):
        Calibration.load(path)


def test_without_opinion_everything_is_even() -> None:
    assert without_opinion("m").probabilities([EVIDENCE, EVIDENCE]) == [0.5, 0.5]
    assert without_opinion("m").probabilities([]) == []


COST = Cost(wrong_answer=4, answered_out_of_scope=4, needless_question=1, missed=2, clarified_out_of_scope=0.7)


@pytest.mark.parametrize(
    ("judged", "cost"),
    [
        (Judged((0.9,), (True,), True), 0.0),
        (Judged((0.9,), (False,), True), 4.0),
        (Judged((0.9,), (False,), False), 4.0),
        (Judged((0.5, 0.4), (False, True), True), 1.0),
        (Judged((0.5, 0.4), (False, False), True), 2.0),
        (Judged((0.5,), (False,), False), 0.7),
        (Judged((0.1,), (True,), True), 2.0),
        (Judged((0.1,), (False,), False), 0.0),
        (Judged((), (), False), 0.0),
    ],
)
def test_each_reply_has_its_price(judged: Judged, cost: float) -> None:
    assert reply_cost(judged, answer=0.7, clarify=0.3, cost=COST) == cost


def test_thresholds_separate_what_can_be_separated() -> None:
    judged = [Judged((0.9,), (True,), True)] * 5 + [Judged((0.5,), (True,), True)] * 2
    judged += [Judged((0.5,), (False,), True)] * 2 + [Judged((0.1,), (False,), False)] * 5
    answer, clarify, cost = cheapest_thresholds(judged, COST)
    assert 0.5 < answer <= 0.9 and 0.1 < clarify <= 0.5
    assert cost == pytest.approx((1 - OUT_OF_SCOPE_SHARE) * (2 * 1 + 2 * 2) / 9)


def test_measures_of_probabilities() -> None:
    sure = [Judged((0.99,), (True,), True)] * 9 + [Judged((0.01,), (False,), False)]
    assert calibration_error(sure) == pytest.approx(0.01, abs=1e-6)
    assert scope_auroc(sure[:9], sure[9:]) == 1.0
    assert scope_auroc(sure[:1], sure[:1]) == 0.5


def test_judging_keeps_the_order_and_lowers_what_would_rise() -> None:
    second = replace(EVIDENCE, article_id="b", nearest=0.9)
    calibration = fit(QUESTIONS, "model", "")
    judged = judge(Asked([EVIDENCE, second], frozenset({"b"})), calibration)
    assert judged.right == (False, True)
    assert judged.probabilities[1] <= judged.probabilities[0]


def test_the_weights_learn_which_part_tells_the_right_article() -> None:
    dice = random.Random(1)
    posed = []
    for number in range(60):
        right, wrong = replace(EVIDENCE, nearest=0.6), replace(EVIDENCE, article_id="b", nearest=0.4)
        # Letters say nothing here: as often right as wrong.
        right, wrong = (
            replace(item, letters=dice.random(), phrasing=item.nearest + 0.1 * dice.random()) for item in (right, wrong)
        )
        posed.append(Asked([wrong, right] if number % 2 else [right, wrong], frozenset({"a"})))
    weights = fit_weights(posed)
    assert weights.nearest > abs(weights.letters) * 5
    assert weights.phrasing + weights.nearest + weights.answer == pytest.approx(SCALE, abs=1e-3)


def test_out_of_scope_questions_say_nothing_about_the_weights() -> None:
    posed = [Asked([EVIDENCE, replace(EVIDENCE, article_id="b", nearest=0.1)], frozenset({"a"}))] * 3
    assert fit_weights([*posed, Asked([EVIDENCE], frozenset()), Asked([], frozenset({"x"}))]) == fit_weights(posed)
