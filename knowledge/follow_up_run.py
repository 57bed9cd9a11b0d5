"""Figures on follow-ups: does the answer before help where it should, and does it stay out of the way where it should not?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.analysis import Analyst
from knowledge.evaluation_run import EvaluationFileError, share_interval
from knowledge.follow_up import around
from knowledge.search import Candidate
from knowledge.settings import Tuning


@dataclass(frozen=True)
class FollowUp:
    """One line: `about` is the article last shown; `expected` is empty for "thanks" and for what no article answers."""

    about: str
    text: str
    language: str
    expected: frozenset[str]


def read_follow_ups(path: Path) -> list[FollowUp]:
    """Reads a file with one `{"about", "text", "lang", "expected": [ids]}` a line.

    Raises:
        EvaluationFileError: naming file and line.
    """
    read = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            item = json.loads(line)
            read.append(FollowUp(str(item["about"]), str(item["text"]), str(item["lang"]), frozenset(map(str, item["expected"]))))
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise EvaluationFileError(f'{path.name}:{number}: not {{"about", "text", "lang", "expected"}} ({error})') from error
    return read


def outcome(found: Sequence[Candidate], expected: frozenset[str], tuning: Tuning) -> dict[str, bool]:
    """What the citizen would get from these candidates.

    Returns:
        `first` and `three`: the right article is first, or among three; `answered`: an article is the answer; `wrong`: and it
        is not a right one; `shown`: some article is shown or asked about.
    """
    ids = [candidate.article_id for candidate in found]
    top = found[0].probability if found else 0.0
    return {
        "first": bool(ids) and ids[0] in expected,
        "three": not expected.isdisjoint(ids[:3]),
        "answered": top >= tuning.answer,
        "wrong": top >= tuning.answer and ids[0] not in expected,
        "shown": top >= tuning.clarify,
    }


def figures(analyst: Analyst, lines: Sequence[FollowUp], tuning: Tuning) -> dict[str, dict[str, object]]:
    """Shares with their 95 % Wilson intervals, with the answer before (`about`) and without (`alone`).

    Args:
        analyst: answers as the service would.
        lines: the file.
        tuning: the thresholds.

    Returns:
        Per group the measures of `outcome`: `follow_up` (a right article lies around the last one), `new` (another topic),
        `nothing` (thanks, or no article's). `changed` is how often the last answer changed the candidates.
    """
    base = analyst.searcher.index.knowledge_base
    rows: dict[str, list[dict[str, bool]]] = {"follow_up": [], "new": [], "nothing": []}
    for line in lines:
        near = around(base, line.about)
        group = "nothing" if not line.expected else "new" if line.expected.isdisjoint(near) else "follow_up"
        alone = analyst.analyse(line.text, line.language).candidates
        after = analyst.analyse(line.text, line.language, about=(line.about,)).candidates
        row = {f"alone_{name}": value for name, value in outcome(alone, line.expected, tuning).items()}
        row |= {f"about_{name}": value for name, value in outcome(after, line.expected, tuning).items()}
        rows[group].append(row | {"changed": alone != after})
    return {group: _shares(of_group) for group, of_group in rows.items()}


def _shares(rows: Sequence[dict[str, bool]]) -> dict[str, object]:
    shown: dict[str, object] = {"n": len(rows)}
    for name in rows[0] if rows else ():
        count = sum(row[name] for row in rows)
        low, high = share_interval(count, len(rows))
        shown[name] = f"{count / len(rows):.3f} [{low:.3f}, {high:.3f}]"
    return shown
