"""Suggestions while a citizen types: right rather than many, quick, and never in the way of a call for help."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from knowledge.analysis import Analyst
from knowledge.article import KnowledgeBase, load_knowledge_base
from knowledge.client import KnowledgeClient, KnowledgeRefused
from knowledge.encoder import Encoder
from knowledge.index import build_index
from knowledge.service import create_app
from knowledge.settings import Settings
from knowledge.suggestions import Suggester
from tests.knowledge.conftest import AVC, PRESCHOOL, TODAY, article_data
from tests.serving import serving


@pytest.fixture(scope="module")
def base() -> KnowledgeBase:
    """The city's own articles."""
    return load_knowledge_base(Settings().articles_dir)


@pytest.fixture(scope="module")
def suggester(base: KnowledgeBase) -> Suggester:
    return Suggester(base)


def ids(suggester: Suggester, text: str, language: str = "sv", **also: Any) -> list[str]:
    return [one.article_id for one in suggester.suggest(text, language, TODAY, **also)]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("sv", "vad kostar tip", "avc-regler"),
        ("sv", "hur söker jag försk", "forskola-ansokan"),
        ("sv", "hur soker jag forsk", "forskola-ansokan"),  # a keyboard without ö
        ("sv", "BYGGLOV", "bygglov-ansok"),
        ("sv", "färdtjä", "fardtjanst-ansok"),
        ("en", "how do I apply for presch", "forskola-ansokan"),
        ("sv", "how do I apply for presch", "forskola-ansokan"),  # English, before the conversation has changed to it
        ("sv", "كيف أسجل طفلي في الروضة", "forskola-ansokan"),
    ],
)
def test_what_is_written_is_found_in_titles_and_phrasings(suggester: Suggester, language: str, text: str, expected: str) -> None:
    assert expected in ids(suggester, text, language)[:3]


@pytest.mark.parametrize(
    "text", ["", " ", "?!", "hur kan jag", "xyzzy", "👍", "jag vill dö", "det brinner hos oss", "\x00", "a" * 200]
)
def test_nothing_is_suggested_for_what_says_nothing_or_is_a_call_for_help(suggester: Suggester, text: str) -> None:
    assert ids(suggester, text) == []


def test_the_help_lines_are_never_suggested(suggester: Suggester, base: KnowledgeBase) -> None:
    helping = [article for article in base.articles.values() if article.area == "nodlagen"]
    assert helping
    for article in helping:
        for text in (article.title["sv"], *article.questions["sv"]):
            assert not set(ids(suggester, text, limit=10)) & {one.id for one in helping}


def test_titles_are_in_the_language_of_what_is_written(suggester: Suggester) -> None:
    (first, *_) = suggester.suggest("recycl", "en", TODAY)
    assert (first.language, first.title) == ("en", suggester.suggest("recycl", "sv", TODAY)[0].title)
    assert len(suggester.suggest("förskola", "sv", TODAY, limit=2)) == 2


def test_a_finished_word_is_no_longer_a_beginning(suggester: Suggester) -> None:
    assert ids(suggester, "förs")
    assert ids(suggester, "förs ") == []


def test_an_edit_reads_only_what_has_changed_and_an_expired_article_is_not_suggested(
    settings: Settings, edit: Callable[..., Path]
) -> None:
    first = Suggester(load_knowledge_base(settings.articles_dir))
    assert ids(first, "dagisplats") == ["forskola-ansokan"]
    edit(PRESCHOOL, review_by="2026-11-22")
    edit(AVC, title={"sv": "Sopor och sånt", "en": "Rubbish"})
    edit(article_data("nod", area="nodlagen", title={"sv": "Hjälp i nöd", "en": "Help"}))
    second = Suggester(load_knowledge_base(settings.articles_dir), first)
    assert ids(second, "dagisplats") == []
    assert [one.title for one in second.suggest("sopor", "sv", TODAY)] == ["Sopor och sånt"]
    assert ids(second, "hjälp i nöd") == []
    assert second.suggest("dagisplats", "sv", dt.date(2026, 11, 22)), "until its last day it may be shown"


@pytest_asyncio.fixture
async def address(settings: Settings, encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    monkeypatch.setattr("knowledge.analysis.load_encoder", lambda _: encoder)
    monkeypatch.setattr(Analyst, "warm", lambda self: None)
    build_index(settings, lambda: encoder, TODAY, lambda line: None)
    async with serving(create_app(settings, today=lambda: TODAY)) as url:
        yield url


@pytest.mark.asyncio
async def test_the_service_suggests_and_knows_of_an_edit_after_a_reload(address: str, edit: Callable[..., Path]) -> None:
    async with KnowledgeClient(address, timeout=60) as client:
        while not (await client.is_ready() and await client.suggest("dagis", "sv")):
            pass  # it is ready before the suggestions are: nobody waits for them
        assert await client.suggest("dagis", "sv") == [
            {"article_id": "forskola-ansokan", "language": "sv", "title": "Söka plats i förskola"}
        ]
        edit(PRESCHOOL, title={"sv": "Barnomsorg", "en": "Childcare"})
        async with httpx.AsyncClient(base_url=address, timeout=60) as http:
            assert (await http.post("/reload")).status_code == 200
        assert [one["title"] for one in await client.suggest("dagis", "sv")] == ["Barnomsorg"]
        with pytest.raises(KnowledgeRefused):
            await client.suggest("x" * 201, "sv")
