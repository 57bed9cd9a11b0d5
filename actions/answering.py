"""The decision behind every answer: answer, ask back, or say honestly that we don't know. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actions import keys
from actions.payload import Payload, article_button, none_button, offer_human, reply
from actions.thresholds import Thresholds
from actions.turn import Candidate

MOST_TITLES = 3


@dataclass(frozen=True)
class Said:
    """Replies in order, and how many turns in a row now lacked an answer."""

    payloads: tuple[Payload, ...]
    unanswered: int = 0


def answer_or_ask(found: Sequence[Candidate], limits: Thresholds, unanswered: int) -> Said:
    """Decides about one question.

    Args:
        found: candidates, best first.
        limits: the thresholds.
        unanswered: turns in a row before this one that lacked an answer.

    Returns:
        One reply: the answer; up to three titles to choose from; or a don't-know that offers a human.
    """
    if found and found[0].probability >= limits.answer:
        return Said((answer(found[0].article_id, found[0].probability),))
    if found and found[0].probability >= limits.clarify:
        return Said((clarify(found, limits),))
    return dont_know(unanswered)


def answer(article_id: str, probability: float | None = None, key: str | None = None) -> Payload:
    """An article as the answer, after the text `key` if there is one."""
    return reply("answer", key, outcome="answered", article_ids=[article_id], probability=probability)


def two_answers(first: Candidate, second: Candidate) -> Payload:
    """Both answers of a message that asked two things; the probability is that of the less certain."""
    return reply(
        "answer",
        keys.TWO_ANSWERS,
        outcome="answered",
        article_ids=[first.article_id, second.article_id],
        probability=min(first.probability, second.probability),
    )


def clarify(found: Sequence[Candidate], limits: Thresholds, key: str = keys.CLARIFY) -> Payload:
    """A question back with up to three titles, and a way out."""
    shown = [c for c in found if c.probability >= limits.alternative][:MOST_TITLES]
    return reply(
        "clarify",
        key,
        outcome="clarification",
        article_ids=[c.article_id for c in shown],
        buttons=[*(article_button(c.article_id, c.title) for c in shown), none_button()],
        probability=shown[0].probability if shown else None,
    )


def dont_know(unanswered: int) -> Said:
    """An honest don't-know that offers a human, more firmly the second time in a row."""
    if unanswered:
        return Said((offer_human(keys.DONT_KNOW_AGAIN),), unanswered + 1)
    return Said((offer_human(keys.DONT_KNOW, outcome="unanswered"),), 1)
