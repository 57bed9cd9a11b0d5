"""Suggestions while a citizen types: titles of articles whose words begin with what is written. No encoder: a key press is cheap.

A suggestion must be right more than it must be there: a title is offered when the words written so far, weighted by how few
articles have them, stand in that article's title or phrasings. The help lines are never offered: what somebody in danger writes
shall be sent as they write it.
"""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from knowledge.article import EMERGENCY_AREA, Article, KnowledgeBase
from knowledge.text_forms import fold, stem, words

MOST_WORDS = 8  # of what is written, the last ones
LEAST_BEGINNING = 3  # letters; "dö" is not the beginning of "dörr"
PHRASING_WEIGHT = (0.35, 0.9)  # of a word in one of many phrasings, and in OFTEN or more of them; a word of the title has 1
OFTEN = 0.15
UNFINISHED_FORM = 0.7  # another form of a word that may go on: "parker" is rather the beginning of "parkering" than parks
LEAST_SCORE = 0.55  # of 1.0: every word, whole, in the title
LEAST_SCORE_ELSEWHERE = 0.7  # in another language than the conversation's
COMMON = 0.4  # a word that so many of the articles have says nothing alone ("hur", "jag")


@dataclass(frozen=True)
class Suggestion:
    """An article that what is being written may be about."""

    article_id: str
    language: str
    title: str


Weights = Mapping[str, float]


@dataclass(frozen=True)
class _ArticleWords:
    """An article's words per language: folded as they stand, and their stems; how much each says of it."""

    article: Article
    whole: Mapping[str, Weights]
    stems: Mapping[str, Weights]

    @classmethod
    def of(cls, article: Article) -> _ArticleWords:
        whole: dict[str, Weights] = {}
        stems: dict[str, Weights] = {}
        for language in article.title.keys() & article.answer.keys():
            title = article.title[language]
            phrasings = [set(words(text.casefold())) for text in article.questions.get(language, ())]
            in_title = set(words(title.casefold()))
            forms = {word: (fold(word), stem(word, language)) for word in in_title.union(*phrasings)}
            for at, by_language in enumerate((whole, stems)):
                counts = Counter(form for said in phrasings for form in {forms[word][at] for word in said})
                weights = {form: _phrasing_weight(count / len(phrasings)) for form, count in counts.items()}
                by_language[language] = weights | {forms[word][at]: 1.0 for word in in_title}
        return cls(article, whole, stems)


def _phrasing_weight(share: float) -> float:
    """How much a word says of an article that has it in this share of its phrasings: "hund" is said once about bathing water."""
    least, most = PHRASING_WEIGHT
    return least + (most - least) * min(1.0, share / OFTEN)


class _Shelf:
    """The words of all articles in one language."""

    def __init__(self, language: str, articles: Iterable[_ArticleWords]) -> None:
        self.language = language
        self._whole: dict[str, dict[str, float]] = {}
        self._stems: dict[str, dict[str, float]] = {}
        self.titles: dict[str, str] = {}
        for item in articles:
            key = item.article.id
            self.titles[key] = item.article.title[language]
            for weights, postings in ((item.whole[language], self._whole), (item.stems[language], self._stems)):
                for word, weight in weights.items():
                    postings.setdefault(word, {})[key] = weight
        self._sorted = sorted(self._whole)

    def _beginning(self, word: str) -> dict[str, float]:
        """Articles with a word that begins so; the more of it is written, the more it counts."""
        found: dict[str, float] = {}
        if len(word) < LEAST_BEGINNING:
            return found
        at = bisect_left(self._sorted, word)
        while at < len(self._sorted) and self._sorted[at].startswith(word):
            share = 0.5 + 0.5 * len(word) / len(self._sorted[at])
            for key, weight in self._whole[self._sorted[at]].items():
                found[key] = max(found.get(key, 0.0), weight * share)
            at += 1
        return found

    def _having(self, word: str, *, unfinished: bool) -> dict[str, float]:
        """Articles with a word or another form of it."""
        share = UNFINISHED_FORM if unfinished else 1.0
        found = {key: weight * share for key, weight in self._stems.get(stem(word, self.language), {}).items()}
        for key, weight in self._whole.get(fold(word), {}).items():
            found[key] = max(found.get(key, 0.0), weight)
        return found

    def scores(self, written: list[str], *, unfinished: bool) -> dict[str, float]:
        """How well each article fits what is written, 0 to 1.

        Args:
            written: the words, in order.
            unfinished: whether the last one may go on.
        """
        total, telling = 0.0, False
        sums: dict[str, float] = {}
        for at, word in enumerate(written):
            goes_on = unfinished and at == len(written) - 1
            found = self._having(word, unfinished=goes_on)
            if goes_on:
                for key, weight in self._beginning(fold(word)).items():
                    found[key] = max(found.get(key, 0.0), weight)
            rarity = math.log((len(self.titles) + 1) / (len(found) + 1))
            telling = telling or 0 < len(found) <= COMMON * len(self.titles)
            total += rarity
            for key, weight in found.items():
                sums[key] = sums.get(key, 0.0) + weight * rarity
        return {key: value / total for key, value in sums.items()} if telling and total > 0 else {}


class Suggester:
    """Suggests articles of a knowledge base.

    Args:
        base: its articles.
        before: the one in use until now: what has not changed is not read again.
    """

    def __init__(self, base: KnowledgeBase, before: Suggester | None = None) -> None:
        known = before._articles if before is not None else {}
        self._articles: dict[str, _ArticleWords] = {}
        for key, article in sorted(base.articles.items()):
            if article.status != "published" or article.area == EMERGENCY_AREA:
                continue
            kept = known.get(key)
            self._articles[key] = kept if kept is not None and kept.article is article else _ArticleWords.of(article)
        languages = {language for item in self._articles.values() for language in item.whole}
        self._shelves = {
            language: _Shelf(language, [item for item in self._articles.values() if language in item.whole])
            for language in sorted(languages)
        }

    def suggest(self, text: str, language: str, today: dt.date, limit: int = 4) -> list[Suggestion]:
        """Articles, best first, at most `limit`.

        Args:
            text: what is written so far.
            language: the conversation's. When it has nothing that fits, the language that fits best is offered: people begin to
                write in their own before anything has changed to it.
            today: articles that may not be shown today are left out.
            limit: at most so many.
        """
        written = words(text)[-MOST_WORDS:]
        if not written:
            return []
        unfinished = not text[-1:].isspace()
        shelf = self._shelves.get(language)
        if shelf is not None and (found := self._best(shelf, written, unfinished, today, LEAST_SCORE)):
            return self._named(found[:limit], shelf)
        others = [
            (found[0][0], other.language, found)
            for other in self._shelves.values()
            if other is not shelf and (found := self._best(other, written, unfinished, today, LEAST_SCORE_ELSEWHERE))
        ]
        if not others:
            return []
        _, chosen, found = max(others, key=lambda one: one[0])
        return self._named(found[:limit], self._shelves[chosen])

    def _best(self, shelf: _Shelf, written: list[str], unfinished: bool, today: dt.date, least: float) -> list[tuple[float, str]]:
        scores = shelf.scores(written, unfinished=unfinished)
        found = [(score, key) for key, score in scores.items() if score >= least]
        found.sort(key=lambda one: (-round(one[0], 3), len(shelf.titles[one[1]]), one[1]))
        return [one for one in found if self._articles[one[1]].article.is_answerable(today)]

    @staticmethod
    def _named(found: list[tuple[float, str]], shelf: _Shelf) -> list[Suggestion]:
        return [Suggestion(key, shelf.language, shelf.titles[key]) for _, key in found]
