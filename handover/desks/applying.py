"""What agents did at another desk becomes ours: claimed, written, given back, closed. One transaction per look."""

from __future__ import annotations

import sqlalchemy as sa

from bot.core import Core
from bot.messages import Button, Rendered, Reply
from bot.pipeline.accept import clean
from bot.pipeline.render import render_text
from bot.store import messages, schema
from bot.store.conversations import Conversation
from bot.store.engine import Connection, Transaction
from handover import repository
from handover.agent_actions import ended_by_two
from handover.coming_back import farewell
from handover.desks.contract import Look, OtherDesk, Person, Said
from handover.desks.links import Ledger
from handover.preview import RETURNING
from handover.repository import Handover
from handover.settings import DeskSettings
from handover.states import CLAIMABLE, HELD, State
from handover.told import Told

_a = schema.agent.c
_LONGEST_NAME = 100


class Applying:
    """Applies looks to handovers. A handover that is no longer with the other desk stays as it is."""

    def __init__(self, core: Core, settings: DeskSettings) -> None:
        self._core, self._settings = core, settings
        self._told = Told(core, settings.lifecycle.told_probability)

    async def apply(self, desk: OtherDesk, ledger: Ledger, look: Look) -> list[Said]:
        """Writes down what was seen, and remembers that it was.

        Returns:
            What agents wrote that does not reach the citizen: the conversation is no longer theirs, or it was only a file.
        """
        link, now = ledger.link, self._core.now()
        about = await self._spoken_of(look, link.handover_id)
        async with self._core.store.write() as tx:
            handover, conversation = await repository.lock(tx, link.handover_id)
            lost: list[Said] = []
            if link.state == "live" and await self._is_theirs(tx.conn, desk, handover):
                handover = await self._owner(tx, desk, conversation, handover, look, str(link.known.get("agent") or ""))
                lost = await self._write(tx, desk, handover, look)
                handover = await self._end(tx, desk, handover, look, about)
            else:
                lost = [said for said in look.said if not await self._is_known(tx, desk, handover, said)]
            agent = look.agent.id if look.agent else ""
            known = {"agent": agent}
            if look.state != "open":
                known["finished"] = look.state
            await ledger.note(now, tx=tx, seen_id=look.seen_id, known=known)
        return lost

    async def _spoken_of(self, look: Look, handover_id: str) -> list[str]:
        """For the bot, when it gets the conversation back."""
        if look.state != "returned":
            return []
        async with self._core.store.read() as conn:
            conversation_id = (await repository.get(conn, handover_id)).conversation_id
        return [topic.article_id for topic in await self._told.topics(conversation_id, last=[said.text for said in look.said])]

    async def theirs(self, desk: OtherDesk, handover_id: str) -> bool:
        """Whether a handover is (still) for this desk to take or to hold."""
        async with self._core.store.read() as conn:
            return await self._is_theirs(conn, desk, await repository.get(conn, handover_id))

    async def _is_theirs(self, conn: Connection, desk: OtherDesk, handover: Handover) -> bool:
        if handover.state in CLAIMABLE:
            return True
        if handover.state not in HELD or handover.state == State.CLOSING:  # somebody agrees, or not, in our own console
            return False
        email = (await conn.execute(sa.select(_a.email).where(_a.id == handover.claimed_by))).scalar_one()
        return str(email).startswith(f"{desk.key}:")

    async def _is_known(self, tx: Transaction, desk: OtherDesk, handover: Handover, said: Said) -> bool:
        found = await messages.find_by_provider_id(tx.conn, handover.conversation_id, f"{desk.key}:{said.id}")
        return found is not None

    async def _owner(
        self, tx: Transaction, desk: OtherDesk, conversation: Conversation, handover: Handover, look: Look, before: str
    ) -> Handover:
        """Who has it: whoever it is newly assigned to, else the first who wrote. An assignment that we know of already
        claims nothing again: the handover went back to the queue since (a silent agent), and there it stays."""
        assigned = look.agent if look.agent is not None and look.agent.id != before else None
        if handover.state in CLAIMABLE:
            wrote = next((said.person for said in look.said if said.text), None)
            person = assigned or wrote or (Person("0", desk.name) if look.state in ("returned", "closed") else None)
            if person is None:
                return handover
            agent_id = await self._agent(tx, desk, person)
            handover, _ = await repository.claim(tx, handover.id, agent_id, now=self._core.now())
            if assigned or wrote:
                await self._say(tx, handover, Reply("text", "agent.joined", {"name": person.name}, author="system"), agent_id)
        elif assigned is not None:
            agent_id = await self._agent(tx, desk, assigned)
            if agent_id != handover.claimed_by:
                now = self._core.now()
                handover = await repository.transition(tx, conversation, handover, State.CLAIMED, actor=agent_id, now=now,
                                                       claimed_by=agent_id, claimed_at=now, detail={"to": agent_id})  # fmt: skip
                await self._say(tx, handover, Reply("text", "agent.joined", {"name": assigned.name}, author="system"), agent_id)
        elif before and look.agent is None and look.state == "open" and not look.said:
            handover = await self._requeue(tx, conversation, handover)
        return handover

    async def _requeue(self, tx: Transaction, conversation: Conversation, handover: Handover) -> Handover:
        """Nobody is assigned any more: it waits again, first in line after the emergencies."""
        name = await repository.agent_name(tx.conn, handover.claimed_by) or ""
        priority = max(handover.priority, self._settings.queue.priority_requeued)
        handover = await repository.transition(
            tx, conversation, handover, State.QUEUED, actor="system", now=self._core.now(), claimed_by=None, claimed_at=None,
            priority=priority, detail={"reason": "unassigned"},
        )  # fmt: skip
        left = Reply("text", "agent.left", {"name": name}, author="system", buttons=(Button("/queue_leave", "queue.leave"),))
        await self._say(tx, handover, left)
        return handover

    async def _write(self, tx: Transaction, desk: OtherDesk, handover: Handover, look: Look) -> list[Said]:
        lost = []
        for said in look.said:
            provider_id = f"{desk.key}:{said.id}"
            if await messages.find_by_provider_id(tx.conn, handover.conversation_id, provider_id) is not None:
                continue
            text = clean(said.text)[: self._settings.messages.max_length * 4]
            if not text:
                lost.append(said)
                continue
            _, conversation = await repository.lock(tx, handover.id)
            # An agent's words are the city's, not a citizen's data: they are kept as written.
            rendered = Rendered("agent", text, conversation.language, agent_id=await self._agent(tx, desk, said.person))
            await messages.append(tx, handover.conversation_id, rendered, now=self._core.now(), provider_id=provider_id)
        if look.said:
            t = schema.turn.c
            done = sa.select(sa.func.max(t.seq)).where(t.conversation_id == handover.conversation_id, t.state == "done")
            seq = (await tx.conn.execute(done)).scalar_one() or 0  # who answers has read
            await repository.change(tx, handover, unread=0, preview=handover.preview | {"read_seq": seq})
            tx.notify("conversation", conversation_id=handover.conversation_id, kind="delivery", seq=seq, state="read")
        return lost

    async def _end(self, tx: Transaction, desk: OtherDesk, handover: Handover, look: Look, about: list[str]) -> Handover:
        if look.state == "open":
            return handover
        handover, conversation = await repository.lock(tx, handover.id)
        actor, now = handover.claimed_by or "system", self._core.now()
        if look.state == "gone":  # deleted over there: back in our own queue, where somebody sees it
            return await self._requeue(tx, conversation, handover) if handover.state in HELD else handover
        if handover.state == State.SNOOZED:
            handover = await repository.transition(tx, conversation, handover, State.CLAIMED, actor=actor, now=now)
        returned = look.state == "returned"
        if ended_by_two(self._settings, handover, conversation):
            handover = await repository.transition(
                tx, conversation, handover, State.CLOSING, actor=actor, now=now, unread=0,
                end_reason=None if returned else "solved",
                preview=handover.preview | {RETURNING: about if returned else None}, detail={"desk": desk.key},
            )  # fmt: skip
            name = await repository.agent_name(tx.conn, handover.claimed_by)
            await self._say(tx, handover, Reply("text", "agent.closing", {"name": name}, author="system"))
        elif returned:
            handover = await repository.transition(tx, conversation, handover, State.RETURNED, actor=actor, now=now, unread=0,
                                                   detail={"desk": desk.key})  # fmt: skip
            await self._told.hand_over(tx, conversation, about)
        else:
            handover = await repository.transition(
                tx, conversation, handover, State.CLOSED, actor=actor, now=now, unread=0, end_reason="solved",
                close_reason="solved", detail={"reason": "solved", "desk": desk.key},
            )  # fmt: skip
            await self._say(tx, handover, farewell(conversation.channel, "solved", self._settings))
        return handover

    async def _agent(self, tx: Transaction, desk: OtherDesk, person: Person) -> str:
        """The other desk's agent among ours: a name beside what they did. The account opens nothing."""
        email, name = f"{desk.key}:{person.id}"[:200], (" ".join(person.name.split()) or desk.name)[:_LONGEST_NAME]
        row = (await tx.conn.execute(sa.select(_a.id, _a.name).where(_a.email == email))).one_or_none()
        if row is not None:
            if row.name != name:
                await tx.conn.execute(schema.agent.update().where(_a.id == row.id).values(name=name))
            return str(row.id)
        agent_id = schema.new_id()
        await tx.conn.execute(
            schema.agent.insert().values(
                id=agent_id, email=email, name=name, password_hash="!", role="agent", departments=[], languages=[],  # noqa: S106
                active=False, failed_logins=0, created_at=self._core.now(),
            )
        )  # fmt: skip
        return agent_id

    async def _say(self, tx: Transaction, handover: Handover, reply: Reply, agent_id: str | None = None) -> None:
        """A system message in the citizen's language."""
        language = sa.select(schema.conversation.c.language).where(schema.conversation.c.id == handover.conversation_id)
        said = render_text(self._core, reply, (await tx.conn.execute(language)).scalar_one())
        said = Rendered(said.author, said.text, said.language, said.outcome, None, said.payload, said.buttons, agent_id)
        await messages.append(tx, handover.conversation_id, said, now=self._core.now())
