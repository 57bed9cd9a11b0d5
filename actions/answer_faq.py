"""`ask_faq`: the answer, a question back, a pointer, or an honest don't-know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from actions import answering, questions
from actions.answering import Said
from actions.flow import Flow
from actions.knowledge import ask
from actions.questions import Reading
from actions.thresholds import Thresholds, load
from actions.turn import Candidate, Turn

Parts = Sequence[Sequence[Candidate]]  # per part of a reading its candidates, best first
Ask = Callable[[Sequence[Reading], str], Awaitable[Sequence[Parts]]]


async def decide(turn: Turn, limits: Thresholds, ask: Ask) -> Said:
    """Answers one question, or two or three when the message clearly asks as many.

    Args:
        turn: the turn.
        limits: the thresholds.
        ask: finds candidates for the parts of the message; called only when it may be divided.

    Returns:
        What to say.
    """
    ways = questions.readings(turn.text, turn.language) if turn.language else []
    if ways and turn.language:
        several, asked = separate(await ask(ways, turn.language), limits)
        if several:
            return Said((answering.several_answers(several, asked),))
    return answering.answer_or_ask(turn, limits)


def separate(found: Sequence[Parts], limits: Thresholds) -> tuple[list[Candidate], int]:
    """The answers of the reading that stands surest.

    Args:
        found: per reading and part the candidates.
        limits: the thresholds.

    Returns:
        Two or three different articles, and how many parts that reading has; no article when no reading has two parts that
        are each sure, for then the whole message says more than its parts.
    """
    sure = [(answers, len(parts)) for parts in found if len(answers := _sure(parts, limits)) > 1]
    return max(sure, key=lambda way: min(candidate.probability for candidate in way[0]), default=([], 0))


def _sure(parts: Parts, limits: Thresholds) -> list[Candidate]:
    """Each sure part's article, once."""
    tops = [part[0] for part in parts if part and part[0].probability >= limits.answer]
    return list({top.article_id: top for top in tops}.values())


class ActionAnswerFaq(Flow):
    """Answers from the knowledge base."""

    def name(self) -> str:
        """The name in the domain."""
        return "action_answer_faq"

    async def decide(self, turn: Turn) -> Said:
        """See the module."""
        return await decide(turn, load(), ask)
