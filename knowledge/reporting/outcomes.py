"""What became of each question of an evaluation: the rows that every figure, curve and plot is made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from knowledge.calibration import Asked, Calibration, judge
from knowledge.evaluation_run import Question

SHOWN = 3  # titles in a question back, and candidates kept per question


class Reply(StrEnum):
    """What the citizen meets. `OFFERED`: asked back with the right title among those shown; `NOT_OFFERED`: without it."""

    RIGHT = "answered_right"
    OFFERED = "offered"
    NOT_OFFERED = "not_offered"
    ABSTAINED = "abstained"
    WRONG = "answered_wrong"


@dataclass(frozen=True)
class Thresholds:
    """Probabilities from which the assistant answers, and from which it asks back."""

    answer: float
    clarify: float

    @property
    def shown(self) -> float:
        """From here a further candidate is shown in a question back (as `actions.thresholds` has it)."""
        return self.clarify / 3


@dataclass(frozen=True)
class Outcome:
    """One question and what search made of it.

    Attributes:
        question: the line of the evaluation file.
        detected: the language the service took it for.
        candidates: the first three (article, probability), best first.
        rank: place of the first right article, from 1; 0 when it is not among those kept or the question is out of scope.
        missed: the right article that came nearest, when another is first; None when right or out of scope.
    """

    question: Question
    detected: str
    candidates: tuple[tuple[str, float], ...]
    rank: int
    missed: str | None

    @property
    def in_scope(self) -> bool:
        """Whether some article answers it."""
        return bool(self.question.expected)

    @property
    def top(self) -> float:
        """Probability of the first candidate, 0 without one."""
        return self.candidates[0][1] if self.candidates else 0.0

    @property
    def right(self) -> bool:
        """Whether an expected article, any if there are several, has the first place."""
        return self.rank == 1

    def reply(self, limits: Thresholds) -> Reply:
        """What the citizen meets at these thresholds."""
        if self.top >= limits.answer:
            return Reply.RIGHT if self.right else Reply.WRONG
        if self.top < limits.clarify:
            return Reply.ABSTAINED
        shown = {key for key, probability in self.candidates if probability >= limits.shown}
        return Reply.OFFERED if shown & self.question.expected else Reply.NOT_OFFERED

    def as_line(self, limits: Thresholds) -> str:
        """The outcome as a line of `questions.jsonl`."""
        item = {
            "text": self.question.text,
            "lang": self.question.language,
            "detected": self.detected,
            "style": self.question.style,
            "expected": sorted(self.question.expected),
            "rank": self.rank,
            "reply": str(self.reply(limits)),
            "candidates": [{"article_id": key, "probability": round(p, 4)} for key, p in self.candidates],
        }
        return json.dumps(item, ensure_ascii=False)


def collect(
    questions: Sequence[Question], detected: Sequence[str], asked: Sequence[Asked], calibration: Calibration
) -> list[Outcome]:
    """Joins questions, detected languages and evidence, each n long, in the same order."""
    return [_outcome(*row, calibration) for row in zip(questions, detected, asked, strict=True)]


def _outcome(question: Question, detected: str, asked: Asked, calibration: Calibration) -> Outcome:
    ids = [item.article_id for item in asked.evidence]
    judged = judge(asked, calibration, SHOWN)
    expected = asked.expected
    rank = next((place for place, key in enumerate(ids, 1) if key in expected), 0)
    nearest = ids[rank - 1] if rank else min(expected, default=None)
    candidates = tuple(zip(ids, judged.probabilities, strict=False))  # the probabilities are those of the first three
    return Outcome(question, detected, candidates, rank, None if rank == 1 else nearest)
