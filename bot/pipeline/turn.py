"""One turn from stored message to written reply: the stages in order, then one transaction."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable

import sqlalchemy as sa
import structlog

from bot import metrics
from bot.core import Core
from bot.messages import Rendered, Reply
from bot.pipeline.context import DeskCall, Facts, TurnContext, TurnDecided
from bot.pipeline.render import render, render_text
from bot.pipeline.stages import answer, protect, understand
from bot.plugins import Desk
from bot.privacy import contact_details
from bot.store import conversations, messages, schema
from bot.store.engine import Transaction

_log = structlog.get_logger(__name__)
Stage = Callable[[Core, TurnContext], Awaitable[None]]

STAGES: tuple[Stage, ...] = (
    understand.analyze,
    understand.choose_language,
    protect.emergency,
    protect.protected_identity,
    protect.chosen_language,
    protect.handover_buttons,
    protect.contact_details,
    protect.wants_human,
    protect.owner,
    answer.switched_off,
    answer.rasa,
)

_ANSWERED = frozenset({"answered", "clarification", "flow", "smalltalk"})

# A dead service is asked again after 1, 2, 4, 8 … seconds, at most this far apart.
MAX_RETRY_SECONDS = 15.0


async def run_turn(core: Core, desk: Desk | None, message_id: str) -> None:
    """Answers one citizen message. Safe to repeat: a turn that is done stays as it is.

    Raises:
        Exception: a fault of ours; the caller counts it and puts the turn off.
    """
    ctx = await _load(core, message_id)
    if ctx is None:
        return
    started = core.now()
    try:
        for stage in STAGES:
            await stage(core, ctx)
    except TurnDecided:
        pass
    version = ctx.analysis["index_version"] if ctx.analysis else None
    rendered = [message for reply in ctx.replies for message in await render(core, reply, ctx.language, version)]
    await _write(core, desk, ctx, rendered)
    metrics.TURN_SECONDS.observe((core.now() - started).total_seconds())
    metrics.TURNS.labels(channel=ctx.conversation.channel, outcome=ctx.outcome or "none", language=ctx.language).inc()
    _log.info("turn", conversation_id=ctx.conversation.id, seq=ctx.seq, outcome=ctx.outcome, language=ctx.language,
              attempt=ctx.attempt, deferred=ctx.deferred)  # fmt: skip


async def _load(core: Core, message_id: str) -> TurnContext | None:
    t, m = schema.turn.c, schema.message.c
    query = (
        sa.select(schema.turn, m.text, schema.conversation)
        .join(schema.message, m.id == t.message_id)
        .join(schema.conversation, schema.conversation.c.id == t.conversation_id)
        .where(t.message_id == message_id, t.state != "done")
    )  # fmt: skip
    async with core.store.read() as conn:
        row = (await conn.execute(query)).one_or_none()
    if row is None:
        return None
    conversation, turn = conversations.of_row(row), row._mapping
    return TurnContext(
        conversation=conversation,
        message_id=message_id,
        seq=turn[t.seq],
        text=turn[m.text],
        action=turn[t.action],
        facts=Facts.from_json(turn[t.facts]),
        created_at=turn[t.created_at],
        attempt=turn[t.attempts] + 1,
        previously_notified=turn[t.state] == "deferred",
        language=conversation.language,
    )


async def _write(core: Core, desk: Desk | None, ctx: TurnContext, rendered: list[Rendered]) -> None:
    """Everything the turn changes, in one transaction.

    The bot's own words are written only if the owner is still the bot, at the version the turn started from. What
    author `system` says (danger, queue) is written in every owner state.
    """
    now = core.now()
    async with core.store.write() as tx:
        # Locked: an agent who takes over at this moment does so before or after all that is written here.
        current = await conversations.lock(tx, ctx.conversation.id)
        if ctx.updates:
            await conversations.update(tx, current.id, **ctx.updates)
        overtaken = current.version != ctx.conversation.version or current.owner != ctx.conversation.owner
        if overtaken and current.owner == "bot" and ctx.desk and ctx.desk.kind == "citizen_wrote" and not rendered:
            # Meant for an agent, who has given the conversation back meanwhile: begun anew, so that the bot answers it.
            again = {"next_attempt_at": now}
            await tx.conn.execute(schema.turn.update().where(schema.turn.c.message_id == ctx.message_id).values(**again))
            return
        if overtaken and ctx.desk is None and current.owner in ("queue", "agent"):
            ctx.desk = DeskCall(
                "citizen_wrote", {"wants_human": False}
            )  # the bot's answer is not said: an agent reads the question
        if ctx.desk is not None:
            current = dataclasses.replace(current, **{k: v for k, v in ctx.updates.items() if hasattr(current, k)})
            rendered = rendered + await _call_desk(core, desk, tx, ctx, current, overtaken)
        rendered = await _with_way_back(core, desk, tx, ctx, rendered)
        owner_after = current.owner
        if ctx.desk is not None:  # only the desk changes owners
            owner_after = (await conversations.get(tx.conn, ctx.conversation.id)).owner
        for message in rendered:
            if overtaken and message.author == "bot" and message.outcome != "emergency":
                metrics.SUPPRESSED.inc()
                continue
            if message.author == "bot" and (overtaken or owner_after != "bot"):
                # Danger is shown in every owner state, but not as the bot; also when the desk has just taken the conversation.
                message = dataclasses.replace(message, author="system")
            await messages.append(tx, current.id, message, now=now, turn_id=ctx.message_id)
        await _finish(tx, core, ctx, owner_after, now)


async def _call_desk(
    core: Core,
    desk: Desk | None,
    tx: Transaction,
    ctx: TurnContext,
    current: conversations.Conversation,
    overtaken: bool,
) -> list[Rendered]:
    assert ctx.desk is not None
    arguments = ctx.desk.arguments
    if current.owner == "closed":  # it ended while the turn was running: nobody is asked for any more
        return []
    if desk is None:
        replies = [Reply("text", "handover.unavailable", outcome="handover_offered", author="system")]
    elif ctx.desk.kind == "press":
        replies = await desk.press(tx, current, arguments["action"], arguments.get("struck", ()))
    elif ctx.desk.kind == "contact":
        replies = await desk.contact_answered(tx, current, arguments["answer"])
    elif current.owner in ("queue", "agent"):  # also when it came to that while the turn was running
        emergency = ctx.outcome == "emergency"
        replies = await desk.citizen_wrote(
            tx, current, emergency=emergency, wants_human=arguments.get("wants_human", not emergency and overtaken)
        )
    elif ctx.desk.kind == "offer":
        replies = await desk.offer(tx, current, **arguments)
    else:  # the desk gave the conversation back meanwhile; nothing is lost, the citizen's message is in the store
        replies = []
    if desk is not None and ctx.outcome == "emergency" and set(ctx.facts.contact) & contact_details.KINDS:
        await desk.contact_answered(tx, current, ctx.facts.contact, emergency=True)
    for reply in replies:
        if ctx.outcome not in ("emergency",):
            ctx.outcome = reply.outcome or ctx.outcome
    return [render_text(core, reply, ctx.language) for reply in replies]


async def _with_way_back(
    core: Core, desk: Desk | None, tx: Transaction, ctx: TurnContext, rendered: list[Rendered]
) -> list[Rendered]:
    """What is said, and to whoever wrote again soon after the end the way back: after an answer, else before what is said."""
    if desk is None or ctx.facts.follows is None or ctx.previously_notified or ctx.outcome == "emergency":
        return rendered
    current = await conversations.get(tx.conn, ctx.conversation.id)
    offer = [render_text(core, reply, ctx.language) for reply in await desk.offer_return(tx, current, ctx.facts.follows)]
    return rendered + offer if ctx.outcome in _ANSWERED else offer + rendered


async def _finish(tx: Transaction, core: Core, ctx: TurnContext, owner_after: str, now: dt.datetime) -> None:
    values: dict[str, object] = {"attempts": ctx.attempt, "error": ctx.deferred}
    if ctx.analysis is not None:
        values["analysis"] = {name: value for name, value in ctx.analysis.items() if name not in ("embedding", "tokens")}
    # Sent back to the bot while it was with somebody else: nobody else will answer, so neither is it put off.
    too_old = ctx.attempt > 1 and now - ctx.created_at > dt.timedelta(minutes=core.settings.turn_retry_minutes)
    if ctx.deferred and owner_after == "bot" and not too_old:
        wait = min(2.0 ** (ctx.attempt - 1), MAX_RETRY_SECONDS)
        values |= {"state": "deferred", "next_attempt_at": now + dt.timedelta(seconds=wait), "owner_after": owner_after}
        values["outcome"] = ctx.outcome or f"error_{ctx.deferred}"
    else:
        values |= {"state": "done", "done_at": now, "outcome": ctx.outcome, "owner_after": owner_after}
    await tx.conn.execute(schema.turn.update().where(schema.turn.c.message_id == ctx.message_id).values(**values))
    tx.notify("conversation", conversation_id=ctx.conversation.id, kind="turn", message_id=ctx.message_id)
