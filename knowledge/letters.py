"""Nearest by letters: character pieces of 2 to 5, which typos, missing å ä ö and Swedish compounds leave mostly whole.

The pieces are scikit-learn's (`char_wb`), hashed instead of kept in a vocabulary, weighted by rarity, compared by cosine.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from knowledge.text_forms import fold

Floats = NDArray[np.float32]

SPAN = (2, 5)
SLOTS = 2**20  # of the hash: at 200 000 different pieces one in ten shares its slot


@lru_cache(maxsize=1)
def _hashing() -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(
        analyzer="char_wb", ngram_range=SPAN, n_features=SLOTS, alternate_sign=False, norm=None, dtype=np.float32, lowercase=False
    )


@lru_cache(maxsize=100_000)  # an edit counts the pieces of one article anew, not of all
def _pieces(text: str) -> tuple[NDArray[np.int32], Floats]:
    """Slots of a text's pieces, and 1 + log of how often each occurs."""
    row = _hashing().transform([" ".join(fold(text).split())])
    return row.indices.astype(np.int32), (1.0 + np.log(row.data)).astype(np.float32)


def _counted(texts: Sequence[str]) -> sparse.csr_matrix:
    rows = [_pieces(text) for text in texts]
    ends = np.cumsum([0, *(len(slots) for slots, _ in rows)])
    slots = np.concatenate([slots for slots, _ in rows]) if rows else np.zeros(0, np.int32)
    counts = np.concatenate([counts for _, counts in rows]) if rows else np.zeros(0, np.float32)
    return sparse.csr_matrix((counts, slots, ends), shape=(len(rows), SLOTS), dtype=np.float32)


class LetterIndex:
    """Texts by their weighted pieces.

    Args:
        matrix: one row per slot and one column per text, columns of length 1.
        rarity: weight of each slot, shape (SLOTS,).
    """

    def __init__(self, matrix: sparse.csr_matrix, rarity: Floats) -> None:
        self._matrix = matrix
        self._rarity = rarity

    @classmethod
    def build(cls, texts: Sequence[str]) -> LetterIndex:
        """Indexes texts.

        Args:
            texts: n texts; their order numbers them.
        """
        counted = _counted(texts)
        found_in = np.bincount(counted.indices, minlength=SLOTS)
        rarity = (np.log((1 + len(texts)) / (1 + found_in)) + 1).astype(np.float32)
        weighted = _unit(counted.multiply(rarity).tocsr())
        return cls(weighted.T.tocsr(), rarity)

    def similarities(self, text: str) -> Floats:
        """Cosine of a text to every indexed one, shape (n,).

        Args:
            text: a question.
        """
        slots, counts = _pieces(text)
        weights = counts * self._rarity[slots]
        length = float(np.linalg.norm(weights))
        if not length:
            return np.zeros(self._matrix.shape[1], np.float32)
        # Added up by hand: a general sparse product would spend its time on making a result of the same kind.
        starts, columns, values = self._matrix.indptr, self._matrix.indices, self._matrix.data
        parts = [slice(start, end) for start, end in zip(starts[slots].tolist(), starts[slots + 1].tolist(), strict=True)]
        shares = np.repeat(weights / length, starts[slots + 1] - starts[slots])
        found = np.concatenate([values[part] for part in parts]) * shares
        return np.bincount(
            np.concatenate([columns[part] for part in parts]), weights=found, minlength=self._matrix.shape[1]
        ).astype(np.float32)

    def save(self, path: Path) -> None:
        """Writes the index as one `.npz` file."""
        used = np.flatnonzero(np.diff(self._matrix.indptr)).astype(np.int32)
        np.savez(
            path, used=used, sizes=np.diff(self._matrix.indptr)[used].astype(np.int32), columns=self._matrix.indices,
            values=self._matrix.data.astype(np.float16), rarity=self._rarity[used], rare=self._rarity.max(),
            count=self._matrix.shape[1],
        )  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> LetterIndex:
        """Reads what `save` wrote."""
        with np.load(path) as stored:
            sizes = np.zeros(SLOTS, np.int64)
            sizes[stored["used"]] = stored["sizes"]
            rarity = np.full(SLOTS, stored["rare"], np.float32)
            rarity[stored["used"]] = stored["rarity"]
            values = stored["values"].astype(np.float32)
            starts = np.concatenate([[0], np.cumsum(sizes)])
            shape = (SLOTS, int(stored["count"]))
            return cls(sparse.csr_matrix((values, stored["columns"], starts), shape=shape), rarity)


def _unit(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Rows scaled to length 1; empty ones stay."""
    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1).A1)
    return sparse.csr_matrix(sparse.diags(1.0 / np.maximum(lengths, 1e-9)) @ matrix)
