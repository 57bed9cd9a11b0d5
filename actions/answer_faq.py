"""`ask_faq`: the answer, a question back, or an honest don't-know."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from actions import answering, questions
from actions.answering import Said
from actions.flow import Flow
from actions.knowledge import ask
from actions.thresholds import Thresholds, load
from actions.turn import Candidate, Turn

Ask = Callable[[str, str | None], Awaitable[Sequence[Candidate]]]


async def decide(turn: Turn, limits: Thresholds, ask: Ask) -> Said:
    """Answers one question, or two when the message clearly asks two.

    Args:
        turn: the turn.
        limits: the thresholds.
        ask: finds candidates for a part of the message; called only when there are two parts.

    Returns:
        What to say.
    """
    parts = questions.split(turn.text)
    if len(parts) == questions.MOST:
        first, second = await asyncio.gather(*(ask(part, turn.language) for part in parts))
        sure = [found[0] for found in (first, second) if found and found[0].probability >= limits.answer]
        if len(sure) == questions.MOST and sure[0].article_id != sure[1].article_id:
            return Said((answering.two_answers(*sure),))
    return answering.answer_or_ask(turn.candidates, limits, turn.unanswered)


class ActionAnswerFaq(Flow):
    """Answers from the knowledge base."""

    def name(self) -> str:
        """The name in the domain."""
        return "action_answer_faq"

    async def decide(self, turn: Turn) -> Said:
        """See the module."""
        return await decide(turn, load(), ask)
