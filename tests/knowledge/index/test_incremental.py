"""What an editor's changes leave behind is what a build from scratch would have made."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from knowledge.article import load_knowledge_base
from knowledge.calibration import Calibration
from knowledge.index import Index, IndexBuilder, build_index, load_index
from knowledge.lexical import LexicalIndex
from knowledge.search import Candidate, Searcher
from knowledge.settings import Settings
from tests.knowledge.conftest import AVC, PRESCHOOL, SFI, TODAY, CountingEncoder, article_data

ASKED = [
    ("vad kostar det att slänga en soffa", "sv"),
    ("May my firm use the tip?", "en"),
    ("Om ny-artikel", "sv"),
    ("Gdzie mogę uczyć się szwedzkiego?", "pl"),
    ("hur ställer man barnet i kö", "sv"),
]


def quiet(_: str) -> None:
    """Nobody reads a test's progress."""


def answers(index: Index, settings: Settings, counting: CountingEncoder) -> list[list[Candidate]]:
    searcher = Searcher(index, settings.tuning, Calibration.load())
    vectors = counting.encoder.encode([text for text, _ in ASKED])
    return [searcher.search(vector, *asked) for vector, asked in zip(vectors, ASKED, strict=True)]


def an_editors_day(settings: Settings, counting: CountingEncoder, edit: Callable[..., Path]) -> Index:
    """A phrasing added, an article withdrawn and a new one, a telephone number changed; the index taken into use each time."""
    build_index(settings, lambda: counting, TODAY, quiet)
    builder = IndexBuilder(settings, load_index(settings))
    edit(AVC, questions=AVC["questions"] | {"en": ["May my firm use the tip?", *AVC["questions"]["en"]]})
    builder.build(lambda: counting, TODAY, quiet)
    edit(SFI, status="draft")
    edit(article_data("ny-artikel"))
    builder.build(lambda: counting, TODAY, quiet)
    phones = settings.articles_dir.parent / "phones.yml"
    number = load_knowledge_base(settings.articles_dir).phones["kontaktcenter"].number
    phones.write_text(phones.read_text(encoding="utf-8").replace(number, "031-00 00 00"), encoding="utf-8")
    edit(PRESCHOOL, title=PRESCHOOL["title"] | {"fi": "Päiväkoti"})
    return builder.settle(builder.build(lambda: counting, TODAY, quiet)[1])


def assert_same(one: Index, other: Index) -> None:
    assert one.version == other.version
    assert (one.phrasings, one.answers, one.article_ids) == (other.phrasings, other.answers, other.article_ids)
    assert np.array_equal(one.phrasing_vectors, other.phrasing_vectors)
    assert np.array_equal(one.answer_vectors, other.answer_vectors)
    assert one.lexical.terms == other.lexical.terms
    for name in ("starts", "articles", "counts", "rarity"):
        assert np.array_equal(getattr(one.lexical, name), getattr(other.lexical, name)), name
    for text in ("soptipen", "dagisplats", "sfi"):
        assert np.array_equal(one.letters.similarities(text), other.letters.similarities(text))
    assert one.settled and other.settled and one.choice and other.choice
    assert np.array_equal(one.choice.weights, other.choice.weights)
    assert np.array_equal(one.elsewhere_vectors, other.elsewhere_vectors) and one.elsewhere == other.elsewhere
    assert one.coverage == other.coverage
    assert one.knowledge_base.articles == other.knowledge_base.articles
    assert one.knowledge_base.phones == other.knowledge_base.phones


def from_scratch(settings: Settings, tmp_path: Path) -> Settings:
    fresh = settings.model_copy(update={"var_dir": tmp_path / "fresh"})
    (tmp_path / "fresh").mkdir()
    (tmp_path / "fresh" / "encoder").symlink_to(settings.var_dir / "encoder")
    return fresh


def test_after_a_day_of_edits_the_index_is_the_one_from_scratch(
    settings: Settings, counting: CountingEncoder, edit: Callable[..., Path], tmp_path: Path
) -> None:
    edited = an_editors_day(settings, counting, edit)
    fresh = from_scratch(settings, tmp_path)
    build_index(fresh, lambda: counting, TODAY, quiet)
    scratch = load_index(fresh)
    # Encoded in other batches the vectors differ by the 8-bit model's rounding; the order does not.
    assert np.asarray(edited.phrasing_vectors * scratch.phrasing_vectors).sum(axis=1).min() > 0.995
    for one, other in zip(answers(edited, settings, counting), answers(scratch, fresh, counting), strict=True):
        assert [item.article_id for item in one] == [item.article_id for item in other]
        assert [item.probability for item in one] == pytest.approx([item.probability for item in other], abs=0.02)


def test_with_the_same_vectors_it_is_the_same_to_the_last_bit(
    settings: Settings, counting: CountingEncoder, edit: Callable[..., Path], tmp_path: Path
) -> None:
    edited = an_editors_day(settings, counting, edit)
    fresh = from_scratch(settings, tmp_path)
    fresh.index_dir.mkdir()
    for file in settings.index_dir.glob("vectors-*"):
        shutil.copy(file, fresh.index_dir)
    build_index(fresh, lambda: counting, TODAY, quiet)
    assert_same(edited, load_index(fresh))
    assert_same(edited, load_index(settings))
    assert answers(edited, settings, counting) == answers(load_index(fresh), fresh, counting)


