"""Vectors by hash of their text, in two files that only grow: an edit encodes and writes only what is new."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from knowledge.index.centring import Floats
from knowledge.index.progress import Progress

Role = Literal["query", "passage"]
Wanted = Mapping[bytes, tuple[Role, str]]

_KEY = 16  # bytes
_MAGIC = b"vec1"  # with the model's hash and the dimension after it, the first record of the keys' file
_CHUNK = 256  # texts encoded between two writes: what a build that is broken off loses at most


class EncodesText(Protocol):
    """What the index needs of an encoder."""

    def encode(self, texts: Sequence[str], role: Role = "query", batch_size: int = 16) -> Floats:
        """Vectors of shape (n, dimension), rows of length 1."""


def key_of(role: Role, text: str) -> bytes:
    """The name under which a text's vector is kept."""
    return hashlib.sha256(f"{role}\0{text}".encode()).digest()[:_KEY]


class VectorCache:
    """The vectors of one model, memory-mapped.

    A vector is on disk before its key is, and as many rows count as have both: a process that dies while writing costs its last
    texts and nothing else. Several processes may append; each sees what the others have added when it misses something.

    Args:
        path: name without ending; `.keys` and `.f32` are added.
        model: name of the model; files of another one are begun anew.
    """

    def __init__(self, path: Path, model: str) -> None:
        self._mark = _MAGIC + hashlib.sha256(model.encode()).digest()[:8]
        self._keys_file = path.with_name(path.name + ".keys")
        self._vectors_file = path.with_name(path.name + ".f32")
        self._inode = -1
        self._row_of: dict[bytes, int] = {}
        self._vectors: Floats = np.zeros((0, 0), np.float32)
        self._refresh()
        self.encoded = 0

    def vectors(self, encoder: Callable[[], EncodesText], texts: Sequence[str], role: Role) -> Floats:
        """Vectors of the texts, shape (n, d), encoding only those not seen before.

        Args:
            encoder: called only when something must be encoded.
            texts: n texts.
            role: the prompt to encode with.
        """
        keys = [key_of(role, text) for text in texts]
        self.fill({key: (role, text) for key, text in zip(keys, texts, strict=True)}, encoder, lambda line: None)
        return self.known(keys)

    def known(self, keys: Sequence[bytes]) -> Floats:
        """Vectors of texts that `fill` has seen to, shape (n, d).

        Raises:
            KeyError: when one has none.
        """
        return np.asarray(self._vectors[[self._row_of[key] for key in keys]]) if keys else np.zeros((0, 0), np.float32)

    def fill(self, wanted: Wanted, encoder: Callable[[], EncodesText], say: Callable[[str], None]) -> None:
        """Encodes the texts that have no vector yet; every few hundred are written at once.

        Args:
            wanted: by key, the prompt to encode with and the text.
            encoder: called only when something must be encoded, so that an unchanged index needs no model.
            say: receives a line every few seconds: share done, texts a second, time left.
        """
        self._refresh()
        # Sorted by length: a batch is padded to its longest text.
        new = sorted(
            ((role, text, key) for key, (role, text) in wanted.items() if key not in self._row_of),
            key=lambda item: (item[0] == "passage", len(item[1])),
        )
        if not new:
            return
        progress = Progress([len(text) for _, text, _ in new], say)
        ready = encoder()
        queries = sum(role == "query" for role, _, _ in new)
        for first, last in ((0, queries), (queries, len(new))):
            for start in range(first, last, _CHUNK):
                chunk = new[start : min(start + _CHUNK, last)]
                self._append([key for _, _, key in chunk], ready.encode([text for _, text, _ in chunk], chunk[0][0]))
                progress.done(len(chunk))
        self.encoded += len(new)

    def _append(self, keys: Sequence[bytes], vectors: Floats) -> None:
        self._keys_file.parent.mkdir(parents=True, exist_ok=True)
        with self._keys_file.open("ab") as key_file, self._vectors_file.open("ab") as vector_file:
            fcntl.flock(key_file, fcntl.LOCK_EX)
            self._refresh()
            if self._vectors.shape[1] != vectors.shape[1]:  # new, or no file of ours
                key_file.truncate(0)
                key_file.write(self._mark + vectors.shape[1].to_bytes(_KEY - len(self._mark), "little"))
                key_file.flush()
                self._forget()
                self._refresh()
            # What another process left half-written.
            key_file.truncate((len(self._vectors) + 1) * _KEY)
            vector_file.truncate(self._vectors.nbytes)
            vector_file.write(np.ascontiguousarray(vectors, "<f4").tobytes())
            vector_file.flush()
            os.fsync(vector_file.fileno())
            key_file.write(b"".join(keys))
            key_file.flush()
            os.fsync(key_file.fileno())
        self._refresh()

    def _refresh(self) -> None:
        """Reads what has been added to the files since, by whomever."""
        try:
            with self._keys_file.open("rb") as file:
                state = os.fstat(file.fileno())
                if state.st_ino != self._inode:
                    self._forget()
                    self._inode = state.st_ino
                head = file.read(_KEY)
                if len(head) < _KEY or not head.startswith(self._mark):
                    return
                dimension = int.from_bytes(head[len(self._mark) :], "little")
                count = min(state.st_size // _KEY - 1, self._vectors_file.stat().st_size // (4 * dimension))
                known = len(self._vectors)
                if count <= known:
                    if not known:
                        self._vectors = np.zeros((0, dimension), np.float32)
                    return
                file.seek((known + 1) * _KEY)
                keys = file.read((count - known) * _KEY)
        except FileNotFoundError:
            self._forget()
            return
        self._row_of |= {keys[i * _KEY : (i + 1) * _KEY]: known + i for i in range(count - known)}
        self._vectors = np.memmap(self._vectors_file, np.dtype("<f4"), "r", shape=(count, dimension))

    def _forget(self) -> None:
        self._inode, self._row_of, self._vectors = -1, {}, np.zeros((0, 0), np.float32)
