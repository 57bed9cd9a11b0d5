"""A desk for the state machine: the real pipeline, desk, agents and timers over one store; only knowledge and Rasa are scripted."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import httpx
import sqlalchemy as sa

from bot.core import Core
from bot.events import Hub
from bot.http import ApiError
from bot.messages import Rendered
from bot.pipeline.accept import Inbound, Refused, accept
from bot.pipeline.render import render_text
from bot.pipeline.turn import run_turn
from bot.rasa import RasaClient
from bot.settings import load_settings
from bot.store import conversations, messages, schema
from bot.store.engine import Store
from handover import accounts, repository
from handover.agent_actions import AgentActions
from handover.auth import Agent
from handover.desk import HandoverDesk
from handover.lifecycle import Lifecycle
from handover.presence import Presence
from handover.settings import load_departments
from handover.settings import load_settings as load_desk_settings
from handover.states import OPEN, OWNER, State, is_legal
from handover.timers import Timers
from tests.bot.conftest import texts
from tests.bot.scripted import Script, analysis
from tests.conftest import Clock
from tests.handover.conftest import HUMAN, add_agent

REFUSED = {403, 404, 409, 422}
DANGER = "det brinner hemma hos mig"


class World:
    """One store for all examples; each has conversations and agents of its own.

    Rasa answers when `gate` is set, so that bot turns can be in flight while others act.
    """

    def __init__(self, database_url: str) -> None:
        hub = Hub()
        self.store, self.script = Store(database_url, publish=hub.publish), Script()
        self.script.analyses[HUMAN] = analysis(signals={"ask_human": 0.99})
        self.gate = asyncio.Event()
        rasa = RasaClient("http://rasa.test", 60.0, transport=httpx.MockTransport(self._rasa))
        settings = load_settings(_env_file=None, database_url=database_url)
        self.clock = Clock()
        self.core = Core(settings, self.store, texts(), self.script.knowledge_client(), rasa, hub, self.clock)
        desk_settings = load_desk_settings()
        departments = load_departments(desk_settings.queue.default_department)
        self.desk = HandoverDesk(self.core, desk_settings, departments)
        self.actions = AgentActions(self.core, desk_settings, departments)
        self.lifecycle = Lifecycle(self.core, self.actions)
        self.presence = Presence(self.core, desk_settings.presence, self.actions)
        self.timers = Timers(self.core, self.actions, self.lifecycle)
        self.in_flight: dict[str, asyncio.Task[None]] = {}
        self.locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.numbered = 0

    async def _rasa(self, request: httpx.Request) -> httpx.Response:
        await self.gate.wait()
        sender = json.loads(request.content)["sender"]
        said = {"type": "text", "key": "dont_know", "outcome": "unanswered"}
        return httpx.Response(200, json=[{"recipient_id": sender, "custom": said}])

    async def close(self) -> None:
        await self.core.knowledge.aclose()
        await self.core.rasa.aclose()
        await self.store.close()

    async def agents(self) -> list[Agent]:
        """Two agents and a supervisor, all of them there."""
        made = []
        for role in ("agent", "agent", "supervisor"):
            self.numbered += 1
            agent_id = await add_agent(self.core, f"A{self.numbered} Agent", role)
            async with self.store.read() as conn:
                made.append(await accounts.get(conn, agent_id))
            await self.presence.arrive(agent_id)
        return made

    async def conversation(self) -> str:
        async with self.store.write() as tx:
            made = await conversations.create(tx, channel="web", channel_account="web", language="sv", now=self.clock())
            await messages.append(tx, made, Rendered("bot", "Hej", "sv"), now=self.clock())
        return made

    async def forget(self, conversation_ids: Iterable[str], agents: Iterable[Agent]) -> None:
        """Nothing of an example is in the way of the next."""
        h, a = schema.handover, schema.agent
        async with self.store.write() as tx:
            await tx.conn.execute(h.update().where(h.c.conversation_id.in_(list(conversation_ids))).values(state="closed"))
            await tx.conn.execute(a.update().where(a.c.id.in_([one.id for one in agents])).values(active=False, present_at=None))

    # -- the citizen ------------------------------------------------------------------------------------------------

    async def write(self, conversation_id: str, text: str | None = None, payload: str | None = None) -> str | None:
        """Accepts a message; its turn is worked on by `work`. None: refused, the conversation is closed."""
        self.numbered += 1
        try:
            accepted = await accept(self.core, conversation_id, Inbound(f"m{self.numbered}", text, payload))
        except Refused as refused:
            assert refused.code == "conversation_closed", refused.code
            return None
        return accepted.message_id

    async def work(self, conversation_id: str) -> None:
        """The conversation's turns in order, as `TurnWorker` takes them; several never at a time."""
        t = schema.turn.c
        query = sa.select(t.message_id).where(t.conversation_id == conversation_id, t.state == "pending").order_by(t.seq).limit(1)
        async with self.locks[conversation_id]:
            while True:
                async with self.store.read() as conn:
                    due = (await conn.execute(query)).scalar_one_or_none()
                if due is None:
                    return
                await run_turn(self.core, self.desk, due)

    async def begin(self, conversation_id: str) -> None:
        """Starts work on the turns and lets it run until it waits for Rasa, or is done."""
        running = self.in_flight.get(conversation_id)
        if running is None or running.done():
            self.in_flight[conversation_id] = asyncio.create_task(self.work(conversation_id))
        for _ in range(5):
            await asyncio.sleep(0)

    async def land(self) -> None:
        """Rasa answers, and all turns come to their end."""
        self.gate.set()
        while self.in_flight:
            landing = dict(self.in_flight)
            await asyncio.gather(*landing.values())
            for conversation_id, task in landing.items():
                await self.work(conversation_id)
                if self.in_flight.get(conversation_id) is task:
                    del self.in_flight[conversation_id]
        self.gate.clear()

    async def says(self, conversation_id: str, text: str | None = None, payload: str | None = None) -> None:
        if await self.write(conversation_id, text, payload) is not None:
            await self.begin(conversation_id)

    async def presses(self, conversation_id: str, which: float, action: str = "/") -> None:
        """Any button that was ever shown, old ones too; 1.0 = the newest. With `action` only such."""
        b = schema.button.c
        own = sa.and_(b.conversation_id == conversation_id, b.action.startswith(action))
        query = sa.select(b.payload).where(own).order_by(b.created_at, b.payload)
        async with self.store.read() as conn:
            shown = list((await conn.execute(query)).scalars())
        if shown:
            await self.says(conversation_id, payload=shown[min(len(shown) - 1, int(which * len(shown)))])

    async def ends(self, conversation_id: str) -> None:
        async with self.store.write() as tx:
            current = await conversations.lock(tx, conversation_id)
            if current.owner == "closed":
                return
            await self.desk.citizen_ended(tx, current)
            current = await conversations.get(tx.conn, conversation_id)
            if current.owner != "closed":
                await conversations.set_owner(tx, current.id, "closed", expected_version=current.version, now=self.clock())

    async def returns(self, conversation_id: str) -> None:
        async with self.store.write() as tx:
            for reply in await self.desk.citizen_returned(tx, conversation_id) or []:
                await messages.append(tx, conversation_id, render_text(self.core, reply, "sv"), now=self.clock())

    # -- agents -----------------------------------------------------------------------------------------------------

    async def newest(self, conversation_id: str) -> tuple[str, str | None]:
        """The conversation's handover, and who has it."""
        async with self.store.read() as conn:
            current = await repository.latest(conn, conversation_id)
        return (current.id, current.claimed_by) if current else ("none", None)

    async def tries(self, doing: Any) -> Any:
        """What came of an agent's action; None when it was refused, as it may be."""
        try:
            return await doing
        except ApiError as refused:
            assert refused.status in REFUSED, refused
            return None

    # -- what must hold -----------------------------------------------------------------------------------------------

    async def check(self, conversation_id: str, before: tuple[int, str]) -> tuple[int, str]:
        """The invariants; returns version and owner as they are now."""
        h, m = schema.handover.c, schema.message
        async with self.store.read() as conn:
            if not self.store.is_sqlite:  # one picture of all tables, while turns go on
                await conn.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            now = await conversations.get(conn, conversation_id)
            rows = (await conn.execute(sa.select(schema.handover).where(h.conversation_id == conversation_id))).all()
            said = (await conn.execute(sa.select(m).where(m.c.conversation_id == conversation_id).order_by(m.c.seq))).all()
            steps = await self._steps(conn, [row.id for row in rows])
        assert [message.seq for message in said] == list(range(1, now.last_seq + 1))
        opened = [row for row in rows if State(row.state) in OPEN]
        assert len(opened) <= 1
        if now.owner != "closed":
            assert now.owner == (OWNER[State(opened[0].state)] if opened else "bot")
        else:
            assert not opened
        for row in rows:
            self._check_row(row, [step for step in steps if step.object == row.id])
        assert now.version >= before[0]
        if now.version <= before[0] + 1:  # one more with each change of the owner, and only then
            assert (now.version == before[0]) == (now.owner == before[1])
        self._check_silence(said, steps)
        return now.version, now.owner

    async def _steps(self, conn: Any, handover_ids: list[str]) -> list[sa.Row[Any]]:
        a = schema.audit
        names = [f"handover.{state}" for state in State]
        rows = await conn.execute(sa.select(a).where(a.c.object.in_(handover_ids), a.c.action.in_(names)))
        return sorted(rows, key=lambda row: (row.detail.get("seq", 0), row.at, row.detail.get("version", 1)))

    def _check_row(self, row: sa.Row[Any], steps: list[sa.Row[Any]]) -> None:
        state = State(row.state)
        held = state in (State.CLAIMED, State.SNOOZED, State.CLOSING)
        assert not held or (row.claimed_by is not None and row.claimed_at is not None)
        assert state != State.QUEUED or row.claimed_by is None
        assert (row.consent is None) == (state in (State.OFFERED, State.DECLINED))
        assert (row.ended_at is not None) == (state not in OPEN)
        assert (row.due_at is not None) == (state in (State.SNOOZED, State.SCHEDULED))
        assert row.warned_at is None or state == State.CLAIMED
        # Every change is in the audit log, legal, and one version apart: so of several at once exactly one was made.
        chain = sorted(steps, key=lambda step: step.detail.get("version", 1))
        assert [step.detail.get("version", 1) for step in chain] == list(range(1, row.version + 1))
        at = State.OFFERED
        for step in chain[1:]:
            target = State(step.action.removeprefix("handover."))
            assert step.detail["from"] == at
            assert is_legal(at, target)
            at = target
        assert at == state
        self._check_four_eyes(row, chain[-1])

    def _check_four_eyes(self, row: sa.Row[Any], last: sa.Row[Any]) -> None:
        """What speaks of danger is neither closed nor given back to the bot by one agent alone."""
        sensitive = row.priority >= self.actions.settings.queue.priority_emergency
        if row.state in (State.CLOSED, State.RETURNED) and sensitive and last.actor != "citizen":
            assert last.detail["from"] == State.CLOSING
            assert last.actor != last.detail["proposed_by"]

    def _check_silence(self, said: list[sa.Row[Any]], steps: list[sa.Row[Any]]) -> None:
        """The bot says nothing while somebody else has the word; the log has the last message before each change."""
        begins: int | None = None
        spans: list[tuple[int, int]] = []
        for step in steps:
            if "seq" not in step.detail:
                continue
            bots = OWNER[State(step.action.removeprefix("handover."))] == "bot"
            if begins is None and not bots:
                begins = step.detail["seq"]
            elif begins is not None and bots:
                spans.append((begins, step.detail["seq"]))
                begins = None
        spans += [(begins, len(said))] if begins is not None else []
        spoke = [message.seq for message in said if message.author == "bot"]
        assert not [seq for seq in spoke for first, last in spans if first < seq <= last]

    async def check_nothing_lost(self, conversation_id: str, wrote: dict[str, int]) -> None:
        """Each text of the citizen was answered, or can be read by the agent; each of an agent's is there once."""
        m, t = schema.message, schema.turn
        async with self.store.read() as conn:
            said = (await conn.execute(sa.select(m).where(m.c.conversation_id == conversation_id))).all()
            turns = (await conn.execute(sa.select(t).where(t.c.conversation_id == conversation_id))).all()
            h = schema.handover.c
            rows = (await conn.execute(sa.select(schema.handover).where(h.conversation_id == conversation_id))).all()
            conversation = await conversations.get(conn, conversation_id)
        answered = {message.turn_id for message in said}
        for turn in turns:
            assert turn.state == "done", turn.state
            if turn.action is None and turn.message_id not in answered and conversation.owner != "closed":
                assert any(_reads(row, turn.seq) for row in rows), turn.seq
        for text, times in wrote.items():
            assert sum(message.text == text and message.author == "agent" for message in said) == times


async def count_changes(world: World) -> str:
    """How often each change was made, for a long run."""
    a = schema.audit
    counted: Counter[str] = Counter()
    async with world.store.read() as conn:
        for row in await conn.execute(sa.select(a.c.action, a.c.detail).where(a.c.action.startswith("handover."))):
            source = f"{row.detail['from']} -> " if "from" in row.detail else ""
            counted[source + row.action.removeprefix("handover.")] += 1
    return "\n".join(f"{number:7} {name}" for name, number in sorted(counted.items()))


def _reads(row: sa.Row[Any], seq: int) -> bool:
    since, apart = row.preview.get("queued_seq"), row.preview.get("apart", ())
    return since is not None and seq > since and not any(a <= seq and (b is None or seq <= b) for a, b in apart)
