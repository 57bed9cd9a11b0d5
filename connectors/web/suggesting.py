"""Suggestions while a citizen writes, and what choosing one means: the article itself, whatever its title sounds like.

A title sent as words would go through every stage: "Worried about a child" sounds like an emergency, and is a page about how to
report one. So a suggestion has a payload of its own. It is turned into a button of the conversation only when it is chosen: a key
press writes nothing.
"""

from __future__ import annotations

import json
import secrets

from bot.core import Core
from bot.http import ApiError
from bot.pipeline.accept import clean
from bot.store import conversations, schema
from bot.store.conversations import Conversation
from connectors.web.models import Suggestions
from knowledge.client import KnowledgeRefused, KnowledgeUnavailable

MOST = 4
_PREFIX = "article:"


async def suggest(core: Core, conversation: Conversation, text: str, language: str) -> Suggestions:
    """Titles for what is being written; none while a human has the word, and none when knowledge is down."""
    found = []
    if conversation.owner == "bot":
        try:
            found = await core.knowledge.suggest(clean(text), language, limit=MOST)
        except (KnowledgeUnavailable, KnowledgeRefused):
            found = []
    return Suggestions.model_validate(
        {
            "suggestions": [
                one | {"dir": core.texts.direction(one["language"]), "payload": f"{_PREFIX}{one['language']}:{one['article_id']}"}
                for one in found
            ]
        }
    )


def is_suggestion(payload: str) -> bool:
    """Whether a payload is that of a suggestion."""
    return payload.startswith(_PREFIX)


async def issue(core: Core, conversation: Conversation, payload: str) -> str:
    """Makes a chosen suggestion a button of this conversation, and its language the conversation's unless one was chosen.

    Returns:
        The button's payload.

    Raises:
        ApiError: 422 there is no such article in that language (any more), 503 knowledge does not answer.
    """
    language, _, article_id = payload.removeprefix(_PREFIX).partition(":")
    try:
        article = await core.knowledge.article(article_id, language)
    except KnowledgeUnavailable:
        raise ApiError(
            503, "starting", "the knowledge service does not answer; try again", headers={"Retry-After": "1"}
        ) from None
    except KnowledgeRefused:
        article = None
    if article is None or article["language"] != language:
        raise ApiError(422, "unknown_payload", "there is no such article")
    issued = "b" + secrets.token_urlsafe(12)
    action = "/answer_article" + json.dumps({"article_id": article_id})
    async with core.store.write() as tx:
        await tx.conn.execute(
            schema.button.insert().values(
                payload=issued,
                conversation_id=conversation.id,
                action=action,
                title=article["title"][:300],
                created_at=core.now(),
            )
        )
        if language != conversation.language and not conversation.language_locked:
            await conversations.update(tx, conversation.id, language=language)
    return issued
