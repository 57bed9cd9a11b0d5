"""The index follows the articles: the same ones give the same index, an edit costs one text, and nothing half-written is ever used."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from knowledge.index import Floats, IndexMissingError, build_index, centre, language_means, load_index
from knowledge.index.folder import FORM
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

    monkeypatch.setattr("knowledge.index.folder.np.savez", full)
    with pytest.raises(OSError, match="No space"):
        build(settings, counting)
    assert load_index(settings).version == version
    assert not list(settings.index_dir.glob(".building-*"))


def test_an_index_of_another_form_is_made_anew(settings: Settings, counting: CountingEncoder) -> None:
    version = build(settings, counting).version
    meta = settings.index_dir / version / "meta.json"
    meta.write_text(meta.read_text(encoding="utf-8").replace(FORM, "8"), encoding="utf-8")
    with pytest.raises(IndexMissingError, match="python -m knowledge build"):
        load_index(settings)
    build(settings, counting)
    assert load_index(settings).version == version


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
    other = Settings.model_validate(settings.model_dump() | {"encoder_model": "another/model"})
    with pytest.raises(IndexMissingError, match="another/model"):
        load_index(other)


def test_a_build_that_is_broken_off_goes_on_where_it_was(
    settings: Settings, counting: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.index.vector_cache._CHUNK", 16)
    given: list[str] = []

    class Dying:
        def encode(self, texts: Sequence[str], role: Literal["query", "passage"] = "query", batch_size: int = 16) -> Floats:
            if len(given) > 40:
                raise KeyboardInterrupt
            given.extend(texts)
            return counting.encoder.encode(texts, role, batch_size)

    with pytest.raises(KeyboardInterrupt):
        build_index(settings, Dying, TODAY, lambda line: None)
    report = build(settings, counting)
    assert len(given) == 48
    assert not set(given) & set(counting.texts)
    assert load_index(settings).faiss_index.ntotal == report.phrasings


@pytest.mark.parametrize("step", ["write_texts", "put_in_place", "point_to", "remove_old", "assemble"])
def test_a_crash_at_any_step_leaves_an_index_that_works(
    settings: Settings, counting: CountingEncoder, edit: Callable[..., Path], step: str
) -> None:
    old = build(settings, counting).version
    edit(AVC, questions=AVC["questions"] | {"en": ["May my firm use the tip?", *AVC["questions"]["en"]]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"knowledge.index.folder.{step}", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            build(settings, counting)
    left = load_index(settings)
    assert ("May my firm use the tip?" in {entry.text for entry in left.phrasings}) == (left.version != old)
    new = build(settings, counting).version
    loaded = load_index(settings)
    assert loaded.version == new != old
    assert "May my firm use the tip?" in {entry.text for entry in loaded.phrasings}


def test_a_language_without_articles_loses_its_own_direction_and_the_common_topic() -> None:
    neutral = {"sv": np.array([1.0, 0, 0], np.float32), "pl": np.array([0, 1.0, 0], np.float32)}
    means = language_means(neutral, {"sv": np.array([1.0, 0, 0.5], np.float32)})
    assert means["sv"].tolist() == [1.0, 0.0, 0.5]
    assert means["pl"].tolist() == [0.0, 1.0, 0.5]


def test_centring_by_nothing_changes_nothing() -> None:
    vectors = np.eye(3, dtype=np.float32)
    assert np.allclose(centre(vectors, np.ones(3, np.float32), 0.0), vectors)
