"""Figures of an evaluation, each with its n and a 95 % interval."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.evaluation_run import share_interval
from knowledge.reporting.outcomes import SHOWN, Outcome, Reply, Thresholds

Doubles = NDArray[np.float64]
Truths = NDArray[np.bool_]

RESAMPLES = 1000
SEED = 11
BINS = 10
COVERAGE = 0.90  # at which the recall of out-of-scope questions is compared between versions


@dataclass(frozen=True)
class Scores:
    """The first candidates of n questions as columns, each of shape (n,).

    Attributes:
        top: probability of the first candidate.
        right: whether it is right; False when out of scope.
        inside: whether the question is in scope.
    """

    top: Doubles
    right: Truths
    inside: Truths

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Scores:
        """The columns of some outcomes."""
        return cls(
            np.array([item.top for item in outcomes], dtype=np.float64),
            np.array([item.right for item in outcomes], dtype=np.bool_),
            np.array([item.in_scope for item in outcomes], dtype=np.bool_),
        )

    def take(self, rows: NDArray[np.intp] | Truths) -> Scores:
        """Some of the rows."""
        return Scores(self.top[rows], self.right[rows], self.inside[rows])

    def resampled(self, count: int, seed: int = SEED) -> Iterable[Scores]:
        """Bootstrap samples. In-scope and out-of-scope questions are drawn apart: the file's author set how many there are."""
        generator = np.random.default_rng(seed)
        groups = [np.flatnonzero(self.inside), np.flatnonzero(~self.inside)]
        for _ in range(count):
            yield self.take(np.concatenate([generator.choice(group, len(group)) for group in groups if len(group)]))


@dataclass(frozen=True)
class Figure:
    """A figure, over how many questions it is, and its 95 % interval; None where there is nothing to count."""

    value: float | None
    n: int
    ci95: tuple[float, float] | None

    def as_json(self) -> dict[str, object]:
        """For `report.json`."""
        return {"value": self.value, "n": self.n, "ci95": list(self.ci95) if self.ci95 else None}


def calibration_error(scores: Scores, bins: int = BINS) -> float:
    """Expected calibration error of the first candidates, by equal bins of probability (Naeini et al. 2015)."""
    places = np.minimum((scores.top * bins).astype(int), bins - 1)
    gaps = np.bincount(places, scores.top - scores.right, bins)
    return float(np.abs(gaps).sum() / len(scores.top))


def chance_error(scores: Scores, draws: int = 200) -> float:
    """The calibration error that perfect probabilities would show on so few questions: it is never zero."""
    generator = np.random.default_rng(SEED)
    drawn = (Scores(scores.top, generator.random(len(scores.top)) < scores.top, scores.inside) for _ in range(draws))
    return float(np.mean([calibration_error(one) for one in drawn]))


def brier(scores: Scores) -> float:
    """Mean squared distance between the first candidate's probability and whether it is right (Brier 1950)."""
    return float(np.mean((scores.top - scores.right) ** 2))


