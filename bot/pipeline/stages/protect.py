"""What comes before any answer: protected identity, danger, the wish for a human, and who owns the word."""

from __future__ import annotations

from bot.core import Core
from bot.messages import Author, Button, Reply
from bot.pipeline.context import DeskCall, TurnContext, TurnDecided
from bot.pipeline.topic import EMERGENCY_AREA, topic_of
from bot.safety import human, rules
from knowledge.client import KnowledgeUnavailable

HUMAN = "/human"  # of the button that asks for one; after a colon the reason, where it was offered for one
SURE_ANSWER = 0.9
SURE_EMERGENCY = 0.8
DESK_BUTTONS = frozenset(
    {"/handover_send", "/handover_without_text", "/handover_cancel", "/queue_leave", "/contact_leave", "/contact_cancel",
     "/handover_pass", "/handover_pass_without", "/handover_strike", "/handover_strike_one", "/handover_strike_back",
     "/handover_return"}
)  # fmt: skip
YES_PROBABILITY = 0.6  # of the `affirm`/`deny` signal, when the bot's last message asked a yes/no question


async def emergency(core: Core, ctx: TurnContext) -> None:
    """112 and the right line at once, in every owner state; then the offer of a human."""
    signals = ctx.analysis["signals"] if ctx.analysis else {}
    found = rules.decide(_seen_by_rules(ctx), signals)
    if (
        found is None
        or ctx.action is not None
        or (found.source == "classifier" and await _plainly_a_question(core, ctx, signals))
    ):
        return
    bot_speaks = ctx.conversation.owner == "bot"
    ctx.say(Reply("text", f"emergency.{found.kind}", outcome="emergency", author="bot" if bot_speaks else "system"))
    if not bot_speaks:
        ctx.desk = DeskCall("citizen_wrote", {"emergency": True, "wants_human": False})
    elif not ctx.facts.protected:
        department, topic = await topic_of(core, ctx)
        ctx.desk = DeskCall("offer", {"reason": "emergency", "department": department, "topic": topic})
    raise TurnDecided


async def _plainly_a_question(core: Core, ctx: TurnContext, signals: dict[str, float]) -> bool:
    """Whether retrieval knows the message better than a classifier that hesitates: "brandskyddskontroll och sotning".

    Only the classifier is overruled, never the rules; not when it is sure, and not by an article on a help line.
    """
    candidates = ctx.analysis["candidates"] if ctx.analysis else []
    if not candidates or candidates[0]["probability"] < SURE_ANSWER:
        return False
    if sum(share for name, share in signals.items() if name.startswith("emergency_")) >= SURE_EMERGENCY:
        return False
    try:
        article = await core.knowledge.article(candidates[0]["article_id"], "sv")
    except KnowledgeUnavailable:
        return False
    return article is not None and article["area"] != EMERGENCY_AREA


def _seen_by_rules(ctx: TurnContext) -> rules.Emergency | None:
    kinds = {kind: kind for kind in rules.KINDS}
    return rules.Emergency(kinds[ctx.facts.emergency]) if ctx.facts.emergency in kinds else None


async def protected_identity(core: Core, ctx: TurnContext) -> None:
    """No free text is stored any more; the citizen is told to phone. Also the bot's own masking is told here."""
    if ctx.facts.protected and ctx.action is None:
        author: Author = "bot" if ctx.conversation.owner == "bot" else "system"
        ctx.say(Reply("text", "protected_identity", outcome="handover_offered", author=author))
        raise TurnDecided
    if ctx.facts.masked:
        ctx.say(Reply("text", "masked.notice", author="system"))


