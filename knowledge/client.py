"""A small client of the knowledge service for the app and the actions. Imports nothing heavy."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from types import TracebackType
from typing import Any, NotRequired, Self, TypedDict, cast
from urllib.parse import quote

import httpx

_MOST_FORETOLD = 32  # under load there is no idle core to win anything with
_FORETOLD_SECONDS = 10.0
_MOST_ARTICLES = 4096  # texts of a few kB, in the languages asked for
_Key = tuple[str, str | None, int, tuple[str, ...]]


class TokenData(TypedDict):
    """A word and its base form, offsets in characters."""

    text: str
    lemma: str
    start: int
    end: int


class EntityData(TypedDict):
    """A name in the message."""

    entity: str
    value: str
    start: int
    end: int


class CandidateData(TypedDict):
    """An article that retrieval proposes."""

    article_id: str
    language: str
    title: str
    probability: float
    matched: str


class ElsewhereData(TypedDict):
    """Whose question it is, if it is not the city's."""

    id: str
    probability: float


class AnalysisData(TypedDict):
    """The answer of `/analyze`."""

    language: str
    language_probability: float
    tokens: list[TokenData]
    entities: list[EntityData]
    signals: dict[str, float]
    candidates: list[CandidateData]
    elsewhere: ElsewhereData | None
    choices: list[CandidateData]
    follows: bool
    index_version: str
    ms: float
    embedding: NotRequired[list[float]]


class SuggestionData(TypedDict):
    """An article that what is being written may be about."""

    article_id: str
    language: str
    title: str


class SourceData(TypedDict):
    """What an article rests on."""

    url: str
    title: str
    year: int | None


class LinkData(TypedDict):
    """Where to go on."""

    url: str
    title: str


class NextData(TypedDict):
    """A related article."""

    article_id: str
    title: str


class ArticleData(TypedDict):
    """The answer of `/articles/{id}`."""

    article_id: str
    area: str
    department: str
    department_name: str
    status: str
    updated: str
    review_by: str
    live_only: bool
    sensitive: bool
    volatile: list[str]
    language: str
    requested_language: str
    translation_state: str
    title: str
    answer: str
    short: str
    sources: list[SourceData]
    links: list[LinkData]
    next: list[NextData]
    titles: dict[str, str]


class KnowledgeUnavailable(RuntimeError):
    """The service does not answer, or not in time; the caller goes on without it."""


class KnowledgeRefused(ValueError):
    """The service refused the request (422): a fault of the caller."""


