"""Lexical search: how much of what a question says, weighted by how rare it is, an article says too."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from knowledge.text_forms import lexical_terms

if TYPE_CHECKING:
    from knowledge.index import Entry

Floats = NDArray[np.float32]

K1 = 1.2  # BM25's usual saturation; articles are of similar length, so its length term is left out
PIECE_WEIGHT = 0.25  # a four-letter piece counts as a quarter of a word
UNKNOWN_WEIGHT = 1.0  # a term that no article has counts fully against them: it is what the question is about


@dataclass(frozen=True)
class LexicalIndex:
    """Postings per term (compressed rows): article numbers and saturated frequencies."""

    terms: dict[str, int]
    starts: NDArray[np.int64]
    articles: NDArray[np.int32]
    weights: Floats
    rarity: Floats
    count: int

    @classmethod
    def build(cls, entries: Sequence[Entry], article_ids: Sequence[str]) -> LexicalIndex:
        """Indexes the texts of each article, all its languages together.

        Args:
            entries: phrasings, titles and answers.
            article_ids: their order gives the article numbers.
        """
        number = {key: position for position, key in enumerate(article_ids)}
        frequencies: dict[str, Counter[int]] = {}
        for entry in entries:
            for term in lexical_terms(entry.text, entry.language):
                frequencies.setdefault(term, Counter())[number[entry.article_id]] += 1
        terms = {term: row for row, term in enumerate(sorted(frequencies))}
        starts, articles, weights, rarity = [0], [], [], []
        for term in terms:
            postings = frequencies[term]
            articles += list(postings)
            weights += [(K1 + 1) * count / (K1 + count) / (K1 + 1) for count in postings.values()]
            starts.append(len(articles))
            rarity.append(_rarity(len(postings), len(article_ids)) * (PIECE_WEIGHT if term.startswith("#") else 1.0))
        return cls(
            terms, np.array(starts, np.int64), np.array(articles, np.int32), np.array(weights, np.float32),
            np.array(rarity, np.float32), len(article_ids),
        )  # fmt: skip

    def scores(self, text: str, language: str) -> Floats:
        """Share (0 to 1) of the question's weighted terms that each article has.

        Args:
            text: a question.
            language: decides the stemmer.

        Returns:
            Float32 array, one value per article.
        """
        scores = np.zeros(self.count, np.float32)
        whole = 0.0
        for term in set(lexical_terms(text, language)):
            row = self.terms.get(term)
            if row is None:
                weight = UNKNOWN_WEIGHT * _rarity(0, self.count)
                whole += weight * (PIECE_WEIGHT if term.startswith("#") else 1.0)
                continue
            whole += float(self.rarity[row])
            rows = slice(int(self.starts[row]), int(self.starts[row + 1]))
            scores[self.articles[rows]] += self.rarity[row] * self.weights[rows]
        return scores / whole if whole > 0 else scores

    def save(self, path: Path) -> None:
        """Writes the index as one `.npz` file."""
        np.savez(
            path, terms=np.array(list(self.terms)), starts=self.starts, articles=self.articles, weights=self.weights,
            rarity=self.rarity, count=self.count,
        )  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> LexicalIndex:
        """Reads what `save` wrote."""
        with np.load(path) as stored:
            terms = {term: row for row, term in enumerate(stored["terms"].tolist())}
            return cls(terms, stored["starts"], stored["articles"], stored["weights"], stored["rarity"], int(stored["count"]))


def _rarity(document_frequency: int, documents: int) -> float:
    return math.log(1.0 + (documents - document_frequency + 0.5) / (document_frequency + 0.5))
