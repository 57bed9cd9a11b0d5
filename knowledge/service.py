"""The knowledge service: `/analyze`, `/suggest`, `/articles/{id}`, `/reload`, `/editing/…`, health. For this machine only."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any

import structlog
from fastapi import FastAPI, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from pydantic import BaseModel, ConfigDict, Field

from knowledge.analysis import Analysis, Analyst, Key
from knowledge.article import Article, KnowledgeBase, localised
from knowledge.editing.routes import editing_router
from knowledge.editing.settings import EditingSettings
from knowledge.settings import Settings, today
from knowledge.suggestions import Suggester

MAX_TEXT = 4000
_LANGUAGE = r"^[a-z]{2,3}$"
_ARTICLE = r"^[a-z][a-z0-9-]*$"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 1.0)


class AnalyzeRequest(BaseModel):
    """Body of `/analyze`."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=MAX_TEXT)
    language_hint: str | None = Field(default=None, pattern=_LANGUAGE)
    k: int = Field(default=5, ge=1, le=50)
    min_probability: float = Field(default=0.0, ge=0.0, le=1.0)
    embedding: bool = False
    about: list[Annotated[str, Field(max_length=100, pattern=_ARTICLE)]] = Field(default=[], max_length=3)


class PartsRequest(BaseModel):
    """Body of `/parts`: ways to divide one message, each a list of its parts."""

    model_config = ConfigDict(extra="forbid")

    readings: list[Annotated[list[Annotated[str, Field(max_length=MAX_TEXT)]], Field(max_length=4)]] = Field(max_length=8)
    language: str = Field(pattern=_LANGUAGE)
    k: int = Field(default=5, ge=1, le=50)


class SuggestRequest(BaseModel):
    """Body of `/suggest`: what a citizen has written so far."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=200)
    language: str = Field(pattern=_LANGUAGE)
    limit: int = Field(default=4, ge=1, le=10)


class Metrics:
    """The service's Prometheus metrics, in a registry of their own so that two services fit in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.analyses = Counter("knowledge_analyses_total", "Analyses", ["cache", "language"], registry=self.registry)
        self.seconds = Histogram(
            "knowledge_analyze_seconds", "Time of an analysis, waiting included", buckets=_BUCKETS, registry=self.registry
        )
        self.reloads = Counter("knowledge_reloads_total", "Reloads of the index", ["result"], registry=self.registry)
        self.articles = Gauge("knowledge_articles", "Articles in the index", registry=self.registry)
        self.faulty = Gauge("knowledge_faulty_articles", "Files left out of the index", registry=self.registry)
        self.waiting = Gauge("knowledge_waiting", "Analyses waiting or running", registry=self.registry)


