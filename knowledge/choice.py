"""Which article, by a classifier on the sentence embedding: what similarity to single phrasings cannot see.

Nearest phrasings ask "has somebody said it like this?"; a linear classifier over all articles learns which directions of the
embedding tell neighbours apart. Each errs where the other does not (ADR 0012).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SEED = 20
EPOCHS = 12
BATCH = 1024
RATE = 0.03
DECAY = 1e-4
JITTER = 0.03  # noise added to each coordinate: a phrasing stands for its neighbourhood, not for a point
SMOOTHING = 0.05
SHARPNESS = 4.0  # vectors have length 1: without it the softmax could hardly leave the middle
FLOOR = -12.0  # log-probabilities below this say nothing more


@dataclass(frozen=True)
class Choice:
    """A trained multinomial logistic regression over the index's articles.

    Attributes:
        weights: shape (articles, dimension).
        bias: shape (articles,).
    """

    weights: Floats
    bias: Floats

    def log_probabilities(self, query: Floats) -> Floats:
        """Log-probability per article, not below `FLOOR`.

        Args:
            query: the question's centred vector, shape (dimension,), of length 1.
        """
        logits = self.weights @ query + self.bias
        logits = logits - logits.max()
        return np.asarray(np.maximum(logits - np.log(np.exp(logits).sum()), FLOOR), dtype=np.float32)

    def save(self, path: Path) -> None:
        """Writes it as one `.npz` file."""
        np.savez(path, weights=self.weights, bias=self.bias)

    @classmethod
    def load(cls, path: Path) -> Choice:
        """Reads what `save` wrote."""
        with np.load(path) as stored:
            return cls(stored["weights"], stored["bias"])

    @classmethod
    def train(
        cls, vectors: Floats, articles: NDArray[np.int32], count: int, start: Choice | None = None, epochs: int = EPOCHS
    ) -> Choice:
        """Trains on the phrasings; the same phrasings give the same classifier.

        Args:
            vectors: centred vectors of the phrasings, shape (n, dimension).
            articles: number of each phrasing's article, shape (n,).
            count: how many articles there are.
            start: where to begin instead of at nothing; what comes out then depends on it.
            epochs: times through all phrasings.
        """
        import torch
        from torch.nn import functional

        generator = torch.Generator().manual_seed(SEED)
        inputs = torch.from_numpy(np.array(vectors, dtype=np.float32))
        labels = torch.from_numpy(np.array(articles, dtype=np.int64))
        weights = torch.zeros(count, inputs.shape[1])
        bias = torch.zeros(count)
        if start is not None:
            weights, bias = torch.from_numpy(start.weights / SHARPNESS), torch.from_numpy(start.bias / SHARPNESS)
        weights.requires_grad_()
        bias.requires_grad_()
        optimiser = torch.optim.AdamW([weights, bias], lr=RATE, weight_decay=DECAY)
        steps = epochs * -(-len(inputs) // BATCH)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        for _ in range(epochs):
            for rows in torch.randperm(len(inputs), generator=generator).split(BATCH):
                near = inputs[rows] + JITTER * torch.randn(len(rows), inputs.shape[1], generator=generator)
                logits = SHARPNESS * functional.linear(functional.normalize(near, dim=-1), weights, bias)
                loss = functional.cross_entropy(logits, labels[rows], label_smoothing=SMOOTHING)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
        with torch.no_grad():
            return cls((SHARPNESS * weights).numpy().astype(np.float32), (SHARPNESS * bias).numpy().astype(np.float32))
