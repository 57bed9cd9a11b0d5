"""First stages of a turn: what was said (knowledge) and in which language to answer."""

from __future__ import annotations

import structlog

from bot.core import Core
from bot.pipeline.accept import CANDIDATES, PROTECTED_TEXT
from bot.pipeline.context import TurnContext
from knowledge.client import KnowledgeRefused, KnowledgeUnavailable

_log = structlog.get_logger(__name__)
SWITCH_PROBABILITY = 0.75  # below it a conversation keeps its language: "ok", names and "BankID" don't switch it

# A language we have no texts in is answered in English: one odd word ("konstmuseet entré") must not lead there.
FOREIGN_PROBABILITY = 0.97


async def analyze(core: Core, ctx: TurnContext) -> None:
    """Asks knowledge for language, signals and candidates. Without knowledge the turn goes on with the rules alone."""
    if ctx.action is not None or ctx.text == PROTECTED_TEXT:
        return
    try:
        ctx.analysis = await core.knowledge.foretold(ctx.text, ctx.conversation.language, k=CANDIDATES)
    except (KnowledgeUnavailable, KnowledgeRefused) as down:
        _log.warning("knowledge_unavailable", conversation_id=ctx.conversation.id, error=str(down)[:200])


async def choose_language(core: Core, ctx: TurnContext) -> None:
    """An explicit choice stays; otherwise the message's language, if it is clear enough."""
    ctx.language = ctx.conversation.language
    heard = ctx.analysis
    if heard is None or ctx.conversation.language_locked or heard["language"] == ctx.language:
        return
    spoken = {language.code for language in core.texts.languages()}
    needed = SWITCH_PROBABILITY if heard["language"] in spoken else FOREIGN_PROBABILITY
    if heard["language_probability"] >= needed:
        ctx.language = heard["language"]
        ctx.updates["language"] = heard["language"]
