"""Curves of an evaluation as numbers, so that they can be drawn, kept and compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from knowledge.evaluation_run import share_interval
from knowledge.reporting.figures import BINS, Scores, risks

STEPS = 100  # points of a curve
BAND = 300  # resamples: enough for a drawn band


@dataclass(frozen=True)
class RiskPoint:
    """So large a share of the questions, the surest, is answered: so large a share of those is wrong, with its 95 % interval."""

    coverage: float
    risk: float
    ci95: tuple[float, float]


@dataclass(frozen=True)
class Bin:
    """The n questions whose first candidate's probability is between `low` and `high`: what was stated, what was right."""

    low: float
    high: float
    n: int
    stated: float
    right: float
    ci95: tuple[float, float]


def risk_coverage(scores: Scores) -> list[RiskPoint]:
    """The risk-coverage curve at up to a hundred coverages, with the bootstrap's interval at each.

    Args:
        scores: at least one question.
    """
    n = len(scores.top)
    answered = np.unique(np.ceil(np.linspace(1 / STEPS, 1, STEPS) * n).astype(int))
    curve = risks(scores)[answered - 1]
    sampled = np.array([risks(sample)[answered - 1] for sample in scores.resampled(BAND)])
    low, high = np.quantile(sampled, (0.025, 0.975), axis=0)
    return [
        RiskPoint(round(k / n, 4), round(float(risk), 4), (round(float(a), 4), round(float(b), 4)))
        for k, risk, a, b in zip(answered.tolist(), curve, low, high, strict=True)
    ]


def reliability(scores: Scores, bins: int = BINS) -> list[Bin]:
    """Stated probability and share right of the first candidates, by equal bins of probability; empty bins are left out."""
    places = np.minimum((scores.top * bins).astype(int), bins - 1)
    found = []
    for place in np.unique(places).tolist():
        inside = places == place
        n, right = int(inside.sum()), int(scores.right[inside].sum())
        stated = round(float(scores.top[inside].mean()), 4)
        found.append(Bin(place / bins, (place + 1) / bins, n, stated, round(right / n, 4), share_interval(right, n)))
    return found
