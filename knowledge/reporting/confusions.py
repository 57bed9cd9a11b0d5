"""Where first-place errors go: which two articles are taken for each other, and whether they are neighbours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knowledge.article import Article
from knowledge.reporting.figures import Figure, share
from knowledge.reporting.outcomes import Outcome


@dataclass(frozen=True)
class Pair:
    """Two articles that are taken for each other.

    Attributes:
        first: the one that is more often the right one.
        second: the other.
        first_missed: questions for `first` that got `second`.
        second_missed: the reverse.
        area: the area they share, else None.
        linked: whether one names the other as the next step (`next`).
    """

    first: str
    second: str
    first_missed: int
    second_missed: int
    area: str | None
    linked: bool

    @property
    def n(self) -> int:
        """Errors in either direction."""
        return self.first_missed + self.second_missed


@dataclass(frozen=True)
class Errors:
    """First-place errors on in-scope questions: the pairs, most frequent first, and what share of the errors are near misses."""

    pairs: tuple[Pair, ...]
    same_area: Figure
    linked: Figure
    among_three: Figure


def confusions(outcomes: Sequence[Outcome], articles: Mapping[str, Article]) -> Errors:
    """Counts which articles take each other's questions. Of several right articles, the one that came nearest was missed.

    Args:
        outcomes: the questions.
        articles: by id; an expected id that is not there is nobody's neighbour.
    """
    wrong = [item for item in outcomes if item.in_scope and not item.right]
    counts = Counter((item.missed, item.candidates[0][0]) for item in wrong if item.missed and item.candidates)
    pairs = {}
    for missed, got in sorted(counts, key=lambda key: (-counts[key], key)):
        if (got, missed) not in pairs:
            pairs[missed, got] = Pair(
                missed,
                got,
                counts[missed, got],
                counts[got, missed],
                _area(missed, got, articles),
                _linked(missed, got, articles),
            )
    ranked = sorted(pairs.values(), key=lambda pair: (-pair.n, pair.first, pair.second))
    return Errors(
        tuple(ranked),
        same_area=share(found for pair in ranked for found in [pair.area is not None] * pair.n),
        linked=share(found for pair in ranked for found in [pair.linked] * pair.n),
        among_three=share(item.rank in (2, 3) for item in wrong),
    )


def _area(one: str, other: str, articles: Mapping[str, Article]) -> str | None:
    areas = {articles[key].area if key in articles else key for key in (one, other)}
    return areas.pop() if len(areas) == 1 else None


def _linked(one: str, other: str, articles: Mapping[str, Article]) -> bool:
    return any(a in articles and b in articles[a].next for a, b in ((one, other), (other, one)))
