"""A follow-up is read with the answer before it; a new question is not."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import httpx
import numpy as np
import pytest

from knowledge import follow_up
from knowledge.analysis import Analyst
from knowledge.article import load_knowledge_base
from knowledge.client import KnowledgeClient
from knowledge.encoder import Encoder
from knowledge.evaluation_run import EvaluationFileError
from knowledge.follow_up import LeaningModel, build_leaning_model, follow_up_settings, load_leaning_model, topic_of, with_topic
from knowledge.follow_up_run import figures, read_follow_ups
from knowledge.index import build_index
from knowledge.settings import ROOM, Settings
from tests.knowledge.conftest import TODAY, CountingEncoder

FILES = [ROOM / "evaluation" / f"followups_{name}.jsonl" for name in ("tune", "held_out")]


@pytest.fixture(scope="module")
def leaning() -> LeaningModel:
    """The model as it serves; made with the index."""
    made = load_leaning_model(Settings())
    assert made is not None, "run: python -m knowledge build"
    return made


@pytest.fixture
def analyst(settings: Settings, encoder: Encoder, leaning: LeaningModel, monkeypatch: pytest.MonkeyPatch) -> Analyst:
    monkeypatch.setattr("knowledge.analysis.load_encoder", lambda _: encoder)
    monkeypatch.setattr("knowledge.analysis.load_leaning_model", lambda _: leaning)
    # Among three articles everything is near; the probabilities are those of the city's many.
    never_sure = follow_up_settings().model_copy(update={"sure": 2.0})
    monkeypatch.setattr("knowledge.analysis.follow_up_settings", lambda: never_sure)
    build_index(settings, lambda: encoder, TODAY, lambda line: None)
    return Analyst(settings)


@pytest.mark.parametrize(
    ("title", "topic"),
    [
        ("Återvinningscentral (ÅVC) – vem får komma och vad kostar det?", "Återvinningscentral"),
        ("Separation: vårdnad, boende och umgänge", "Separation"),
        ("Svenska för invandrare (sfi)", "Svenska för invandrare"),
        ("E-tjänster, Mina sidor och BankID", "E-tjänster, Mina sidor och BankID"),
        ("(utan början)", "(utan början)"),
        ("", ""),
    ],
)
def test_a_titles_topic_comes_before_its_aspect(title: str, topic: str) -> None:
    assert topic_of(title) == topic


def test_a_follow_up_is_asked_with_its_topic() -> None:
    assert with_topic(" Vad kostar det? ", "Boplats – köa") == "Vad kostar det? (Boplats)"


@pytest.mark.parametrize(
    "text", ["är det gratis då?", "and on weekends?", "entä lapsille?", "وللأطفال؟", "¿y si lo pierdo?", "а для дітей?"]
)
def test_a_follow_up_leans(leaning: LeaningModel, encoder: Encoder, text: str) -> None:
    assert leaning.probability(encoder.encode([text])[0]) > 0.5


@pytest.mark.parametrize(
    "text", ["Hur söker jag bygglov?", "tack så mycket!", "ok", "where can I park downtown", "kirjastokortti"]
)
def test_new_questions_and_thanks_do_not(leaning: LeaningModel, encoder: Encoder, text: str) -> None:
    assert leaning.probability(encoder.encode([text])[0]) < 0.5


@pytest.mark.parametrize(("about", "first"), [("sfi", "sfi"), ("avc-regler", "avc-regler")])
def test_what_does_it_cost_is_about_the_last_answer(analyst: Analyst, about: str, first: str) -> None:
    found = analyst.analyse("är det gratis då?", "sv", about=(about,))
    assert found.candidates[0].article_id == first
    assert found.elsewhere is None and found.follows


@pytest.mark.parametrize("about", [("no-such",), ()])
def test_without_a_known_article_a_message_stands_alone(analyst: Analyst, about: tuple[str, ...]) -> None:
    alone = analyst.analyse("är det gratis då?", "sv")
    assert analyst.analyse("är det gratis då?", "sv", about=about).candidates == alone.candidates


def test_a_new_question_is_encoded_once_and_keeps_its_answer(analyst: Analyst) -> None:
    counting = CountingEncoder(analyst.encoder)
    analyst.encoder = counting  # type: ignore[assignment]
    found = analyst.analyse("Hur söker jag plats i förskola?", "sv", about=("avc-regler",))
    assert found.candidates[0].article_id == "forskola-ansokan"
    assert counting.texts == ["Hur söker jag plats i förskola?"] and not found.follows


def test_of_two_articles_shown_the_one_that_fits_better_counts(analyst: Analyst) -> None:
    found = analyst.analyse("får man ha med släpvagn dit?", "sv", about=("sfi", "avc-regler"))
    assert found.candidates[0].article_id == "avc-regler"


def test_analyses_after_different_answers_are_kept_apart(analyst: Analyst) -> None:
    after_sfi = analyst.analyse("är det gratis då?", "sv", about=("sfi",))
    after_avc = analyst.analyse("är det gratis då?", "sv", about=("avc-regler",))
    assert after_sfi.candidates != after_avc.candidates
    kept = analyst.cached("är det gratis då?", "sv", 5, ("sfi",))
    assert kept is not None and kept.candidates == after_sfi.candidates


def test_without_a_model_every_message_stands_alone(analyst: Analyst) -> None:
    analyst._leaning = None
    alone = analyst.analyse("är det gratis då?", "sv")
    assert analyst.analyse("är det gratis då?", "sv", about=("sfi",)).candidates == alone.candidates


def test_a_part_that_leans_is_read_with_the_part_before_it(analyst: Analyst) -> None:
    ((tip, cost), (course, course_cost)) = analyst.parts(
        [["vad gäller på tippen", "är det gratis då?"], ["kurs i svenska", "är det gratis då?"]], "sv"
    )
    assert (tip[0].article_id, cost[0].article_id) == ("avc-regler", "avc-regler")
    assert (course[0].article_id, course_cost[0].article_id) == ("sfi", "sfi")


def test_no_parts_are_no_candidates(analyst: Analyst) -> None:
    assert analyst.parts([], "sv") == []
    assert analyst.parts([[]], "sv") == [[]]


def test_training_twice_is_training_once(settings: Settings, counting: CountingEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    few = follow_up_settings().model_copy(update={"examples": {"sv": ["vad kostar det?", "och för barn?"]}})
    monkeypatch.setattr(follow_up, "follow_up_settings", lambda: few)
    said: list[str] = []
    first = build_leaning_model(settings, lambda: counting, TODAY, said.append)
    encoded = len(counting.texts)
    second = build_leaning_model(settings, lambda: counting, TODAY, said.append)
    assert encoded and len(counting.texts) == encoded and len(said) == 1
    assert np.array_equal(first.weights, second.weights) and first.bias == second.bias


@pytest.mark.asyncio
@pytest.mark.parametrize("about", [["../etc"], ["A"], ["a"] * 4, "sfi"])
async def test_a_bad_about_is_refused(about: object, settings: Settings, analyst: Analyst) -> None:
    from knowledge.service import create_app
    from tests.serving import serving

    async with serving(create_app(settings, analyst=lambda: analyst)) as url, httpx.AsyncClient(base_url=url, timeout=60) as http:
        response = await http.post("/analyze", json={"text": "hej", "about": about})
    assert response.status_code == 422


@pytest.mark.asyncio
async def test_the_service_reads_follow_ups_and_parts(settings: Settings, analyst: Analyst) -> None:
    from knowledge.service import create_app
    from tests.knowledge.test_service import ready
    from tests.serving import serving

    async with serving(create_app(settings, analyst=lambda: analyst)) as url:
        await ready(url)
        async with KnowledgeClient(url, timeout=60) as client:
            first = await client.analyze("är det gratis då?", "sv", about=["sfi"])
            again = await client.analyze("är det gratis då?", "sv", about=["sfi"])
            parts = await client.parts([("vad kostar tippen", "hur söker jag dagisplats")], "sv", k=1)
    assert first["candidates"][0]["article_id"] == "sfi"
    assert again["ms"] == 0 and again["candidates"] == first["candidates"]
    assert [[part[0]["article_id"] for part in reading] for reading in parts] == [["avc-regler", "forskola-ansokan"]]


def test_the_figures_tell_follow_ups_from_new_topics(analyst: Analyst, settings: Settings, tmp_path: Path) -> None:
    lines = [("sfi", "är det gratis då?", ["sfi"]), ("sfi", "vad kostar tippen", ["avc-regler"]), ("sfi", "tack", [])]
    file = tmp_path / "lines.jsonl"
    file.write_text("\n".join(json.dumps({"about": a, "text": t, "lang": "sv", "expected": e}) for a, t, e in lines))
    shown = figures(analyst, read_follow_ups(file), settings.tuning)
    assert {group: row["n"] for group, row in shown.items()} == {"follow_up": 1, "new": 1, "nothing": 1}
    assert str(shown["follow_up"]["about_first"]).startswith("1.000 [")
    assert str(shown["new"]["changed"]).startswith("0.000 [")


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"about": "sfi", "text": "hej"}')
    with pytest.raises(EvaluationFileError, match=r"x\.jsonl:1"):
        read_follow_ups(tmp_path / "x.jsonl")


def test_the_files_name_real_articles_and_share_nothing_with_each_other_or_with_the_examples() -> None:
    ids = set(load_knowledge_base(Settings().articles_dir).articles)
    tune, held_out = (read_follow_ups(path) for path in FILES)
    for line in tune + held_out:
        assert line.about in ids and line.expected <= ids, line

    def plain(text: str) -> str:
        return "".join(char for char in text.casefold() if char.isalnum())

    examples = {plain(text) for texts in follow_up_settings().examples.values() for text in texts}
    assert not {plain(line.text) for line in tune + held_out} & examples
    assert not {plain(line.text) for line in tune} & {plain(line.text) for line in held_out}


def test_a_candidate_put_first_is_never_less_probable_than_those_behind(analyst: Analyst) -> None:
    found = analyst.analyse("vad kostar tippen", "sv").candidates
    reordered = follow_up._put_first(found, dataclasses.replace(found[1], probability=0.3))
    assert [item.article_id for item in reordered[:2]] == [found[1].article_id, found[0].article_id]
    assert all(item.probability <= 0.3 for item in reordered)
