"""The bot's own part: the operator's switch, then Rasa."""

from __future__ import annotations

import dataclasses

import structlog

from bot import metrics
from bot.core import Core
from bot.messages import Button, Reply
from bot.pipeline.context import DeskCall, TurnContext, TurnDecided
from bot.pipeline.stages import sensitive
from bot.pipeline.stages.protect import choose_explicitly, human_buttons
from bot.rasa import RasaUnavailable

_log = structlog.get_logger(__name__)
# The text that comes before an offer of a human → the reason of the handover, if it is accepted.
OFFERED_FOR = {"appeal.notice": "appeal", "application.notice": "application", "feedback.thanks_down": "feedback"}


async def switched_off(core: Core, ctx: TurnContext) -> None:
    """While the bot is off the citizen meets a clear notice with the reason, and the way to a human."""
    switch = await core.switch.read()
    if not switch.enabled:
        ctx.say(Reply("text", "bot_off", {"reason": switch.reason}, outcome="handover_offered", author="system"))
        ctx.desk = DeskCall("offer", {"reason": "bot_off", "department": None, "topic": None})
        raise TurnDecided


async def rasa(core: Core, ctx: TurnContext) -> None:
    """Asks Rasa. A dead service puts the turn off: the citizen is told once, offered a human, and answered later."""
    if ctx.analysis is None and ctx.action is None:
        _defer(ctx, "knowledge", "error.knowledge_down")
    try:
        ctx.replies += await core.rasa.ask(ctx)
    except RasaUnavailable as down:
        _log.warning("rasa_unavailable", conversation_id=ctx.conversation.id, error=str(down)[:200])
        _defer(ctx, "rasa", "error.rasa_down")
    if any(reply.key == "error.knowledge_down" for reply in ctx.replies):  # it died between our call and Rasa's
        _defer(ctx, "knowledge", "error.knowledge_down")
    for index, reply in enumerate(ctx.replies):
        ctx.outcome = reply.outcome or ctx.outcome
        if reply.type == "offer_human":
            ctx.replies[index] = Reply("offer_human", reply.key or "offer_human.question", reply.params, buttons=human_buttons(),
                                       outcome=reply.outcome or "handover_offered")  # fmt: skip
            ctx.updates["awaiting"] = _awaits(ctx)
        elif reply.outcome in ("unanswered", "out_of_scope") and not reply.buttons:
            # Never "I don't know" without a next step.
            ctx.replies[index] = dataclasses.replace(reply, buttons=(Button("/human", "offer_human.yes"),))
        if reply.key == "language.changed" and reply.params.get("language") in {spoken.code for spoken in core.texts.languages()}:
            choose_explicitly(ctx, reply.params["language"])
    await sensitive.offer(core, ctx)
    ctx.updates["episode_turns"] = ctx.conversation.episode_turns + 1
    if ctx.conversation.episode_turns + 1 >= core.settings.episode_turns:
        ctx.updates |= {"episode_turns": 0, "episode": ctx.conversation.episode + 1}


def _awaits(ctx: TurnContext) -> str:
    """`human`, and what the offer is made for: the desk is told that."""
    what_for = next((OFFERED_FOR[reply.key] for reply in ctx.replies if reply.key in OFFERED_FOR), None)
    return f"human:{what_for}" if what_for else "human"


def _defer(ctx: TurnContext, service: str, key: str) -> None:
    metrics.DEFERRED.labels(service=service).inc()
    ctx.replies.clear()
    ctx.deferred = service
    if not ctx.previously_notified:
        ctx.say(Reply("offer_human", key, buttons=human_buttons(), outcome="error_" + service, author="system"))
        ctx.updates["awaiting"] = "human:error"
    raise TurnDecided
