"""The figures of `retrieval.py`: pure functions from systems' answers to shares, paired differences and tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from benchmarks.retrieval_systems import Answer, Question
from benchmarks.shares import Share, share_of, sign_test

OURS = "ours"
ALL, WRITTEN = "all", "all, article in the question's language"
RESAMPLES = 5000
Answers = Sequence[Answer | None]
Key = tuple[bool, float]


@dataclass(frozen=True)
class Difference:
    """Ours minus a peer's share on the same questions, with its 95 % bootstrap interval and McNemar's exact p."""

    value: float
    low: float
    high: float
    p: float

    def __str__(self) -> str:
        return f"{self.value:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


@dataclass(frozen=True)
class Figures:
    """One system on one group of questions.

    Attributes:
        first: in-scope questions whose right article has the first place.
        covered: in-scope questions that are answered, rightly or not.
        wrong: all questions that are answered wrongly at that coverage.
        ahead: ours minus this system, of `first`; None for ours.
        fewer: ours minus this system, of `wrong`; None for ours.
    """

    first: Share
    covered: Share
    wrong: Share
    ahead: Difference | None
    fewer: Difference | None


def difference(ours: Sequence[bool], theirs: Sequence[bool]) -> Difference:
    """The paired difference of two shares.

    Args:
        ours: n results.
        theirs: n results of the same questions, in the same order; without questions the interval is all there is.
    """
    n = len(ours)
    if not n:
        return Difference(0.0, -1.0, 1.0, 1.0)
    wins = sum(a and not b for a, b in zip(ours, theirs, strict=True))
    losses = sum(b and not a for a, b in zip(ours, theirs, strict=True))
    # Resampling n questions is drawing how many of them are wins, losses and neither.
    drawn = np.random.default_rng(11).multinomial(n, [wins / n, losses / n, max(0.0, 1 - (wins + losses) / n)], RESAMPLES)
    low, high = np.quantile((drawn[:, 0] - drawn[:, 1]) / n, (0.025, 0.975))
    return Difference((wins - losses) / n, float(low), float(high), sign_test(ours, theirs))


def right(answer: Answer, question: Question) -> bool:
    """Whether the first article is one of those expected."""
    return answer["article"] in question["expected"]


def key(answer: Answer) -> Key:
    """By what answers are ordered: one that a text of no article beat comes after all others; without an article there is none."""
    if answer["article"] is None:
        return False, -math.inf
    return not answer["outside"], answer["confidence"]


def threshold_for(keys: Sequence[Key], count: int) -> Key:
    """The highest threshold at which at least `count` of the keys are answered.

    Args:
        keys: of the in-scope questions.
        count: how many are to be answered.
    """
    return sorted(keys, reverse=True)[count - 1] if count else (True, math.inf)


def answered(answers: Sequence[Answer], threshold: Key) -> list[bool]:
    """Which answers are given at the threshold."""
    return [answer["article"] is not None and key(answer) >= threshold for answer in answers]


def figures(questions: Sequence[Question], ours: Sequence[Answer], theirs: Sequence[Answer] | None, threshold: float) -> Figures:
    """One system's figures; a peer's threshold is set so that it answers as many in-scope questions as ours.

    Args:
        questions: n questions.
        ours: our answers to them.
        theirs: the peer's; None for our own figures.
        threshold: probability from which ours answers.
    """
    inside = [place for place, question in enumerate(questions) if question["expected"]]

    def of(answers: Sequence[Answer], limit: Key) -> tuple[list[bool], list[bool], list[bool]]:
        given = answered(answers, limit)
        hits = [right(answer, question) for answer, question in zip(answers, questions, strict=True)]
        wrong = [said and not hit for said, hit in zip(given, hits, strict=True)]
        return [hits[place] for place in inside], [given[place] for place in inside], wrong

    first, covered, wrong = of(ours, (True, threshold))
    if theirs is None:
        return Figures(share_of(first), share_of(covered), share_of(wrong), None, None)
    limit = threshold_for([key(theirs[place]) for place in inside], sum(covered))
    their_first, their_covered, their_wrong = of(theirs, limit)
    return Figures(
        share_of(their_first),
        share_of(their_covered),
        share_of(their_wrong),
        difference(first, their_first),
        difference(wrong, their_wrong),
    )


def groups_of(questions: Sequence[Question], written: Mapping[str, set[str]]) -> dict[str, list[int]]:
    """Places of the questions of each group: all, those whose article is written in their language (or has none), each language.

    Args:
        questions: n questions.
        written: articles per language.
    """
    own = [
        place
        for place, question in enumerate(questions)
        if not question["expected"] or written.get(question["language"], set()) & set(question["expected"])
    ]
    groups = {ALL: list(range(len(questions))), WRITTEN: own}
    for place, question in enumerate(questions):
        groups.setdefault(question["language"], []).append(place)
    return groups


def compare(
    questions: Sequence[Question], systems: Mapping[str, Answers], groups: Mapping[str, Sequence[int]], threshold: float
) -> dict[str, dict[str, Figures]]:
    """Figures per group and system; a system is left out of a group of which it did not answer every question.

    Args:
        questions: n questions.
        systems: n answers per system; `ours` must be there.
        groups: places of each group's questions.
        threshold: probability from which ours answers.
    """
    found: dict[str, dict[str, Figures]] = {}
    for group, places in groups.items():
        asked = [questions[place] for place in places]
        chosen = {name: [answers[place] for place in places] for name, answers in systems.items()}
        whole = {name: [answer for answer in answers if answer is not None] for name, answers in chosen.items()}
        found[group] = {
            name: figures(asked, whole[OURS], None if name == OURS else answers, threshold)
            for name, answers in whole.items()
            if len(answers) == len(asked)
        }
    return found


def table(found: Mapping[str, Mapping[str, Figures]], names: Sequence[str], cell: Callable[[Figures], str]) -> str:
    """A Markdown table with a row per group and a column per system.

    Args:
        found: from `compare`.
        names: systems, in the order of columns.
        cell: what to say of a system in a group.
    """
    lines = [f"| | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for group, row in found.items():
        lines.append(f"| {group} | " + " | ".join(cell(row[name]) if name in row else "–" for name in names) + " |")
    return "\n".join(lines)


def not_ahead(found: Mapping[str, Mapping[str, Figures]]) -> list[str]:
    """Where ours is not ahead on accuracy, or not beyond what chance may give: a line per group and system."""
    lines = []
    for group, row in found.items():
        for name, item in row.items():
            if item.ahead is not None and item.ahead.low <= 0:
                verdict = "behind" if item.ahead.value < 0 else "level" if item.ahead.value == 0 else "ahead, within chance"
                lines.append(f"{group}, {name}: {verdict}, {item.ahead}, p {item.ahead.p:.2f}")
    return lines


def as_json(found: Mapping[str, Mapping[str, Figures]]) -> dict[str, dict[str, object]]:
    """The figures as data."""
    return {group: {name: asdict(item) for name, item in row.items()} for group, row in found.items()}
