"""What an article brings into the index: its phrasings, titles and answers, each as one entry."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Literal

from knowledge.article import Article, KnowledgeBase

Kind = Literal["phrasing", "title", "answer"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One indexed text."""

    article_id: str
    language: str
    kind: Kind
    text: str


@dataclass(frozen=True)
class ArticleTexts:
    """All that one article brings.

    Attributes:
        phrasings: phrasings and titles, in the order of the index's rows.
        answers: rendered, each with its title before it.
        digest: of all of them; the same texts have the same digest.
    """

    phrasings: tuple[Entry, ...]
    answers: tuple[Entry, ...]
    digest: str


def texts_of(base: KnowledgeBase, article: Article) -> ArticleTexts:
    """The texts of one article.

    Args:
        base: fills in the telephone numbers and departments that the answers name.
        article: one of its articles.
    """
    phrasings = [
        Entry(article.id, language, "phrasing", text)
        for language in sorted(article.questions)
        for text in article.questions[language]
    ]
    phrasings += [Entry(article.id, code, "title", article.title[code]) for code in sorted(article.title)]
    answers = [
        Entry(
            article.id,
            language,
            "answer",
            f"{article.title.get(language, '')}. {base.render(article.answer[language], language)}",
        )
        for language in sorted(article.answer)
    ]
    digest = hashlib.sha256()
    for entry in (*phrasings, *answers):
        digest.update(f"{entry.kind}\0{entry.language}\0{entry.text}\0".encode())
    return ArticleTexts(tuple(phrasings), tuple(answers), digest.hexdigest())


def entries_of(base: KnowledgeBase, today: dt.date) -> tuple[list[Entry], list[Entry]]:
    """Every text to index of the articles that may be shown: (phrasings and titles, answers), article by article in the order
    of their ids."""
    texts = [texts_of(base, article) for article in base.answerable(today).values()]
    return [entry for item in texts for entry in item.phrasings], [entry for item in texts for entry in item.answers]
