"""Questions that are somebody else's: the files hold together, and such a question gets a pointer instead of an article."""

from pathlib import Path

import pytest

from knowledge.article import load_knowledge_base
from knowledge.calibration import Calibration
from knowledge.elsewhere import ANOTHER_CITY, NOBODY, PREFIX, load_elsewhere
from knowledge.encoder import Encoder
from knowledge.index import build_index, load_index
from knowledge.search import Searcher
from knowledge.settings import Settings
from tests.knowledge.conftest import TODAY

LANGUAGES = {"sv", "en", "fi", "ar", "so", "fa", "es", "pl", "bs", "uk", "tr", "fr"}


def test_every_group_is_asked_about_in_every_language_and_by_no_article() -> None:
    groups = load_elsewhere(Settings().elsewhere_dir)
    assert {ANOTHER_CITY, PREFIX + NOBODY} <= {group.key for group in groups}
    articles = load_knowledge_base(Settings().articles_dir).articles.values()
    taken = {text.casefold() for article in articles for texts in article.questions.values() for text in texts}
    for group in groups:
        assert set(group.questions) == LANGUAGES
        texts = [text for texts in group.questions.values() for text in texts]
        assert len(set(texts)) == len(texts)
        assert not taken & {text.casefold() for text in texts}


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "skatt.yml").write_text("id: annat\nquestions: {sv: [a]}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"skatt\.yml"):
        load_elsewhere(tmp_path)
    assert load_elsewhere(tmp_path / "none") == []


@pytest.fixture
def searcher(settings: Settings, encoder: Encoder) -> Searcher:
    settings.elsewhere_dir.mkdir()
    (settings.elsewhere_dir / "skatteverket.yml").write_text(
        "id: skatteverket\nquestions:\n  sv: [När ska deklarationen lämnas in?, Hur betalar jag min skatt?, skatteåterbäring, "
        "personbevis, Jag har fått kvarskatt]\n",
        encoding="utf-8",
    )
    (settings.elsewhere_dir / "annan-kommun.yml").write_text(
        "id: annan-kommun\nquestions:\n  sv: [Förskola i Malmö, Vad kostar tippen i Borås?]\n", encoding="utf-8"
    )
    (settings.elsewhere_dir / "ovrigt.yml").write_text(
        "id: ovrigt\nquestions:\n  sv: [Berätta en vits, recept på pannkakor, vem vann matchen]\n", encoding="utf-8"
    )
    build_index(settings, lambda: encoder, TODAY, lambda line: None)
    return Searcher(load_index(settings), settings.tuning, Calibration.load())


def pointed(searcher: Searcher, encoder: Encoder, text: str) -> str | None:
    found = searcher.found(encoder.encode([text])[0], text, "sv").elsewhere
    return found.id if found else None


def test_the_question_is_pointed_to_where_it_belongs(searcher: Searcher, encoder: Encoder) -> None:
    assert pointed(searcher, encoder, "deklarera min skatt senast") == "skatteverket"
    assert pointed(searcher, encoder, "vad kostar det på tippen i Malmö") == "annan-kommun"


def test_nobodys_question_and_the_citys_own_are_pointed_nowhere(searcher: Searcher, encoder: Encoder) -> None:
    assert pointed(searcher, encoder, "berätta en rolig vits") is None
    assert pointed(searcher, encoder, "vad kostar det att slänga grovsopor på tippen") is None
