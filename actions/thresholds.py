"""From which probability something is shown: `answer`, `clarify` and `elsewhere` of knowledge/settings.yml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

SETTINGS = Path(__file__).resolve().parent.parent / "knowledge" / "settings.yml"


@dataclass(frozen=True)
class Thresholds:
    """Probabilities, 0 to 1: from `answer` the article is the answer, from `clarify` it is worth asking about.

    From `elsewhere` a question no article answers is said to be somebody else's, and whose.
    """

    answer: float
    clarify: float
    elsewhere: float = 0.5

    @property
    def alternative(self) -> float:
        """From here an article may stand second or third in a question back, once the first is worth asking about."""
        return self.clarify / 3


def parse(text: str) -> Thresholds:
    """Reads the YAML.

    Args:
        text: the file's content.

    Returns:
        The thresholds.

    Raises:
        ValueError: a threshold is missing, or they are not 0 ≤ clarify ≤ answer ≤ 1.
    """
    data = yaml.safe_load(text) or {}
    try:
        limits = Thresholds(float(data["answer"]), float(data["clarify"]), float(data.get("elsewhere", Thresholds.elsewhere)))
    except (KeyError, TypeError) as error:
        raise ValueError(f"knowledge/settings.yml: {error} is missing, for example answer: 0.6 and clarify: 0.2") from error
    if not 0 <= limits.clarify <= limits.answer <= 1 or not 0 <= limits.elsewhere <= 1:
        raise ValueError("knowledge/settings.yml: must be 0 <= clarify <= answer <= 1 and 0 <= elsewhere <= 1")
    return limits


@lru_cache(maxsize=1)
def load() -> Thresholds:
    """The thresholds of this process; a change is read at the next start."""
    return parse(SETTINGS.read_text(encoding="utf-8"))