def test_what_is_not_edited_is_not_read_again(
    settings: Settings, counting: CountingEncoder, edit: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(settings, lambda: counting, TODAY, quiet)
    builder = IndexBuilder(settings, load_index(settings))
    parsed: list[bytes] = []
    read = __import__("knowledge.article", fromlist=["_parsed"])._parsed
    monkeypatch.setattr("knowledge.article._parsed", lambda data: (parsed.append(data), read(data))[1])
    path = edit(AVC, title=AVC["title"] | {"en": "The tip"})
    builder.build(lambda: counting, TODAY, quiet)
    assert parsed == [path.read_bytes()]


def test_an_undone_edit_gives_the_earlier_index(settings: Settings, counting: CountingEncoder, edit: Callable[..., Path]) -> None:
    build_index(settings, lambda: counting, TODAY, quiet)
    first = load_index(settings)
    builder = IndexBuilder(settings, first)
    edit(AVC, title=AVC["title"] | {"en": "The tip"})
    assert builder.build(lambda: counting, TODAY, quiet)[1].version != first.version
    edit(AVC)
    assert_same(builder.build(lambda: counting, TODAY, quiet)[1], first)


def test_words_after_an_edit_are_those_of_all_texts(settings: Settings, counting: CountingEncoder) -> None:
    build_index(settings, lambda: counting, TODAY, quiet)
    index = load_index(settings)
    entries = [*index.phrasings, *index.answers]
    without = [entry for entry in entries if entry.article_id != "forskola-ansokan"]
    small = LexicalIndex.build(without, ["avc-regler", "sfi"])
    own = [entry for entry in entries if entry.article_id == "forskola-ansokan"]
    grown = small.edited({0: 0, 1: 2}, {1: own}, 3)
    assert grown.terms == index.lexical.terms
    assert np.array_equal(grown.counts, index.lexical.counts) and np.array_equal(grown.articles, index.lexical.articles)
    back = grown.edited({0: 0, 2: 1}, {}, 2)
    assert back.terms == small.terms and np.array_equal(back.starts, small.starts)


def test_a_graph_is_kept_through_small_edits(
    settings: Settings, counting: CountingEncoder, edit: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.index.nearest.LOOSE_SHARE", 0.1)
    settings.tuning.faiss_factory = "HNSW8,SQfp16"
    build_index(settings, lambda: counting, TODAY, quiet)
    first = load_index(settings)
    builder = IndexBuilder(settings, first)
    edit(AVC, questions=AVC["questions"] | {"en": ["May my firm use the tip?", *AVC["questions"]["en"][1:]]})
    second = builder.build(lambda: counting, TODAY, quiet)[1]
    graphs = [settings.index_dir / index.version / "phrasings.faiss" for index in (first, second)]
    assert graphs[0].samefile(graphs[1])
    found = answers(second, settings, counting)[1][0]
    assert (found.article_id, found.matched) == ("avc-regler", "May my firm use the tip?")
    assert second.faiss_index.ntotal == len(second.phrasings)
    exact = np.argsort(-(second.phrasing_vectors @ second.phrasing_vectors.T), axis=1)[:, :10]
    rows = second.faiss_index.search(np.asarray(second.phrasing_vectors), 10)[1]
    assert np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact.tolist(), rows.tolist(), strict=True)]) > 0.95
    edit(SFI, status="draft")  # a third of all: the graph is made anew
    third = builder.build(lambda: counting, TODAY, quiet)[1]
    assert not graphs[1].samefile(settings.index_dir / third.version / "phrasings.faiss")


def test_an_edit_is_in_use_before_the_classifier_is_final(
    settings: Settings, counting: CountingEncoder, edit: Callable[..., Path]
) -> None:
    build_index(settings, lambda: counting, TODAY, quiet)
    builder = IndexBuilder(settings, load_index(settings))
    edit(article_data("ny-artikel"))
    soon = builder.build(lambda: counting, TODAY, quiet)[1]
    assert not soon.settled and not load_index(settings).settled
    assert answers(soon, settings, counting)[2][0].article_id == "ny-artikel"
    final = builder.settle(soon)
    assert_same(final, load_index(settings))
    assert builder.settle(final) is final
    # An answer's text is nothing that the classifier learns from.
    edit(AVC, answer=AVC["answer"] | {"en": "It costs nothing.\n"})
    assert builder.build(lambda: counting, TODAY, quiet)[1].settled


def test_what_was_not_settled_before_a_crash_is_settled_by_the_next_build(
    settings: Settings, counting: CountingEncoder, edit: Callable[..., Path]
) -> None:
    build_index(settings, lambda: counting, TODAY, quiet)
    edit(article_data("ny-artikel"))
    IndexBuilder(settings, load_index(settings)).build(lambda: counting, TODAY, quiet)
    assert not load_index(settings).settled
    build_index(settings, lambda: counting, TODAY, quiet)
    assert load_index(settings).settled
