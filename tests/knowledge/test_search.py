"""A question in a citizen's own words finds its article; the probabilities can be cut anywhere."""

import numpy as np
import pytest

from knowledge.calibration import Calibration
from knowledge.encoder import Encoder
from knowledge.index import build_index, load_index
from knowledge.lexical import LexicalIndex
from knowledge.search import Searcher
from knowledge.settings import Settings
from tests.knowledge.conftest import TODAY


@pytest.fixture
def searcher(settings: Settings, encoder: Encoder) -> Searcher:
    build_index(settings, lambda: encoder, TODAY, lambda line: None)
    return Searcher(load_index(settings), settings.tuning, Calibration.load())


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("vad kostar det att slänga en soffa på soptippen", "sv", "avc-regler"),
        ("min dotter fyller ett, hur får hon dagisplats", "sv", "forskola-ansokan"),
        ("I just moved here and want to study Swedish", "en", "sfi"),
        ("Haluan lapselleni päiväkotipaikan", "fi", "forskola-ansokan"),
        ("أريد تعلم اللغة السويدية", "ar", "sfi"),
        ("Gdzie mogę uczyć się szwedzkiego?", "pl", "sfi"),
    ],
)
def test_the_right_article_comes_first(searcher: Searcher, encoder: Encoder, text: str, language: str, expected: str) -> None:
    found = searcher.search(encoder.encode([text])[0], text, language)
    assert found[0].article_id == expected


def test_probabilities_never_rise_down_the_list(searcher: Searcher, encoder: Encoder) -> None:
    text = "kostar det något och hur anmäler man sig"
    found = searcher.search(encoder.encode([text])[0], text, "sv")
    values = [item.probability for item in found]
    assert values == sorted(values, reverse=True) and all(0 <= value <= 1 for value in values)


def test_titles_are_in_the_citizens_language_else_english(searcher: Searcher, encoder: Encoder) -> None:
    vector = encoder.encode(["sfi"])[0]
    swedish = searcher.search(vector, "sfi", "sv")[0]
    somali = searcher.search(vector, "sfi", "so")[0]
    assert (swedish.language, swedish.title) == ("sv", "Svenska för invandrare (sfi)")
    assert (somali.language, somali.title) == ("en", "Swedish for immigrants (SFI)")


def test_a_phrasing_left_out_is_not_matched(searcher: Searcher, encoder: Encoder) -> None:
    text = "Vad kostar det på tippen?"
    row = next(i for i, entry in enumerate(searcher.index.phrasings) if entry.text == text)
    vector = encoder.encode([text])[0]
    assert searcher.evidence(vector, text, "sv")[0].matched == text
    left = {item.article_id: item for item in searcher.evidence(vector, text, "sv", without=frozenset({row}))}
    assert left["avc-regler"].matched != text


def test_an_unknown_language_is_searched_all_the_same(searcher: Searcher, encoder: Encoder) -> None:
    assert searcher.search(encoder.encode(["?"])[0], "?", "zz", k=2)


def test_words_weigh_by_their_rarity_and_forgive_missing_dots(searcher: Searcher) -> None:
    lexical: LexicalIndex = searcher.index.lexical
    ids = searcher.index.article_ids
    scores = lexical.scores("atervinningscentralen kort", "sv")
    assert ids[int(np.argmax(scores))] == "avc-regler"
    assert not lexical.scores("xyzzy", "sv").any() and not lexical.scores("", "sv").any()
    assert scores.max() <= 1.0
