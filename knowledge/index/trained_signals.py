"""The signals classifier, trained anew only when its examples change: an editor's correction must be in use within seconds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.index.vector_cache import VectorCache, key_of
from knowledge.settings import Settings
from knowledge.signals import MAX_PHRASINGS, Signals, training_files

SIGNALS_FORMAT = 5  # raise when their training changes


@dataclass(frozen=True)
class Trained:
    """The classifier, None without examples, and what it can do."""

    signals: Signals | None
    figures: dict[str, dict[str, float]]


class TrainedSignals:
    """Keeps the trained classifier beside the index, under a hash of its examples' files.

    Args:
        settings: folders and model.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept: tuple[Path, Trained] | None = None

    def missing(self) -> list[str]:
        """The examples, if the classifier must be trained."""
        stored = self._stored()
        if stored.exists() and stored.with_suffix(".json").exists():
            return []
        return [text for texts in Signals.read_examples(self._settings.nlu_dir).values() for text in texts]

    def trained(self, cache: VectorCache, phrasings: Sequence[bytes], say: Callable[[str], None]) -> Trained:
        """The classifier: as kept, as stored, or trained.

        Args:
            cache: has the vectors of the phrasings and of what `missing` named.
            phrasings: keys of the articles' phrasings, the class `faq`.
            say: receives a line when it is trained.
        """
        stored = self._stored()
        if self._kept is None or self._kept[0] != stored:
            self._kept = stored, self._read(stored) or self._train(stored, cache, phrasings, say)
        return self._kept[1]

    def _stored(self) -> Path:
        digest = hashlib.sha256(f"{SIGNALS_FORMAT}|{self._settings.encoder_name}".encode())
        for path in training_files(self._settings.nlu_dir):
            digest.update(path.read_bytes())
        return self._settings.index_dir / f"signals-{digest.hexdigest()[:16]}.npz"

    def _read(self, stored: Path) -> Trained | None:
        figures = stored.with_suffix(".json")
        if not stored.exists() or not figures.exists():
            return None
        return Trained(Signals.load(stored), json.loads(figures.read_text(encoding="utf-8")))

    def _train(self, stored: Path, cache: VectorCache, phrasings: Sequence[bytes], say: Callable[[str], None]) -> Trained:
        examples = Signals.read_examples(self._settings.nlu_dir)
        if not examples:
            return Trained(None, {})
        say(f"signals: training on {sum(map(len, examples.values()))} examples of {len(examples)} intents")
        if len(phrasings) > MAX_PHRASINGS:
            chosen = np.random.default_rng(2).choice(len(phrasings), MAX_PHRASINGS, replace=False)
            phrasings = [phrasings[row] for row in chosen]
        vectors = {name: cache.known([key_of("query", text) for text in texts]) for name, texts in examples.items()}
        trained = Trained(*Signals.train(vectors, cache.known(phrasings)))
        self._store(stored, trained)
        return trained

    def _store(self, stored: Path, trained: Trained) -> None:
        assert trained.signals is not None
        stored.parent.mkdir(parents=True, exist_ok=True)
        for old in stored.parent.glob("signals-*"):
            old.unlink()
        # The figures first: a classifier that is there is whole.
        stored.with_suffix(".json").write_text(json.dumps(trained.figures, indent=1), encoding="utf-8")
        aside = stored.with_name(f".{stored.name}")
        trained.signals.save(aside)
        aside.replace(stored)
