"""The intent features and the classifier of `config.yml`, outside Rasa: what it learns and how sure it is.

Embedding (centred and stretched as `EmbeddingFeaturizer` does), counts of words and of letters (as the two `CountVectorsFeaturizer`
do), logistic regression with Rasa's settings. Rasa itself does not run here: it asks the knowledge
service for each text, and there are a hundred thousand. Its tokens are near to, not exactly, the words counted here.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.float32]

ROOT = Path(__file__).parents[1]
_NUMBER = re.compile(r"\b[0-9]+\b")  # Rasa's featurizer counts every number as the same word


@dataclass(frozen=True)
class Parts:
    """What one pipeline file says about features and classifier."""

    length: float
    counts: tuple[dict[str, Any], ...]
    classifier: dict[str, Any]


def parts_of(pipeline: Sequence[dict[str, Any]]) -> Parts:
    """Reads the parts from Rasa's pipeline.

    Args:
        pipeline: the list under `pipeline` in `config.yml`.

    Raises:
        StopIteration: it has no embedding or no logistic regression.
    """
    embedding = next(item for item in pipeline if item["name"].endswith("EmbeddingFeaturizer"))
    classifier = next(item for item in pipeline if item["name"] == "LogisticRegressionClassifier")
    counts = [item for item in pipeline if item["name"] == "CountVectorsFeaturizer"]
    return Parts(
        length=float(embedding["length"]),
        counts=tuple(
            {
                "analyzer": item.get("analyzer", "word"),
                "ngram_range": (item.get("min_ngram", 1), item.get("max_ngram", 1)),
                "min_df": item.get("min_df", 1),
            }
            for item in counts
        ),
        classifier={key: classifier[key] for key in ("max_iter", "tol") if key in classifier},
    )


def configured() -> Parts:
    """The parts of the assistant's own `config.yml`."""
    return parts_of(yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))["pipeline"])


class IntentModel:
    """Features and logistic regression, trained together.

    Args:
        parts: of the pipeline.
        counts: with the words' and letters' counts; without them the matrix is dense and training much quicker.
    """

    def __init__(self, parts: Parts, counts: bool) -> None:
        self._length = parts.length
        self._counters = [CountVectorizer(preprocessor=_prepare, dtype=np.float32, **item) for item in parts.counts if counts]
        # As Rasa sets it; the rest are scikit-learn's defaults (lbfgs, L2 with C = 1).
        self._classifier = LogisticRegression(class_weight="balanced", random_state=42, **parts.classifier)
        self._mean: Floats = np.zeros(0, np.float32)
        self._factor = 1.0

    def fit(self, texts: Sequence[str], vectors: Floats, intents: Sequence[str]) -> IntentModel:
        """Trains on n sentences.

        Args:
            texts: n texts.
            vectors: their embeddings, shape (n, d).
            intents: n names.
        """
        self._mean = vectors.mean(axis=0)
        spread = float(np.sqrt(((vectors - self._mean) ** 2).sum(axis=1).mean()))
        self._factor = self._length / spread if spread > 0 else 1.0
        for counter in self._counters:
            counter.fit(texts)
        with warnings.catch_warnings():
            # The assistant stops after the same number of rounds, converged or not.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._classifier.fit(self._features(texts, vectors), np.asarray(intents))
        return self

    def predict(self, texts: Sequence[str], vectors: Floats) -> tuple[list[str], Floats]:
        """The likeliest intent of each text, and its probability.

        Args:
            texts: n texts.
            vectors: shape (n, d).

        Returns:
            n names, and an array of shape (n,).
        """
        probabilities = self._classifier.predict_proba(self._features(texts, vectors))
        return self._classifier.classes_[probabilities.argmax(axis=1)].tolist(), probabilities.max(axis=1).astype(np.float32)

    def _features(self, texts: Sequence[str], vectors: Floats) -> Any:
        dense = ((vectors - self._mean) * self._factor).astype(np.float32)
        if not self._counters:
            return dense
        return sparse.hstack([*(counter.transform(texts) for counter in self._counters), sparse.csr_matrix(dense)], format="csr")


def _prepare(text: str) -> str:
    return _NUMBER.sub("__NUMBER__", text.lower())
