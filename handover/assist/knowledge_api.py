"""The knowledge base beside the conversation: search, and an article in the citizen's language next to the Swedish text."""

# No `from __future__ import annotations` here: FastAPI reads the dependencies, which are local, from live annotations.

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from bot.core import Core
from bot.http import ApiError, faults
from bot.privacy.masking import mask
from handover.auth import Session
from handover.identity.api import Requires
from knowledge.client import ArticleData, KnowledgeRefused, KnowledgeUnavailable

ArticleId = Annotated[str, Path(max_length=64, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Language = Annotated[str, Query(max_length=8, pattern=r"^[a-z]{2,3}$")]
_MOST = 8
_ORIGINAL = "sv"


def unavailable() -> ApiError:
    """503."""
    return ApiError(503, "knowledge_unavailable", "the knowledge base does not answer; try again in a moment")


class KnowledgeApi:
    """What an agent reads of the knowledge base.

    Args:
        core: texts and the knowledge service.
        requires: makes the dependency that lets a role in: `DeskApi.requires`.
    """

    def __init__(self, core: Core, requires: Requires) -> None:
        self._core, self._requires = core, requires

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/desk/v1/knowledge", tags=["knowledge"], responses=faults(401, 403, 404, 422, 503))
        Reader = Annotated[Session, Depends(self._requires("desk", writes=False))]

        @router.get("", summary="Articles that may answer a question, best first")
        async def search(
            _: Reader, q: Annotated[str, Query(min_length=1, max_length=300)], language: Language = _ORIGINAL
        ) -> dict[str, Any]:
            return {"articles": await self.search(q, language)}

        @router.get("/{article_id}", summary="An article in a language, with the Swedish text beside it")
        async def article(article_id: ArticleId, _: Reader, language: Language = _ORIGINAL) -> dict[str, Any]:
            return await self.article(article_id, language)

        _ = (search, article)
        return router

    async def search(self, text: str, language: str) -> list[dict[str, Any]]:
        """`{article_id, title (Swedish), probability}` of the candidates, best first. Nothing of the text is kept.

        Raises:
            ApiError: 503.
        """
        try:
            found = await self._core.knowledge.analyze(mask(text).text, k=_MOST)
        except (KnowledgeUnavailable, KnowledgeRefused):
            raise unavailable() from None
        ids = [one["article_id"] for one in found["candidates"]]
        articles = await asyncio.gather(*(self._read(article_id, _ORIGINAL) for article_id in ids))
        return [
            {"article_id": one["article_id"], "title": there["title"], "probability": one["probability"],
             "department_name": there["department_name"], "translated": language in there["titles"]}
            for one, there in zip(found["candidates"], articles, strict=True) if there is not None
        ]  # fmt: skip

    async def article(self, article_id: str, language: str) -> dict[str, Any]:
        """`{article_id, language, dir, fallback, title, answer, sources, links, translation_state, swedish?: {title, answer}}`.

        Raises:
            ApiError: 404 unknown or out of use, 503.
        """
        wanted, swedish = await asyncio.gather(self._read(article_id, language), self._read(article_id, _ORIGINAL))
        # Where the citizen's language is missing the service gives English; an agent gets the Swedish, visibly marked.
        chosen = wanted if wanted is not None and wanted["language"] == language else swedish
        if chosen is None or swedish is None:
            raise ApiError(404, "not_found", "there is no such article in use")
        shown: dict[str, Any] = {name: chosen[name] for name in ("article_id", "language", "title", "answer", "sources",
                                                                 "links", "translation_state")}  # fmt: skip
        shown |= {"dir": self._core.texts.direction(chosen["language"]), "fallback": chosen["language"] != language}
        if chosen["language"] != _ORIGINAL:
            shown["swedish"] = {"title": swedish["title"], "answer": swedish["answer"]}
        return shown

    async def _read(self, article_id: str, language: str) -> ArticleData | None:
        try:
            return await self._core.knowledge.article(article_id, language)
        except (KnowledgeUnavailable, KnowledgeRefused):
            raise unavailable() from None
