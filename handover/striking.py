"""Taking messages out of what is sent, on channels whose citizens cannot do it in the preview itself.

Each choice strikes at once, just as the web's card does with the answer (`preview.without`): what is struck is not in the
handover any more, whatever the citizen then answers.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.core import Core
from bot.messages import Reply
from bot.store import schema
from bot.store.conversations import Conversation
from bot.store.engine import Connection, Transaction
from handover import preview, questions, repository
from handover.passing import Passing
from handover.preview import PENDING
from handover.questions import BACK, FIRST, LIST, STRIKE
from handover.repository import Handover
from handover.states import OPEN, State

ACTIONS = frozenset({LIST, STRIKE, BACK})
_m = schema.message.c


class Striking:
    """The choices that a question for consent leads to. Every call is part of the turn's own transaction."""

    def __init__(self, core: Core, passing: Passing) -> None:
        self._core, self._passing = core, passing

    async def press(
        self, tx: Transaction, conversation: Conversation, current: Handover | None, action: str
    ) -> list[Reply] | None:
        """A pressed choice; pressed again it says the same and strikes nothing more.

        Args:
            current: the conversation's handover, the conversation locked.

        Returns:
            What to say; None when the question was answered, or is over, and nothing is to be struck.
        """
        kind, _, rest = action.partition(":")
        question, _, seq = rest.partition(":")
        package = _package(current, question)
        if current is None or package is None:
            return None
        waits = current.state == State.OFFERED if question == FIRST else package["consent"] == PENDING
        if kind == STRIKE:
            package = await self._strike(tx, current, question, package, int(seq), waits=waits)
            if not waits:
                return [Reply("text", "consent.struck", author="system", outcome="handed_over")]
        elif kind == LIST:
            said = self._core.texts.render("consent.strike", conversation.language)
            asked = questions.which(question, package["shown"], int(seq) if seq else None, said=said)
            if asked is not None:
                return [asked]
        return [self._question(conversation, current, question, package, again=kind == STRIKE)] if waits else None

    def _question(
        self, conversation: Conversation, current: Handover, question: str, package: dict[str, Any], *, again: bool
    ) -> Reply:
        shown, channel = package["shown"], conversation.channel
        if question == FIRST:
            return questions.consent(current.reason, shown, channel=channel, again=again)
        return questions.passing(shown["department"], shown, int(question), channel=channel, again=again)

    async def _strike(
        self, tx: Transaction, current: Handover, question: str, package: dict[str, Any], seq: int, *, waits: bool
    ) -> dict[str, Any]:
        """Strikes a message with what the bot answered to it, which would tell what it was about."""
        struck = preview.without(package, await _with_answers(tx.conn, current, package, seq))
        if struck == package:
            return package
        if question == FIRST:
            await repository.change(tx, current, preview=struck)
        else:
            asked = list(current.preview["asked"])
            asked[int(question)] = struck
            await repository.change(tx, current, preview=current.preview | {"asked": asked})
        if waits:
            await self._passing.show(tx, current.conversation_id, struck)
            await repository.write_audit(tx, actor="citizen", action="handover.struck", target=current.id, now=self._core.now(),
                                         detail={"struck": len(struck["struck"])})  # fmt: skip
        else:
            consent = current.consent or PENDING if question == FIRST else package["consent"]
            await self._passing.agreed(tx, current, consent, struck)
        return struck


def _package(current: Handover | None, question: str) -> dict[str, Any] | None:
    """What a question was about; None when its handover is over."""
    if current is None or current.state not in OPEN:
        return None
    if question == FIRST:
        return current.preview
    asked = current.preview.get("asked", ())
    return asked[int(question)] if int(question) < len(asked) else None


async def _with_answers(conn: Connection, current: Handover, package: dict[str, Any], seq: int) -> set[int]:
    """Seqs of a message and of the bot's answers to it, as far as they are still among what is to be sent."""
    here = _m.conversation_id == current.conversation_id
    turn = sa.select(_m.id).where(here, _m.seq == seq, _m.author == "citizen").scalar_subquery()
    answers = (await conn.execute(sa.select(_m.seq).where(here, _m.turn_id == turn, _m.author != "citizen"))).scalars()
    return {seq, *answers} & {message["seq"] for message in package["shown"]["messages"]}
