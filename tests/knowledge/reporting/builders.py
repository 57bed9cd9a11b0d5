"""Outcomes and evidence for the tests, as short to write as to read."""

from __future__ import annotations

from dataclasses import fields

from knowledge.calibration import FEATURES, Calibration, Evidence
from knowledge.evaluation_run import Question
from knowledge.reporting.outcomes import Outcome

# P = sigmoid(20 * (nearest - 0.85)); no other evidence counts.
SIMPLE = Calibration(
    "m",
    (0.0,) * len(FEATURES),
    (1.0,) * len(FEATURES),
    tuple(20.0 if name == "nearest" else 0.0 for name in FEATURES),
    -17.0,
    "",
)


def evidence(article_id: str, nearest: float) -> Evidence:
    """What speaks for an article, all of it so near."""
    nothing = {item.name: 0 for item in fields(Evidence)}
    return Evidence(**nothing | {"article_id": article_id, "score": nearest, "nearest": nearest, "matched": "?"})  # type: ignore[arg-type]


def outcome(
    top: float, found: str = "a", expected: str = "a", language: str = "sv", style: str = "question", detected: str | None = None
) -> Outcome:
    """A question for `expected` (articles between spaces, none when out of scope) whose candidates are `found`, best first."""
    wanted, ids = frozenset(expected.split()), found.split()
    rank = next((place for place, key in enumerate(ids, 1) if key in wanted), 0)
    missed = None if rank == 1 or not wanted else ids[rank - 1] if rank else min(wanted)
    candidates = tuple((key, top / place) for place, key in enumerate(ids[:3], 1))
    return Outcome(Question("?", language, wanted, style), detected or language, candidates, rank, missed)
