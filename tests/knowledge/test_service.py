"""The service over real HTTP: analyses, articles, reloads, and what it says when it cannot."""

import asyncio
import datetime as dt
import io
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import redirect_stdout
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from knowledge.analysis import Analyst
from knowledge.client import KnowledgeClient, KnowledgeRefused, KnowledgeUnavailable
from knowledge.encoder import Encoder
from knowledge.index import build_index
from knowledge.service import configure_logging, create_app
from knowledge.settings import Settings
from tests.knowledge.conftest import AVC, SFI, TODAY
from tests.serving import serving


async def ready(address: str) -> None:
    """Waits until the service says it is ready."""
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        while (await http.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.02)


@pytest_asyncio.fixture
async def address(settings: Settings, encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    monkeypatch.setattr("knowledge.analysis.load_encoder", lambda _: encoder)
    monkeypatch.setattr(Analyst, "warm", lambda self: None)
    build_index(settings, lambda: encoder, TODAY, lambda line: None)
    async with serving(create_app(settings, today=lambda: TODAY)) as url:
        await ready(url)
        yield url


@pytest.mark.asyncio
async def test_a_question_is_analysed_and_the_second_time_remembered(address: str) -> None:
    async with KnowledgeClient(address, timeout=60) as client:
        first = await client.analyze("Hur söker jag dagisplats i Majorna?", "sv", k=2, embedding=True)
        second = await client.analyze("Hur söker jag dagisplats i Majorna?", "sv", k=2)
    assert first["language"] == "sv"
    assert first["candidates"][0]["article_id"] == "forskola-ansokan"
    assert first["candidates"][0]["title"] == "Söka plats i förskola"
    assert len(first["candidates"]) == 2
    assert len(first["embedding"]) == 384 and "embedding" not in second
    assert [(item["entity"], item["value"]) for item in first["entities"]] == [("district", "Majorna")]
    assert first["tokens"][0]["text"] == "Hur"
    assert first["ms"] > 0 and second["ms"] == 0
    assert {k: v for k, v in second.items() if k != "ms"} == {k: v for k, v in first.items() if k not in ("ms", "embedding")}


@pytest.mark.asyncio
async def test_improbable_candidates_can_be_left_out(address: str) -> None:
    async with KnowledgeClient(address, timeout=60) as client:
        found = await client.analyze("Hur söker jag dagisplats?", min_probability=0.3)
    assert all(item["probability"] >= 0.3 for item in found["candidates"])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "text", ["", " \n", "\x00\x01", "🗑️" * 500, "<script>alert(1)</script>", "'; DROP TABLE x;--", "a" * 4000]
)
async def test_odd_texts_are_analysed_like_any_other(address: str, text: str) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        response = await http.post("/analyze", content=json.dumps({"text": text}), headers={"content-type": "application/json"})
    assert response.status_code == 200
    assert response.json()["language"] and len(response.json()["candidates"]) == 3


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "text"),
        ({"text": "hemlig fråga " * 400}, "text"),
        ({"text": "hej", "k": 0}, "k"),
        ({"text": "hej", "language_hint": "svenska"}, "language_hint"),
        ({"text": "hej", "min_probability": 2}, "min_probability"),
        ({"text": "hej", "lang": "sv"}, "lang"),
    ],
)
async def test_a_bad_request_is_explained_without_repeating_it(address: str, body: dict[str, object], named: str) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        response = await http.post("/analyze", json=body)
    assert response.status_code == 422
    error = response.json()["error"]
    assert error["code"] == "invalid" and named in error["message"] and "hemlig" not in response.text


@pytest.mark.asyncio
async def test_half_an_emoji_is_refused_and_not_a_crash(address: str) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        response = await http.post("/analyze", content=b'{"text": "hej \\ud83d"}', headers={"content-type": "application/json"})
    assert response.status_code == 422 and response.json()["error"]["message"].startswith("text:")


@pytest.mark.asyncio
async def test_an_article_comes_in_the_citizens_language_or_says_which(address: str) -> None:
    async with KnowledgeClient(address, timeout=60) as client:
        swedish = await client.article("avc-regler", "sv")
        somali = await client.article("avc-regler", "so")
    assert swedish is not None and somali is not None
    assert swedish["translation_state"] == "original" and swedish["sensitive"] is False
    assert swedish["answer"].endswith("Ring 031-365 00 00 om du undrar.")
    assert swedish["department_name"] == "Kretslopp och vatten"
    assert [item["title"] for item in swedish["next"]] == ["Söka plats i förskola", "Svenska för invandrare (sfi)"]
    assert (somali["language"], somali["requested_language"], somali["translation_state"]) == ("en", "so", "missing")
    assert somali["links"] == [{"url": "https://goteborg.se/", "title": "Rules"}]


