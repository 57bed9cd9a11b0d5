"""A handover comes to another board: its agents see no text until the citizen has agreed to that as well (ADR 17)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from bot.core import Core
from bot.messages import Reply
from bot.pipeline.render import render_text
from bot.store import conversations, messages, schema
from bot.store.conversations import Conversation
from bot.store.engine import Connection, Transaction
from handover import preview, questions, repository
from handover.auth import Agent
from handover.preview import PENDING, WITH_TEXT, WITHOUT_TEXT, Grant, View
from handover.questions import YES
from handover.repository import Handover
from handover.settings import Departments, DeskSettings
from handover.states import ENDED, State

_ALL = 100_000
_LOOKED_AT = 100


class Passing:
    """Who may see what, and the question that lets another board see it.

    Args:
        core: the app's shared parts.
        departments: the queues.
        settings: the desk's settings; `boards` says which departments are of one board.
    """

    def __init__(self, core: Core, departments: Departments, settings: DeskSettings) -> None:
        self.core, self.departments, self.settings = core, departments, settings

    def boards_of(self, agent: Agent) -> frozenset[str]:
        """The boards whose queues an agent serves."""
        return frozenset(self.settings.board(key) for key in self.departments.queues() if agent.serves(key))

    def view(self, agent: Agent, handover: Handover) -> View:
        """What an agent may see of a handover."""
        board, has_it = self.settings.board(handover.department), handover.claimed_by == agent.id
        return preview.view(handover, board=board, boards=self.boards_of(agent), has_it=has_it)

    def department_for(self, agent: Agent, handover: Handover) -> str | None:
        """The department to ask the citizen for before an agent may read; None when the conversation is their board's."""
        if any(grant.board in self.boards_of(agent) for grant in self._open(handover, handover.department)):
            return None
        return next((key for key in self.departments.queues() if agent.serves(key)), None)

    def is_new(self, handover: Handover, department: str) -> bool:
        """Whether the conversation is not (or no longer) one of a department's board."""
        return all(grant.board != self.settings.board(department) for grant in self._open(handover, handover.department))

    def _open(self, handover: Handover, department: str) -> list[Grant]:
        found = preview.granted(handover, self.settings.board(department), has_it=True)
        return [grant for grant in found if grant.until is None]

    def reads_notes(self, agent: Agent, handover: Handover) -> Callable[[str, Sequence[str]], bool]:
        """Whether a note is for this agent, by the id and the departments of who wrote it: notes stay with the writer's board,
        those of somebody who serves all departments with the first board."""
        own = self.boards_of(agent)
        first = preview.first_board(handover, self.settings.board(handover.department))

        def reads(writer: str, departments: Sequence[str]) -> bool:
            boards = {self.settings.board(key) for key in departments} or {first}
            return writer == agent.id or not boards.isdisjoint(own)

        return reads

    async def earlier(self, conn: Connection, conversation_id: str, board: str) -> list[Handover]:
        """What the citizen had before with a board, oldest first: handovers that are over, and that they had agreed to."""
        found = await repository.earlier(conn, conversation_id)
        return [one for one in found if one.state in ENDED and one.consent is not None
                and preview.first_board(one, self.settings.board(one.department)) == board]  # fmt: skip

    async def back(self, tx: Transaction, handover: Handover) -> Handover:
        """A handover is in its department's queue again. Had another board it meanwhile, the citizen is asked anew."""
        return await self.ask(tx, handover, handover.department, came_from=handover.department)

    async def ask(self, tx: Transaction, handover: Handover, department: str, *, came_from: str, leaves: bool = True) -> Handover:
        """Asks the citizen whether a department of another board may see what was said; one whose it is already needs nothing.

        Args:
            handover: as it is in this transaction, the conversation locked.
            came_from: its department until now.
            leaves: it goes from one to the other; else both have it from now on.
        """
        here, board = self.settings.board(came_from), self.settings.board(department)
        if any(grant.board == board for grant in self._open(handover, came_from)):
            return handover
        conversation = await conversations.get(tx.conn, handover.conversation_id)
        everybody = View(preview.granted(handover, here, has_it=True), preview.apart(handover))
        theirs = View(tuple(grant for grant in everybody.grants if grant.board == board), everybody.apart)
        said = await messages.read(tx.conn, conversation.id, self.core.texts.direction, limit=_ALL)
        seen = [message for message in said if everybody.sees(message["seq"])]
        name = self.departments.name(department, conversation.language)
        entry = preview.build(language=conversation.language, topic=handover.topic, department_name=name, messages=seen,
                              most=self.settings.queue.preview_messages,
                              earlier=await self.earlier(tx.conn, conversation.id, board))  # fmt: skip
        offered = {message["seq"] for message in entry["shown"]["messages"]}
        gaps = [seq for seq in range(entry["from_seq"], entry["through_seq"] + 1) if seq not in offered]
        news = any(message["author"] in ("citizen", "agent") and not theirs.sees(message["seq"]) for message in seen)
        entry |= {"board": board, "department": department, "gaps": gaps, "asked_seq": conversation.last_seq,
                  "consent": PENDING if news else WITHOUT_TEXT}  # fmt: skip
        package = handover.preview | {"board": preview.first_board(handover, here)}
        if leaves:
            package = preview.left(handover, package, board=here, target=board, seq=conversation.last_seq)
        number = len(package.get("asked", ()))
        await repository.change(tx, handover, preview=package | {"asked": [*package.get("asked", ()), entry]})
        if news:
            await self._question(tx, conversation, handover, name, entry["shown"], number)
        return await repository.get(tx.conn, handover.id)

    async def _question(
        self, tx: Transaction, conversation: Conversation, handover: Handover, name: str, shown: dict[str, Any], number: int
    ) -> None:
        asked = questions.passing(name, shown, number, channel=conversation.channel)
        said = render_text(self.core, asked, conversation.language)
        await messages.append(tx, conversation.id, said, now=self.core.now())
        if handover.state == State.QUEUED:  # to an agent a "yes" may answer something else
            await conversations.update(tx, conversation.id, awaiting="consent")
        await repository.write_audit(tx, actor="system", action="handover.consent_asked", target=handover.id,
                                     now=self.core.now())  # fmt: skip

    async def answered(
        self, tx: Transaction, conversation: Conversation, current: Handover, action: str, struck: Collection[int]
    ) -> list[Reply]:
        """The citizen's answer, or a later change of it.

        Returns:
            What to say; nothing when it changes nothing.
        """
        kind, _, given = action.partition(":")
        asked = list(current.preview.get("asked", ()))
        waiting = [number for number, entry in enumerate(asked) if entry["consent"] == PENDING]
        number = int(given) if given.isdecimal() else (waiting or [-1])[-1]
        if not 0 <= number < len(asked):
            return []
        before, entry = asked[number], preview.without(asked[number], struck)
        consent = WITH_TEXT if kind == YES and entry["shown"]["messages"] else WITHOUT_TEXT
        if (before["consent"], before) == (consent, entry):
            return []
        asked[number] = entry | {"consent": consent}
        await repository.change(tx, current, preview=current.preview | {"asked": asked})
        if conversation.awaiting == "consent":
            await conversations.update(tx, conversation.id, awaiting=None)
        await self.agreed(tx, current, consent, entry)
        name = self.departments.name(entry["department"], conversation.language)
        key = "consent.passed" if consent == WITH_TEXT else "consent.not_passed"
        return [Reply("text", key, {"department": name}, author="system", outcome="handed_over")]

    async def agreed(self, tx: Transaction, current: Handover, consent: str, package: Mapping[str, Any]) -> None:
        """A consent was given or changed while the handover was open: audited, told to the desk, shown."""
        struck = len(package.get("struck", ()))
        await repository.write_audit(tx, actor="citizen", action="handover.consent", target=current.id, now=self.core.now(),
                                     detail={"consent": consent, "struck": struck})  # fmt: skip
        tx.notify("desk", type="handover", handover_id=current.id, conversation_id=current.conversation_id, state=current.state)
        if consent == WITH_TEXT:
            await self.show(tx, current.conversation_id, package)

    async def show(self, tx: Transaction, conversation_id: str, package: Mapping[str, Any]) -> None:
        """The card in the conversation shows just what was agreed to, once something is struck from it."""
        if not package.get("struck"):
            return
        m = schema.message.c
        query = sa.select(m.id, m.payload).where(m.conversation_id == conversation_id, m.author != "citizen")
        for row in (await tx.conn.execute(query.order_by(m.seq.desc()).limit(_LOOKED_AT))).all():
            if row.payload.get("preview"):
                shown = {"payload": row.payload | {"preview": package["shown"]}}
                await tx.conn.execute(schema.message.update().where(m.id == row.id).values(**shown))
                return
