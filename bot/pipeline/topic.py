"""What the conversation is about, for the desk: the article that retrieval saw last with some confidence."""

from __future__ import annotations

import sqlalchemy as sa

from bot.core import Core
from bot.pipeline.context import TurnContext
from bot.store import schema
from knowledge.client import KnowledgeUnavailable

_LEAST_PROBABILITY = 0.3
_TURNS_BACK = 4


async def topic_of(core: Core, ctx: TurnContext) -> tuple[str | None, str | None]:
    """Department and Swedish title of the best candidate of this turn, else of the last few.

    Returns:
        (department key, title), each None when unknown.
    """
    article_id: str | None = None
    candidates = ctx.analysis["candidates"] if ctx.analysis else []
    if candidates and candidates[0]["probability"] >= _LEAST_PROBABILITY:
        article_id = candidates[0]["article_id"]
    else:
        t = schema.turn.c
        query = (
            sa.select(t.analysis)
            .where(t.conversation_id == ctx.conversation.id, t.seq < ctx.seq, t.analysis.is_not(None))
            .order_by(t.seq.desc())
            .limit(_TURNS_BACK)
        )
        async with core.store.read() as conn:
            for (analysis,) in await conn.execute(query):
                earlier = (analysis or {}).get("candidates") or []
                if earlier and earlier[0]["probability"] >= _LEAST_PROBABILITY:
                    article_id = earlier[0]["article_id"]
                    break
    if article_id is None:
        return None, None
    try:
        article = await core.knowledge.article(article_id, "sv")
    except KnowledgeUnavailable:
        return None, None
    return (article["department"], article["title"]) if article else (None, None)