@pytest.mark.asyncio
async def test_unknown_and_expired_articles_are_told_apart(settings: Settings, address: str, edit: Callable[..., Path]) -> None:
    edit(SFI, status="expired")
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        assert (await http.get("/articles/no-such")).status_code == 404
        assert (await http.get("/articles/..%2F..%2Fetc")).status_code == 404
        assert (await http.get("/articles/sfi")).status_code == 200
        assert (await http.post("/reload")).status_code == 200
        expired = await http.get("/articles/sfi")
        related = (await http.get("/articles/avc-regler")).json()["next"]
    assert expired.status_code == 410 and expired.json()["error"]["code"] == "expired_article"
    assert [item["article_id"] for item in related] == ["forskola-ansokan"]
    async with KnowledgeClient(address, timeout=60) as client:
        assert await client.article("sfi") is None


@pytest.mark.asyncio
async def test_an_editors_correction_is_in_use_after_a_reload(address: str, edit: Callable[..., Path]) -> None:
    async with KnowledgeClient(address, timeout=60) as client, httpx.AsyncClient(base_url=address, timeout=60) as http:
        before = await client.analyze("Kan jag hyra släpvagn?")
        edit(AVC, questions=AVC["questions"] | {"sv": [*AVC["questions"]["sv"], "Kan jag hyra släpvagn?"]})
        reloaded = (await http.post("/reload")).json()
        after = await client.analyze("Kan jag hyra släpvagn?")
    assert reloaded["articles"] == 3
    assert after["index_version"] == reloaded["index_version"] != before["index_version"]
    assert after["candidates"][0]["matched"] == "Kan jag hyra släpvagn?"


@pytest.mark.asyncio
async def test_a_reload_that_fails_leaves_the_old_index_answering(settings: Settings, address: str) -> None:
    for path in settings.articles_dir.glob("*/*.yml"):
        path.unlink()
    async with KnowledgeClient(address, timeout=60) as client, httpx.AsyncClient(base_url=address, timeout=60) as http:
        failed = await http.post("/reload")
        found = await client.analyze("Hur söker jag dagisplats?")
    assert failed.status_code == 500 and failed.json()["error"]["code"] == "reload_failed"
    assert found["candidates"][0]["article_id"] == "forskola-ansokan"


@pytest.mark.asyncio
async def test_questions_at_the_same_time_each_get_their_own_answer(address: str) -> None:
    texts = {"Hur söker jag dagisplats?": "forskola-ansokan", "vad kostar tippen": "avc-regler", "kurs i svenska": "sfi"}
    async with KnowledgeClient(address, timeout=60) as client:
        found = await asyncio.gather(*(client.analyze(f"{text} {n}") for n in range(4) for text in texts))
    assert [item["candidates"][0]["article_id"] for item in found] == list(texts.values()) * 4


@pytest.mark.asyncio
async def test_metrics_count_analyses_and_say_nothing_of_their_texts(address: str) -> None:
    async with KnowledgeClient(address, timeout=60) as client, httpx.AsyncClient(base_url=address, timeout=60) as http:
        for _ in range(2):
            await client.analyze("Hur söker jag dagisplats?")
        metrics = (await http.get("/metrics")).text
    assert 'knowledge_analyses_total{cache="hit",language="sv"} 1.0' in metrics
    assert "knowledge_articles 3.0" in metrics and "dagis" not in metrics


@pytest.mark.asyncio
async def test_before_everything_is_loaded_it_lives_but_is_not_ready(settings: Settings) -> None:
    gate = threading.Event()

    def slow() -> Analyst:
        gate.wait(20)
        raise RuntimeError("no encoder in the folder; run: python -m knowledge encoder")

    async with serving(create_app(settings, analyst=slow)) as url, httpx.AsyncClient(base_url=url) as http:
        assert (await http.get("/healthz")).status_code == 200
        loading = await http.get("/readyz")
        assert loading.status_code == 503 and loading.json()["status"] == "loading"
        async with KnowledgeClient(url, timeout=60) as client:
            assert not await client.is_ready()
            with pytest.raises(KnowledgeUnavailable):
                await client.analyze("hej")
        gate.set()
        while (failed := (await http.get("/readyz")).json())["status"] == "loading":
            await asyncio.sleep(0.02)
    assert failed["status"] == "failed" and "python -m knowledge encoder" in failed["error"]


@pytest.mark.asyncio
async def test_a_refused_request_is_the_callers_fault(address: str) -> None:
    async with KnowledgeClient(address, timeout=60) as client:
        with pytest.raises(KnowledgeRefused, match="text"):
            await client.analyze("x" * 4001)


@pytest.mark.asyncio
async def test_logs_hold_nothing_that_a_citizen_wrote(
    settings: Settings, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.analysis.load_encoder", lambda _: encoder)
    monkeypatch.setattr(Analyst, "warm", lambda self: None)
    build_index(settings, lambda: encoder, TODAY, lambda line: None)
    written = io.StringIO()
    with redirect_stdout(written):
        configure_logging()
        async with serving(create_app(settings, today=lambda: dt.date(2026, 11, 23))) as url:
            await ready(url)
            async with KnowledgeClient(url, timeout=60) as client:
                await client.analyze("min hemliga fråga")
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert any(line["event"] == "ready" for line in lines)
    assert "hemliga" not in written.getvalue()
