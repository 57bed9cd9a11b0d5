"""The nearest vectors by FAISS: which kind of index, making it, and keeping a large one through edits."""

from __future__ import annotations

import math
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.index.centring import Floats
from knowledge.settings import FaissKind

Keys = NDArray[np.uint64]
Rows = NDArray[np.int32]

LOOSE = 10_000  # rows gone from or new to an approximate index before it is made anew: as many are compared one by one
LOOSE_SHARE = 0.05
_BLOCK = 65_536  # rows handed to FAISS at once: it copies them
_SAMPLE_PER_LIST = 40  # vectors per cell that k-means is trained on; FAISS warns below 39
_FAISS, _KEYS, _ROWS = "phrasings.faiss", "phrasings-faiss-keys.npy", "phrasings-faiss-rows.npy"


class Edited:
    """An approximate index that texts have gone from and come to since it was made. Answers like a FAISS index.

    Making a graph or a partition of a million vectors anew takes many minutes. So rows that are gone are passed over, new
    ones are compared one by one, and what has only moved is renumbered.

    Args:
        made: the FAISS index as it was made.
        rows: for each of its vectors the row of today, -1 when it is gone.
        vectors: today's vectors, shape (n, d).
        added: rows that the FAISS index lacks.
    """

    def __init__(self, made: Any, rows: Rows, vectors: Floats, added: Rows) -> None:
        self._made, self._rows, self._added = made, rows, added
        self._new = np.ascontiguousarray(vectors[added])
        self.ntotal = len(vectors)

    def search(self, queries: Floats, count: int) -> tuple[Floats, NDArray[np.int64]]:
        """The nearest rows of each query, best first.

        Args:
            queries: shape (m, d).
            count: how many.

        Returns:
            (similarities, rows), each of shape (m, count); where fewer are found, -1.
        """
        similarities = np.full((len(queries), count), -np.inf, np.float32)
        rows = np.full((len(queries), count), -1, np.int64)
        for number, query in enumerate(queries):
            scored, found = self._from_made(query, count)
            scored, found = np.concatenate([scored, self._new @ query]), np.concatenate([found, self._added])
            best = np.argsort(-scored, kind="stable")[:count]
            similarities[number, : len(best)], rows[number, : len(best)] = scored[best], found[best]
        return similarities, rows

    def _from_made(self, query: Floats, count: int) -> tuple[Floats, Rows]:
        wanted, total = count, int(self._made.ntotal)
        while True:
            scored, found = self._made.search(query[None, :], min(wanted, total))
            there = found[0] >= 0
            rows = np.where(there, self._rows[found[0]], -1)
            kept = rows >= 0
            # An edited article's rows lie close together: all that was found may be gone.
            if kept.sum() >= count or wanted >= total or not there.all():
                return scored[0][kept], rows[kept]
            wanted *= 2


def make_faiss(vectors: Floats, kind: FaissKind) -> Any:
    """A FAISS index of the vectors, inner product, with the kind's search parameters set.

    Args:
        vectors: shape (n, d), rows of length 1; may be memory-mapped.
        kind: from `Tuning.faiss_kind`.
    """
    import faiss

    count, dimension = vectors.shape
    lists = cells(count)
    index = faiss.index_factory(dimension, kind.factory.format(lists=lists), faiss.METRIC_INNER_PRODUCT)
    parameters: Any = faiss.ParameterSpace()
    if kind.build:
        parameters.set_index_parameters(index, kind.build)
    if not index.is_trained:
        most = max(_SAMPLE_PER_LIST * lists, _BLOCK)
        chosen = np.sort(np.random.default_rng(4).choice(count, min(most, count), replace=False))
        index.train(np.ascontiguousarray(vectors[chosen], np.float32))
    for start in range(0, count, _BLOCK):
        index.add(np.ascontiguousarray(vectors[start : start + _BLOCK], np.float32))
    if kind.search:
        parameters.set_index_parameters(index, kind.search)
    return index


def cells(count: int) -> int:
    """Number of cells of a partition: the power of two next to 4 √n, FAISS's advice for up to a million."""
    return int(2 ** round(math.log2(max(4.0 * math.sqrt(count), 4.0))))


@dataclass(frozen=True)
class Made:
    """The FAISS index of an earlier version.

    Attributes:
        folder: the version's.
        kind: its kind, as JSON.
    """

    folder: Path
    kind: FaissKind


def write_faiss(folder: Path, vectors: Floats, keys: Keys, kind: FaissKind, earlier: Made | None) -> bool:
    """Writes the FAISS index of a new version.

    Args:
        folder: where; the vectors' own folder.
        vectors: shape (n, d).
        keys: what each row is, shape (n,); equal keys are equal texts of one article and language.
        kind: the kind to make.
        earlier: an approximate index of the same kind is taken over when little has changed since it was made.

    Returns:
        Whether it was made anew.
    """
    import faiss

    if kind.approximate and earlier is not None and earlier.kind == kind and _take_over(earlier.folder, folder, keys):
        return False
    faiss.write_index(make_faiss(vectors, kind), str(folder / _FAISS))
    if kind.approximate:
        np.save(folder / _KEYS, keys)
    return True


def _take_over(earlier: Path, folder: Path, keys: Keys) -> bool:
    try:
        made = np.load(earlier / _KEYS)
        rows, added = followed(made, keys)
        loose = int((rows < 0).sum()) + len(added)
        if loose > min(LOOSE, LOOSE_SHARE * len(made)):
            return False
        for name in (_FAISS, _KEYS):
            try:
                os.link(earlier / name, folder / name)
            except OSError:  # a file system without hard links
                shutil.copyfile(earlier / name, folder / name)
    except FileNotFoundError:  # another build has tidied up meanwhile
        return False
    np.save(folder / _ROWS, rows)
    return True


def followed(made: Keys, keys: Keys) -> tuple[Rows, Rows]:
    """Where the vectors of an earlier index are now.

    Args:
        made: keys of its vectors, shape (m,).
        keys: keys of today's rows, shape (n,).

    Returns:
        (for each earlier vector its row of today or -1, rows that are new).
    """
    order = np.argsort(keys, kind="stable")
    place = np.minimum(np.searchsorted(keys, made, sorter=order), len(keys) - 1)
    rows = np.where(keys[order[place]] == made, order[place], -1).astype(np.int32)
    new = np.ones(len(keys), bool)
    new[rows[rows >= 0]] = False
    return rows, np.flatnonzero(new).astype(np.int32)


def read_faiss(folder: Path, vectors: Floats) -> Any:
    """The FAISS index of a version, memory-mapped; nothing may be added to it.

    Args:
        folder: where `write_faiss` wrote.
        vectors: the version's, shape (n, d).
    """
    import faiss

    # One question at a time: waking a second thread costs more than these few thousand products.
    faiss.omp_set_num_threads(1)
    made = faiss.read_index(str(folder / _FAISS), faiss.IO_FLAG_MMAP_IFC)
    if not (folder / _ROWS).exists():
        return made
    rows = np.load(folder / _ROWS)
    new = np.ones(len(vectors), bool)
    new[rows[rows >= 0]] = False
    return Edited(made, rows, vectors, np.flatnonzero(new).astype(np.int32))
