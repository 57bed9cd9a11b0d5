"""Search: from a question's vector and words to candidates with a calibrated probability. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.article import localised
from knowledge.calibration import Calibration, Evidence
from knowledge.index import Index, centre
from knowledge.settings import Tuning

Floats = NDArray[np.float32]

LEXICAL_SEEDS = 10  # articles that lexical search may add to those the vectors found


@dataclass(frozen=True)
class Candidate:
    """An article that may be the right one."""

    article_id: str
    language: str
    title: str
    probability: float
    matched: str


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
        order = np.argsort(index.phrasing_article, kind="stable")
        self._rows_of = np.split(order, np.searchsorted(index.phrasing_article[order], np.arange(1, len(index.article_ids))))

    def search(self, vector: Floats, text: str, language: str, k: int = 5) -> list[Candidate]:
        """The k most probable articles, best first.

        Args:
            vector: the question's embedding, shape (d,), of length 1.
            text: the question.
            language: its language, for centring, stemming and titles.
            k: how many.
        """
        evidence = self.evidence(vector, text, language)
        probabilities = self._calibration.probabilities(evidence)
        chosen = sorted(zip(evidence, probabilities, strict=True), key=lambda pair: -pair[0].score)[:k]
        # The order is the score's; a probability never exceeds that of a candidate before it, or callers that cut by it would skip.
        ceiling = 1.0
        candidates = []
        for item, probability in chosen:
            ceiling = min(ceiling, probability)
            article = self.index.knowledge_base.articles[item.article_id]
            shown = next((code for code in (language, *self._tuning.titles) if code in article.title), "sv")
            title = localised(article.title, shown)
            candidates.append(Candidate(item.article_id, shown, title, round(ceiling, 4), item.matched))
        return candidates

    def evidence(self, vector: Floats, text: str, language: str, without: Set[int] = frozenset()) -> list[Evidence]:
        """What speaks for each article that comes into question, best first.

        Args:
            vector: the question's embedding, shape (d,).
            text: the question.
            language: its language.
            without: rows of phrasings to leave out (calibration holds out the phrasing it asks).
        """
        index = self.index
        mean = index.means.get(language, index.means["_overall"])
        query = centre(vector, mean, self._tuning.centring)
        fetched = min(self._tuning.retrieve + len(without), len(index.phrasings))
        similarities, rows = index.faiss_index.search(query[None, :], fetched)
        answer_similarities = np.asarray(index.answer_vectors @ query)
        answers = np.full(len(index.article_ids), -1.0, np.float32)
        np.maximum.at(answers, index.answer_article, answer_similarities)
        lexical = index.lexical.scores(text, language)

        best: dict[int, tuple[float, int]] = {}
        for similarity, row in zip(similarities[0].tolist(), rows[0].tolist(), strict=True):
            if row < 0 or row in without:
                continue
            article = int(index.phrasing_article[row])
            if article not in best:
                best[article] = (similarity, row)
        seeds = {*np.argsort(-lexical)[:LEXICAL_SEEDS].tolist(), *np.argsort(-answers)[:LEXICAL_SEEDS].tolist()}
        for article in seeds - best.keys():
            own = [row for row in self._rows_of[article].tolist() if row not in without]
            if own:
                scores = index.phrasing_vectors[own] @ query
                top = int(np.argmax(scores))
                best[article] = (float(scores[top]), own[top])

        weights = self._tuning.weights
        found = [
            (
                weights.phrasing * similarity + weights.answer * float(answers[article]) + weights.lexical * float(lexical[article]),
                article,
                similarity,
                row,
            )
            for article, (similarity, row) in best.items()
        ]
        found.sort(reverse=True)
        top_score = found[0][0] if found else 0.0
        second = found[1][0] if len(found) > 1 else 0.0
        return [
            Evidence(
                article_id=index.article_ids[article],
                score=score,
                phrasing=similarity,
                answer=float(answers[article]),
                lexical=float(lexical[article]),
                margin=score - (second if score == top_score else top_score),
                spoken=language in index.knowledge_base.articles[index.article_ids[article]].questions,
                words=len(text.split()),
                matched=index.phrasings[row].text,
            )
            for score, article, similarity, row in found
        ]
