"""Lexical search: how much of what a question says, weighted by how rare it is, an article says too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from knowledge.text_forms import lexical_terms

if TYPE_CHECKING:
    from knowledge.index import Entry

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

K1 = 1.2  # BM25's usual saturation; articles are of similar length, so its length term is left out
PIECE_WEIGHT = 0.25  # a four-letter piece counts as a quarter of a word
UNKNOWN_WEIGHT = 1.0  # a term that no article has counts fully against them: it is what the question is about

_TERMS = "terms.txt"
_ARRAYS = ("starts", "articles", "counts")


@dataclass(frozen=True)
class LexicalIndex:
    """Postings per term (compressed rows).

    Attributes:
        terms: row of each term, in the terms' order.
        starts: where each term's postings begin, shape (terms + 1,).
        articles: article numbers, ascending within a term.
        counts: how often the article has the term.
        count: number of articles.
    """

    terms: dict[str, int]
    starts: Ints
    articles: NDArray[np.int32]
    counts: NDArray[np.int32]
    count: int

    @classmethod
    def build(cls, entries: Iterable[Entry], article_ids: Sequence[str]) -> LexicalIndex:
        """Indexes the texts of each article, all its languages together.

        Args:
            entries: phrasings, titles and answers.
            article_ids: their order gives the article numbers.
        """
        number = {key: position for position, key in enumerate(article_ids)}
        texts: dict[int, list[Entry]] = {}
        for entry in entries:
            texts.setdefault(number[entry.article_id], []).append(entry)
        return cls.nothing().edited({}, texts, len(article_ids))

    @classmethod
    def nothing(cls) -> LexicalIndex:
        """The index of no article."""
        return cls({}, np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int32), 0)

    def edited(self, kept: Mapping[int, int], texts: Mapping[int, Iterable[Entry]], count: int) -> LexicalIndex:
        """This index after an edit: the same, to the last bit, as one built from scratch.

        Args:
            kept: articles whose texts are the same, old number → new number, in the same order.
            texts: the entries of every other article, by its new number.
            count: number of articles.
        """
        renumbered = np.full(self.count + 1, -1, np.int64)
        renumbered[list(kept)] = list(kept.values())
        articles = renumbered[self.articles]
        stay = articles >= 0
        rows = np.repeat(np.arange(len(self.terms)), np.diff(self.starts))[stay]
        vocabulary = dict(self.terms)
        new_rows, new_articles, new_counts = [rows[:0]], [articles[:0]], [self.counts[:0]]
        for article, entries in sorted(texts.items()):
            terms = Counter(term for entry in entries for term in lexical_terms(entry.text, entry.language))
            new_rows.append(np.array([vocabulary.setdefault(term, len(vocabulary)) for term in terms], np.int64))
            new_articles.append(np.full(len(terms), article, np.int64))
            new_counts.append(np.array(list(terms.values()), np.int32))
        rows = np.concatenate([rows, *new_rows])
        articles = np.concatenate([articles[stay], *new_articles])
        counts = np.concatenate([self.counts[stay], *new_counts])

        # Terms in use, sorted: then the postings, by term and article.
        used = np.bincount(rows, minlength=len(vocabulary))
        names = list(vocabulary)
        sorted_rows = sorted(np.flatnonzero(used).tolist(), key=names.__getitem__)
        place = np.zeros(len(names), np.int64)
        place[sorted_rows] = np.arange(len(sorted_rows))
        order = np.argsort(place[rows] * count + articles, kind="stable")  # nearly sorted: timsort's case
        return LexicalIndex(
            {names[row]: position for position, row in enumerate(sorted_rows)},
            np.concatenate([[0], np.cumsum(used[sorted_rows])]).astype(np.int64),
            articles[order].astype(np.int32),
            counts[order].astype(np.int32),
            count,
        )

    @cached_property
    def weights(self) -> Floats:
        """Saturated frequency of each posting, 0 to 1."""
        return np.asarray(self.counts / (K1 + self.counts), dtype=np.float32)

    @cached_property
    def rarity(self) -> Floats:
        """Weight of each term: rare ones count more."""
        share = np.where(np.array([term.startswith("#") for term in self.terms], bool), PIECE_WEIGHT, 1.0)
        return np.asarray(_rarity(np.diff(self.starts), self.count) * share, dtype=np.float32)

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
                weight = UNKNOWN_WEIGHT * float(_rarity(np.zeros(1), self.count)[0])
                whole += weight * (PIECE_WEIGHT if term.startswith("#") else 1.0)
                continue
            whole += float(self.rarity[row])
            rows = slice(int(self.starts[row]), int(self.starts[row + 1]))
            scores[self.articles[rows]] += self.rarity[row] * self.weights[rows]
        return scores / whole if whole > 0 else scores

    def save(self, folder: Path) -> None:
        """Writes the index as a folder."""
        folder.mkdir()
        (folder / _TERMS).write_text("\n".join(self.terms), encoding="utf-8")
        for name in _ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name))
        np.save(folder / "count.npy", self.count)

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        """Reads what `save` wrote."""
        names = (folder / _TERMS).read_text(encoding="utf-8")
        terms = {term: row for row, term in enumerate(names.split("\n") if names else [])}
        starts, articles, counts = (np.load(folder / f"{name}.npy") for name in _ARRAYS)
        return cls(terms, starts, articles, counts, int(np.load(folder / "count.npy")))


def _rarity(having: NDArray[Any], documents: int) -> NDArray[np.float64]:
    """Weight of terms that so many of the documents have."""
    return np.asarray(np.log(1.0 + (documents - having + 0.5) / (having + 0.5)), dtype=np.float64)
