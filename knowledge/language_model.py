"""Which language a single word is of, judged by its groups of letters: a linear model, made when the index is built.

Fast text classification with hashed character n-grams (Joulin et al. 2017), one softmax per word. It is trained on words that
come with installed packages and on our own texts (`knowledge/language_examples.py`); what it is worth is in `docs/language.md`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge.language_examples import WordSource, draw, sources, version_of_sources
from knowledge.settings import ROOT, Settings

Floats = npt.NDArray[np.float32]

FORMAT = 2  # of the stored file, the features and the training: another number trains anew
_BITS = 18  # 2^18 rows of half-precision weights: 14 MB. One bit less costs half a point on single words
_LONGEST_GROUP = 5
_LONGEST_WORD = 28  # letters; the rest of a longer one tells nothing more
_WORDS_PER_LANGUAGE = 60_000  # per round; half as many cost half a point on word pairs, a third round is worth nothing
_ROUNDS = 2
_BATCH = 4096
_RATE = 0.25
_SMOOTHING = 0.02  # a share of every word's truth spread over all languages: names and loan words are in all of them


def _mixed(values: npt.NDArray[np.uint64], shift: int, factor: int) -> npt.NDArray[np.int64]:
    """The last step of a 64-bit hash (splitmix64), folded to a row of the weights."""
    values = (values ^ (values >> np.uint64(shift))) * np.uint64(factor)
    return ((values ^ (values >> np.uint64(32))) & np.uint64((1 << _BITS) - 1)).astype(np.int64)


def features(words: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows of the weights that words use: their groups of 1 to 5 letters, with both ends marked, and each as a whole.

    Args:
        words: n words, lower case, none empty.

    Returns:
        The rows of all words one after the other, and the n + 1 positions where each word's begin and the last one's end.
    """
    marked = [f"<{word[:_LONGEST_WORD]}>" for word in words]
    lengths = np.array([len(word) for word in marked])
    width = int(lengths.max())
    letters = np.zeros((len(marked), width), np.uint64)
    places = np.arange(width) < lengths[:, None]
    letters[places] = np.frombuffer("".join(marked).encode("utf-32-le"), np.uint32)
    rows, groups = [], []
    running = np.zeros_like(letters)
    whole = np.zeros(len(marked), np.uint64)
    for size in range(1, min(_LONGEST_GROUP, width) + 1):
        starts = width - size + 1
        running = running[:, :starts] * np.uint64(0x9E3779B97F4A7C15) + letters[:, size - 1 :] + np.uint64(size * 7919)
        there = np.arange(starts) <= (lengths - size)[:, None]
        if size == 1:  # the two marks alone say nothing
            there = there & (np.arange(starts) > 0) & (np.arange(starts) < lengths[:, None] - 1)
        row, column = np.nonzero(there)
        rows.append(row)
        groups.append(_mixed(running[row, column], 29, 0xBF58476D1CE4E5B9))
    for place in range(width):
        here = places[:, place]
        whole[here] = whole[here] * np.uint64(0x100000001B3) + letters[here, place]
    rows.append(np.arange(len(marked)))
    groups.append(_mixed(whole, 31, 0x94D049BB133111EB))
    row_of = np.concatenate(rows)
    order = np.argsort(row_of, kind="stable")
    ends = np.cumsum(np.bincount(row_of, minlength=len(marked)))
    return np.concatenate(groups)[order], np.concatenate([[0], ends])


@dataclass(frozen=True)
class WordModel:
    """Weights per feature and language.

    Attributes:
        codes: the languages, l of them.
        weights: shape (2^18, l), half precision.
    """

    codes: tuple[str, ...]
    weights: npt.NDArray[np.float16]

    def log_probabilities(self, words: Sequence[str]) -> Floats:
        """Natural logarithms of each language's probability, shape (n, l).

        Args:
            words: n words, lower case, none empty.
        """
        if not words:
            return np.zeros((0, len(self.codes)), np.float32)
        rows, starts = features(words)
        scores = np.add.reduceat(self.weights[rows].astype(np.float32), starts[:-1], axis=0)
        scores -= scores.max(axis=1, keepdims=True)
        logs: Floats = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return logs

    @classmethod
    def train(
        cls,
        words: Mapping[str, WordSource],
        say: Callable[[str], None] = lambda line: None,
        per_round: int = _WORDS_PER_LANGUAGE,
        seed: int = 1,
    ) -> WordModel:
        """Trains on words drawn anew each round, the same number per language (Adagrad, one step size per feature).

        Args:
            words: what to draw from, per language.
            say: receives one line per round.
            per_round: words drawn per language and round.
            seed: of the drawing.
        """
        from scipy.sparse import csr_matrix

        codes = tuple(words)
        rng = random.Random(seed)  # noqa: S311  # no secret: the same model each time
        weights = np.zeros((1 << _BITS, len(codes)), np.float32)
        squares = np.full(1 << _BITS, 0.1, np.float32)
        for round_ in range(_ROUNDS):
            drawn = [(word, at) for at, code in enumerate(codes) for word in draw(words[code], code, per_round, rng)]
            rng.shuffle(drawn)
            loss = 0.0
            for start in range(0, len(drawn), _BATCH):
                batch = drawn[start : start + _BATCH]
                truth = np.array([at for _, at in batch])
                rows, starts = features([word for word, _ in batch])
                used, columns = np.unique(rows, return_inverse=True)
                present = csr_matrix((np.ones(len(rows), np.float32), columns, starts), shape=(len(batch), len(used)))
                scores = present @ weights[used]
                scores = np.exp(scores - scores.max(axis=1, keepdims=True))
                scores /= scores.sum(axis=1, keepdims=True)
                loss -= float(np.log(scores[np.arange(len(batch)), truth] + 1e-9).sum())
                scores -= _SMOOTHING / len(codes)
                scores[np.arange(len(batch)), truth] -= 1 - _SMOOTHING
                gradient = present.T @ scores
                squares[used] += 4 * (gradient**2).mean(axis=1)
                weights[used] -= _RATE * gradient / np.sqrt(squares[used])[:, None]
            say(f"language: round {round_ + 1} of {_ROUNDS}, {len(drawn)} words, loss {loss / len(drawn):.3f}")
        return cls(codes, weights.astype(np.float16))

    def save(self, path: Path) -> None:
        """Writes the model to an `.npz` file that is whole or not there at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}")
        with temporary.open("wb") as file:
            np.savez(file, codes=np.array(self.codes), weights=self.weights)
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> WordModel:
        """Reads a model.

        Raises:
            FileNotFoundError: there is none.
        """
        with np.load(path) as stored:
            return cls(tuple(str(code) for code in stored["codes"]), stored["weights"])


def _path(settings: Settings) -> Path:
    return settings.index_dir / f"language-{FORMAT}-{version_of_sources()}.npz"


def load_word_model(settings: Settings) -> WordModel | None:
    """The model made with the last build, or None: then the detector has lingua alone."""
    path = _path(settings)
    return WordModel.load(path) if path.exists() else None


def build_word_model(settings: Settings, say: Callable[[str], None]) -> WordModel:
    """The model, trained if these packages' words have not been trained on yet; our own texts are those of that day.

    Args:
        settings: folders.
        say: receives one line per step.
    """
    known = load_word_model(settings)
    if known is not None:
        return known
    say("language: learning words from the dictionaries (about a minute)")
    model = WordModel.train(sources(settings.articles_dir, ROOT / "texts", settings.nlu_dir), say=say)
    path = _path(settings)
    for old in settings.index_dir.glob("language-*"):
        old.unlink()
    model.save(path)
    return model
