"""Puts replies into words: the citizen's language, the catalogue's texts, the articles with source and date."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import structlog

from bot.core import Core
from bot.messages import Button, Rendered, Reply
from bot.texts import UnknownText
from knowledge.client import ArticleData, KnowledgeUnavailable

_log = structlog.get_logger(__name__)
_MOST_RELATED = 3
ORIGINAL = "sv"  # the language the articles are written in


def render_text(core: Core, reply: Reply, language: str) -> Rendered:
    """A reply that names no article: the catalogue's text and its buttons.

    Raises:
        UnknownText: the catalogue has no such key.
    """
    if reply.key is None:
        raise UnknownText(f"reply of type {reply.type} has neither text nor article")
    params = dict(reply.params)
    if reply.key == "languages":
        params["languages"] = ", ".join(spoken.name for spoken in core.texts.languages())
    payload: dict[str, Any] = {}
    if reply.preview is not None:
        payload["preview"] = reply.preview
    if reply.probability is not None:
        payload["probability"] = round(reply.probability, 4)
    if reply.links:
        payload["links"] = list(reply.links)
    if reply.mail is not None:
        payload["mail"] = reply.mail.content
    return Rendered(
        author=reply.author,
        text=core.texts.render(reply.key, language, **params),
        language=core.texts.language_of(reply.key, language),
        outcome=reply.outcome,
        payload=payload,
        buttons=_titled(core, reply.buttons, language),
        push_to=reply.mail.push_to if reply.mail else None,
    )


def _titled(core: Core, buttons: tuple[Button, ...], language: str) -> tuple[Button, ...]:
    return tuple(
        b
        if b.title
        else Button(b.action, title=core.texts.render(b.title_key or b.action, language, **b.params), article_id=b.article_id)
        for b in buttons
    )


async def render(core: Core, reply: Reply, language: str, index_version: str | None = None) -> list[Rendered]:
    """Renders a reply to one message, or one per article when it answers several questions.

    An article that has passed its review date meanwhile, or can't be read, becomes an honest don't-know. `index_version` is
    that of the turn's analysis, if there was one.
    """
    if reply.type != "answer" or not reply.article_ids:
        return [render_text(core, reply, language)]
    rendered: list[Rendered] = []
    if reply.key is not None and reply.key in core.texts.keys(reply.key):
        rendered.append(render_text(core, Reply("text", reply.key, reply.params), language))
    for article_id in reply.article_ids:
        try:
            article = await core.knowledge.article(article_id, language, index_version=index_version)
        except KnowledgeUnavailable:
            article = None
        if article is None:
            _log.warning("article_not_shown", article_id=article_id)
            rendered.append(render_text(core, Reply("text", "dont_know", outcome="unanswered"), language))
            continue
        if article["translation_state"] == "missing":
            rendered += await _in_other_languages(core, reply, article, language, index_version)
        else:
            rendered.append(_answer(core, reply, article, language))
    return rendered


async def _in_other_languages(
    core: Core, reply: Reply, article: ArticleData, language: str, index_version: str | None
) -> list[Rendered]:
    """What a citizen gets whose language the article does not have.

    Why, in their own; the text in English and in Swedish, which somebody can read with them; and the way to a human.
    """
    names = {spoken.code: spoken.name for spoken in core.texts.languages()}
    shown = [article]
    if article["language"] != ORIGINAL:
        try:
            original = await core.knowledge.article(article["article_id"], ORIGINAL, index_version=index_version)
        except KnowledgeUnavailable:
            original = None
        shown += [original] if original else []
    note = {"language_name": ", ".join(names.get(item["language"], item["language"]) for item in shown)}
    human = (Button("/human", "offer_human.yes"),)
    answers = [_answer(core, reply, item, language) for item in shown]
    first = [dataclasses.replace(item, buttons=(), payload={**item.payload, "wants_feedback": False}) for item in answers[:-1]]
    return [render_text(core, Reply("text", "missing_translation.note", note, buttons=human), language), *first, answers[-1]]


def _answer(core: Core, reply: Reply, article: ArticleData, language: str) -> Rendered:
    """The article's text as it stands, then what the citizen must know about it."""
    notes = []
    if article["live_only"]:
        notes.append("live_only.note")
    if article["translation_state"] == "stale":
        notes.append("stale_translation.note")
    elif article["translation_state"] == "drafted":
        notes.append("drafted_translation.note")
    texts = [article["answer"].strip(), *(core.texts.render(key, article["language"]) for key in notes)]
    related = tuple(
        Button(
            "/answer_article" + json.dumps({"article_id": near["article_id"]}),
            title=near["title"],
            article_id=near["article_id"],
        )
        for near in article["next"][:_MOST_RELATED]
    )
    payload: dict[str, Any] = {
        "title": article["title"],
        "sources": article["sources"],
        "updated": article["updated"],
        "links": article["links"],
        "wants_feedback": True,
        "short": article["short"].strip(),  # what is sent by SMS
    }
    if reply.probability is not None:
        payload["probability"] = round(reply.probability, 4)
    return Rendered(
        author=reply.author,
        text="\n\n".join(texts),
        language=article["language"],
        outcome=reply.outcome or "answered",
        article_id=article["article_id"],
        payload=payload,
        buttons=related,
    )