def scope_auroc(scores: Scores) -> float:
    """How well the first probability tells in-scope from out-of-scope questions: 0.5 is chance, 1 perfect."""
    high, low = scores.top[scores.inside], np.sort(scores.top[~scores.inside])
    return float((np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")).mean() / (2 * len(low)))


def recall_at_coverage(scores: Scores, coverage: float = COVERAGE) -> float:
    """Share of out-of-scope questions below the highest threshold that at least this share of in-scope questions reach."""
    high = np.sort(scores.top[scores.inside])[::-1]
    threshold = high[max(int(np.ceil(coverage * len(high))), 1) - 1]
    return float((scores.top[~scores.inside] < threshold).mean())


def risks(scores: Scores) -> Doubles:
    """The risk-coverage curve: share wrong among the k surest questions, for k = 1 … n (Geifman and El-Yaniv 2017).

    An out-of-scope question that is answered is an error. Among equal probabilities the order is chance, so each counts with
    their mean.
    """
    order = np.argsort(-scores.top, kind="stable")
    _, place, count = np.unique(-scores.top, return_inverse=True, return_counts=True)
    mean_error = np.bincount(place, ~scores.right) / count
    curve: Doubles = np.cumsum(mean_error[place][order]) / np.arange(1, len(order) + 1)
    return curve


def area_under_risk(scores: Scores) -> float:
    """Area under the risk-coverage curve: 0 is perfect."""
    return float(risks(scores).mean())


def share(values: Iterable[bool]) -> Figure:
    """A share of questions with its Wilson interval."""
    counted = list(values)
    if not counted:
        return Figure(None, 0, None)
    low, high = share_interval(sum(counted), len(counted))
    return Figure(round(sum(counted) / len(counted), 4), len(counted), (low, high))


def bootstrapped(scores: Scores, statistic: Callable[[Scores], float], n: int | None = None, pivotal: bool = False) -> Figure:
    """A statistic with its bootstrap interval.

    Args:
        scores: the questions.
        statistic: what is computed of them, not below 0.
        n: how many of them it is about; all if None.
        pivotal: reflect the bootstrap's quantiles at the value. For a statistic that few questions push upwards, as they do the
            calibration error: resampling pushes once more, and plain quantiles may leave out the value itself.
    """
    value = statistic(scores)
    low, high = np.quantile([statistic(sample) for sample in scores.resampled(RESAMPLES)], (0.025, 0.975))
    if pivotal:
        low, high = max(2 * value - high, 0.0), 2 * value - low
    return Figure(round(value, 4), len(scores.top) if n is None else n, (round(float(low), 4), round(float(high), 4)))


def quality(outcomes: Sequence[Outcome], limits: Thresholds) -> dict[str, Figure]:
    """The figures beyond those of `evaluate`, for one group of questions.

    Args:
        outcomes: the group.
        limits: the thresholds in use.

    Returns:
        Of the in-scope questions: `top1`, `top3`, the share of each `Reply`, `coverage` (not abstained).
        Of the out-of-scope ones: `out_of_scope_recall` (not answered), `out_of_scope_abstained` (nor asked back), and
        `out_of_scope_recall_at_90` at the threshold that 90 % of the in-scope ones reach.
        Of those answered, out-of-scope ones too: `right_when_answered`.
        Of all: `language_detected`, `scope_auroc`, `risk_coverage_area`, `calibration_error`, `calibration_error_by_chance`,
        `brier`.
    """
    inside, outside = ([item for item in outcomes if item.in_scope is scope] for scope in (True, False))
    replies = [item.reply(limits) for item in inside]
    figures = {
        "top1": share(item.right for item in inside),
        "top3": share(1 <= item.rank <= SHOWN for item in inside),
        **{str(kind): share(reply is kind for reply in replies) for kind in Reply},
        "right_when_answered": share(item.right for item in outcomes if item.top >= limits.answer),
        "coverage": share(item.top >= limits.clarify for item in inside),
        "out_of_scope_recall": share(item.top < limits.answer for item in outside),
        "out_of_scope_abstained": share(item.top < limits.clarify for item in outside),
        "language_detected": share(item.detected == item.question.language for item in outcomes),
    }
    scores = Scores.of(outcomes)
    nothing = Figure(None, 0, None)
    both = bool(inside and outside)
    figures["out_of_scope_recall_at_90"] = bootstrapped(scores, recall_at_coverage, len(outside)) if both else nothing
    figures["scope_auroc"] = bootstrapped(scores, scope_auroc) if both else nothing
    for name, statistic in (("risk_coverage_area", area_under_risk), ("brier", brier)):
        figures[name] = bootstrapped(scores, statistic) if outcomes else nothing
    figures["calibration_error"] = bootstrapped(scores, calibration_error, pivotal=True) if outcomes else nothing
    if outcomes:
        figures["calibration_error_by_chance"] = Figure(round(chance_error(scores), 4), len(outcomes), None)
    return figures