def create_app(
    settings: Settings,
    analyst: Callable[[], Analyst] | None = None,
    today: Callable[[], dt.date] = today,
    editing: EditingSettings | None = None,
) -> FastAPI:
    """Makes the application.

    Args:
        settings: models, folders and tuning.
        analyst: makes the analyst, called once in the worker thread; by default one from the settings.
        today: the date by which articles expire.
        editing: token and version control of editing; by default from the environment.

    Returns:
        The application. It answers `/healthz` at once and `/readyz` with 200 when encoder and index are loaded.
    """
    log = structlog.get_logger("knowledge")
    metrics = Metrics()
    # One thread: the model uses both cores by itself, and a second analysis beside it would only make both slower.
    worker = ThreadPoolExecutor(1, thread_name_prefix="analyst")
    state: dict[str, Any] = {"analyst": None, "error": None, "suggester": None}
    reloading = asyncio.Lock()

    def note_index(loaded: Analyst) -> None:
        metrics.articles.set(len(loaded.searcher.index.article_ids))
        metrics.faulty.set(loaded.searcher.index.faulty)

    async def load() -> None:
        started = time.perf_counter()
        try:
            made = await asyncio.get_running_loop().run_in_executor(worker, analyst or (lambda: Analyst(settings)))
            await asyncio.get_running_loop().run_in_executor(worker, made.warm)
        except Exception as error:
            state["error"] = str(error)
            log.error("loading failed", error=str(error))
            return
        state["analyst"] = made
        note_index(made)
        log.info("ready", index_version=made.searcher.index.version, seconds=round(time.perf_counter() - started, 1))
        await note_suggestions(made)  # seconds of work that nobody waits for

    async def note_suggestions(used: Analyst) -> None:
        base, before = used.searcher.index.knowledge_base, state["suggester"]
        state["suggester"] = await asyncio.get_running_loop().run_in_executor(None, Suggester, base, before)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(load())
        yield
        loading.cancel()
        worker.shutdown(wait=False, cancel_futures=True)

    app = FastAPI(title="Fråga Göteborg: knowledge", version="1", lifespan=lifespan)

    @app.exception_handler(RequestValidationError)
    async def explain(_: Request, error: RequestValidationError) -> JSONResponse:
        # FastAPI's own answer repeats the input; a citizen's text must not come back into a caller's log.
        message = "; ".join(f"{'.'.join(map(str, item['loc'][1:])) or 'body'}: {item['msg']}" for item in error.errors())
        return JSONResponse({"error": {"code": "invalid", "message": message}}, status_code=422)

    @app.exception_handler(HTTPException)
    async def refuse(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": error.detail}, status_code=error.status_code)

    def loaded() -> Analyst:
        if state["analyst"] is None:
            raise HTTPException(503, {"code": "not_ready", "message": state["error"] or "the encoder and the index are loading"})
        ready: Analyst = state["analyst"]
        return ready

    @app.post("/analyze")
    async def analyze(request: AnalyzeRequest) -> JSONResponse:
        ready = loaded()
        with metrics.waiting.track_inprogress(), metrics.seconds.time():
            question = (request.text, request.language_hint, request.k, tuple(request.about))
            found = ready.cached(*question)
            if found is None:
                found = await asyncio.get_running_loop().run_in_executor(worker, _analyse_once, ready, question)
        metrics.analyses.labels("hit" if found.cached else "miss", found.language).inc()
        return JSONResponse(_analysis_body(found, request))

    @app.post("/parts")
    async def parts(request: PartsRequest) -> JSONResponse:
        ready = loaded()
        with metrics.waiting.track_inprogress(), metrics.seconds.time():
            found = await asyncio.get_running_loop().run_in_executor(
                worker, ready.parts, request.readings, request.language, request.k
            )
        return JSONResponse({"readings": [[[asdict(item) for item in part] for part in reading] for reading in found]})

    @app.post("/suggest")
    async def suggest(request: SuggestRequest) -> JSONResponse:
        loaded()
        suggester: Suggester | None = state["suggester"]
        found = suggester.suggest(request.text, request.language, today(), request.limit) if suggester else []
        return JSONResponse({"suggestions": [asdict(item) for item in found]})

    @app.get("/articles/{article_id}")
    async def article(
        article_id: Annotated[str, Path(max_length=100)], language: Annotated[str, Query(pattern=_LANGUAGE)] = "sv"
    ) -> JSONResponse:
        base = loaded().searcher.index.knowledge_base
        found = base.articles.get(article_id)
        if found is None or found.status == "draft":
            raise HTTPException(404, {"code": "unknown_article", "message": f"there is no article {article_id}"})
        if not found.is_answerable(today()):
            raise HTTPException(410, {"code": "expired_article", "message": f"{article_id} is past its review date or withdrawn"})
        return JSONResponse(article_body(found, base, language, today()))

    async def take_into_use() -> Analyst:
        ready = loaded()
        started = time.perf_counter()
        async with reloading:
            try:
                await asyncio.get_running_loop().run_in_executor(None, ready.reload, today())
            except Exception as error:
                metrics.reloads.labels("failed").inc()
                log.error("reload failed", error=str(error))
                raise HTTPException(500, {"code": "reload_failed", "message": str(error)}) from error
            await note_suggestions(ready)
        metrics.reloads.labels("done").inc()
        note_index(ready)
        index = ready.searcher.index
        ms = round((time.perf_counter() - started) * 1000, 1)
        log.info("reloaded", index_version=index.version, articles=len(index.article_ids), ms=ms)
        return ready

    @app.post("/reload")
    async def reload() -> JSONResponse:
        started = time.perf_counter()
        index = (await take_into_use()).searcher.index
        ms = round((time.perf_counter() - started) * 1000, 1)
        return JSONResponse({"index_version": index.version, "articles": len(index.article_ids), "ms": ms})

    async def index_version() -> str:
        return (await take_into_use()).searcher.index.version

    app.include_router(editing_router(settings, editing or EditingSettings(), loaded, index_version, today))

    @app.get("/healthz")
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        if state["analyst"] is None:
            status = "loading" if state["error"] is None else "failed"
            return JSONResponse({"status": status, "error": state["error"]}, status_code=503)
        return JSONResponse({"status": "ready", "index_version": state["analyst"].searcher.index.version})

    @app.get("/metrics")
    async def prometheus() -> Response:
        return PlainTextResponse(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return app


def _analyse_once(analyst: Analyst, question: Key) -> Analysis:
    """Analyses unless the same message was analysed while this one waited (app and Rasa ask the same)."""
    return analyst.cached(*question) or analyst.analyse(*question)


def _analysis_body(found: Analysis, request: AnalyzeRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "language": found.language,
        "language_probability": found.language_probability,
        "tokens": [asdict(token) for token in found.tokens],
        "entities": [asdict(entity) for entity in found.entities],
        "signals": dict(found.signals),
        "candidates": [asdict(item) for item in found.candidates if item.probability >= request.min_probability],
        "elsewhere": asdict(found.elsewhere) if found.elsewhere else None,
        "choices": [asdict(item) for item in found.choices],
        "follows": found.follows,
        "index_version": found.index_version,
        "ms": found.ms,
    }
    if request.embedding:
        body["embedding"] = [round(float(value), 6) for value in found.embedding]
    return body


def article_body(article: Article, base: KnowledgeBase, language: str, today: dt.date) -> dict[str, Any]:
    """The body of `/articles/{id}`: the article in one language, placeholders filled in.

    Args:
        article: an article that may be shown.
        base: for departments, phones and the titles of related articles.
        language: the language asked for; missing ones fall back to English, then Swedish.
        today: related articles that may not be shown today are left out.
    """
    shown = article.language_for(language)
    department = base.departments.get(article.department)
    department_name = localised(department.name, language) if department else article.department
    return {
        "article_id": article.id,
        "area": article.area,
        "department": article.department,
        "department_name": department_name,
        "status": article.status,
        "updated": article.updated.isoformat(),
        "review_by": article.review_by.isoformat(),
        "live_only": article.live_only,
        "sensitive": article.sensitive,
        "volatile": list(article.volatile),
        "language": shown,
        "requested_language": language,
        "translation_state": article.state_of(language),
        "title": localised(article.title, shown),
        "answer": base.render(article.answer[shown], shown).strip(),
        "short": base.render(localised(article.short, shown), shown).strip(),
        "sources": [source.model_dump() for source in article.sources],
        "links": [{"url": link.url, "title": localised(link.title, shown)} for link in article.links],
        "next": [
            {"article_id": key, "title": localised(base.articles[key].title, shown)}
            for key in article.next
            if key in base.articles and base.articles[key].is_answerable(today)
        ],
        "titles": dict(article.title),
    }


def configure_logging() -> None:
    """One JSON line per event on standard output. Requests are not logged: their bodies are what citizens write."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        cache_logger_on_first_use=True,
    )


def serve(settings: Settings) -> None:
    """Runs the service until it is stopped."""
    import uvicorn

    configure_logging()
    host, port = settings.address
    uvicorn.run(create_app(settings), host=host, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=5)
