"""From evidence to a probability, and from probabilities to the two thresholds: answer, or ask back."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.settings import ROOM, Cost, Parts, Weights

Doubles = NDArray[np.float64]

CALIBRATION_FILE = ROOM / "calibration.json"
# How many questions have no answer here. Kommune-Kari publishes 9 % unknown after years; a new service meets more.
OUT_OF_SCOPE_SHARE = 0.2
MARGIN_CAP = 0.25  # beyond this a larger margin says nothing more
OUTSIDE_CAP = 6.0
RIDGE = 1e-3  # of the fusion's weights, standardised
SCALE = 0.6  # to which the weights of phrasing, nearest and answer add up


@dataclass(frozen=True)
class Evidence:
    """What speaks for one article.

    Attributes:
        score: fused similarity; the ranking.
        phrasing: mean cosine to its three nearest phrasings, centred.
        nearest: cosine to the nearest one.
        answer: cosine to its nearest answer, centred.
        lexical: share of the question's weighted terms it has; 0 when it is not written in the question's language.
        letters: cosine of character pieces to its nearest phrasing.
        choice: the classifier's log-probability.
        margin: distance to the best other article; negative unless it is first.
        rival: how much nearer its nearest phrasing is than the nearest question that is not the city's.
        outside: how much more likely the classifier finds it than all that is not the city's, in logs.
        away: whether the question names another municipality and its nearest phrasing does not.
        unspoken: 1 when it is not written in the question's language.
        covered: share of all articles that are.
        off_topic: probability of the signal `out_of_scope`.
        words: number of words of the question.
        matched: the nearest phrasing.
    """

    article_id: str
    score: float
    phrasing: float
    nearest: float
    answer: float
    lexical: float
    letters: float
    choice: float
    margin: float
    rival: float
    outside: float
    away: bool
    unspoken: float
    covered: float
    off_topic: float
    words: int
    matched: str


FEATURES = (
    "score",
    "phrasing",
    "nearest",
    "answer",
    "lexical",
    "letters",
    "choice",
    "chosen",
    "margin",
    "behind",
    "rival",
    "outside",
    "away",
    "unspoken",
    "covered",
    "off_topic",
    "log_words",
)


def features(item: Evidence) -> list[float]:
    """The evidence as numbers, in the order of `FEATURES`."""
    margin = max(-MARGIN_CAP, min(MARGIN_CAP, item.margin))
    return [
        item.score, item.phrasing, item.nearest, item.answer, item.lexical, item.letters, item.choice, math.exp(item.choice),
        max(margin, 0.0), min(margin, 0.0), item.rival, max(-OUTSIDE_CAP, min(OUTSIDE_CAP, item.outside)),
        float(item.away), item.unspoken, item.covered, math.sqrt(item.off_topic), math.log1p(item.words),
    ]  # fmt: skip


@dataclass(frozen=True)
class Calibration:
    """A logistic regression over standardised evidence.

    Attributes:
        model: the encoder it was fitted for.
        mean, scale, weights: one value per feature.
        bias: the intercept.
        fitted_on: number of questions and when they were asked, for people.
    """

    model: str
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    fitted_on: str

    def probabilities(self, evidence: Sequence[Evidence]) -> list[float]:
        """P(this article is the right answer) for each piece of evidence of one question."""
        if not evidence:
            return []
        rows = (np.array([features(item) for item in evidence]) - self.mean) / self.scale
        logits = rows @ np.array(self.weights) + self.bias
        return [float(p) for p in 1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30)))]

    def save(self, path: Path = CALIBRATION_FILE) -> None:
        """Writes the calibration for people to read and git to keep."""
        written = {
            "model": self.model,
            "fitted_on": self.fitted_on,
            "bias": round(self.bias, 5),
            "features": {
                name: {"mean": round(m, 5), "scale": round(s, 5), "weight": round(w, 5)}
                for name, m, s, w in zip(FEATURES, self.mean, self.scale, self.weights, strict=True)
            },
        }
        path.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path = CALIBRATION_FILE) -> Calibration:
        """Reads what `save` wrote.

        Raises:
            ValueError: when the file has other features than this code; it must then be made anew.
        """
        stored = json.loads(path.read_text(encoding="utf-8"))
        if tuple(stored["features"]) != FEATURES:
            raise ValueError(f"{path.name} has other features than this version; run: python -m knowledge calibrate FILE.jsonl")
        columns = list(stored["features"].values())
        return cls(
            model=stored["model"],
            mean=tuple(column["mean"] for column in columns),
            scale=tuple(column["scale"] for column in columns),
            weights=tuple(column["weight"] for column in columns),
            bias=stored["bias"],
            fitted_on=stored["fitted_on"],
        )


def without_opinion(model: str) -> Calibration:
    """A calibration that gives every article one half: for collecting evidence before there is a fitted one."""
    size = len(FEATURES)
    return Calibration(model, (0.0,) * size, (1.0,) * size, (0.0,) * size, 0.0, "nothing")


@dataclass(frozen=True)
class Asked:
    """A question with a known answer: its evidence, and the ids that would be right (none when out of scope)."""

    evidence: Sequence[Evidence]
    expected: frozenset[str]


def fit(asked: Sequence[Asked], model: str, fitted_on: str, keep: int = 5) -> Calibration:
    """Fits the regression on the first `keep` candidates of every question.

    Args:
        asked: questions that the index does not hold word for word.
        model: name of the encoder.
        fitted_on: what the questions were, for people.
        keep: candidates per question; later ones are hardly ever right and would only dilute.
    """
    from sklearn.linear_model import LogisticRegression

    rows, labels, weights = [], [], []
    inside = sum(1 for question in asked if question.expected)
    outside = len(asked) - inside
    # A probability is right for one share of questions without an answer; the file holds more of them than citizens ask.
    stranger = OUT_OF_SCOPE_SHARE / (1 - OUT_OF_SCOPE_SHARE) * inside / outside if inside and outside else 1.0
    for question in asked:
        for item in question.evidence[:keep]:
            rows.append(features(item))
            labels.append(item.article_id in question.expected)
            weights.append(1.0 if question.expected else stranger)
    matrix = np.array(rows)
    mean, scale = matrix.mean(axis=0), np.maximum(matrix.std(axis=0), 1e-3)
    regression = LogisticRegression(C=1.0, max_iter=1000)
    regression.fit((matrix - mean) / scale, np.array(labels), sample_weight=np.array(weights))
    return Calibration(
        model,
        tuple(mean.tolist()),
        tuple(scale.tolist()),
        tuple(regression.coef_[0].tolist()),
        float(regression.intercept_[0]),
        fitted_on,
    )


def fit_weights(asked: Sequence[Asked]) -> Weights:
    """Learns how the parts of the evidence are fused: a conditional logit, the right article against the others of a question.

    Args:
        asked: questions with their evidence; those that are out of scope, or whose article did not come into question, say
            nothing and are left out.

    Returns:
        Weights, scaled so that those of the three similarities of meaning add up to `SCALE`.
    """
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    rows = [
        (np.array([[getattr(item, name) for name in Parts._fields] for item in question.evidence]), right)
        for question in asked
        if any(right := np.array([item.article_id in question.expected for item in question.evidence], bool)) and not all(right)
    ]
    scale = np.maximum(np.concatenate([values for values, _ in rows]).std(axis=0), 1e-3)

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        value, slope = RIDGE * float(weights @ weights), 2 * RIDGE * weights
        for values, right in rows:
            scaled = values / scale
            scores = scaled @ weights
            whole, own = logsumexp(scores), logsumexp(scores[right])
            value += float(whole - own) / len(rows)
            among = np.exp(scores[right] - own) @ scaled[right]
            slope = slope + (np.exp(scores - whole) @ scaled - among) / len(rows)
        return value, slope

    found = minimize(loss, np.zeros(len(Parts._fields)), jac=True, method="L-BFGS-B").x / scale
    found = found * SCALE / found[:3].sum()
    return Weights(**{name: round(float(value), 4) for name, value in zip(Parts._fields, found, strict=True)})


@dataclass(frozen=True)
class Judged:
    """One question after ranking: the first candidates' probabilities and whether each is right."""

    probabilities: tuple[float, ...]
    right: tuple[bool, ...]
    in_scope: bool


