"""What an agent does with a handover: claim, write, give back, close, pass on, note. One transaction each."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.core import Core
from bot.http import ApiError
from bot.messages import Rendered, Reply
from bot.pipeline.accept import clean
from bot.pipeline.render import render_text
from bot.store import conversations, messages, schema
from bot.store.conversations import Conversation
from bot.store.engine import Transaction
from handover import accounts, hours, repository, waking
from handover.auth import Agent
from handover.coming_back import farewell
from handover.passing import Passing
from handover.preview import RETURNING
from handover.repository import AlreadyClaimed, Handover
from handover.routing.service import Routing
from handover.settings import Departments, DeskSettings
from handover.states import CLAIMABLE, State
from handover.told import Told, Topic


class AgentActions:
    """The agents' changes. Each checks inside its transaction that the handover is still this agent's."""

    def __init__(self, core: Core, settings: DeskSettings, departments: Departments) -> None:
        self.core, self.settings, self.departments = core, settings, departments
        self.routing = Routing(core, settings, departments, hours.swedish_holidays())
        self.passing = Passing(core, departments, settings)
        self.told = Told(core, settings.lifecycle.told_probability)

    async def claim(self, agent: Agent, handover_id: str, *, override: bool = False) -> Handover:
        """Takes the handover; the citizen is told who writes now.

        Args:
            override: also with as many conversations as the agent should have; a supervisor's to decide.

        Raises:
            ApiError: 404 unknown, 403 another department's, or an override by somebody who may not; 409 `at_capacity`, or
                `already_claimed` with the winner's name.
        """
        if override and not agent.may("supervise"):
            raise ApiError(403, "forbidden", "only a supervisor goes beyond the limit")
        async with self.core.store.write() as tx:
            wanted = await self._served(tx, agent, handover_id)
            if wanted.state in CLAIMABLE:
                await self.routing.check_capacity(tx, agent.id, override=override)
            try:
                handover, fresh = await repository.claim(tx, handover_id, agent.id, now=self.core.now())
            except AlreadyClaimed as lost:
                raise already_claimed(lost) from None
            if fresh:
                calls = wanted.state == State.SCHEDULED
                if calls:  # a yes to the bot's last question would now be one to the agent
                    await conversations.update(tx, handover.conversation_id, awaiting=None)
                if calls != handover.preview.get("calls", False):
                    await repository.change(tx, handover, preview=handover.preview | {"calls": calls})
                await self.say(tx, handover, Reply("text", "agent.joined", {"name": agent.name}, author="system"), agent.id)
            return handover

    async def write(
        self, agent: Agent, handover_id: str, *, client_message_id: str, text: str, article_id: str | None = None
    ) -> dict[str, Any]:
        """Stores the agent's message; repeating a `client_message_id` returns the first one.

        Args:
            article_id: the article whose text is in it: what the citizen may go on from when the bot has them back.

        Raises:
            ApiError: 404, 409 not this agent's (any more), 422 empty or too long.
        """
        text = clean(text)
        if not text:
            raise ApiError(422, "empty", "the message has no text")
        if len(text) > self.settings.messages.max_length:
            raise ApiError(422, "too_long", f"a message has at most {self.settings.messages.max_length} characters")
        provider_id = f"desk:{agent.id}:{client_message_id}"
        async with self.core.store.write() as tx:
            handover, conversation = await self.lock(tx, handover_id)
            known = await messages.find_by_provider_id(tx.conn, conversation.id, provider_id)
            if known is None:
                await self._check_own(tx, agent, handover)
                # An agent's words are the city's, not a citizen's data: they are kept as written.
                said = Rendered("agent", text, conversation.language, article_id=article_id, agent_id=agent.id)
                known, _ = await messages.append(tx, conversation.id, said, now=self.core.now(), provider_id=provider_id)
                await repository.change(tx, handover, unread=0, warned_at=None)
            seq = (await tx.conn.execute(sa.select(schema.message.c.seq).where(schema.message.c.id == known))).scalar_one()
            shown = await messages.read(tx.conn, conversation.id, self.core.texts.direction, after=seq - 1, limit=1)
        return shown[0] | {"client_message_id": client_message_id}

    async def spoken_of(self, agent: Agent, handover_id: str) -> list[Topic]:
        """What the bot would be told if the conversation went back to it now.

        Raises:
            ApiError: 404, 409 not this agent's.
        """
        return await self.told.topics(await self.conversation_of(agent, handover_id))

    async def give_back(self, agent: Agent, handover_id: str, *, note: str | None, about: list[str] | None = None) -> Handover:
        """Returns the conversation to the bot, which is told what was spoken of; a sensitive one when somebody else has agreed
        (`Lifecycle.confirm`), as no agent would look at it any more.

        Args:
            note: to the bot. Without `about`, the article it names comes first.
            about: ids of the articles that were spoken of; None: what `Told` finds.

        Returns:
            The handover: `returned`, or `closing` while it waits for the other's agreement.

        Raises:
            ApiError: 404, 409 not this agent's (any more).
        """
        if about is None:  # outside the transaction: knowledge is asked
            conversation_id = await self.conversation_of(agent, handover_id)
            about = [topic.article_id for topic in await self.told.topics(conversation_id, note=clean(note) if note else None)]
        async with self.core.store.write() as tx:
            handover, conversation = await self.own(tx, agent, handover_id)
            now, to_bot = self.core.now(), clean(note) or None if note else None
            if self.ended_by_two(handover, conversation):
                return await self._propose(tx, agent, handover, conversation, {RETURNING: about}, note_to_bot=to_bot)
            handover = await repository.transition(tx, conversation, handover, State.RETURNED, actor=agent.id, now=now,
                                                   unread=0, note_to_bot=to_bot)  # fmt: skip
            await self.told.hand_over(tx, conversation, about)
            return handover

    async def close(self, agent: Agent, handover_id: str, *, reason: str) -> Handover:
        """Ends the conversation; a sensitive one when somebody else has agreed (`Lifecycle.confirm`).

        Returns:
            The handover: `closed`, or `closing` while it waits for the other's agreement.

        Raises:
            ApiError: 404, 409 not this agent's (any more).
        """
        reason, now = self.listed(reason), self.core.now()
        async with self.core.store.write() as tx:
            handover, conversation = await self.own(tx, agent, handover_id)
            if self.ended_by_two(handover, conversation):
                return await self._propose(tx, agent, handover, conversation, {RETURNING: None}, end_reason=reason,
                                           detail={"reason": reason})  # fmt: skip
            handover = await repository.transition(
                tx, conversation, handover, State.CLOSED, actor=agent.id, now=now, unread=0, end_reason=reason,
                close_reason=reason, detail={"reason": reason},
            )  # fmt: skip
            await self.say(tx, handover, farewell(conversation.channel, reason, self.settings))
            return handover

    def listed(self, reason: str) -> str:
        """The reason as it is kept: one of the settings', else `other`. Own words may say something about the citizen."""
        reason = clean(reason)
        return reason if reason in self.settings.close_reasons else "other"

    async def _propose(
        self, tx: Transaction, agent: Agent, handover: Handover, conversation: Conversation, how: dict[str, Any], **values: Any
    ) -> Handover:
        """The agent is done; somebody else is to agree. `how` says whether it is then closed or the bot's."""
        handover = await repository.transition(tx, conversation, handover, State.CLOSING, actor=agent.id, now=self.core.now(),
                                               unread=0, preview=handover.preview | how, **values)  # fmt: skip
        await self.say(tx, handover, Reply("text", "agent.closing", {"name": agent.name}, author="system"))
        return handover

    def ended_by_two(self, handover: Handover, conversation: Conversation) -> bool:
        """`ended_by_two` by this desk's settings."""
        return ended_by_two(self.settings, handover, conversation)

    async def transfer(
        self, agent: Agent, handover_id: str, *, to_agent: str | None, department: str | None, note: str | None
    ) -> Handover:
        """Passes the handover on: to a colleague at once, or to a department's queue, where it keeps its time.

        Raises:
            ApiError: 404, 409 not this agent's (any more), or `not_there`; 422 no such colleague or queue, or not exactly one.
        """
        if (to_agent is None) == (department is None):
            raise ApiError(422, "invalid", "give either agent_id or department")
        async with self.core.store.write() as tx:
            handover, conversation = await self.own(tx, agent, handover_id)
            note = clean(note) if note else None
            if note:
                await self._add_note(tx, agent, handover, note)
            if to_agent is not None:
                return await self._to_colleague(tx, agent, handover, conversation, to_agent)
            if department not in self.departments.queues():
                raise ApiError(422, "no_such_department", "there is no such queue")
            if department == handover.department and agent.serves(department):  # a second wait for the same people
                raise ApiError(409, "same_department", "the conversation is that department's already")
            return await self.requeue(tx, handover, conversation, actor=agent.id, agent_name=agent.name,
                                      department=department, reason="transfer", note=note)  # fmt: skip

    async def _to_colleague(
        self, tx: Transaction, agent: Agent, handover: Handover, conversation: Conversation, to_agent: str
    ) -> Handover:
        try:
            colleague = await accounts.get(tx.conn, to_agent)
        except LookupError:
            colleague = None
        if colleague is None or not colleague.may("desk") or colleague.id == agent.id:
            raise ApiError(422, "no_such_agent", "there is no such colleague at the desk")
        now = self.core.now()
        if not await self._takes_part(tx, colleague.id):  # the citizen would be told of somebody who does not come
            raise ApiError(409, "not_there", f"{colleague.name} is not at the desk or on a break", name=colleague.name)
        handover = await repository.transition(tx, conversation, handover, State.CLAIMED, actor=agent.id, now=now,
                                               claimed_by=colleague.id, claimed_at=now, detail={"to": colleague.id})  # fmt: skip
        tx.notify("desk", type="passed", handover_id=handover.id, agent_id=colleague.id)
        await self.say(tx, handover, Reply("text", "agent.joined", {"name": colleague.name}, author="system"), colleague.id)
        other_board = self.passing.department_for(colleague, handover)
        if other_board is not None:
            return await self.passing.ask(tx, handover, other_board, came_from=handover.department)
        return handover

    async def _takes_part(self, tx: Transaction, agent_id: str) -> bool:
        """At the desk and not on a break. Whether somebody who has many takes one more, colleagues decide themselves."""
        if not await waking.is_there(tx.conn, agent_id, self.settings, self.core.now()):
            return False
        return not (await self.routing.profiles(tx.conn)).get(agent_id, {}).get("on_break")

    async def requeue(
        self, tx: Transaction, handover: Handover, conversation: Conversation, *, actor: str, agent_name: str,
        reason: str, department: str | None = None, note: str | None = None,
    ) -> Handover:  # fmt: skip
        """Puts a claimed handover back, first in line after the emergencies, and tells the citizen.

        Args:
            department: the queue it goes to, if another one. Of another board: the citizen is asked what that may see.
            note: for the new department. Another board reads no notes: there it is said openly, so that the citizen decides.
        """
        before, department = handover, department or handover.department
        handover = await waking.put_back(tx, conversation, handover, self.settings, actor=actor, now=self.core.now(),
                                         reason=reason, department=department)  # fmt: skip
        await self.say(tx, handover, waking.left(agent_name))
        if note and self.passing.is_new(before, department):
            name = self.departments.name(department, conversation.language)
            said = {"name": agent_name, "department": name, "note": note}
            await self.say(tx, handover, Reply("text", "agent.pass_note", said, author="system"))
        return await self.passing.ask(tx, handover, department, came_from=before.department)

    async def note(self, agent: Agent, handover_id: str, text: str) -> dict[str, Any]:
        """Adds a note that only staff see; also after the end, by whoever may read the handover.

        Raises:
            ApiError: 403, 404, 422 empty or too long.
        """
        text = clean(text)
        if not text or len(text) > self.settings.messages.max_note_length:
            raise ApiError(422, "invalid", f"a note has 1 to {self.settings.messages.max_note_length} characters")
        async with self.core.store.write() as tx:
            handover = await self._served(tx, agent, handover_id)
            may_read(agent, handover)
            return await self._add_note(tx, agent, handover, text)

    async def _add_note(self, tx: Transaction, agent: Agent, handover: Handover, text: str) -> dict[str, Any]:
        now, note_id = self.core.now(), schema.new_id()
        await tx.conn.execute(
            schema.note.insert().values(id=note_id, handover_id=handover.id, agent_id=agent.id, text=text, created_at=now)
        )
        await repository.write_audit(tx, actor=agent.id, action="note.added", target=handover.id, now=now)
        tx.notify("desk", type="handover", handover_id=handover.id, conversation_id=handover.conversation_id,
                  state=handover.state)  # fmt: skip
        return {"id": note_id, "text": text, "created_at": now.isoformat().replace("+00:00", "Z"),
                "author": {"id": agent.id, "name": agent.name}}  # fmt: skip

    async def mark_read(self, agent: Agent, handover_id: str) -> None:
        """The agent has seen what the citizen wrote; the citizen is told. Only for the agent who has the handover."""
        async with self.core.store.write() as tx:
            handover, conversation = await self.lock(tx, handover_id)
            if handover.claimed_by != agent.id or not handover.unread:
                return
            # What is still on its way through the pipeline has not been counted as unread either: it is read the next time.
            t = schema.turn.c
            query = sa.select(sa.func.max(t.seq)).where(t.conversation_id == conversation.id, t.state == "done")
            seq = (await tx.conn.execute(query)).scalar_one() or 0
            await repository.change(tx, handover, unread=0, preview=handover.preview | {"read_seq": seq})
            tx.notify("conversation", conversation_id=conversation.id, kind="delivery", seq=seq, state="read")

    async def conversation_of(self, agent: Agent, handover_id: str) -> str:
        """The conversation that this agent may speak in.

        Raises:
            ApiError: 404, 409 not this agent's.
        """
        async with self.core.store.read() as conn:
            try:
                handover = await repository.get(conn, handover_id)
            except LookupError:
                raise not_found() from None
            if handover.state != State.CLAIMED or handover.claimed_by != agent.id:
                raise ApiError(409, "not_yours", "the conversation is not yours", state=handover.state)
        return handover.conversation_id

    async def _served(self, tx: Transaction, agent: Agent, handover_id: str) -> Handover:
        try:
            handover = await repository.get(tx.conn, handover_id)
        except LookupError:
            raise not_found() from None
        if not agent.within_reach(handover.department, handover.claimed_by, handover.overflow):
            raise ApiError(403, "other_department", "this conversation is in another department's queue")
        return handover

    async def lock(self, tx: Transaction, handover_id: str) -> tuple[Handover, Conversation]:
        """Takes a handover for this transaction.

        Raises:
            ApiError: 404.
        """
        try:
            return await repository.lock(tx, handover_id)
        except LookupError:
            raise not_found() from None

    async def own(self, tx: Transaction, agent: Agent, handover_id: str) -> tuple[Handover, Conversation]:
        """Takes a handover that is claimed by this agent.

        Raises:
            ApiError: 404, 409 not this agent's (any more).
        """
        handover, conversation = await self.lock(tx, handover_id)
        await self._check_own(tx, agent, handover)
        return handover, conversation

    async def _check_own(self, tx: Transaction, agent: Agent, handover: Handover) -> None:
        if handover.state == State.CLAIMED and handover.claimed_by == agent.id:
            return
        name = await repository.agent_name(tx.conn, handover.claimed_by)
        raise ApiError(409, "not_yours", "the conversation is not yours (any more)", state=handover.state, claimed_by=name)

    async def say(self, tx: Transaction, handover: Handover, reply: Reply, agent_id: str | None = None) -> None:
        """A system message in the citizen's language."""
        language = (
            await tx.conn.execute(
                sa.select(schema.conversation.c.language).where(schema.conversation.c.id == handover.conversation_id)
            )
        ).scalar_one()
        said = render_text(self.core, reply, language)
        said = Rendered(said.author, said.text, said.language, said.outcome, None, said.payload, said.buttons, agent_id)
        await messages.append(tx, handover.conversation_id, said, now=self.core.now())


