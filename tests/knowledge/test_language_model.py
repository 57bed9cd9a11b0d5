"""The model of words: the same word has the same features in any company, and it learns what it is given."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from knowledge.language_examples import WordSource, cyrillic, draw, unaccented, without_loans
from knowledge.language_model import WordModel, features


@pytest.fixture(scope="module")
def small() -> WordModel:
    return WordModel.train(
        {
            "sv": WordSource(["förskola", "sopor", "ansökan", "avgiften"], {"och": 9.0, "hur": 3.0}),
            "fi": WordSource(["päiväkoti", "jätteet", "hakemus", "maksua"], {"ja": 9.0, "miten": 3.0}),
        },
        per_round=2000,
    )


def test_a_words_features_do_not_depend_on_its_neighbours() -> None:
    words = ["och", "a", "bostadsanpassningsbidragshandläggare", "är"]
    rows, starts = features(words)
    for at, word in enumerate(words):
        alone, _ = features([word])
        assert sorted(alone) == sorted(rows[starts[at] : starts[at + 1]])


def test_it_learns_words_and_their_parts(small: WordModel) -> None:
    logs = small.log_probabilities(["och", "miten", "förskolan", "päiväkodit"])
    assert [small.codes[at] for at in logs.argmax(axis=1)] == ["sv", "fi", "sv", "fi"]
    assert np.allclose(np.exp(logs).sum(axis=1), 1, atol=1e-3)


def test_no_words_no_rows(small: WordModel) -> None:
    assert small.log_probabilities([]).shape == (0, 2)


def test_what_is_saved_is_what_is_loaded(small: WordModel, tmp_path: Path) -> None:
    small.save(tmp_path / "language.npz")
    loaded = WordModel.load(tmp_path / "language.npz")
    assert loaded.codes == small.codes
    assert np.array_equal(loaded.log_probabilities(["sopor"]), small.log_probabilities(["sopor"]))


@pytest.mark.parametrize(
    ("word", "typed"),
    [("förskola", "forskola"), ("łódź", "lodz"), ("čaršija", "carsija"), ("ısınma", "isinma"), ("ребёнок", "ребёнок")],
)
def test_a_word_as_typed_without_its_letters(word: str, typed: str) -> None:
    assert unaccented(word) == typed


def test_serbian_in_its_other_letters() -> None:
    assert cyrillic("njegova ljubav") == "његова љубав"


def test_words_are_drawn_in_every_way_people_write_them() -> None:
    drawn = draw(WordSource(["škola"], {}), "bs", 12, random.Random(1))
    assert {"škola", "школа", "skola"} <= set(drawn)


def test_swedish_names_in_foreign_texts_do_not_pass_for_foreign_words() -> None:
    own = {
        "sv": Counter({"förskola": 9, "och": 5, "sfi": 1, "akut": 1}),
        "so": Counter({"förskola": 1, "xannaano": 2}),
        "uk": Counter({"sfi": 1, "школа": 1}),
        "pl": Counter({"akut": 1, "jest": 40}),
    }
    assert without_loans("so", own, set()) == {"xannaano": 2.0}
    assert without_loans("uk", own, set()) == {"школа": 1.0}
    assert without_loans("sv", own, set()) == own["sv"]
    assert "akut" in without_loans("pl", own, {"akut"}), "a word that the dictionary has is the language's own"
