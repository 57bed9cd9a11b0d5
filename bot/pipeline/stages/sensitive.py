"""After an answer on a sensitive topic, as its article says: the offer of a human, kindly and once per conversation."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from bot.core import Core
from bot.messages import Reply
from bot.pipeline.context import TurnContext
from bot.pipeline.stages.protect import HUMAN, human_buttons
from bot.store import schema
from knowledge.client import KnowledgeUnavailable

REASON: Final = "sensitive"  # of the handover, if the offer is accepted


async def offer(core: Core, ctx: TurnContext) -> None:
    """Adds the offer after the answers of a turn; the turn stays answered.

    Not beside another offer of a human or a question back: there is one question at a time.
    """
    answered = [article_id for reply in ctx.replies if reply.type == "answer" for article_id in reply.article_ids]
    if not answered or any(reply.type in ("offer_human", "clarify") for reply in ctx.replies):
        return
    if not await _is_sensitive(core, ctx, answered) or await _offered_before(core, ctx):
        return
    ctx.replies.append(Reply("offer_human", "offer_human.sensitive", buttons=human_buttons(REASON), outcome="handover_offered"))
    ctx.updates["awaiting"] = f"human:{REASON}"


async def _is_sensitive(core: Core, ctx: TurnContext, articles: list[str]) -> bool:
    version = ctx.analysis["index_version"] if ctx.analysis else None
    try:
        # As they are asked for when they are shown: read once.
        found = [await core.knowledge.article(one, ctx.language, index_version=version) for one in articles]
    except KnowledgeUnavailable:
        return False
    return any(article is not None and article["sensitive"] for article in found)


async def _offered_before(core: Core, ctx: TurnContext) -> bool:
    b = schema.button.c
    query = sa.select(b.payload).where(b.conversation_id == ctx.conversation.id, b.action == f"{HUMAN}:{REASON}").limit(1)
    async with core.store.read() as conn:
        return (await conn.execute(query)).scalar_one_or_none() is not None
