"""Search: from a question's vector and words to candidates with a calibrated probability. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.article import localised
from knowledge.calibration import Calibration, Evidence
from knowledge.choice import FLOOR
from knowledge.elsewhere import ANOTHER_CITY, NOBODY, PREFIX
from knowledge.index import Index, centre
from knowledge.places import names_another_city
from knowledge.settings import Parts, Tuning

Floats = NDArray[np.float32]

PROMISING = 30  # articles by their nearest phrasing that are looked at closely
SEEDS = 8  # articles that the answers and the words may each add
LETTER_ROWS = 16  # phrasings nearest by letters whose articles are added
POOLED = 3  # phrasings that speak for an article: three that fit say more than one that fits by chance
OFF_TOPIC = "out_of_scope"  # the signal trained on questions that are not the city's


@dataclass(frozen=True)
class Candidate:
    """An article that may be the right one."""

    article_id: str
    language: str
    title: str
    probability: float
    matched: str


@dataclass(frozen=True)
class Elsewhere:
    """Whose question it is, if it is not the city's: a group of `elsewhere/` and how sure the classifier is."""

    id: str
    probability: float


@dataclass(frozen=True)
class Found:
    """What a search gives."""

    candidates: list[Candidate]
    elsewhere: Elsewhere | None


class Searcher:
    """Searches one index.

    Args:
        index: a loaded index.
        tuning: weights, centring and number of phrasings to fetch.
        calibration: turns evidence into a probability.
    """

    def __init__(self, index: Index, tuning: Tuning, calibration: Calibration) -> None:
        self.index = index
        self._tuning = tuning
        self._calibration = calibration
        # A plain view of the memory-mapped file: numpy's memmap class costs microseconds at every slice.
        self._vectors: Floats = np.asarray(index.phrasing_vectors)
        self._answers: Floats = np.asarray(index.answer_vectors)
        self._strangers: Floats = np.asarray(index.elsewhere_vectors)
        # Phrasings lie article by article (`entries_of`), so an article's are one slice and need not be gathered.
        self._ends = np.searchsorted(index.phrasing_article, np.arange(len(index.article_ids) + 1)).tolist()

    def search(self, vector: Floats, text: str, language: str, k: int = 5) -> list[Candidate]:
        """The k most probable articles, best first.

        Args:
            vector: the question's embedding, shape (d,), of length 1.
            text: the question.
            language: its language, for centring, stemming and titles.
            k: how many.
        """
        return self.found(vector, text, language, k).candidates

    def found(self, vector: Floats, text: str, language: str, k: int = 5) -> Found:
        """The k most probable articles, and whose question it is if none of them's.

        Args:
            vector: the question's embedding, shape (d,), of length 1.
            text: the question.
            language: its language.
            k: how many.
        """
        evidence = self.evidence(vector, text, language)
        probabilities = self._calibration.probabilities(evidence)
        chosen = sorted(zip(evidence, probabilities, strict=True), key=lambda pair: -pair[0].score)[:k]
        # The order is the score's; a probability never exceeds that of a candidate before it, or callers that cut by it
        # would skip.
        ceiling = 1.0
        candidates = []
        for item, probability in chosen:
            ceiling = min(ceiling, probability)
            article = self.index.knowledge_base.articles[item.article_id]
            shown = next((code for code in (language, *self._tuning.titles) if code in article.title), "sv")
            title = localised(article.title, shown)
            candidates.append(Candidate(item.article_id, shown, title, round(ceiling, 4), item.matched))
        if chosen and chosen[0][0].away and ANOTHER_CITY in self.index.elsewhere:
            return Found(candidates, Elsewhere(ANOTHER_CITY.removeprefix(PREFIX), round(1.0 - candidates[0].probability, 4)))
        return Found(candidates, self._elsewhere(vector, language))

    def _elsewhere(self, vector: Floats, language: str) -> Elsewhere | None:
        """The group of `elsewhere/` that the classifier prefers to every article, if it is one with somewhere to point to."""
        index = self.index
        if index.choice is None or not index.elsewhere:
            return None
        chosen = index.choice.log_probabilities(self._centred(vector, language))
        articles = len(index.article_ids)
        best = int(chosen[articles:].argmax())
        name = index.elsewhere[best].removeprefix(PREFIX)
        if name == NOBODY or chosen[articles + best] < chosen[:articles].max():
            return None
        return Elsewhere(name, round(float(np.exp(chosen[articles + best])), 4))

    def _centred(self, vector: Floats, language: str) -> Floats:
        mean = self.index.means.get(language, self.index.means["_overall"])
        return centre(vector, mean, self._tuning.centring)

    def evidence(self, vector: Floats, text: str, language: str, without: Set[int] = frozenset()) -> list[Evidence]:
        """What speaks for each article that comes into question, best first.

        Args:
            vector: the question's embedding, shape (d,).
            text: the question.
            language: its language.
            without: rows of phrasings to leave out (calibration holds out the phrasing it asks).
        """
        index = self.index
        query = self._centred(vector, language)
        answers = np.full(len(index.article_ids), -1.0, np.float32)
        np.maximum.at(answers, index.answer_article, self._answers @ query)
        lexical = index.lexical.scores(text, language)
        letters = index.letters.similarities(text)
        if without:
            letters[list(without)] = 0.0
        chosen = self._chosen(query)
        strangers = self._strangers @ query if len(self._strangers) else np.full(1, -1.0, np.float32)
        stranger = float(strangers.max())
        nobody = float(np.logaddexp.reduce(chosen[len(index.article_ids) :])) if index.elsewhere else FLOOR
        pooled = self._pool(self._promising(query, answers, lexical, letters, without), query, without)
        signals = index.signals.probabilities(vector) if index.signals else {}

        away = names_another_city(text)
        covered = index.coverage.get(language, 0.0)
        weights = self._tuning.weights.of(covered)
        found = []
        for article, near in pooled.items():
            # Words can only meet where an article is written in the question's language.
            spoken = language in index.knowledge_base.articles[index.article_ids[article]].questions
            parts = Parts(
                near.typical,
                near.best,
                float(answers[article]),
                float(lexical[article]) if spoken else 0.0,
                float(letters[self._ends[article] : self._ends[article + 1]].max()),
                float(chosen[article]),
                0.0 if spoken else 1.0,
            )
            found.append((weights.score(parts), article, near, parts, spoken))
        found.sort(key=lambda item: (-item[0], item[1]))
        scores = [item[0] for item in found[:2]] + [0.0, 0.0]
        return [
            Evidence(
                article_id=index.article_ids[article],
                score=score,
                phrasing=parts.phrasing,
                nearest=parts.nearest,
                answer=parts.answer,
                lexical=parts.lexical,
                letters=parts.letters,
                choice=parts.choice,
                margin=score - scores[1 if rank == 0 else 0],
                rival=parts.nearest - stranger,
                outside=parts.choice - nobody,
                away=away and not names_another_city(index.phrasings[near.row].text),
                unspoken=parts.unspoken,
                covered=covered,
                off_topic=signals.get(OFF_TOPIC, 0.0),
                words=len(text.split()),
                matched=index.phrasings[near.row].text,
            )
            for rank, (score, article, near, parts, spoken) in enumerate(found)
        ]

    def _chosen(self, query: Floats) -> Floats:
        """Log-probabilities per article, then per group of `elsewhere/`; all alike without a classifier."""
        index = self.index
        if index.choice is None:
            return np.full(len(index.article_ids) + len(index.elsewhere), FLOOR, np.float32)
        return index.choice.log_probabilities(query)

    def _promising(self, query: Floats, answers: Floats, lexical: Floats, letters: Floats, without: Set[int]) -> list[int]:
        """Numbers of the articles worth a closer look: the nearest by phrasings, and the first by answers, words and letters."""
        index = self.index
        fetched = min(self._tuning.retrieve + len(without), len(index.phrasings))
        _, rows = index.faiss_index.search(query[None, :], fetched)
        near = [int(index.phrasing_article[row]) for row in rows[0].tolist() if row >= 0 and row not in without]
        first = [*np.argsort(-answers)[:SEEDS].tolist(), *np.argsort(-lexical)[:SEEDS].tolist()]
        by_letters = np.argpartition(-letters, min(LETTER_ROWS, len(letters) - 1))[:LETTER_ROWS]
        first += dict.fromkeys(index.phrasing_article[by_letters].tolist())
        return list(dict.fromkeys([*list(dict.fromkeys(near))[:PROMISING], *first]))

    def _pool(self, articles: Sequence[int], query: Floats, without: Set[int]) -> dict[int, _Nearest]:
        """How near each article's phrasings, titles among them, are to the question; without articles that have all left out."""
        pooled = {}
        for article in articles:
            start, end = self._ends[article], self._ends[article + 1]
            own = self._vectors[start:end] @ query
            left_out = [row - start for row in without if start <= row < end] if without else []
            if left_out:
                own[left_out] = -np.inf
            count = min(POOLED, len(own) - len(left_out))
            if count <= 0:
                continue
            top = np.partition(own, len(own) - count)[len(own) - count :]
            pooled[article] = _Nearest(float(top.max()), float(top.mean()), start + int(own.argmax()))
        return pooled


@dataclass(frozen=True)
class _Nearest:
    """The best similarity, the mean of the three best, and the row of the best."""

    best: float
    typical: float
    row: int