async def wants_human(core: Core, ctx: TurnContext) -> None:
    """ "Människa" in any words, any language; also a typed yes to the bot's offer of one."""
    signals = ctx.analysis["signals"] if ctx.analysis else {}
    pressed, _, pressed_for = (ctx.action or "").partition(":")
    asked = pressed == HUMAN or (ctx.action is None and human.decide_human(ctx.facts.wants_human, signals))
    answer = _typed_answer(ctx, signals)
    offered, _, what_for = (ctx.conversation.awaiting or "").partition(":")  # what the offer of a human was made for, if it was
    if ctx.conversation.owner == "bot":
        if ctx.conversation.awaiting == "consent" and answer is not None:
            ctx.desk = DeskCall("press", {"action": "/handover_send" if answer else "/handover_cancel"})
            raise TurnDecided
        if (offered == "human" and answer is False) or ctx.action == "/human_declined":
            ctx.updates["awaiting"] = None
            ctx.say(Reply("text", "handover.declined", outcome="smalltalk"))
            raise TurnDecided
        if asked or (offered == "human" and answer):
            department, topic = await topic_of(core, ctx)
            reason = "asked" if asked and ctx.action is None else pressed_for or what_for or "not_understood"
            ctx.desk = DeskCall("offer", {"reason": reason, "department": department, "topic": topic})
            raise TurnDecided
        if offered == "human":
            ctx.updates["awaiting"] = None  # the citizen went on with something else
    elif ctx.conversation.owner == "queue" and ctx.conversation.awaiting == "consent" and answer is not None:
        # Another department may see what was said, or not. To an agent a "yes" may answer something else: it counts here only.
        ctx.desk = DeskCall("press", {"action": "/handover_pass" if answer else "/handover_pass_without"})
        raise TurnDecided
    elif asked:
        ctx.desk = DeskCall("citizen_wrote", {"emergency": False, "wants_human": True})
        raise TurnDecided


def _typed_answer(ctx: TurnContext, signals: dict[str, float]) -> bool | None:
    """Yes, no or neither, when the last question was a yes/no question."""
    if ctx.conversation.awaiting is None or ctx.action is not None:
        return None
    if signals.get("affirm", 0.0) >= YES_PROBABILITY:
        return True
    return False if signals.get("deny", 0.0) >= YES_PROBABILITY else None


async def handover_buttons(core: Core, ctx: TurnContext) -> None:
    """The buttons of the consent question, of the queue and of the question for contact details belong to the desk."""
    if ctx.action is not None and ctx.action.partition(":")[0] in DESK_BUTTONS:
        ctx.desk = DeskCall("press", {"action": ctx.action, "struck": ctx.facts.struck})
        raise TurnDecided


async def contact_details(core: Core, ctx: TurnContext) -> None:
    """The answer to the question for contact details; what there was to keep is kept already (`bot.pipeline.accept`)."""
    if ctx.facts.contact and not (ctx.facts.contact == ("missing",) and ctx.facts.wants_human):
        ctx.desk = DeskCall("contact", {"answer": ctx.facts.contact})
        raise TurnDecided


async def owner(core: Core, ctx: TurnContext) -> None:
    """The bot is silent while the queue or an agent owns the conversation."""
    if ctx.conversation.owner != "bot":
        ctx.desk = DeskCall("citizen_wrote", {"emergency": False, "wants_human": False})
        raise TurnDecided


async def chosen_language(core: Core, ctx: TurnContext) -> None:
    """A pressed language button: the choice is kept until the citizen makes another."""
    if ctx.action and ctx.action.startswith("/language "):
        choose_explicitly(ctx, ctx.action.removeprefix("/language "))
        ctx.say(
            Reply(
                "text",
                "language.changed",
                outcome="smalltalk",
                author="bot" if ctx.conversation.owner == "bot" else "system",
            )
        )
        raise TurnDecided


def choose_explicitly(ctx: TurnContext, language: str) -> None:
    """Answers in `language` from now on, whatever language the citizen writes in."""
    ctx.language = language
    ctx.updates |= {"language": language, "language_locked": True}


def human_buttons(what_for: str | None = None) -> tuple[Button, ...]:
    """Yes and no to the offer of a human; the yes keeps the reason of the offer, however late it is pressed."""
    yes = f"{HUMAN}:{what_for}" if what_for else HUMAN
    return (Button(yes, "offer_human.yes"), Button("/human_declined", "offer_human.no"))
