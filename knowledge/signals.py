"""Signals: is this a call for help, a wish for a human, abuse …? A classifier on the sentence embedding.

It knows the intents that `nlu_data/nlu/*.yml` names as signals, and one class `faq` made of the articles' phrasings (those of
the help lines left out: they are calls for help) and of the examples of `ask_faq`, everyday messages that lie near an
emergency in words. It stands behind the rules of the app's safety stage and must not miss: classes are weighted so that the
rare ones count as much as `faq`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.article import read_yaml

Floats = NDArray[np.float32]

FAQ = "faq"
EMERGENCY = "emergency_"
MIN_EXAMPLES = 5
FOLDS = 3
MAX_PHRASINGS = 1500  # of the class faq: more of them change the figures little and the training time much
RECALL_AT = 0.3  # the probability at which the app is expected to act on a safety signal
_NOT_SIGNALS = frozenset({"nlu_fallback", "inform"})
_FAQ_INTENT = "ask_faq"
_ANNOTATION = re.compile(r"\[([^\]]+)\](?:\{[^}]*\}|\([^)]*\))")


def training_files(nlu_dir: Path) -> list[Path]:
    """The NLU files, in a fixed order; none when Rasa's data are not there."""
    return sorted(nlu_dir.glob("*.yml")) if nlu_dir.is_dir() else []


@dataclass(frozen=True)
class Signals:
    """A trained multinomial logistic regression.

    Attributes:
        classes: names of the classes; one of them is `faq`.
        weights: shape (classes, dimension).
        bias: shape (classes,).
    """

    classes: tuple[str, ...]
    weights: Floats
    bias: Floats

    @staticmethod
    def read_examples(nlu_dir: Path) -> dict[str, list[str]]:
        """Examples per signal intent, from Rasa's NLU files, without entity marks; those of `ask_faq` under `faq`.

        Args:
            nlu_dir: folder with files in Rasa's format 3.1.
        """
        examples: dict[str, list[str]] = {}
        for path in training_files(nlu_dir):
            for block in (read_yaml(path) or {}).get("nlu", []) or []:
                intent = str(block.get("intent", "")).split("/")[0]
                if not intent or intent in _NOT_SIGNALS:
                    continue
                intent = FAQ if intent == _FAQ_INTENT else intent
                for line in _lines(block.get("examples", "")):
                    examples.setdefault(intent, []).append(_ANNOTATION.sub(r"\1", line))
        return {name: list(dict.fromkeys(lines)) for name, lines in sorted(examples.items()) if len(lines) >= MIN_EXAMPLES}

    @classmethod
    def train(cls, examples: Mapping[str, Floats], phrasings: Floats) -> tuple[Signals, dict[str, dict[str, float]]]:
        """Trains on embeddings and measures by cross-validation.

        Args:
            examples: vectors per intent, each of shape (n, dimension); those under `faq` join the phrasings.
            phrasings: vectors of the articles' phrasings, shape (m, dimension): the class `faq`.

        Returns:
            The classifier, and per class `n`, `recall` (share found: most probable, or at least 0.3 likely) and
            `false` (share of the articles' phrasings that were taken for it).
        """
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import StratifiedKFold, cross_val_predict

        if len(phrasings) > MAX_PHRASINGS:
            phrasings = phrasings[np.random.default_rng(2).choice(len(phrasings), MAX_PHRASINGS, replace=False)]
        phrasings = np.concatenate([phrasings, examples[FAQ]]) if FAQ in examples else phrasings
        examples = {name: vectors for name, vectors in examples.items() if name != FAQ}
        names = [FAQ, *examples]
        vectors = np.concatenate([phrasings, *examples.values()])
        labels = np.concatenate([np.full(len(phrasings), 0), *(np.full(len(v), i + 1) for i, v in enumerate(examples.values()))])
        model = LogisticRegression(C=20.0, class_weight="balanced", max_iter=100, tol=1e-3)
        figures: dict[str, dict[str, float]] = {}
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=1)
        guessed = cross_val_predict(model, vectors, labels, cv=folds, method="predict_proba")
        found = (guessed >= RECALL_AT) | (guessed == guessed.max(axis=1, keepdims=True))
        for number, name in enumerate(names):
            own = labels == number
            figures[name] = {
                "n": int(own.sum()),
                "recall": round(float(found[own, number].mean()), 3),
                "false": round(float(found[labels == 0, number].mean()), 4) if number else 0.0,
            }
        urgent = np.array([name.startswith(EMERGENCY) for name in names])
        if urgent.sum() > 1:
            # Which emergency it is matters less than that it is one: their probabilities together, on any of them.
            together = guessed[:, urgent].sum(axis=1) >= RECALL_AT
            figures["emergency (any)"] = {
                "n": int(urgent[labels].sum()),
                "recall": round(float(together[urgent[labels]].mean()), 3),
                "false": round(float(together[labels == 0].mean()), 4),
            }
        model.fit(vectors, labels)
        if len(names) == 2:  # sklearn then stores one row; the two-class softmax is the same with rows 0 and w
            weights = np.vstack([np.zeros_like(model.coef_), model.coef_])
            bias = np.array([0.0, model.intercept_[0]])
        else:
            weights, bias = model.coef_, model.intercept_
        return cls(tuple(names), weights.astype(np.float32), bias.astype(np.float32)), figures

    def probabilities(self, vector: Floats) -> dict[str, float]:
        """Probability per signal for one embedding; with `faq`, which is left out, they sum to 1.

        Args:
            vector: shape (dimension,), of length 1.
        """
        logits = self.weights @ vector + self.bias
        powers = np.exp(logits - logits.max())
        shares = powers / powers.sum()
        return {name: round(float(p), 4) for name, p in zip(self.classes, shares, strict=True) if name != FAQ}

    def save(self, path: Path) -> None:
        """Writes the classifier as one `.npz` file."""
        np.savez(path, classes=np.array(self.classes), weights=self.weights, bias=self.bias)

    @classmethod
    def load(cls, path: Path) -> Signals:
        """Reads what `save` wrote."""
        with np.load(path) as stored:
            return cls(tuple(stored["classes"].tolist()), stored["weights"], stored["bias"])


def _lines(examples: Any) -> list[str]:
    """The examples of a block: Rasa writes them as one text of `- ` lines, or as a list with `text`."""
    if isinstance(examples, list):
        return [str(item["text"] if isinstance(item, dict) else item).strip().removeprefix("- ").strip() for item in examples]
    lines = (line.strip() for line in str(examples).splitlines())
    return [line[2:].strip() for line in lines if line.startswith("- ") and line[2:].strip()]