def ended_by_two(settings: DeskSettings, handover: Handover, conversation: Conversation) -> bool:
    """Whether a handover is so sensitive that one alone does not close it, nor gives it back to the bot."""
    applies = {
        "emergency": handover.priority >= settings.queue.priority_emergency,
        "protected": conversation.protected,
        "children": bool(handover.preview.get("children")),
    }
    return any(applies[kind] for kind in settings.lifecycle.four_eyes)


def may_read(agent: Agent, handover: Handover) -> None:
    """Who may read a handover: in the queue, and scheduled, whoever may claim it; about to be closed, whoever may agree; else the
    agent who has or had it, the department's supervisors, and admins.

    Raises:
        ApiError: 404 before the citizen agreed (an offer is nobody's to know of), 403 otherwise.
    """
    if handover.consent is None:
        raise not_found()
    if not agent.within_reach(handover.department, handover.claimed_by, handover.overflow):
        raise ApiError(403, "other_department", "this conversation is in another department's queue")
    if handover.state not in {*CLAIMABLE, State.CLOSING} and handover.claimed_by != agent.id and not agent.may("supervise"):
        raise ApiError(403, "not_yours", "another agent has this conversation")


def not_found() -> ApiError:
    """404."""
    return ApiError(404, "not_found", "there is no such handover")


def already_claimed(lost: AlreadyClaimed) -> ApiError:
    """409 with the winner's name."""
    if lost.winner is None:
        return ApiError(409, "already_claimed", "the conversation is no longer in the queue", winner=None, state=lost.state)
    return ApiError(409, "already_claimed", f"{lost.winner} was first", winner=lost.winner, state=lost.state)
