"""Vectors for the benchmarks: the service's own encoder or another folder's, kept in `var/bench` so that a second run is quick."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.encoder import Encoder, Role
from knowledge.encoder_export import FP32_FILE, Q8_FILE
from knowledge.index import VectorCache
from knowledge.settings import Backend, Settings

Floats = NDArray[np.float32]
_WEIGHTS: dict[Backend, str] = {"onnx-q8": Q8_FILE, "onnx": FP32_FILE, "torch": "model.safetensors"}


class Embeddings:
    """An encoder folder, and the vectors already computed with it.

    Args:
        folder: the encoder; None for the one that the settings name.
        backend: None for the settings' backend, or `torch` where the folder lacks that export.

    Raises:
        FileNotFoundError: the folder holds no weights for the backend.
    """

    def __init__(self, folder: Path | None = None, backend: Backend | None = None) -> None:
        settings = Settings()
        self.folder = folder or settings.encoder_dir
        wanted = backend or settings.encoder_backend
        if backend is None and not (self.folder / _WEIGHTS[wanted]).exists():
            wanted = "torch"
        self.backend: Backend = wanted
        self._threads = settings.encoder_threads
        weights = self.folder / _WEIGHTS[wanted]
        if not weights.exists():
            raise FileNotFoundError(f"no {weights.name} in {self.folder}; run: python -m knowledge encoder")
        with weights.open("rb") as file:  # by content: a folder may be trained again under the same name
            self._digest = hashlib.file_digest(file, "sha256").hexdigest()[:12]
        self._cache = settings.var_dir / "bench" / f"{wanted}-{self._digest}"

    @property
    def name(self) -> str:
        """Folder's name (its parent's, where it is called just `encoder`), backend and hash of the weights."""
        name = self.folder.parent.name if self.folder.name == "encoder" else self.folder.name
        return f"{name} {self.backend} {self._digest}"

    @cached_property
    def encoder(self) -> Encoder:
        """The model, loaded at the first text without a vector."""
        return Encoder(self.folder, self.backend, self._threads)

    def of(self, texts: Sequence[str], role: Role, group: str) -> Floats:
        """Vectors of texts.

        Args:
            texts: n texts; repeats are encoded once.
            role: the prompt, `query` or `passage`.
            group: names the cache file, so that a broken-off run loses one group at most.

        Returns:
            Shape (n, d), rows of length 1.
        """
        cache = VectorCache(self._cache / group, self._digest)
        return cache.vectors(lambda: self.encoder, texts, role)
