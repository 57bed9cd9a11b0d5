"""A vector is encoded once, whatever happens to the process that did it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from knowledge.index.centring import Floats
from knowledge.index.vector_cache import Role, VectorCache, key_of


class Lengths:
    """Gives every text the vector (its length, 1, 0): enough to recognise it by."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str], role: Literal["query", "passage"] = "query", batch_size: int = 16) -> Floats:
        self.texts += texts
        return np.array([[len(text), role == "query", 0] for text in texts], np.float32)


def filled(cache: VectorCache, texts: Sequence[str], role: Role = "query") -> tuple[Floats, list[str]]:
    encoder = Lengths()
    cache.fill({key_of(role, text): (role, text) for text in texts}, lambda: encoder, lambda line: None)
    return cache.known([key_of(role, text) for text in texts]), encoder.texts


def test_a_text_is_encoded_once_per_role(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "v", "model")
    assert filled(cache, ["bb", "a", "bb"])[1] == ["a", "bb"]
    assert filled(VectorCache(tmp_path / "v", "model"), ["bb", "ccc"])[1] == ["ccc"]
    vectors, encoded = filled(cache, ["ccc", "a"])  # what another process has added is seen
    assert not encoded and vectors[:, 0].tolist() == [3, 1]
    assert filled(cache, ["a"], "passage")[1] == ["a"]


@pytest.mark.parametrize(("suffix", "lost"), [(".f32", 1), (".f32", 12), (".keys", 5), (".keys", 16)])
def test_a_half_written_row_is_written_again(tmp_path: Path, suffix: str, lost: int) -> None:
    filled(VectorCache(tmp_path / "v", "model"), ["a", "bb", "ccc"])
    file = tmp_path / f"v{suffix}"
    file.write_bytes(file.read_bytes()[:-lost])
    cache = VectorCache(tmp_path / "v", "model")
    vectors, encoded = filled(cache, ["a", "bb", "ccc", "dddd"])
    assert encoded == ["ccc", "dddd"]
    assert vectors[:, 0].tolist() == [1, 2, 3, 4]
    assert filled(VectorCache(tmp_path / "v", "model"), ["dddd", "a"])[0][:, 0].tolist() == [4, 1]


def test_a_file_of_something_else_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "v.keys").write_bytes(b"not ours at all, but long enough for a row or two of keys")
    (tmp_path / "v.f32").write_bytes(b"1")
    assert filled(VectorCache(tmp_path / "v", "model"), ["a", "bb"])[0][:, 0].tolist() == [1, 2]


def test_another_models_vectors_are_not_used(tmp_path: Path) -> None:
    filled(VectorCache(tmp_path / "v", "model"), ["a", "bb"])
    assert filled(VectorCache(tmp_path / "v", "other"), ["a"])[1] == ["a"]


def test_files_that_are_gone_are_begun_anew(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "v", "model")
    filled(cache, ["a", "bb"])
    for file in tmp_path.iterdir():
        file.unlink()
    vectors, encoded = filled(cache, ["bb", "a"])
    assert encoded == ["a", "bb"] and vectors[:, 0].tolist() == [2, 1]


def test_nothing_wanted_needs_no_encoder(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "v", "model")
    cache.fill({}, lambda: pytest.fail("no encoder is needed"), lambda line: None)
    assert cache.known([]).shape == (0, 0)
    with pytest.raises(KeyError):
        cache.known([key_of("query", "a")])
