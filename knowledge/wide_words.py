"""One word that fits many articles ("avgift", "school"): what to ask back.

The calibrated probability is that of a question; a lone word says which articles have it, not what is wanted. Editors decide what
such a word means by writing it among an article's phrasings; any other that articles of several areas have is asked about.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from knowledge.search import Candidate, Searcher
from knowledge.text_forms import fold

CONSIDERED = 50  # candidates looked at
CLOSE = 5  # of these that have the word, so many are close enough to be meant
MOST = 3  # titles in a question back
HAS_WORD = 0.5  # share of the word's weight, from which an article has it in earnest
MANY = 3  # so many articles, of more than one area, make a word wide


def choices(searcher: Searcher, found: Sequence[Candidate], text: str, language: str) -> list[Candidate]:
    """Articles to ask about.

    Args:
        searcher: the index.
        found: the message's candidates, best first, at best `CONSIDERED` of them.
        text: the message.
        language: its language.

    Returns:
        Two or three articles, the first candidate and then the best of other areas; none when the message is not one word,
        when the word is one of the first candidate's own phrasings, or when it is not wide.
    """
    words = text.strip(" \t\n.,!?؟…").split()
    if len(words) != 1 or not found:
        return []
    index = searcher.index
    word, base = fold(words[0]), index.knowledge_base.articles
    number = index.article_ids.index(found[0].article_id)
    start, end = np.searchsorted(index.phrasing_article, [number, number + 1]).tolist()  # they lie article by article
    if any(fold(entry.text) == word for entry in index.phrasings[start:end]):
        return []
    scores = index.lexical.scores(words[0], language)
    having = {index.article_ids[number] for number in np.flatnonzero(scores >= HAS_WORD).tolist()}
    if len(having) < MANY or len({base[article_id].area for article_id in having}) < 2:
        return []
    near = [found[0], *(candidate for candidate in found[1:] if candidate.article_id in having)][:CLOSE]
    first_of_area = {base[candidate.article_id].area: candidate for candidate in reversed(near)}
    asked = [candidate for candidate in near if first_of_area[base[candidate.article_id].area] is candidate]
    others = [candidate for candidate in near if candidate not in asked]
    return (asked + others)[:MOST] if len(near) > 1 else []
