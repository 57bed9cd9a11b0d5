"""While an edit is taken into use, every citizen gets the old answer or the new one, and nothing in between."""

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest

from knowledge.analysis import Analyst
from knowledge.encoder import Encoder
from knowledge.index import build_index, load_index
from knowledge.settings import Settings
from tests.knowledge.conftest import AVC, SFI, TODAY

NEW = "Får mitt företag lämna skrot på tippen?"


@pytest.fixture
def analyst(settings: Settings, encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> Analyst:
    monkeypatch.setattr("knowledge.analysis.load_encoder", lambda _: encoder)
    build_index(settings, lambda: encoder, TODAY, lambda line: None)
    return Analyst(settings)


def test_answers_are_of_one_index_while_it_is_exchanged(analyst: Analyst, edit: Callable[..., Path]) -> None:
    old = analyst.searcher.index.version
    seen: set[tuple[str, str]] = set()
    done = Event()

    def ask() -> None:
        while not done.is_set():
            found = analyst.analyse(NEW, "sv")
            seen.add((found.index_version, found.candidates[0].matched))

    asking = Thread(target=ask)
    asking.start()
    try:
        for number in range(3):
            edit(AVC, questions=AVC["questions"] | {"sv": [NEW, *AVC["questions"]["sv"]]}, sources=[])
            analyst.reload(TODAY)
            edit(AVC, questions=AVC["questions"] | {"sv": AVC["questions"]["sv"][number:]})
            analyst.reload(TODAY)
    finally:
        done.set()
        asking.join()
    new = {version for version, matched in seen if matched == NEW}
    assert old not in new
    assert all((matched == NEW) == (version in new) for version, matched in seen)


def test_the_final_classifier_follows_by_itself(settings: Settings, analyst: Analyst, edit: Callable[..., Path]) -> None:
    edit(SFI, questions=SFI["questions"] | {"en": ["Swedish lessons", *SFI["questions"]["en"]]})
    analyst.reload(TODAY)
    edit(AVC, questions=AVC["questions"] | {"sv": [NEW, *AVC["questions"]["sv"]]})
    analyst.reload(TODAY)
    analyst.settled()
    assert analyst.searcher.index.settled and load_index(settings).settled
    assert analyst.searcher.index.version == load_index(settings).version
    assert analyst.analyse(NEW, "sv").candidates[0].matched == NEW
