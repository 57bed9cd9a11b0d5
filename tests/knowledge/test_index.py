"""The index follows the articles: the same ones give the same index, an edit costs one text, and nothing half-written is ever used."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from knowledge.index import IndexMissingError, build_index, centre, language_means, load_index
from knowledge.settings import Settings
from tests.knowledge.conftest import AVC, TODAY, CountingEncoder


def build(settings: Settings, counting: CountingEncoder):  # type: ignore[no-untyped-def]
    return build_index(settings, lambda: counting, TODAY, lambda line: None)


def test_building_twice_gives_the_same_version_and_encodes_nothing(settings: Settings, counting: CountingEncoder) -> None:
    first = build(settings, counting)
    encoded = len(counting.texts)
    second = build(settings, counting)
    assert first.version == second.version
    assert first.articles == 3 and encoded > 0
    assert len(counting.texts) == encoded


def test_an_edit_encodes_only_the_new_text(settings: Settings, counting: CountingEncoder, edit: Callable[..., Path]) -> None:
    first = build(settings, counting)
    counting.texts.clear()
    edit(AVC, questions=AVC["questions"] | {"en": ["May my firm use the tip?", *AVC["questions"]["en"]]})
    second = build(settings, counting)
    assert counting.texts == ["May my firm use the tip?"]
    assert second.version != first.version
    assert "May my firm use the tip?" in {entry.text for entry in load_index(settings).phrasings}


@pytest.mark.parametrize("change", [{"status": "draft"}, {"status": "expired"}, {"review_by": "2026-11-22"}])
def test_what_may_not_be_shown_is_not_found(
    settings: Settings, counting: CountingEncoder, edit: Callable[..., Path], change: dict[str, str]
) -> None:
    edit(AVC, **change)
    build(settings, counting)
    index = load_index(settings)
    assert index.article_ids == ["forskola-ansokan", "sfi"]
    assert "avc-regler" in index.knowledge_base.articles  # so that the service can say 410 instead of 404


def test_a_broken_file_is_left_out_and_named(settings: Settings, counting: CountingEncoder) -> None:
    (settings.articles_dir / "avfall" / "broken.yml").write_text("id: x\n", encoding="utf-8")
    report = build(settings, counting)
    assert report.articles == 3
    assert report.faulty and all(line.startswith("broken.yml") for line in report.faulty)


def test_a_build_that_fails_leaves_the_old_index_in_use(
    settings: Settings, counting: CountingEncoder, edit: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    version = build(settings, counting).version
    edit(AVC, status="draft")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("knowledge.index.np.save", full)
    with pytest.raises(OSError, match="No space"):
        build(settings, counting)
    assert load_index(settings).version == version
    assert not list(settings.index_dir.glob(".building-*"))


def test_old_versions_do_not_pile_up(settings: Settings, counting: CountingEncoder, edit: Callable[..., Path]) -> None:
    for year in (2020, 2021, 2022, 2023):
        edit(AVC, sources=[{"url": "https://goteborg.se/", "title": "T", "year": year}])
        build(settings, counting)
    assert len([path for path in settings.index_dir.iterdir() if path.is_dir()]) == 2


def test_vectors_are_memory_mapped_and_of_length_one(settings: Settings, counting: CountingEncoder) -> None:
    build(settings, counting)
    index = load_index(settings)
    assert isinstance(index.phrasing_vectors, np.memmap)
    assert np.allclose(np.linalg.norm(index.phrasing_vectors, axis=1), 1.0, atol=1e-4)
    assert index.faiss_index.ntotal == len(index.phrasings)


def test_no_article_and_no_index_are_said_with_the_command(settings: Settings, counting: CountingEncoder) -> None:
    with pytest.raises(IndexMissingError, match="python -m knowledge build"):
        load_index(settings)
    for path in settings.articles_dir.glob("*/*.yml"):
        path.unlink()
    with pytest.raises(IndexMissingError, match="validate"):
        build(settings, counting)


def test_an_index_of_another_model_is_not_used(settings: Settings, counting: CountingEncoder) -> None:
    build(settings, counting)
    other = settings.model_copy(update={"encoder_model": "another/model"})
    with pytest.raises(IndexMissingError, match="another/model"):
        load_index(other)


def test_a_language_without_articles_loses_its_own_direction_and_the_common_topic() -> None:
    neutral = {"sv": np.array([1.0, 0, 0], np.float32), "pl": np.array([0, 1.0, 0], np.float32)}
    spoken = np.array([[1.0, 0, 0.5]], np.float32)
    means = language_means(neutral, ["sv"], spoken)
    assert means["sv"].tolist() == [1.0, 0.0, 0.5]
    assert means["pl"].tolist() == [0.0, 1.0, 0.5]


def test_centring_by_nothing_changes_nothing() -> None:
    vectors = np.eye(3, dtype=np.float32)
    assert np.allclose(centre(vectors, np.ones(3, np.float32), 0.0), vectors)
