"""Answers to a question back: a pressed title, "none of these", a typed yes or no."""

from __future__ import annotations

from actions import answering, keys
from actions.answering import Said
from actions.flow import Flow
from actions.payload import reply
from actions.turn import Turn


def chosen(turn: Turn) -> Said:
    """The article of the pressed button; without one, a don't-know."""
    article_id = turn.entities.get("article_id")
    return Said((answering.answer(article_id),)) if article_id else answering.dont_know(turn.unanswered)


def confirmed(turn: Turn) -> Said:
    """A typed yes: to the only title shown, or to the offer of a human. Else it says what can be asked."""
    asked = turn.last
    if asked.get("type") == "clarify" and len(asked.get("article_ids", [])) == 1:
        return Said((answering.answer(asked["article_ids"][0]),))
    if asked.get("type") == "clarify":
        return Said((asked,), turn.unanswered)
    if asked.get("type") == "offer_human":
        return human(turn)
    return Said((reply("text", keys.SMALLTALK, outcome="smalltalk"),))


def declined(turn: Turn) -> Said:
    """A typed no: to the titles shown, or to the offer of a human."""
    asked = turn.last
    if asked.get("type") == "clarify":
        return answering.dont_know(turn.unanswered)
    if asked.get("type") == "offer_human":
        return Said((reply("text", keys.HUMAN_DECLINED, outcome="smalltalk"),))
    return Said((reply("text", keys.SMALLTALK, outcome="smalltalk"),))


def human(turn: Turn) -> Said:
    """Yes to a human. `app` takes it before Rasa; who talks with Rasa alone (`rasa shell`) has no desk."""
    return Said((reply("text", keys.NO_DESK, outcome="handover_offered"),))


class ActionAnswerArticle(Flow):
    """Shows the article of a pressed button."""

    def name(self) -> str:
        """The name in the domain."""
        return "action_answer_article"

    async def decide(self, turn: Turn) -> Said:
        """See `chosen`."""
        return chosen(turn)


class ActionNoneOfThese(Flow):
    """None of the titles fits."""

    def name(self) -> str:
        """The name in the domain."""
        return "action_none_of_these"

    async def decide(self, turn: Turn) -> Said:
        """A don't-know that offers a human."""
        return answering.dont_know(turn.unanswered)


class ActionTakeYes(Flow):
    """A typed yes."""

    def name(self) -> str:
        """The name in the domain."""
        return "action_take_yes"

    async def decide(self, turn: Turn) -> Said:
        """See `confirmed`."""
        return confirmed(turn)


class ActionTakeNo(Flow):
    """A typed no."""

    def name(self) -> str:
        """The name in the domain."""
        return "action_take_no"

    async def decide(self, turn: Turn) -> Said:
        """See `declined`."""
        return declined(turn)
