"""A simulated day over the real service: pipeline, desk, routing, presence and timers, in a real database, under a clock of our own.

.venv/bin/python -m benchmarks.service_day [--conversations 2000] [--agents 12] [--share .3] [--seed 1] [--database URL] [--json FILE]

People are simulated (those of `desk_day.py`): citizens ask the bot, want a human, wait, leave, write, end; agents take whom the
desk offers them, several pressing at once, write each line twice now and then, snooze, pass on, close by two, have breaks, and
their browsers die. Knowledge and Rasa are scripted. At the end the audit log and all messages are gone through.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import heapq
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
import structlog

from benchmarks.desk_day import ASKS_HUMAN, CURVE, DEPARTMENTS, HOURS, LANGUAGES, LOOK, OPENS, PATIENCE, TALK, TALK_SPREAD
from bot.core import Core
from bot.events import Hub
from bot.http import ApiError
from bot.pipeline.accept import Inbound, Refused, accept
from bot.pipeline.turn import run_turn
from bot.rasa import RasaClient
from bot.settings import ROOT, load_settings
from bot.store import conversations, schema
from bot.store.engine import Store
from bot.store.migrate import upgrade
from bot.texts import Catalogue
from handover import accounts, repository
from handover.agent_actions import AgentActions
from handover.auth import Agent
from handover.desk import HandoverDesk
from handover.lifecycle import Lifecycle
from handover.presence import Presence
from handover.settings import load_departments
from handover.settings import load_settings as load_desk_settings
from handover.states import OWNER, State, is_legal
from handover.timers import Timers
from knowledge.client import KnowledgeClient

HUMAN, DANGER = "jag vill prata med en människa", "det brinner hemma hos mig"
Event = Callable[[], Awaitable[None]]


def _knowledge(request: httpx.Request) -> httpx.Response:
    said = json.loads(request.content or b"{}").get("text", "")
    return httpx.Response(200, json={
        "language": "sv", "language_probability": 0.5, "tokens": [], "entities": [], "candidates": [], "elsewhere": None, "choices": [],
        "follows": False, "index_version": "simulated", "ms": 0.0, "signals": {"ask_human": 0.99} if said == HUMAN else {},
    })  # fmt: skip


def _rasa(request: httpx.Request) -> httpx.Response:
    sender = json.loads(request.content)["sender"]
    return httpx.Response(
        200, json=[{"recipient_id": sender, "custom": {"type": "text", "key": "dont_know", "outcome": "unanswered"}}]
    )


@dataclass
class Worker:
    """An agent; `alive` = the console is open."""

    agent: Agent
    begins: float
    ends: float
    places: int
    alive: bool = False
    on_break: bool = False
    thinking: bool = False
    talks: dict[str, float] = field(default_factory=dict)  # handover id → when the talk is over


@dataclass
class Citizen:
    """Somebody who asked for a human; times in minutes since the desk opened."""

    conversation_id: str
    joined: float
    said: dict[str, int] | None
    handover_id: str = ""
    taken: float | None = None


class ServiceDay:
    """One day.

    Args:
        given: the command line.
        database_url: an empty, migrated database.
    """

    def __init__(self, given: argparse.Namespace, database_url: str) -> None:
        self.given, self.random, self.now = given, random.Random(given.seed), 0.0
        hub = Hub()
        settings = load_settings(_env_file=None, database_url=database_url)
        self.core = Core(
            settings, Store(database_url, publish=hub.publish), Catalogue.load(ROOT / "texts"),
            KnowledgeClient("http://knowledge.simulated", transport=httpx.MockTransport(_knowledge)),
            RasaClient("http://rasa.simulated", 5.0, transport=httpx.MockTransport(_rasa)), hub, self.clock,
        )  # fmt: skip
        self.settings = load_desk_settings()
        departments = load_departments(self.settings.queue.default_department)
        self.desk = HandoverDesk(self.core, self.settings, departments)
        self.actions = AgentActions(self.core, self.settings, departments)
        self.lifecycle = Lifecycle(self.core, self.actions)
        self.presence = Presence(self.core, self.settings.presence, self.actions)
        self.timers = Timers(self.core, self.actions, self.lifecycle)
        self.workers: list[Worker] = []
        self.citizens: list[Citizen] = []
        self.by_handover: dict[str, Citizen] = {}
        self.sent: dict[str, int] = {}  # what agents wrote → how often the desk said yes to it
        self.accepted: list[str] = []  # ids of the citizens' messages
        self.counts: Counter[str] = Counter()
        self._events: list[tuple[float, int, Event]] = []
        self._order = itertools.count()

    def clock(self) -> dt.datetime:
        """The simulated moment."""
        return OPENS + dt.timedelta(minutes=self.now)

    def at(self, minute: float, does: Event) -> None:
        """Plans something."""
        heapq.heappush(self._events, (minute, next(self._order), does))

    async def run(self) -> dict[str, Any]:
        """Lives through the day and goes through what is left of it."""
        await self._hire()
        for hour in sorted(self.random.choices(range(len(CURVE)), CURVE, k=self.given.conversations)):
            self.at((hour + self.random.random()) * 60, self._arrives)
        self.at(0.0, self._look)
        while self._events and self._events[0][0] <= HOURS * 60 + 60:
            self.now, _, does = heapq.heappop(self._events)
            await does()
        return await self._figures()

    # -- agents -----------------------------------------------------------------------------------------------------

    async def _hire(self) -> None:
        for index in range(self.given.agents):
            general = index % 3 == 0
            departments = () if general else tuple(sorted({"kontaktcenter", *(self._pick(DEPARTMENTS) for _ in range(2))}))
            languages = ["sv", *(["en"] if self.random.random() < 0.8 else []), *([self._pick(LANGUAGES)] if index % 2 else [])]
            account = accounts.NewAccount(f"a{index}@example.org", f"Agent {index}", "supervisor" if index == 0 else "agent", "x" * 12,
                                          departments, tuple(dict.fromkeys(languages)))  # fmt: skip
            async with self.core.store.write() as tx:
                agent_id = await accounts.create(tx, account, password_hash="-", actor="cli", now=self.clock())
                await self.desk.routing.set_profile(tx, agent_id, actor="cli", capacity=3)
                agent = await accounts.get(tx.conn, agent_id)
            begins = 0.0 if index % 2 == 0 else self.random.uniform(0, 45)
            worker = Worker(agent, begins, HOURS * 60, 3)
            self.workers.append(worker)
            self.at(begins, lambda w=worker: self._opens(w))
            self.at(worker.ends + 30, lambda w=worker: self._crash(w, away=1e9))
            for moment, minutes in (
                (self.random.uniform(180, 300), 45),
                (self.random.uniform(60, 150), 12),
                (self.random.uniform(320, 480), 12),
            ):
                self.at(moment, lambda w=worker, m=minutes: self._break(w, m))
            if self.random.random() < 0.5:
                self.at(self.random.uniform(30, 500), lambda w=worker: self._crash(w, away=self.random.choice([2.0, 25.0])))

    async def _opens(self, worker: Worker) -> None:
        if not worker.alive:
            worker.alive = True
            await self.presence.arrive(worker.agent.id)
            async with self.core.store.read() as conn:  # what is still theirs goes on; the rest went back to the queue
                for handover_id in list(worker.talks):
                    current = await repository.get(conn, handover_id)
                    if current.claimed_by != worker.agent.id or current.state != State.CLAIMED:
                        del worker.talks[handover_id]

    async def _break(self, worker: Worker, minutes: float) -> None:
        self.counts["breaks"] += 1
        await self._set_break(worker, True)
        self.at(self.now + minutes, lambda: self._set_break(worker, False))

    async def _set_break(self, worker: Worker, on_break: bool) -> None:
        worker.on_break = on_break
        async with self.core.store.write() as tx:
            await self.desk.routing.set_profile(tx, worker.agent.id, actor=worker.agent.id, on_break=on_break or None)

    async def _crash(self, worker: Worker, *, away: float) -> None:
        if not worker.alive:
            return
        worker.alive = False
        self.counts["consoles lost" if away < 1e6 else "ends of shifts"] += 1
        await self.presence.leave(worker.agent.id)
        if away < 1e6:
            self.at(self.now + away, lambda: self._opens(worker))

    async def _look(self) -> None:
        """Every half minute: heartbeats, the sweeps, the routing's look."""
        for worker in self.workers:
            if worker.alive:
                await self.presence.heartbeat(worker.agent.id)
        self.counts["put back, console lost"] += await self.presence.sweep()
        self.counts["woken, warned, put back for silence"] += await self.timers.sweep()
        await self.desk.routing.look()
        self.at(self.now + LOOK / 2, self._take)
        self.at(self.now + LOOK, self._look)

    async def _take(self) -> None:
        """Whoever has room takes the first they are offered, all at once."""
        wanted = []
        for worker in self.workers:
            if (
                worker.alive
                and not worker.on_break
                and len(worker.talks) < worker.places
                and (first := await self._offered(worker))
            ):
                wanted.append((worker, first))
        won = await asyncio.gather(*(self._claim(worker, handover_id) for worker, handover_id in wanted))
        for number in Counter(one for one in won if one).values():
            self.counts["claims"] += number
            self.counts["wrong winners: two for one"] += number > 1

    async def _offered(self, worker: Worker) -> str | None:
        async with self.core.store.read() as conn:
            offered = await self.desk.routing.offered(conn, worker.agent.id, self.clock())
            first = next((one for one, fits in offered.items() if fits.kept_for is None), None)
            if first is None and self.random.random() < 0.2:  # nobody waits: those who are to be contacted
                h = schema.handover.c
                query = sa.select(h.id, h.department).where(h.state == State.SCHEDULED).order_by(h.due_at)
                first = next((row.id for row in await conn.execute(query) if worker.agent.serves(row.department)), None)
        return first

    async def _claim(self, worker: Worker, handover_id: str) -> str | None:
        try:
            await self.actions.claim(worker.agent, handover_id)
        except ApiError as lost:
            self.counts[f"claims refused: {lost.code}"] += 1
            return None
        citizen = self.by_handover[handover_id]
        if citizen.taken is None:
            citizen.taken = self.now
        minutes = TALK * pow(2.718281828, self.random.gauss(0, TALK_SPREAD))
        worker.talks[handover_id] = self.now + minutes * (1 + 0.35 * (len(worker.talks)))
        self.at(self.now + self.random.uniform(0.2, 1.0), lambda: self._writes(worker, handover_id))
        return handover_id

    async def _writes(self, worker: Worker, handover_id: str) -> None:
        if handover_id not in worker.talks or not worker.alive:
            if handover_id in worker.talks and self.now < HOURS * 60 + 50:
                self.at(self.now + 1.0, lambda: self._writes(worker, handover_id))
            return
        if self.now >= worker.talks[handover_id]:
            await self._done(worker, handover_id)
            return
        text = f"Svar {len(self.sent)}"
        self.sent[text] = 0
        for _ in range(2 if self.random.random() < 0.1 else 1):  # a line that broke: the console sends it again
            try:
                await self.actions.write(worker.agent, handover_id, client_message_id=text, text=text)
                self.sent[text] = 1
            except ApiError:
                worker.talks.pop(handover_id, None)
                return
        citizen = self.by_handover[handover_id]
        if self.random.random() < 0.6:
            await self._says(citizen.conversation_id, f"Fråga {len(self.accepted)}")
        self.at(self.now + self.random.uniform(0.8, 3.0), lambda: self._writes(worker, handover_id))

    async def _done(self, worker: Worker, handover_id: str) -> None:
        del worker.talks[handover_id]
        chance, agent = self.random.random(), worker.agent
        try:
            if chance < 0.05:
                await self.actions.give_back(agent, handover_id, note=None)
            elif chance < 0.10:
                async with self.core.store.read() as conn:
                    at = (await repository.get(conn, handover_id)).department
                to = next(key for key in ("kontaktcenter", *DEPARTMENTS) if key != at)
                await self.actions.transfer(agent, handover_id, to_agent=None, department=to, note="Vidare")
            elif chance < 0.16:
                await self.lifecycle.snooze(agent, handover_id, until=self.clock() + dt.timedelta(minutes=15), reason="checking")
                self.at(self.now + 17, lambda: self._again(worker, handover_id))
            else:
                after = await self.actions.close(agent, handover_id, reason="solved")
                if after.state == State.CLOSING:
                    self.at(self.now + 5, lambda: self._agrees(worker, handover_id))
                elif chance > 0.97:
                    self.at(self.now + 3, lambda: self._returns(handover_id))
        except ApiError as refused:
            self.counts[f"ends refused: {refused.code}"] += 1

    async def _again(self, worker: Worker, handover_id: str) -> None:
        async with self.core.store.read() as conn:
            current = await repository.get(conn, handover_id)
        if current.state == State.CLAIMED and current.claimed_by == worker.agent.id:
            worker.talks[handover_id] = self.now + 2
            await self._writes(worker, handover_id)

    async def _agrees(self, worker: Worker, handover_id: str) -> None:
        other = next((one for one in self.workers if one is not worker and one.alive and not one.agent.departments), None)
        if other is None:
            self.at(self.now + 10, lambda: self._agrees(worker, handover_id))
            return
        try:
            await self.lifecycle.confirm(other.agent, handover_id)
            self.counts["closed by two"] += 1
        except ApiError as refused:
            self.counts[f"agreements refused: {refused.code}"] += 1

    # -- citizens ---------------------------------------------------------------------------------------------------

    async def _says(self, conversation_id: str, text: str | None = None, action: str | None = None) -> None:
        payload = None
        if action is not None:
            b = schema.button.c
            query = (
                sa.select(b.payload).where(b.conversation_id == conversation_id, b.action == action).order_by(b.created_at.desc())
            )
            async with self.core.store.read() as conn:
                payload = (await conn.execute(query.limit(1))).scalar_one_or_none()
            if payload is None:
                return
        try:
            accepted = await accept(self.core, conversation_id, Inbound(f"c{len(self.accepted)}", text, payload))
        except Refused:
            return
        self.accepted.append(accepted.message_id)
        await run_turn(self.core, self.desk, accepted.message_id)

    async def _arrives(self) -> None:
        async with self.core.store.write() as tx:
            made = await conversations.create(tx, channel="web", channel_account="web", language=self._pick(LANGUAGES), now=self.clock(),
                                              language_locked=True)  # fmt: skip
            await conversations.update(tx, made, department=self._pick(DEPARTMENTS))
        await self._says(made, "När är återvinningscentralen öppen?")
        if self.random.random() >= self.given.share:
            return
        await self._says(made, DANGER if self.random.random() < 0.01 else HUMAN)
        await self._says(made, action="/handover_send")
        async with self.core.store.read() as conn:
            current = await repository.latest(conn, made)
            _, said = await self.desk.queue_wait(conn, made)
        assert current is not None
        citizen = Citizen(made, self.now, dict(said) if said else None, current.id)
        self.citizens.append(citizen)
        self.by_handover[current.id] = citizen
        if said is None and self.random.random() < 0.7:
            await self._says(made, action="/contact_leave")
            await self._says(made, "070-174 06 05")
        self.at(self.now + self.random.expovariate(1 / PATIENCE), lambda: self._gives_up(citizen))
        if self.random.random() < 0.3:
            self.at(self.now + self.random.uniform(0.1, 4), lambda: self._says(made, "Jag väntar"))

    async def _gives_up(self, citizen: Citizen) -> None:
        async with self.core.store.read() as conn:
            current = await repository.get(conn, citizen.handover_id)
        if current.state == State.QUEUED:
            await self._says(citizen.conversation_id, action="/queue_leave")

    async def _returns(self, handover_id: str) -> None:
        async with self.core.store.write() as tx:
            said = await self.desk.citizen_returned(tx, self.by_handover[handover_id].conversation_id)
        self.counts["came back and were let in"] += said is not None

    def _pick(self, table: Any) -> str:
        names, weights = zip(*table, strict=True)
        return str(self.random.choices(names, weights)[0])

    # -- the report -------------------------------------------------------------------------------------------------

    async def _figures(self) -> dict[str, Any]:
        m, a, t, h = schema.message, schema.audit, schema.turn, schema.handover
        async with self.core.store.read() as conn:
            said = (await conn.execute(sa.select(m).order_by(m.c.conversation_id, m.c.seq))).all()
            steps = (await conn.execute(sa.select(a).where(a.c.object.in_(list(self.by_handover))))).all()
            rows = (await conn.execute(sa.select(h))).all()
            undone = (await conn.execute(sa.select(sa.func.count()).where(t.c.state != "done"))).scalar_one()
        kept, written = {row.id for row in said}, Counter(row.text for row in said if row.author == "agent")
        waits = sorted(one.taken - one.joined for one in self.citizens if one.taken is not None)
        told = [(one.said, one.taken - one.joined) for one in self.citizens if one.said and one.taken is not None]
        return {
            "conversations": self.given.conversations, "asked for a human": len(self.citizens), "taken": len(waits),
            "mean wait, minutes": statistics.fmean(waits), "median wait": statistics.median(waits),
            "95th percentile": waits[int(0.95 * len(waits))], "longest wait": waits[-1],
            "left the queue": sum(row.end_reason == "left_queue" for row in rows),
            "still open at the end": dict(Counter(row.state for row in rows if row.state not in ("closed", "returned", "abandoned", "declined"))),
            "a range was said": len(told), "mean absolute error (middle of the range)":
                statistics.fmean(abs((one["low"] + one["high"]) / 2 - real) for one, real in told),
            "bias (middle minus real)": statistics.fmean((one["low"] + one["high"]) / 2 - real for one, real in told),
            "width of the range": statistics.fmean(one["high"] - one["low"] for one, _ in told),
            "the range held": statistics.fmean(one["low"] <= real <= one["high"] for one, real in told),
            "citizens' messages": len(self.accepted), "lost": len([one for one in self.accepted if one not in kept]) + undone,
            "agents' lines": sum(self.sent.values()),
            "agents' lines lost": sum(written[text] < times for text, times in self.sent.items()),
            "agents' lines doubled": sum(written[text] > times for text, times in self.sent.items()),
            "words of the bot while a human has it": self._out_of_turn(said, steps),
            "changes": sum("version" in step.detail for step in steps), "changes that are illegal or not in the log": self._wrong(rows, steps),
            **dict(sorted(self.counts.items())),
        }  # fmt: skip

    def _chain(self, steps: list[sa.Row[Any]], handover_id: str) -> list[sa.Row[Any]]:
        return sorted(
            (s for s in steps if s.object == handover_id and "version" in s.detail), key=lambda s: int(s.detail["version"])
        )

    def _wrong(self, rows: list[sa.Row[Any]], steps: list[sa.Row[Any]]) -> int:
        wrong, own = 0, {row.id: row for row in rows}
        grouped: dict[str, list[sa.Row[Any]]] = {}
        for step in steps:
            grouped.setdefault(step.object, []).append(step)
        for handover_id, mine in grouped.items():
            at, chain = State.OFFERED, self._chain(mine, handover_id)
            for step in chain:
                target = State(step.action.removeprefix("handover."))
                wrong += step.detail["from"] != at or not is_legal(at, target)
                at = target
            wrong += at != own[handover_id].state or own[handover_id].version != len(chain) + 1
        return wrong

    def _out_of_turn(self, said: list[sa.Row[Any]], steps: list[sa.Row[Any]]) -> int:
        grouped: dict[str, list[sa.Row[Any]]] = {}
        for step in steps:
            grouped.setdefault(step.object, []).append(step)
        spans: dict[str, list[tuple[int, int]]] = {}
        for handover_id, mine in grouped.items():
            chain = self._chain(mine, handover_id)
            for step, after in itertools.zip_longest(chain, chain[1:]):
                if OWNER[State(step.action.removeprefix("handover."))] in ("queue", "agent"):
                    last = after.detail["seq"] if after is not None else 10**9
                    spans.setdefault(self.by_handover[handover_id].conversation_id, []).append((step.detail["seq"], last))
        return sum(
            row.author == "bot" and any(first < row.seq <= last for first, last in spans.get(row.conversation_id, ()))
            for row in said
        )


def main() -> None:
    """Prints the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--conversations", type=int, default=2000)
    parser.add_argument("--agents", type=int, default=12)
    parser.add_argument("--share", type=float, default=ASKS_HUMAN, help="of the conversations that ask for a human")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", help="an empty database; a SQLite file of its own unless given")
    parser.add_argument("--json", type=Path)
    given, begun, used = parser.parse_args(), time.monotonic(), time.process_time()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder:
        url = given.database or f"sqlite:///{folder}/day.db"
        upgrade(url)

        async def day() -> dict[str, Any]:
            made = ServiceDay(given, url)
            try:
                return await made.run()
            finally:
                await made.core.knowledge.aclose()
                await made.core.rasa.aclose()
                await made.core.store.close()

        found = asyncio.run(day())
    print(f"{url.split(':')[0]}, seed {given.seed}, {given.agents} agents, {HOURS:g} hours simulated in {time.monotonic() - begun:.0f} s "
          f"({time.process_time() - used:.0f} s CPU)")  # fmt: skip
    for name, value in found.items():
        print(f"{name:56} {value:.3f}" if isinstance(value, float) else f"{name:56} {value}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
