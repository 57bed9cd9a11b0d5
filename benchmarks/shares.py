"""A share of n with its 95 % interval, for the benchmarks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

Z = 1.959964  # 95 % of a normal distribution lie within this many standard deviations


@dataclass(frozen=True)
class Share:
    """`hits` of `n`, with Wilson's 95 % interval from `low` to `high`; without rows the share is 0 and the interval all there is."""

    hits: int
    n: int
    share: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.share:.3f} [{self.low:.3f}–{self.high:.3f}]"

    def as_json(self) -> dict[str, float]:
        """The figures, rounded to four places."""
        return {key: round(value, 4) for key, value in asdict(self).items()}


def share_of(hits: Sequence[bool]) -> Share:
    """How many are true.

    Args:
        hits: one value per row, True where it was right.

    Returns:
        The share with its interval.
    """
    n, right = len(hits), sum(map(bool, hits))
    if n == 0:
        return Share(0, 0, 0.0, 0.0, 1.0)
    p = right / n
    middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return Share(right, n, p, max(0.0, middle - half), min(1.0, middle + half))


def share_of_groups(groups: Sequence[Sequence[bool]]) -> Share:
    """How many are true where rows belong together, as one sentence in nine languages does: more rows of a group narrow nothing.

    Args:
        groups: one or more values per group, of equal number.

    Returns:
        The share of all rows, with an interval from how much groups differ (normal approximation).
    """
    rows = [bool(hit) for group in groups for hit in group]
    plain = share_of(rows)
    if len(groups) < 2:
        return plain
    means = [sum(map(bool, group)) / len(group) for group in groups]
    half = Z * math.sqrt(sum((mean - plain.share) ** 2 for mean in means) / (len(means) - 1) / len(means))
    return Share(plain.hits, plain.n, plain.share, max(0.0, plain.share - half), min(1.0, plain.share + half))


def sign_test(ours: Sequence[bool], theirs: Sequence[bool]) -> float:
    """Two-sided exact sign test (McNemar) of two methods on the same rows.

    Args:
        ours: n results.
        theirs: n results, in the same order.

    Returns:
        Probability of a difference at least this large if both were equally good; 1.0 where they never differ.
    """
    wins = sum(a and not b for a, b in zip(ours, theirs, strict=True))
    losses = sum(b and not a for a, b in zip(ours, theirs, strict=True))
    n = wins + losses
    tail = sum(math.comb(n, k) for k in range(min(wins, losses) + 1))
    return min(1.0, 2 * tail / (1 << n))  # whole numbers: 2^n is too large for a float from 1024 rows on