def judge(question: Asked, calibration: Calibration, keep: int = 3) -> Judged:
    """Ranks a question's evidence as search does and says which candidates are right."""
    items = list(question.evidence[:keep])
    probabilities = np.minimum.accumulate(calibration.probabilities(items)) if items else np.zeros(0)
    right = tuple(item.article_id in question.expected for item in items)
    return Judged(tuple(float(p) for p in probabilities), right, bool(question.expected))


def reply_cost(judged: Judged, answer: float, clarify: float, cost: Cost) -> float:
    """What the reply to one question costs the citizen at these thresholds (see `Cost`)."""
    top = judged.probabilities[0] if judged.probabilities else 0.0
    if top >= answer:
        if judged.right[0]:
            return 0.0
        return cost.wrong_answer if judged.in_scope else cost.answered_out_of_scope
    if top >= clarify:
        if not judged.in_scope:
            return cost.clarified_out_of_scope
        return cost.needless_question if any(judged.right) else cost.missed
    return cost.missed if judged.in_scope else 0.0


def cheapest_thresholds(judged: Sequence[Judged], cost: Cost) -> tuple[float, float, float]:
    """The thresholds with the lowest mean cost: (answer, clarify, cost per question).

    The cost is averaged over in-scope and out-of-scope questions apart and then joined by `OUT_OF_SCOPE_SHARE`: how many of
    each a test file has says nothing about how many citizens ask.
    """
    grid = [round(step / 50, 2) for step in range(2, 50)]

    def mean_cost(answer: float, clarify: float) -> float:
        groups = [[reply_cost(j, answer, clarify, cost) for j in judged if j.in_scope is inside] for inside in (True, False)]
        shares = [share for share, group in zip((1 - OUT_OF_SCOPE_SHARE, OUT_OF_SCOPE_SHARE), groups, strict=True) if group]
        return sum(share * sum(group) / len(group) for share, group in zip(shares, filter(None, groups), strict=True)) / sum(
            shares
        )

    best = min(((mean_cost(a, c), a, c) for a in grid for c in grid if c <= a), key=lambda item: (item[0], -item[1]))
    return best[1], best[2], best[0]


def calibration_error(judged: Sequence[Judged], bins: int = 10) -> float:
    """Expected calibration error of the first candidates: mean distance between stated probability and share right, by bins."""
    top = np.array([(j.probabilities[0], j.right[0]) for j in judged if j.probabilities], dtype=np.float64)
    places = np.minimum((top[:, 0] * bins).astype(int), bins - 1)
    gaps = [abs(top[places == b].mean(axis=0) @ [1.0, -1.0]) * (places == b).sum() for b in range(bins) if (places == b).any()]
    return float(sum(gaps) / len(top))


def scope_auroc(inside: Sequence[Judged], outside: Sequence[Judged]) -> float:
    """How well the first probability tells in-scope from out-of-scope questions: 0.5 is chance, 1 is perfect; NaN without
    both."""
    if not inside or not outside:
        return float("nan")
    low = np.array([j.probabilities[0] if j.probabilities else 0.0 for j in outside])
    high = np.array([j.probabilities[0] if j.probabilities else 0.0 for j in inside])
    wins = (high[:, None] > low[None, :]).mean() + 0.5 * (high[:, None] == low[None, :]).mean()
    return float(wins)
