"""A thumb down on an answer: the way to a human is offered, once at a time."""

from __future__ import annotations

from bot.core import Core
from bot.messages import Reply
from bot.pipeline.render import render_text
from bot.pipeline.stages.protect import human_buttons
from bot.store import conversations, messages
from bot.store.engine import Transaction

OFFERED = "human:feedback"  # `conversation.awaiting`


async def offer_human(core: Core, tx: Transaction, conversation_id: str) -> None:
    """Says so, unless somebody else has the word, the bot is off, or another question waits for its answer."""
    conversation = await conversations.lock(tx, conversation_id)
    if conversation.owner != "bot" or conversation.awaiting is not None or not (await core.switch.read()).enabled:
        return
    offer = Reply("offer_human", "feedback.thanks_down", buttons=human_buttons(), outcome="handover_offered")
    await messages.append(tx, conversation_id, render_text(core, offer, conversation.language), now=core.now())
    await conversations.update(tx, conversation_id, awaiting=OFFERED)
