"""Text to vector: sentence-transformers with the backend that the settings name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from knowledge.encoder_export import FP32_FILE, Q8_FILE
from knowledge.settings import Backend, Settings

Floats = NDArray[np.float32]
Role = Literal["query", "passage"]

_ONNX_FILE = {"onnx": FP32_FILE, "onnx-q8": Q8_FILE}


class Encoder:
    """A loaded sentence encoder.

    Args:
        folder: made by `encoder_build.ensure_encoder`.
        backend: `onnx-q8` (serving), `onnx` (fp32: building the index) or `torch` (the reference).
        threads: intra-op threads of one call.
    """

    def __init__(self, folder: Path, backend: Backend = "onnx-q8", threads: int = 1) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(threads)
        if backend == "torch":
            self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        else:
            import onnxruntime

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            options.inter_op_num_threads = 1
            # A spinning pool would take the second core from Rasa between two questions.
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            arguments: dict[str, Any] = {
                "file_name": _ONNX_FILE[backend],
                "provider": "CPUExecutionProvider",
                "session_options": options,
            }
            self._model = SentenceTransformer(
                str(folder), backend="onnx", device="cpu", local_files_only=True, model_kwargs=arguments
            )
        self.backend = backend
        self._lock = Lock()
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        specials = sorted(self._model.tokenizer.all_special_tokens, key=len, reverse=True)
        self._special = re.compile("|".join(re.escape(token) for token in specials)) if specials else None

    def clean(self, text: str) -> str:
        """The text without literal special tokens (`</s>`, `<mask>`), which the tokenizer would take for its own."""
        # A blank, not nothing: taking the inner token out of "<<s>/s>" would otherwise make a new one.
        return text if self._special is None else self._special.sub(" ", text)

    def encode(self, texts: Sequence[str], role: Role = "query", batch_size: int = 16) -> Floats:
        """Encodes texts; longer ones than the model's limit (256 tokens) are cut.

        Args:
            texts: n texts.
            role: `query` for what citizens write and for phrasings, `passage` for answers (E5 was trained with these prompts).
            batch_size: texts per run of the model.

        Returns:
            Float32 array of shape (n, dimension), rows of length 1.
        """
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        prompt = self._model.prompts.get(role) or None
        cleaned = [self.clean(text) for text in texts]
        parts = []
        for start in range(0, len(cleaned), batch_size):
            # The tokenizer may not be used by two threads at once; between batches a citizen's question gets its turn during
            # a reload.
            with self._lock:
                vectors = self._model.encode(
                    cleaned[start : start + batch_size],
                    prompt=prompt,
                    batch_size=batch_size,
                    show_progress_bar=False,
                    convert_to_numpy=True,
                    normalize_embeddings=True,
                )
            parts.append(np.asarray(vectors, dtype=np.float32))
        return np.concatenate(parts)


class EncoderCrew:
    """Encoders of one thread each, side by side: for many texts nearly twice as quick as one with several threads.

    Args:
        members: at least one; each has its own session and tokenizer.
    """

    def __init__(self, members: Sequence[Encoder]) -> None:
        self._members = members

    def encode(self, texts: Sequence[str], role: Role = "query", batch_size: int = 16) -> Floats:
        """As `Encoder.encode`; the texts are dealt out in turn, so that sorted ones give every member equal work."""
        shares = [texts[number :: len(self._members)] for number in range(len(self._members))]
        with ThreadPoolExecutor(len(self._members)) as pool:
            parts = list(
                pool.map(lambda pair: pair[0].encode(pair[1], role, batch_size), zip(self._members, shares, strict=True))
            )
        found = np.zeros((len(texts), parts[0].shape[1]), np.float32)
        for number, part in enumerate(parts):
            found[number :: len(self._members)] = part
        return found


def load_encoder(settings: Settings, backend: Backend | None = None) -> Encoder:
    """The encoder that the settings name.

    Args:
        settings: model, folder, backend and threads.
        backend: overrides the setting.

    Raises:
        FileNotFoundError: when the folder has not been made; the message names the command.
    """
    if not (settings.encoder_dir / "modules.json").exists():
        raise FileNotFoundError(f"no encoder in {settings.encoder_dir}; run: python -m knowledge encoder")
    return Encoder(settings.encoder_dir, backend or settings.encoder_backend, settings.encoder_threads)
