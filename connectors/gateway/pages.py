"""`/a/{article_id}`: the full answer as a plain page, for the link in an SMS. Works without script, in every language."""

from __future__ import annotations

import html
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from bot.core import Core
from connectors.rendering.render import Rendering
from knowledge.client import KnowledgeUnavailable

_STYLE = "/widget/answer.css"


def answer_routes(core: Core, rendering: Rendering) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)

    @router.get("/a/{article_id}")
    async def answer(request: Request, article_id: str, l: Annotated[str, Query(max_length=8)] = "sv") -> HTMLResponse:  # noqa: E741
        texts = core.texts
        served = {spoken.code: spoken for spoken in texts.languages()}
        language = l if l in served else "sv"
        try:
            article = await core.knowledge.article(article_id, language) if len(article_id) <= 64 else None
        except KnowledgeUnavailable:
            return _page(core, language, texts.render("error.unavailable", language), "", 503)
        if article is None:
            return _page(core, language, texts.render("dont_know", language), "", 404)
        shown = article["language"]
        body = [f"<p>{html.escape(paragraph)}</p>" for paragraph in article["answer"].strip().split("\n") if paragraph.strip()]
        notes = [key for state, key in (("stale", "stale_translation.note"), ("drafted", "drafted_translation.note"))
                 if article["translation_state"] == state]  # fmt: skip
        notes += ["live_only.note"] if article["live_only"] else []
        body += [f'<p class="note">{html.escape(texts.render(key, shown))}</p>' for key in notes]
        links = [(item["title"], item["url"]) for item in article["links"]]
        links += [(texts.render("answer.source", shown, title=item["title"]), item["url"]) for item in article["sources"]]
        body.append(
            "<ul>" + "".join(f'<li><a href="{html.escape(url)}">{html.escape(title)}</a></li>' for title, url in links) + "</ul>"
        )
        body.append(f'<p class="note">{html.escape(texts.render("answer.updated", shown, date=article["updated"]))}</p>')
        return _page(core, shown, article["title"], "".join(body), 200)

    return router


def _page(core: Core, language: str, title: str, body: str, status: int) -> HTMLResponse:
    chat = core.texts.render("widget.title", language)
    return HTMLResponse(
        f'<!doctype html><html lang="{language}" dir="{core.texts.direction(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f'<title>{html.escape(title)}</title><link rel="stylesheet" href="{_STYLE}"></head><body><main>'
        f'<h1>{html.escape(title)}</h1>{body}<p><a class="chat" href="/?lang={language}">{html.escape(chat)}</a></p>'
        "</main></body></html>",
        status,
    )
