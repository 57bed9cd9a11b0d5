"""Ends a conversation for good, whoever asks for it: the citizen, a stopped address, a provider that says it is gone."""

from __future__ import annotations

from bot.core import Core
from bot.messages import Reply
from bot.pipeline.render import render_text
from bot.plugins import Desk
from bot.store import conversations, messages
from bot.store.engine import Transaction


async def close(core: Core, desk: Desk | None, tx: Transaction, conversation_id: str, *, reason: str, farewell: bool) -> None:
    """Takes the conversation out of the queue or from its agent, and closes it; closed already, it does nothing.

    Args:
        reason: kept as `close_reason`: citizen_ended | stopped | unreachable | loop | group.
        farewell: whether the citizen is told so (not where nothing can be sent any more).
    """
    current = await conversations.get(tx.conn, conversation_id)
    if current.owner == "closed":
        return
    if desk is not None:
        await desk.citizen_ended(tx, current)
        current = await conversations.get(tx.conn, conversation_id)
    now = core.now()
    if farewell:
        said = Reply("text", "conversation.ended", author="system", outcome="ended")
        await messages.append(tx, current.id, render_text(core, said, current.language), now=now)
    if current.owner != "closed":
        await conversations.set_owner(tx, current.id, "closed", expected_version=current.version, now=now, close_reason=reason)
