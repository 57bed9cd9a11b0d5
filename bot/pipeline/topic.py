"""What the conversation is about, for the desk: the article that retrieval saw last with some confidence."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.core import Core
from bot.pipeline.context import TurnContext
from bot.store import schema
from knowledge.client import KnowledgeUnavailable

EMERGENCY_AREA = "nodlagen"  # articles about the help lines
_LEAST_PROBABILITY = 0.6
_TURNS_BACK = 4
_ASKS = 0.5  # from here a message asks for a human


async def topic_of(core: Core, ctx: TurnContext) -> tuple[str | None, str | None]:
    """Department and Swedish title of what the last few turns, else this one, were about.

    Returns:
        (department key, title), each None when unknown.
    """
    try:
        for article_id in await _likely(core, ctx):
            article = await core.knowledge.article(article_id, "sv")
            # "I want to talk to somebody" lies close to the help lines' articles; those are never what a queue should show.
            if article is not None and article["area"] != EMERGENCY_AREA:
                return article["department"], article["title"]
    except KnowledgeUnavailable:
        pass
    return None, None


async def _likely(core: Core, ctx: TurnContext) -> list[str]:
    """Articles that the turns before this one, newest first, and then this one were probably about.

    Asking for a human looks to retrieval like a question about the contact centre; what was talked about before says more.
    """
    t = schema.turn.c
    query = (
        sa.select(t.analysis, t.facts)
        .where(t.conversation_id == ctx.conversation.id, t.seq < ctx.seq, t.analysis.is_not(None))
        .order_by(t.seq.desc())
        .limit(_TURNS_BACK)
    )
    async with core.store.read() as conn:
        before = [row.analysis or {} for row in (await conn.execute(query)).all() if not _asks_for_human(row.analysis, row.facts)]
    analyses = [*before, ctx.analysis or {}]
    firsts = [candidates[0] for analysis in analyses if (candidates := analysis.get("candidates"))]
    return [first["article_id"] for first in firsts if first["probability"] >= _LEAST_PROBABILITY]


def _asks_for_human(analysis: dict[str, Any] | None, facts: dict[str, Any] | None) -> bool:
    return bool((facts or {}).get("human")) or ((analysis or {}).get("signals") or {}).get("ask_human", 0.0) >= _ASKS
