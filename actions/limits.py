"""What the assistant must not do: judge a right, take sides, receive an application or an appeal."""

from __future__ import annotations

from collections.abc import Sequence

from actions import answering, keys
from actions.flow import Flow
from actions.payload import Payload, offer_human, reply
from actions.thresholds import Thresholds, load
from actions.turn import Turn


def assessment(turn: Turn, limits: Thresholds) -> list[Payload]:
    """Never yes or no: says that a case officer decides, then shows the conditions and the way.

    Args:
        turn: the turn.
        limits: the thresholds.

    Returns:
        The notice and the article in one reply when retrieval is sure; the notice and a question back when it is
        not; else the notice alone.
    """
    found = turn.candidates
    if found and found[0].probability >= limits.answer:
        return [answering.answer(found[0].article_id, found[0].probability, keys.NO_ASSESSMENT)]
    notice = reply("text", keys.NO_ASSESSMENT, outcome="answered")
    if found and found[0].probability >= limits.clarify:
        return [notice, answering.clarify(found, limits)]
    return [notice, offer_human(keys.OFFER_HUMAN)]


def notice(turn: Turn, key: str, limits: Thresholds) -> list[Payload]:
    """Says that nothing is handed in by this chat, and shows where it is done.

    Args:
        turn: the turn; the day on which the citizen wrote is said, it can matter for a time limit.
        key: the notice's text.
        limits: the thresholds.

    Returns:
        The notice, the article when retrieval is sure, and the offer of a human: a time limit may be running.
    """
    said = [reply("text", key, outcome="answered", params={"date": turn.written_on.isoformat()})]
    if turn.candidates and turn.candidates[0].probability >= limits.answer:
        best = turn.candidates[0]
        said.append(answering.answer(best.article_id, best.probability))
    said.append(offer_human(keys.OFFER_HUMAN))
    return said


class ActionAssessment(Flow):
    """For `ask_assessment`."""

    def name(self) -> str:
        """The name in the domain."""
        return "action_assessment"

    async def decide(self, turn: Turn) -> Sequence[Payload]:
        """See `assessment`."""
        return assessment(turn, load())


class ActionPoliticalOpinion(Flow):
    """For `ask_political_opinion`: no opinion, but how decisions are made if that was found."""

    def name(self) -> str:
        """The name in the domain."""
        return "action_political_opinion"

    async def decide(self, turn: Turn) -> Sequence[Payload]:
        """One text."""
        return [reply("text", keys.POLITICAL, outcome="out_of_scope")]


class _Notice(Flow):
    key: str

    async def decide(self, turn: Turn) -> Sequence[Payload]:
        """See `notice`."""
        return notice(turn, self.key, load())


class ActionAppealNotice(_Notice):
    """For `declare_appeal`."""

    key = keys.APPEAL

    def name(self) -> str:
        """The name in the domain."""
        return "action_appeal_notice"


class ActionApplicationNotice(_Notice):
    """For `declare_application`."""

    key = keys.APPLICATION

    def name(self) -> str:
        """The name in the domain."""
        return "action_application_notice"
