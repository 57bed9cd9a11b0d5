"""One word that many articles have is asked about; one that an editor gave to an article is answered."""

from __future__ import annotations

import pytest

from knowledge.encoder import Encoder
from knowledge.index import load_index
from knowledge.search import Searcher
from knowledge.settings import Settings
from knowledge.wide_words import CONSIDERED, choices


@pytest.fixture(scope="module")
def searcher() -> Searcher:
    """The city's own index: how wide a word is depends on all articles."""
    from knowledge.calibration import Calibration

    settings = Settings()
    return Searcher(load_index(settings), settings.tuning, Calibration.load())


def asked_about(searcher: Searcher, encoder: Encoder, text: str, language: str) -> list[str]:
    vector = encoder.encode([text])[0]
    found = searcher.search(vector, text, language, CONSIDERED)
    return [candidate.article_id for candidate in choices(searcher, found, text, language)]


@pytest.mark.parametrize(
    ("word", "language"),
    [("avgift", "sv"), ("Hjälp!", "sv"), ("school", "en"), ("maksu", "fi"), ("مدرسة", "ar"), ("ayuda", "es")],
)
def test_a_wide_word_gets_three_different_titles(searcher: Searcher, encoder: Encoder, word: str, language: str) -> None:
    asked = asked_about(searcher, encoder, word, language)
    assert len(asked) == 3 == len(set(asked))


@pytest.mark.parametrize(("word", "language"), [("avgift", "sv"), ("fee", "en"), ("ayuda", "es")])
def test_they_come_from_several_areas(searcher: Searcher, encoder: Encoder, word: str, language: str) -> None:
    articles = searcher.index.knowledge_base.articles
    assert len({articles[article_id].area for article_id in asked_about(searcher, encoder, word, language)}) > 1


@pytest.mark.parametrize(
    ("text", "language"),
    [("bygglov", "sv"), ("färdtjänst", "sv"), ("Bygglov?", "sv"), ("uimahalli", "fi"), ("xyzzy", "en"), ("", "sv"), ("?!", "sv"),
     ("vad kostar tippen", "sv")],
)  # fmt: skip
def test_other_messages_ask_nothing(searcher: Searcher, encoder: Encoder, text: str, language: str) -> None:
    assert asked_about(searcher, encoder, text, language) == []


def test_nothing_found_asks_nothing(searcher: Searcher) -> None:
    assert choices(searcher, [], "avgift", "sv") == []
