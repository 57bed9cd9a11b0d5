"""Centring: what all texts of a language have in common is taken off their vectors (ADR 0004)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Sum = tuple[NDArray[np.float64], int]

OVERALL = "_overall"  # the mean for languages unknown


def centre(vectors: Floats, means: Floats, share: float) -> Floats:
    """Takes a share of the language's mean off each vector and renormalises.

    Args:
        vectors: (n, d), rows of length 1.
        means: (n, d) or (d,), the mean vector of each row's language.
        share: 0 leaves the vectors as they are.
    """
    moved = vectors - share * means
    norms = np.linalg.norm(moved, axis=-1, keepdims=True)
    return np.asarray(moved / np.maximum(norms, 1e-9), dtype=np.float32)


def sums_by_language(languages: Iterable[str], vectors: Floats) -> dict[str, Sum]:
    """Sum and number of the vectors of each language.

    An article's sums are kept from one build to the next, and the means are made from them alone: an edit and a build from
    scratch give the same means to the last bit.

    Args:
        languages: language of each row, n codes.
        vectors: shape (n, d).
    """
    names = np.array(list(languages))
    return {
        str(code): (vectors[names == code].sum(axis=0, dtype=np.float64), int((names == code).sum())) for code in np.unique(names)
    }


def mean_by_language(sums: Iterable[Mapping[str, Sum]]) -> dict[str, Floats]:
    """Mean vector per language of all articles together.

    Args:
        sums: from `sums_by_language`, article by article; the order decides the last bits.
    """
    parts: dict[str, list[Sum]] = {}
    for item in sums:
        for code, part in item.items():
            parts.setdefault(code, []).append(part)
    return {
        code: np.asarray(np.stack([total for total, _ in own]).sum(axis=0) / sum(n for _, n in own), dtype=np.float32)
        for code, own in sorted(parts.items())
    }


def language_means(neutral: Mapping[str, Floats], own: Mapping[str, Floats]) -> dict[str, Floats]:
    """The mean vector to take off, per language.

    A language with texts of its own gets their mean. The others get the mean of their neutral sentences, moved by what citizens'
    questions differ from neutral sentences where both are known: so every language loses its own direction and the common topic.

    Args:
        neutral: mean of the neutral sentences per language, shape (d,).
        own: mean of the indexed texts per language, shape (d,).

    Returns:
        Mean per language, and under `_overall` one for languages unknown.
    """
    both = [own[code] - neutral[code] for code in own if code in neutral]
    shift = np.mean(both, axis=0) if both else np.float32(0.0)
    means = {code: np.asarray(mean + shift, dtype=np.float32) for code, mean in neutral.items()} | dict(own)
    return means | {OVERALL: np.asarray(np.mean(list(means.values()), axis=0), dtype=np.float32)}
