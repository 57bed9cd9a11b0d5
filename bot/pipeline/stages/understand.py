"""First stages of a turn: what was said (knowledge) and in which language to answer."""

from __future__ import annotations

import unicodedata
from collections import Counter

import structlog

from bot.core import Core
from bot.pipeline.about import about_of
from bot.pipeline.accept import CANDIDATES, PROTECTED_TEXT
from bot.pipeline.context import TurnContext
from knowledge.client import KnowledgeRefused, KnowledgeUnavailable

_log = structlog.get_logger(__name__)
SWITCH_PROBABILITY = 0.75  # below it a conversation keeps its language: "ok", names and "BankID" don't switch it

# A language we have no texts in is answered in English: one odd word ("konstmuseet entré") must not lead there.
FOREIGN_PROBABILITY = 0.97

# Written in another script than the conversation's language: it is not that language, so the likeliest other one is right.
OTHER_SCRIPT_PROBABILITY = 0.4


async def analyze(core: Core, ctx: TurnContext) -> None:
    """Asks knowledge for language, signals and candidates. Without knowledge the turn goes on with the rules alone."""
    if ctx.action is not None or ctx.text == PROTECTED_TEXT:
        return
    try:
        async with core.store.read() as conn:
            ctx.topic = await about_of(core, conn, ctx.conversation.id, ctx.seq)
        ctx.analysis = await core.knowledge.foretold(ctx.text, ctx.conversation.language, k=CANDIDATES, about=ctx.topic.articles)
    except (KnowledgeUnavailable, KnowledgeRefused) as down:
        _log.warning("knowledge_unavailable", conversation_id=ctx.conversation.id, error=str(down)[:200])


def script_of(text: str) -> str:
    """The script that most letters are of, as Unicode names it (`LATIN`, `ARABIC`); empty without letters."""
    scripts = Counter(unicodedata.name(char, "?").split()[0] for char in text if char.isalpha())
    return scripts.most_common(1)[0][0] if scripts else ""


async def choose_language(core: Core, ctx: TurnContext) -> None:
    """An explicit choice stays; otherwise the message's language, if it is clear enough."""
    ctx.language = ctx.conversation.language
    heard = ctx.analysis
    if heard is None or ctx.conversation.language_locked or heard["language"] == ctx.language or ctx.facts.contact:
        return  # a number or an address is in no language
    spoken = {language.code: language.name for language in core.texts.languages()}
    if script_of(ctx.text) not in ("", script_of(spoken.get(ctx.language, "English"))):
        needed = OTHER_SCRIPT_PROBABILITY
    else:
        needed = SWITCH_PROBABILITY if heard["language"] in spoken else FOREIGN_PROBABILITY
    if heard["language_probability"] >= needed:
        ctx.language = heard["language"]
        ctx.updates["language"] = heard["language"]
