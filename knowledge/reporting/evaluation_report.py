"""An evaluation put together, and saved: `report.json`, `report.md`, the plots, and a line per question."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.article import Article, localised
from knowledge.exporting import write_whole
from knowledge.reporting.confusions import Errors, confusions
from knowledge.reporting.curves import Bin, RiskPoint, reliability, risk_coverage
from knowledge.reporting.figures import Figure, Scores, quality
from knowledge.reporting.outcomes import Outcome, Thresholds

ALL = "all"
PLOTS = {
    "languages": "languages.png",
    "risk": "risk-coverage.png",
    "reliability": "reliability.png",
    "confusion": "confusions.png",
}


@dataclass(frozen=True)
class Provenance:
    """What was measured, on which questions and when.

    Attributes:
        questions: name of the file.
        sha256: its fingerprint.
        date: ISO.
        index_version: of the index that was asked.
        encoder: name of the model.
        calibration: what the probabilities were fitted on.
        phrasings: the most kept per article and language; None for all.
        indexed: questions that the index holds word for word: they should be none.
    """

    questions: str
    sha256: str
    date: str
    index_version: str
    encoder: str
    calibration: str
    phrasings: int | None
    indexed: int


@dataclass(frozen=True)
class Report:
    """An evaluation: its questions' outcomes and everything that is derived from them.

    Attributes:
        provenance: what was measured.
        limits: the thresholds in use.
        outcomes: at least one question.
        figures: what `evaluate` prints.
        articles: by id.
    """

    provenance: Provenance
    limits: Thresholds
    outcomes: Sequence[Outcome]
    figures: Mapping[str, Mapping[str, Any]]
    articles: Mapping[str, Article]

    @cached_property
    def by_language(self) -> dict[str, dict[str, Figure]]:
        """Further figures of all questions, then per language."""
        return {name: quality(group, self.limits) for name, group in self._groups("language").items()}

    @cached_property
    def by_style(self) -> dict[str, dict[str, Figure]]:
        """Further figures per style of question, as the file names it."""
        groups = self._groups("style")
        return {name: quality(group, self.limits) for name, group in sorted(groups.items()) if name not in ("", ALL)}

    @cached_property
    def scores(self) -> Scores:
        """All questions as columns."""
        return Scores.of(self.outcomes)

    @cached_property
    def curves(self) -> tuple[list[RiskPoint], list[RiskPoint]]:
        """Risk and coverage over all questions, and over the in-scope ones."""
        inside = self.scores.take(np.flatnonzero(self.scores.inside))
        return risk_coverage(self.scores), risk_coverage(inside) if len(inside.top) else []

    @cached_property
    def reliability(self) -> list[Bin]:
        """Stated probability and share right, over all questions."""
        return reliability(self.scores)

    @cached_property
    def errors(self) -> Errors:
        """Where first-place errors go."""
        return confusions(self.outcomes, self.articles)

    def titles(self, language: str) -> dict[str, str]:
        """The articles' titles in a language."""
        return {key: localised(article.title, language) for key, article in self.articles.items()}

    def _groups(self, by: str) -> dict[str, list[Outcome]]:
        groups: dict[str, list[Outcome]] = {ALL: list(self.outcomes)}
        for item in self.outcomes:
            groups.setdefault(str(getattr(item.question, by)), []).append(item)
        return groups

    def draw(self, folder: Path, language: str, names: Mapping[str, str] = PLOTS) -> None:
        """Draws the plots.

        Args:
            folder: where to.
            language: of the labels, `en` or `sv`.
            names: which plots, and their files' names.
        """
        from knowledge.reporting import plots

        words = plots.labels(language)
        for plot, name in names.items():
            path = folder / name
            match plot:
                case "languages":
                    plots.languages_plot(self.by_language, words, path)
                case "risk":
                    plots.risk_plot(*self.curves, self.scores, self.limits, words, path)
                case "reliability":
                    plots.reliability_plot(self.reliability, words, path)
                case _:
                    plots.confusion_plot(self.errors.pairs, self.titles(language), words, path)

    def as_json(self) -> str:
        """All figures and curves, for machines."""
        everything, inside = self.curves
        errors = self.errors
        content = {
            "provenance": asdict(self.provenance) | asdict(self.limits),
            "figures": self.figures,
            "further": {name: _plain(figures) for name, figures in self.by_language.items()},
            "styles": {name: _plain(figures) for name, figures in self.by_style.items()},
            "risk_coverage": {"all": list(map(asdict, everything)), "in_scope": list(map(asdict, inside))},
            "reliability": list(map(asdict, self.reliability)),
            "confusions": {
                "same_area": errors.same_area.as_json(),
                "linked": errors.linked.as_json(),
                "among_three": errors.among_three.as_json(),
                "pairs": [asdict(pair) | {"n": pair.n} for pair in errors.pairs],
            },
        }
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def save(self, folder: Path) -> None:
        """Writes everything into a folder: `report.json`, `report.md`, its plots, and `questions.jsonl` with a line each.

        Raises:
            ValueError: a file can't be written.
        """
        from knowledge.reporting.markdown import as_markdown

        write_whole(folder / "report.json", self.as_json())
        write_whole(folder / "report.md", as_markdown(self))
        write_whole(folder / "questions.jsonl", "".join(item.as_line(self.limits) + "\n" for item in self.outcomes))
        self.draw(folder, "en")


def fingerprint(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _plain(figures: Mapping[str, Figure]) -> dict[str, object]:
    return {name: figure.as_json() for name, figure in figures.items()}
