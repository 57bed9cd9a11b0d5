"""Nearest by letters: a typo, a missing dot or half a compound still finds its text; what is saved is what is loaded."""

from pathlib import Path

import numpy as np
import pytest

from knowledge.letters import LetterIndex

TEXTS = ["ansöka om bygglov", "hemtjänst för äldre", "sophämtningsavgift", "سجل في الروضة"]


@pytest.fixture(scope="module")
def letters() -> LetterIndex:
    return LetterIndex.build(TEXTS)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("byglov", 0), ("hemtjanst aldre", 1), ("avgift för sophämtning", 2), ("الروضة", 3), ("ANSÖKA BYGGLOV", 0)],
)
def test_careless_spelling_finds_its_text(letters: LetterIndex, text: str, nearest: int) -> None:
    assert int(np.argmax(letters.similarities(text))) == nearest


def test_the_same_text_has_cosine_one_and_nothing_has_none(letters: LetterIndex) -> None:
    assert letters.similarities(TEXTS[0])[0] == pytest.approx(1.0, abs=1e-3)
    assert not letters.similarities("").any() and not letters.similarities("###").any()


def test_what_is_saved_is_what_is_loaded(letters: LetterIndex, tmp_path: Path) -> None:
    letters.save(tmp_path / "letters.npz")
    loaded = LetterIndex.load(tmp_path / "letters.npz")
    for text in ("byglov", "aldre", "okänt xyz"):
        assert np.allclose(loaded.similarities(text), letters.similarities(text), atol=1e-3)


def test_after_an_edit_it_is_the_one_from_scratch() -> None:
    edited = LetterIndex.build(TEXTS).edited(np.array([2, -1, 0, 3]), ["förskola"])
    scratch = LetterIndex.build([TEXTS[2], "förskola", TEXTS[0], TEXTS[3]])
    for text in ("byglov", "förskolan", "sophämtning"):
        assert np.array_equal(edited.similarities(text), scratch.similarities(text))


def test_with_very_many_texts_the_rarest_pieces_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"ansökan om plats nummer {n}" for n in range(500)] + ["ansökan om parkeringstillstånd"]
    letters = LetterIndex.build(texts)
    everything = letters.similarities("ansökan parkeringstilstånd")
    monkeypatch.setattr("knowledge.letters.MOST", 2000)
    rarest = letters.similarities("ansökan parkeringstilstånd")
    assert int(np.argmax(rarest)) == int(np.argmax(everything)) == 500
    assert 0 < rarest[500] < everything[500]
    assert rarest[:500].max() < everything[:500].max()
