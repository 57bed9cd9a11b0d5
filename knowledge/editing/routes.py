"""`/editing/…`: the routes for the app, opened by a token. See docs/architecture.md, "Editing"."""

from __future__ import annotations

import asyncio
import datetime as dt
import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import structlog
from fastapi import APIRouter, Depends, Header, HTTPException, Path, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from knowledge.analysis import Analyst
from knowledge.editing.change import EditRefused, Writing, commit_message
from knowledge.editing.competition import Competition, own_entries, titles
from knowledge.editing.editor import Editor
from knowledge.editing.record import Person, Record
from knowledge.editing.settings import EditingSettings
from knowledge.editing.version_control import commit
from knowledge.settings import Settings

MAX_REASON = 500
MAX_PHRASINGS = 200
_LANGUAGE = r"^[a-z]{2,3}$"
_Answer = TypeVar("_Answer")
_log = structlog.get_logger("knowledge.editing")

ArticleId = Annotated[str, Path(max_length=100)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PersonBody(_Body):
    """A member of staff."""

    name: str = Field(min_length=1, max_length=100)
    email: str = Field(min_length=3, max_length=200)

    def person(self) -> Person:
        """For the record."""
        return Person(self.name, self.email)


class CheckRequest(_Body):
    """Body of `/editing/check`."""

    article: dict[str, Any]
    reviewed: list[str] = Field(default=[], max_length=100)
    exact: bool = False


class CompetitionRequest(_Body):
    """Body of `/editing/competition`; `article` is the article as it stands in the form, if it is not (yet) as its file."""

    article_id: str = Field(max_length=100)
    language: str = Field(pattern=_LANGUAGE)
    phrasings: list[Annotated[str, Field(max_length=500)]] = Field(max_length=MAX_PHRASINGS)
    article: dict[str, Any] | None = None


class ChangeRequest(_Body):
    """Body of `PUT /editing/articles/{id}`."""

    article: dict[str, Any]
    base_hash: str | None
    author: PersonBody
    approver: PersonBody | None = None
    reason: str = Field(min_length=1, max_length=MAX_REASON)


def editing_router(
    settings: Settings,
    editing: EditingSettings,
    loaded: Callable[[], Analyst],
    reload: Callable[[], Awaitable[str]],
    today: Callable[[], dt.date],
) -> APIRouter:
    """The routes.

    Args:
        settings: folders and tuning.
        editing: token, and whether changes are committed.
        loaded: gives the analyst; answers 503 while it is loading.
        reload: takes the files into use and gives the index version; answers 500 when that fails.
        today: the date by which articles expire.
    """
    editor = Editor(settings.articles_dir, Record(settings.var_dir / "knowledge"), today)
    writing = asyncio.Lock()

    async def opened(authorization: Annotated[str, Header()] = "") -> None:
        token = editing.knowledge_token.get_secret_value()
        if not token:
            raise HTTPException(503, {"code": "editing_off", "message": "set KNOWLEDGE_TOKEN to open editing"})
        if not hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
            raise HTTPException(401, {"code": "unauthorized", "message": "KNOWLEDGE_TOKEN is missing or another"})

    router = APIRouter(prefix="/editing", dependencies=[Depends(opened)])

    @router.get("/articles")
    async def articles(q: Annotated[str, Query(max_length=200)] = "") -> JSONResponse:
        return JSONResponse(await asyncio.to_thread(editor.listing, q))

    @router.get("/articles/{article_id}")
    async def article(article_id: ArticleId) -> JSONResponse:
        return JSONResponse(await _refusing(asyncio.to_thread(editor.detail, article_id)))

    @router.get("/articles/{article_id}/versions/{version}")
    async def version(article_id: ArticleId, version: Annotated[str, Path(max_length=32)]) -> JSONResponse:
        return JSONResponse(await _refusing(asyncio.to_thread(editor.version, article_id, version)))

    @router.post("/check")
    async def check(request: CheckRequest) -> JSONResponse:
        return JSONResponse(await asyncio.to_thread(editor.check, request.article, request.reviewed, request.exact))

    @router.post("/competition")
    async def competition(request: CompetitionRequest) -> JSONResponse:
        return JSONResponse({"phrasings": await asyncio.to_thread(_standings, loaded(), settings, editor, request)})

    @router.put("/articles/{article_id}")
    async def write(article_id: ArticleId, request: ChangeRequest) -> JSONResponse:
        loaded()  # before anything is written: what cannot be taken into use is not written either
        async with writing:
            planned = await _refusing(asyncio.to_thread(editor.plan, article_id, request.article, request.base_hash))
            if planned is None:
                return JSONResponse(await _already_written(article_id, request))
            return JSONResponse(await _write(planned, request))

    async def _already_written(article_id: str, request: ChangeRequest) -> dict[str, Any]:
        """The same change again: a press repeated, or a crash between the file and the answer to it."""
        known = (await asyncio.to_thread(editor.detail, article_id))["hash"]
        version = await reload()
        if not await asyncio.to_thread(editor.record.is_last, article_id, known):
            done = await asyncio.to_thread(editor.written, article_id, request.base_hash)
            await _write_down(done, request)
        return {"hash": known, "index_version": version, "changed": False, "git": None}

    async def _write(planned: Writing, request: ChangeRequest) -> dict[str, Any]:
        undo = await _refusing(asyncio.to_thread(planned.make, editor.record))
        try:
            version = await reload()
        except BaseException:
            # Nothing is half done: the file goes back to what is served.
            await asyncio.to_thread(undo)
            raise
        git = await _write_down(planned, request)
        _log.info("article written", article=planned.article.id, hash=planned.hash, index_version=version, git=git)
        return {"hash": planned.hash, "index_version": version, "changed": True, "git": git}

    async def _write_down(done: Writing, request: ChangeRequest) -> str | None:
        approver = request.approver.person() if request.approver else None
        change = done.change(dt.datetime.now(dt.UTC), request.author.person(), approver, request.reason)
        await asyncio.to_thread(editor.record.append, change)
        if not editing.commits:
            return None
        outcome = await asyncio.to_thread(commit, done.paths, change.author, commit_message(change))
        if outcome.startswith("failed"):
            _log.error("article not committed", article=change.id, hash=change.after, reason=outcome)
        return outcome

    return router


def _standings(analyst: Analyst, settings: Settings, editor: Editor, request: CompetitionRequest) -> list[dict[str, Any]]:
    data = request.article
    if data is None:
        known = editor.snapshot().base.articles.get(request.article_id)
        data = known.model_dump(mode="json") if known else {}
        data |= {"questions": {**data.get("questions", {}), request.language: request.phrasings}}
    searcher = analyst.searcher
    compared = Competition(searcher, analyst.encoder, settings.tuning)
    phrasings = [text for text in request.phrasings if text.strip()]
    found = compared.standings(
        request.article_id, request.language, phrasings, own_entries(request.article_id, data),
        titles(searcher.index, request.language),
    )  # fmt: skip
    return [item.body() for item in found]


async def _refusing(work: Awaitable[_Answer]) -> _Answer:
    try:
        return await work
    except EditRefused as refused:
        detail = {"code": refused.code, "message": str(refused), **refused.extra}
        raise HTTPException(refused.status, detail) from refused
