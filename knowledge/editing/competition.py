"""Competing phrasings: whether a phrasing finds its own article, or a neighbour instead. Pure but for the encoder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import log
from typing import Any

import numpy as np

from knowledge.article import localised
from knowledge.calibration import Evidence
from knowledge.index import EncodesText, Entry, Floats, Index, centre
from knowledge.lexical import K1, PIECE_WEIGHT, UNKNOWN_WEIGHT, LexicalIndex
from knowledge.search import POOLED, Searcher
from knowledge.settings import Tuning, Weights
from knowledge.text_forms import lexical_terms

NEIGHBOURS = 3  # shown per phrasing


@dataclass(frozen=True)
class Neighbour:
    """Another article that a phrasing comes near to."""

    article_id: str
    title: str
    phrasing: str  # its nearest
    similarity: float
    score: float


@dataclass(frozen=True)
class Standing:
    """How a phrasing stands among its neighbours; `score` is what the search would give the own article for it."""

    phrasing: str
    score: float
    neighbours: list[Neighbour]  # best first
    neighbour_wins: bool

    def body(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def own_entries(article_id: str, data: Mapping[str, Any]) -> list[Entry]:
    """The phrasings and titles of an article as it stands in the form, as the index would have them."""
    entries = [
        Entry(article_id, code, "phrasing", text)
        for code, texts in (data.get("questions") or {}).items()
        for text in texts or []
        if isinstance(text, str) and text.strip()
    ]
    return entries + [
        Entry(article_id, code, "title", text)
        for code, text in (data.get("title") or {}).items()
        if isinstance(text, str) and text.strip()
    ]


class Competition:
    """Compares phrasings with everything that is indexed.

    Args:
        searcher: over the index in use.
        encoder: gives vectors of texts that the index does not have.
        tuning: weights and centring of the search.
    """

    def __init__(self, searcher: Searcher, encoder: EncodesText, tuning: Tuning) -> None:
        self._searcher, self._encoder, self._tuning = searcher, encoder, tuning

    def standings(
        self, article_id: str, language: str, phrasings: Sequence[str], own: Sequence[Entry], titled: Callable[[str], str]
    ) -> list[Standing]:
        """Each phrasing asked as a citizen would ask it, with itself left out of the article.

        Args:
            article_id: the article they belong to; it need not be indexed.
            language: theirs.
            phrasings: n phrasings to look at.
            own: the article's phrasings and titles in all languages as they would be, from `own_entries`.
            titled: gives an article's title by its id.

        Returns:
            n standings, in order. The score is the search's own: phrasings, answer and words. The answer counts as it is indexed;
            for an article that is not indexed yet it counts as much as the best neighbour's, so it decides nothing.
        """
        index = self._searcher.index
        asked = self._raw([Entry(article_id, language, "phrasing", text) for text in phrasings])
        vectors = self._vectors(article_id, own)
        indexed = {row for row, entry in enumerate(index.phrasings) if entry.article_id == article_id}
        answer_rows = [row for row, entry in enumerate(index.answers) if entry.article_id == article_id]
        answers = np.asarray(index.answer_vectors)[answer_rows]
        words = _Words(index.lexical, own, index, article_id)
        mean = index.means.get(language, index.means["_overall"])
        standings = []
        for text, raw in zip(phrasings, asked, strict=True):
            query = centre(raw, mean, self._tuning.centring)
            evidence = [
                item for item in self._searcher.evidence(raw, text, language, without=indexed) if item.article_id != article_id
            ]
            kept = [row for row, entry in enumerate(own) if (entry.language, _folded(entry.text)) != (language, _folded(text))]
            near = sorted((vectors[kept] @ query).tolist(), reverse=True)[:POOLED] if kept else [0.0]
            best_answer = float((answers @ query).max()) if len(answers) else max((item.answer for item in evidence), default=0.0)
            weights = self._tuning.weights.of(index.coverage.get(language, 0.0))
            score = (
                weights.phrasing * sum(near) / len(near)
                + weights.answer * best_answer
                + weights.lexical * words.share(text, language)
            )
            ranked = sorted(((_comparable(item, weights), item) for item in evidence), key=lambda pair: -pair[0])
            neighbours = [_neighbour(item, score_, titled) for score_, item in ranked[:NEIGHBOURS]]
            wins = bool(neighbours) and neighbours[0].score > score
            standings.append(Standing(text, round(score, 3), neighbours, wins))
        return standings

    def _raw(self, entries: Sequence[Entry]) -> Floats:
        return self._encoder.encode([entry.text for entry in entries], "query")

    def _vectors(self, article_id: str, own: Sequence[Entry]) -> Floats:
        """Centred vectors of the own phrasings; only those that the index lacks are encoded."""
        index = self._searcher.index
        known = {(entry.language, entry.text): row for row, entry in enumerate(index.phrasings) if entry.article_id == article_id}
        new = [entry for entry in own if (entry.language, entry.text) not in known]
        fresh: Iterator[Floats] = iter(())
        if new:
            means = np.stack([index.means.get(entry.language, index.means["_overall"]) for entry in new])
            fresh = iter(centre(self._raw(new), means, self._tuning.centring))
        rows = [
            index.phrasing_vectors[known[entry.language, entry.text]] if (entry.language, entry.text) in known else next(fresh)
            for entry in own
        ]
        return np.stack(rows) if rows else np.zeros((0, index.phrasing_vectors.shape[1]), np.float32)


class _Words:
    """The share of a question's words that the own article has, weighted as the lexical index weights them."""

    def __init__(self, lexical: LexicalIndex, own: Sequence[Entry], index: Index, article_id: str) -> None:
        self._lexical = lexical
        self._own = own
        answers = [entry for entry in index.answers if entry.article_id == article_id]
        self._counts: Counter[str] = Counter()
        for entry in (*own, *answers):
            self._counts.update(lexical_terms(entry.text, entry.language))

    def share(self, text: str, language: str) -> float:
        counts = self._counts.copy()
        for entry in self._own:
            if (entry.language, _folded(entry.text)) == (language, _folded(text)):
                counts.subtract(lexical_terms(entry.text, entry.language))
        own = whole = 0.0
        for term in set(lexical_terms(text, language)):
            row = self._lexical.terms.get(term)
            if row is None:
                rarity = UNKNOWN_WEIGHT * log(1.0 + (self._lexical.count + 0.5) / 0.5)
                rarity *= PIECE_WEIGHT if term.startswith("#") else 1.0
            else:
                rarity = float(self._lexical.rarity[row])
            whole += rarity
            count = max(0, counts[term])
            own += rarity * count / (K1 + count)
        return own / whole if whole > 0 else 0.0


def _comparable(item: Evidence, weights: Weights) -> float:
    """The neighbour's score by what an unsaved phrasing can be scored by too: phrasings, answer and words."""
    return weights.phrasing * item.phrasing + weights.answer * item.answer + weights.lexical * item.lexical


def _neighbour(item: Evidence, score: float, titled: Callable[[str], str]) -> Neighbour:
    return Neighbour(item.article_id, titled(item.article_id), item.matched, round(item.nearest, 3), round(score, 3))


def titles(index: Index, language: str) -> Callable[[str], str]:
    """Gives the title of an indexed article in a language, else in English or Swedish."""
    return lambda key: localised(index.knowledge_base.articles[key].title, language)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