class KnowledgeClient:
    """Asks the knowledge service.

    Args:
        base_url: `KNOWLEDGE_URL`.
        timeout: seconds for a whole answer; connecting has at most 1 of them.
        transport: for tests.
    """

    def __init__(
        self, base_url: str = "http://127.0.0.1:8001", timeout: float = 3.0, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._foretold: dict[_Key, asyncio.Task[AnalysisData]] = {}
        self._articles: dict[tuple[str, str, str | None, dt.date], ArticleData | None] = {}
        self._http = httpx.AsyncClient(
            base_url=base_url, timeout=httpx.Timeout(timeout, connect=min(1.0, timeout)), transport=transport, trust_env=False
        )

    async def __aenter__(self) -> Self:
        """Opens nothing: connections are made when needed."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Closes the connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def analyze(
        self,
        text: str,
        language_hint: str | None = None,
        *,
        k: int = 5,
        min_probability: float = 0.0,
        embedding: bool = False,
        about: Sequence[str] = (),
    ) -> AnalysisData:
        """Language, signals and candidates of a message.

        Args:
            text: the masked message, at most 4000 characters.
            language_hint: the conversation's language.
            k: number of candidates.
            min_probability: candidates below it are left out.
            embedding: whether the vector is wanted too.
            about: ids of the articles last shown, to which the message may be a follow-up.

        Raises:
            KnowledgeUnavailable: no answer in time, or the service is loading or broken.
            KnowledgeRefused: the request is not valid.
        """
        body: dict[str, Any] = {"text": text, "k": k, "min_probability": min_probability, "embedding": embedding}
        if language_hint is not None:
            body["language_hint"] = language_hint
        if about:
            body["about"] = list(about)
        response = await self._send("POST", "/analyze", json=body)
        return cast(AnalysisData, self._json(response))

    async def parts(self, readings: Sequence[Sequence[str]], language: str, *, k: int = 5) -> list[list[list[CandidateData]]]:
        """Candidates for the parts of a message, in one call.

        Args:
            readings: at most 8 ways to divide the message, each of at most 4 parts in order.
            language: of the whole message.
            k: number of candidates per part.

        Returns:
            Per reading and part the candidates, best first.

        Raises:
            KnowledgeUnavailable: no answer in time, or the service is loading or broken.
            KnowledgeRefused: the request is not valid.
        """
        body = {"readings": [list(reading) for reading in readings], "language": language, "k": k}
        response = await self._send("POST", "/parts", json=body)
        return cast(list[list[list[CandidateData]]], self._json(response)["readings"])

    async def suggest(self, text: str, language: str, *, limit: int = 4) -> list[SuggestionData]:
        """Titles of articles for what is being written.

        Args:
            text: what is written so far, at most 200 characters.
            language: the conversation's.
            limit: at most so many (1 to 10).

        Raises:
            KnowledgeUnavailable: no answer in time, or the service is loading or broken.
            KnowledgeRefused: the request is not valid.
        """
        response = await self._send("POST", "/suggest", json={"text": text, "language": language, "limit": limit})
        return cast(list[SuggestionData], self._json(response)["suggestions"])

    def foretell(self, text: str, language_hint: str | None, *, k: int, about: tuple[str, ...] = ()) -> None:
        """Begins an analysis that `foretold` will ask for: while the message is being stored, the other core can work on it.

        Arguments as for `analyze`.
        """
        key = (text, language_hint, k, about)
        if key not in self._foretold and len(self._foretold) < _MOST_FORETOLD:
            begun = asyncio.create_task(self.analyze(text, language_hint, k=k, about=about))
            begun.add_done_callback(lambda task: None if task.cancelled() else task.exception())  # nobody may come for it
            self._foretold[key] = begun
            asyncio.get_running_loop().call_later(_FORETOLD_SECONDS, self._forget, key, begun)

    async def foretold(self, text: str, language_hint: str | None, *, k: int, about: tuple[str, ...] = ()) -> AnalysisData:
        """The analysis that was begun, or a new one. Arguments and errors as for `analyze`."""
        begun = self._foretold.pop((text, language_hint, k, about), None)
        return await (begun if begun is not None else self.analyze(text, language_hint, k=k, about=about))

    def _forget(self, key: _Key, begun: asyncio.Task[AnalysisData]) -> None:
        if self._foretold.get(key) is begun:
            del self._foretold[key]

    async def article(self, article_id: str, language: str = "sv", *, index_version: str | None = None) -> ArticleData | None:
        """An article in a language; None when it is unknown, expired or past its review date.

        Args:
            article_id: its id.
            language: language code wanted.
            index_version: of the analysis the article comes from; while it and the day stay the same, so does the article,
                and it is not asked for again.

        Raises:
            KnowledgeUnavailable: no answer in time, or the service is loading or broken.
            KnowledgeRefused: the language is not a code.
        """
        key = (article_id, language, index_version, dt.date.today())  # noqa: DTZ011 - the service's own day decides
        if index_version is not None and key in self._articles:
            return self._articles[key]
        response = await self._send("GET", f"/articles/{quote(article_id, safe='')}", params={"language": language})
        found = None if response.status_code in (404, 410) else cast(ArticleData, self._json(response))
        if index_version is not None:
            if len(self._articles) >= _MOST_ARTICLES:
                self._articles.clear()
            self._articles[key] = found
        return found

    async def is_ready(self) -> bool:
        """Whether the service has loaded its encoder and index."""
        try:
            return (await self._send("GET", "/readyz")).status_code == 200
        except KnowledgeUnavailable:
            return False

    async def _send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            try:
                return await self._http.request(method, path, **arguments)
            except (httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError):
                # Once more: a restarted service breaks the connections kept from before. Reading twice changes nothing.
                return await self._http.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise KnowledgeUnavailable(f"{method} {path}: {type(error).__name__}") from error

    @staticmethod
    def _json(response: httpx.Response) -> Any:
        if response.status_code == 422:
            raise KnowledgeRefused(response.json()["error"]["message"])
        if response.status_code != 200:
            raise KnowledgeUnavailable(f"the knowledge service answered {response.status_code}")
        return response.json()
