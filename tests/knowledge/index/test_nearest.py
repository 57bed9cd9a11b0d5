"""The kind of FAISS index follows the number of vectors; what it finds is what comparing all of them would find."""

from pathlib import Path

import numpy as np
import pytest

from knowledge.index.centring import Floats
from knowledge.index.nearest import Made as Earlier
from knowledge.index.nearest import cells, followed, read_faiss, write_faiss
from knowledge.settings import FaissKind, Settings

GRAPH = FaissKind(factory="HNSW16,SQ8", build="efConstruction=60", search="efSearch=64")
PARTITION = FaissKind(factory="IVF{lists}_HNSW32,PQ16x4fs,Refine(SQfp16)", search="nprobe=64,k_factor_rf=8")


def some(count: int, dimension: int = 32) -> Floats:
    vectors = np.random.default_rng(1).normal(size=(count, dimension)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def recall(found: np.ndarray, vectors: Floats, queries: Floats) -> float:  # type: ignore[type-arg]
    exact = np.argsort(-(queries @ vectors.T), axis=1)[:, : found.shape[1]]
    return float(np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(exact.tolist(), found.tolist(), strict=True)]))


def test_kinds_go_from_exact_to_graph_to_partition() -> None:
    tuning = Settings().tuning.model_copy(update={"faiss_factory": "auto"})
    chosen = [tuning.faiss_kind(count).factory.split(",")[0] for count in (1, 20_000, 100_000, 1_000_000, 10_000_000)]
    assert chosen == ["SQfp16", "SQfp16", "HNSW32", "IVF{lists}_HNSW32", "IVF{lists}_HNSW32"]
    assert not tuning.faiss_kind(20_000).approximate and tuning.faiss_kind(100_000).approximate


def test_a_forced_kind_keeps_the_parameters_it_is_listed_with() -> None:
    tuning = Settings().tuning.model_copy(update={"faiss_factory": "HNSW32,SQfp16"})
    assert tuning.faiss_kind(10).search.startswith("efSearch")
    assert tuning.model_copy(update={"faiss_factory": "Flat"}).faiss_kind(10**6) == FaissKind(factory="Flat")


def test_cells_grow_with_the_root_of_the_number() -> None:
    assert [cells(count) for count in (1, 10_000, 250_000, 1_000_000)] == [4, 512, 2048, 4096]


@pytest.mark.parametrize("kind", [FaissKind(factory="SQfp16"), GRAPH, PARTITION])
def test_every_kind_is_read_by_memory_map_and_finds_the_nearest(tmp_path: Path, kind: FaissKind) -> None:
    vectors, queries = some(4000), some(4050)[4000:]
    assert write_faiss(tmp_path, vectors, np.arange(4000, dtype=np.uint64), kind, None)
    assert recall(read_faiss(tmp_path, vectors).search(queries, 10)[1], vectors, queries) > 0.9


def test_rows_are_followed_by_what_they_are() -> None:
    made = np.array([10, 20, 30, 40], np.uint64)
    rows, added = followed(made, np.array([40, 15, 10, 30, 50], np.uint64))
    assert rows.tolist() == [2, -1, 3, 0]
    assert added.tolist() == [1, 4]


@pytest.mark.parametrize("kind", [GRAPH, PARTITION])
def test_an_edited_index_finds_what_is_there_now(tmp_path: Path, kind: FaissKind) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    everything, keys = some(4100), np.arange(4100, dtype=np.uint64)
    write_faiss(old, everything[:4000], keys[:4000], kind, None)
    # The 60 nearest to a question are gone, 100 have come, and the rest have moved.
    question = everything[:1]
    gone = np.argsort(-(everything[:4000] @ question[0]))[:60]
    order = np.random.default_rng(2).permutation(np.setdiff1d(np.arange(4100), gone))
    vectors = everything[order]
    assert not write_faiss(new, vectors, keys[order], kind, Earlier(old, kind))
    index = read_faiss(new, vectors)
    assert index.ntotal == len(vectors)
    queries = np.concatenate([question, everything[4000:4050]])
    similarities, rows = index.search(queries, 20)
    assert (rows >= 0).all() and (np.diff(similarities, axis=1) <= 0).all()
    assert all(rows[1 + n, 0] == int(np.flatnonzero(order == 4000 + n)[0]) for n in range(50))
    assert recall(rows, vectors, queries) > 0.85


def test_another_kind_or_many_edits_make_the_index_anew(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    vectors, keys = some(2000), np.arange(2000, dtype=np.uint64)
    write_faiss(folders[0], vectors, keys, GRAPH, None)
    assert write_faiss(folders[1], vectors, keys, PARTITION, Earlier(folders[0], GRAPH))
    assert write_faiss(folders[2], vectors[200:], keys[200:], GRAPH, Earlier(folders[0], GRAPH))
