"""The decision behind every answer: answer, ask back, or say honestly that we don't know. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actions import elsewhere, keys
from actions.payload import Payload, article_button, none_button, offer_human, reply
from actions.thresholds import Thresholds
from actions.turn import Candidate, Turn

MOST_TITLES = 3


@dataclass(frozen=True)
class Said:
    """Replies in order, and how many turns in a row now lacked an answer."""

    payloads: tuple[Payload, ...]
    unanswered: int = 0


def answer_or_ask(turn: Turn, limits: Thresholds) -> Said:
    """Decides about one question.

    Args:
        turn: the turn.
        limits: the thresholds.

    Returns:
        One reply: the answer; up to three titles to choose from; whose question it is; or a don't-know that offers a human.
    """
    found = turn.candidates
    if turn.choices and found and found[0].probability >= limits.clarify:
        return Said((ask_back(turn.choices),))
    if found and found[0].probability >= limits.answer:
        return Said((answer(found[0].article_id, found[0].probability),))
    if found and found[0].probability >= limits.clarify:
        return Said((clarify(found, limits),))
    pointer = elsewhere.pointer(turn.elsewhere, limits)
    return Said((pointer,)) if pointer else dont_know(turn.unanswered)


def not_ours(turn: Turn, limits: Thresholds) -> Said:
    """The message sounds like nobody's business here. An article that is sure says otherwise; else whose it is, if known."""
    if turn.candidates and turn.candidates[0].probability >= limits.answer:
        return answer_or_ask(turn, limits)
    return Said((elsewhere.pointer(turn.elsewhere, limits) or reply("text", keys.OUT_OF_SCOPE, outcome="out_of_scope"),))


def answer(article_id: str, probability: float | None = None, key: str | None = None) -> Payload:
    """An article as the answer, after the text `key` if there is one."""
    return reply("answer", key, outcome="answered", article_ids=[article_id], probability=probability)


def several_answers(found: Sequence[Candidate], asked: int) -> Payload:
    """The answers of a message that asked `asked` things; the probability is that of the least certain."""
    return reply(
        "answer",
        keys.TWO_ANSWERS if len(found) == asked == 2 else keys.SEVERAL_ANSWERS,
        outcome="answered",
        article_ids=[candidate.article_id for candidate in found],
        probability=min(candidate.probability for candidate in found),
    )


def clarify(found: Sequence[Candidate], limits: Thresholds, key: str = keys.CLARIFY) -> Payload:
    """A question back with up to three titles that are probable enough, and a way out."""
    return ask_back([c for c in found if c.probability >= limits.alternative][:MOST_TITLES], key)


def ask_back(shown: Sequence[Candidate], key: str = keys.CLARIFY) -> Payload:
    """A question back with these titles, and a way out."""
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
