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
MOST = 600_000  # postings looked at per question, rarest pieces first. Among our 21 000 phrasings no question of 5 400 has more
SLOTS = 2**20  # of the hash: at 200 000 different pieces one in ten shares its slot


@lru_cache(maxsize=1)
def _hashing() -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(
        analyzer="char_wb", ngram_range=SPAN, n_features=SLOTS, alternate_sign=False, norm=None, dtype=np.float32, lowercase=False
    )


@lru_cache(maxsize=4096)
def _pieces(text: str) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Slots of a text's pieces, and how often each occurs."""
    row = _hashing().transform([" ".join(fold(text).split())])
    return row.indices.astype(np.int32), np.minimum(row.data, 255).astype(np.uint8)


def _saturated(counts: NDArray[np.uint8]) -> Floats:
    return np.asarray(1.0 + np.log(counts.astype(np.float32)), dtype=np.float32)


def _counted(texts: Sequence[str]) -> sparse.csr_matrix:
    """How often each text has each piece, shape (n, SLOTS), 8 bits each."""
    rows = [_pieces(text) for text in texts]
    ends = np.cumsum([0, *(len(slots) for slots, _ in rows)])
    slots = np.concatenate([slots for slots, _ in rows]) if rows else np.zeros(0, np.int32)
    counts = np.concatenate([counts for _, counts in rows]) if rows else np.zeros(0, np.uint8)
    return sparse.csr_matrix((counts, slots, ends), shape=(len(rows), SLOTS), dtype=np.uint8)


class LetterIndex:
    """Texts by their weighted pieces.

    Args:
        counts: one row per text and one column per slot: how often the text has the piece.
    """

    def __init__(self, counts: sparse.csr_matrix) -> None:
        self.counts = counts
        found_in = np.bincount(counts.indices, minlength=SLOTS)
        self._rarity: Floats = (np.log((1 + counts.shape[0]) / (1 + found_in)) + 1).astype(np.float32)
        weighted = sparse.csr_matrix(
            (_saturated(counts.data) * self._rarity[counts.indices], counts.indices, counts.indptr), shape=counts.shape
        )
        # One row per slot and one column per text, columns of length 1.
        self._matrix = _unit(weighted).T.tocsr()

    @classmethod
    def build(cls, texts: Sequence[str]) -> LetterIndex:
        """Indexes texts.

        Args:
            texts: n texts; their order numbers them.
        """
        return cls(_counted(texts))

    def edited(self, rows: NDArray[np.int64], texts: Sequence[str]) -> LetterIndex:
        """The index after an edit: the same as one built from scratch.

        Args:
            rows: for each text of the new index its row in this one, -1 when it is new, shape (n,).
            texts: the new ones, in order.
        """
        both = sparse.vstack([self.counts, _counted(texts)], format="csr")
        places = rows.copy()
        places[rows < 0] = self.counts.shape[0] + np.arange(len(texts))
        return LetterIndex(both[places])

    def similarities(self, text: str) -> Floats:
        """Cosine of a text to every indexed one, shape (n,).

        Args:
            text: a question.
        """
        slots, counts = _pieces(text)
        weights = _saturated(counts) * self._rarity[slots]
        length = float(np.linalg.norm(weights))
        if not length:
            return np.zeros(self._matrix.shape[1], np.float32)
        # Added up by hand: a general sparse product would spend its time on making a result of the same kind.
        starts, columns, values = self._matrix.indptr, self._matrix.indices, self._matrix.data
        sizes = starts[slots + 1] - starts[slots]
        if sizes.sum() > MOST:  # what most texts have tells them apart least, and would cost the most
            rarest = np.argsort(sizes, kind="stable")
            rarest = rarest[: max(1, int(np.searchsorted(np.cumsum(sizes[rarest]), MOST, side="right")))]
            slots, weights, sizes = slots[rarest], weights[rarest], sizes[rarest]
        parts = [slice(start, end) for start, end in zip(starts[slots].tolist(), starts[slots + 1].tolist(), strict=True)]
        shares = np.repeat(weights / length, sizes)
        found = np.concatenate([values[part] for part in parts]) * shares
        return np.bincount(
            np.concatenate([columns[part] for part in parts]), weights=found, minlength=self._matrix.shape[1]
        ).astype(np.float32)

    def save(self, path: Path) -> None:
        """Writes the index as one `.npz` file."""
        np.savez(path, starts=self.counts.indptr, slots=self.counts.indices, counts=self.counts.data)

    @classmethod
    def load(cls, path: Path) -> LetterIndex:
        """Reads what `save` wrote."""
        with np.load(path) as stored:
            shape = (len(stored["starts"]) - 1, SLOTS)
            return cls(sparse.csr_matrix((stored["counts"], stored["slots"], stored["starts"]), shape=shape))


def _unit(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Rows scaled to length 1; empty ones stay."""
    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1).A1)
    return sparse.csr_matrix(sparse.diags(1.0 / np.maximum(lengths, 1e-9)) @ matrix)
