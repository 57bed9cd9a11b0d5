"""A simulated day at the desk: how honest the told wait is, beside Bürokratt's formula, and how fair the queue.

Run by `benchmarks/queue.py`.

The rules and the estimate are the desk's own (`handover.routing`); only people are simulated: arrivals, agents who take
the first they are offered, talk, go on breaks, end shifts, and whose browsers crash. simpy was looked at (MIT, kept up) and
left out: an event heap is thirty lines, and the agents here follow our rules, not a resource's.
"""

from __future__ import annotations

import argparse
import datetime as dt
import heapq
import itertools
import json
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from handover.routing import rules, wait
from handover.routing.model import AtDesk, Waiting
from handover.settings import DeskSettings, load_settings

OPENS = dt.datetime(2026, 11, 24, 7, tzinfo=dt.UTC)  # 08:00 in Gothenburg
HOURS = 9.0
LOOK = 0.5  # minutes between two looks, as `presence.sweep_seconds`
GRACE = 10.0  # minutes until the claims of a dead browser go back, as `presence.requeue_minutes`
LANGUAGES = (("sv", 0.72), ("en", 0.1), ("ar", 0.06), ("so", 0.05), ("fa", 0.03), ("ti", 0.02), ("fi", 0.02))
DEPARTMENTS = (("kontaktcenter", 0.4), ("forskola", 0.15), ("kretslopp-vatten", 0.15), ("stadsmiljo", 0.1), ("social", 0.2))
# Arrivals over the day, per hour from eight: a peak before noon, a smaller one at two.
CURVE = (0.8, 1.3, 1.5, 1.2, 0.8, 1.0, 1.2, 0.9, 0.3)
ASKS_HUMAN = 0.3  # of all conversations: the others the bot answers alone
PATIENCE = 45.0  # minutes, mean, until somebody who waits leaves the queue
TALK, TALK_SPREAD = 9.0, 0.7  # minutes, median, and sigma of the log-normal


@dataclass
class Citizen:
    """Somebody who asked for a human, and what became of it. Times are minutes since the desk opened."""

    waiting: Waiting
    joined: float
    talk: float
    leaves: float
    told: wait.Estimate | None = None
    said: dict[str, int] | None = None
    theirs: float = 0.0
    mended: float = 0.0
    textbook: float = 0.0
    ahead: int = 0
    taken: float | None = None
    left: float | None = None
    claims: int = 0
    agent: str | None = None
    generation: int = 0


@dataclass
class Worker:
    """An agent of the simulation; `desk` is what the rules see."""

    desk: AtDesk
    begins: float
    ends: float
    has: set[str] = field(default_factory=set)
    alive: bool = True  # the browser is open
    thinking: bool = False


class Day:
    """One day, driven by an event heap.

    Args:
        seed: all of the day follows from it.
        conversations: of which a share asks for a human.
        agents: on the day's roster.
        share: of the conversations that ask for a human.
    """

    def __init__(self, seed: int, conversations: int, agents: int, settings: DeskSettings, share: float) -> None:
        self.random, self.settings = random.Random(seed), settings
        self.rules = rules.Rules(settings.queue, settings.routing)
        self.now = 0.0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self.queue: dict[str, Citizen] = {}
        self.citizens: list[Citizen] = []
        self.workers = self._roster(agents)
        self.rates = wait.prior(settings.wait)
        self.counts: dict[str, int] = defaultdict(int)
        self.ended_talks: list[float] = []  # for Bürokratt's formula: durations of the chats with agents so far
        self._claims_since_look: list[tuple[float, float]] = []
        self._last_look = 0.0
        self._arrivals(conversations, share)
        self.at(LOOK, self._look)

    def at(self, minutes: float, what: Callable[[], None]) -> None:
        """Something happens at a time."""
        heapq.heappush(self._heap, (minutes, next(self._count), what))

    def clock(self) -> dt.datetime:
        """The simulated time."""
        return OPENS + dt.timedelta(minutes=self.now)

    def run(self) -> Day:
        """The whole day; after closing time the agents finish their conversations and take nobody new."""
        while self._heap:
            self.now, _, what = heapq.heappop(self._heap)
            if self.now > HOURS * 60:
                break
            what()
        return self

    # -- people ---------------------------------------------------------------------------------------------------

    def _roster(self, number: int) -> list[Worker]:
        made = []
        for index in range(number):
            languages = {"sv", *(["en"] if self.random.random() < 0.7 else [])}
            languages |= {code for code in ("ar", "so", "fa", "fi") if self.random.random() < 0.15}
            # A third serve all, the others the contact centre or a department of their own.
            departments = frozenset() if index % 3 == 0 else frozenset({"kontaktcenter"} if index % 3 == 1 else self._two())
            skills = frozenset({"crisis"}) if index % 4 == 0 else frozenset()
            begins = 0.0 if index % 2 == 0 else self.random.uniform(0, 60)
            worker = Worker(AtDesk(f"agent{index:02}", departments, frozenset(languages), skills, 3, present=False),
                            begins, HOURS * 60 - (self.random.uniform(0, 60) if index % 2 == 0 else 0))  # fmt: skip
            made.append(worker)
            self.at(begins, lambda w=worker: self._arrive(w))
            self.at(worker.ends, lambda w=worker: self._break(w, 600))
            lunch = self.random.uniform(180, 300)
            self.at(lunch, lambda w=worker: self._break(w, 45))
            for _ in range(2):
                self.at(self.random.uniform(begins + 30, worker.ends - 30), lambda w=worker: self._break(w, 12))
            if self.random.random() < 0.5:
                self.at(self.random.uniform(begins + 10, worker.ends - 10), lambda w=worker: self._crash(w))
        return made

    def _two(self) -> set[str]:
        return set(self.random.sample([key for key, _ in DEPARTMENTS if key != "kontaktcenter"], 2))

    def _arrivals(self, conversations: int, share: float) -> None:
        hours = self.random.choices(range(len(CURVE)), CURVE, k=conversations)
        for number, hour in enumerate(sorted(hours)):
            if self.random.random() >= share:
                continue
            self.at((hour + self.random.random()) * 60, lambda n=number: self._join(n))

    def _pick(self, table: Iterable[tuple[str, float]]) -> str:
        names, weights = zip(*table, strict=True)
        return str(self.random.choices(names, weights)[0])

    # -- events ---------------------------------------------------------------------------------------------------

    def _join(self, number: int) -> None:
        reason = "emergency" if self.random.random() < 0.01 else "asked"
        earlier = next((c for c in reversed(self.citizens) if c.left and c.agent), None) if self.random.random() < 0.06 else None
        priority = rules.priority_of(reason, about_children=self.random.random() < 0.02, earlier=earlier is not None,
                                     queue=self.settings.queue)  # fmt: skip
        one = Waiting(
            f"c{number:05}", self._pick(DEPARTMENTS), self._pick(LANGUAGES), priority, self.clock(),
            last_agent=earlier.agent if earlier else None, skill=self.settings.routing.skills.get(reason),
        )  # fmt: skip
        talk = TALK * pow(2.718281828, self.random.gauss(0, TALK_SPREAD))
        citizen = Citizen(one, self.now, talk, self.now + self.random.expovariate(1 / PATIENCE))
        self.citizens.append(citizen)
        self.queue[one.id] = citizen
        self._tell(citizen)
        self.at(citizen.leaves, lambda: self._give_up(citizen))
        self._wake()

    def _tell(self, citizen: Citizen) -> None:
        """What the citizen is told on joining: ours, and what Bürokratt's formula says of the same desk."""
        waiting = [one.waiting for one in self.queue.values()]
        found = wait.estimates(waiting, self.staff(), self.rates, self.clock(), self.rules, self.settings.wait)
        line = rules.in_line(waiting, self.clock(), self.rules)
        citizen.ahead = line.index(citizen.waiting)
        citizen.told = found.get(citizen.waiting.id)
        said = wait.said(citizen.told, self.settings.wait, closes_in=HOURS * 60 - self.now)
        citizen.said = dict(said) if said else None
        # (sum of all agent-chat durations of the last month / number of chats waiting) * position; the formula's month
        # is the day so far, which is kind to it: a month's sum is twenty times as large.
        citizen.theirs = sum(self.ended_talks) / len(waiting) * (citizen.ahead + 1)
        # What a textbook makes of it: the mean chat, divided by the places of the agents at work, times the position.
        places = sum(worker.desk.capacity for worker in self.workers if worker.desk.working)
        mean = sum(self.ended_talks) / max(1, len(self.ended_talks))
        citizen.textbook = mean / max(1, places) * (citizen.ahead + 1)
        # The same mended: divided by the number of the chats it summed, which is the mean chat times the position.
        citizen.mended = mean * (citizen.ahead + 1)

    def _give_up(self, citizen: Citizen) -> None:
        if self.queue.get(citizen.waiting.id) is citizen and not citizen.claims:
            del self.queue[citizen.waiting.id]
            self.counts["left the queue"] += 1

    def _arrive(self, worker: Worker) -> None:
        worker.desk = replace(worker.desk, present=True, on_break=False)
        worker.alive = True
        self._wake()

    def _break(self, worker: Worker, minutes: float) -> None:
        if not worker.desk.present or worker.desk.on_break:
            return
        self.counts["breaks"] += 1
        worker.desk = replace(worker.desk, on_break=True)
        self.at(self.now + minutes, lambda: self._arrive(worker) if self.now < worker.ends else None)

    def _crash(self, worker: Worker) -> None:
        """The browser dies: the agent is away; half of the time they are back within the grace time, else all goes back."""
        if not worker.desk.present:
            return
        self.counts["crashes"] += 1
        worker.desk, worker.alive = replace(worker.desk, present=False), False
        away = self.random.choice([2.0, 25.0])
        self.at(self.now + GRACE, lambda: self._lost(worker))
        self.at(self.now + away, lambda: self._arrive(worker))

    def _lost(self, worker: Worker) -> None:
        if worker.alive:
            return
        for key in list(worker.has):
            citizen = next(c for c in reversed(self.citizens) if c.waiting.id == key)
            worker.has.discard(key)
            citizen.generation += 1
            priority = max(citizen.waiting.priority, self.settings.queue.priority_requeued)
            citizen.waiting = replace(citizen.waiting, priority=priority)
            self.queue[key] = citizen
            self.counts["put back after a crash"] += 1
        self._count_claims(worker)
        self._wake()

    def _wake(self) -> None:
        """Whoever has room looks at the queue, after a moment: people finish their sentence first."""
        for worker in self.workers:
            if worker.desk.free and not worker.thinking and self.queue:
                worker.thinking = True
                self.at(self.now + self.random.uniform(0.1, 0.8), lambda w=worker: self._take(w))

    def _take(self, worker: Worker) -> None:
        worker.thinking = False
        waiting = [one.waiting for one in self.queue.values()]
        first = rules.next_for(worker.desk, waiting, self.staff(), self.clock(), self.rules)
        if first is None:
            return
        citizen = self.queue.pop(first.id)
        citizen.claims += 1
        if citizen.taken is None:
            citizen.taken = self.now
            speaks = first.language in worker.desk.languages
            self.counts["same language" if speaks else "other language"] += 1
            self.counts["same agent again"] += first.last_agent == worker.desk.id
        citizen.agent = worker.desk.id
        self._claims_since_look.append((citizen.joined, self.now))
        worker.has.add(first.id)
        self._count_claims(worker)
        # Several at once slow each down, though less than in proportion.
        minutes = citizen.talk * (1 + 0.35 * (len(worker.has) - 1))
        generation = citizen.generation
        self.at(self.now + minutes, lambda: self._end(worker, citizen, generation, minutes))
        self._wake()

    def _end(self, worker: Worker, citizen: Citizen, generation: int, minutes: float) -> None:
        if citizen.generation != generation:
            return  # it went back to the queue meanwhile
        worker.has.discard(citizen.waiting.id)
        citizen.left = self.now
        self.ended_talks.append(minutes)
        self._count_claims(worker)
        self._wake()

    def _count_claims(self, worker: Worker) -> None:
        worker.desk = replace(worker.desk, claimed=len(worker.has))

    def _look(self) -> None:
        """As `Routing.look`: overflow, and the observed rates."""
        staff, since = self.staff(), OPENS + dt.timedelta(minutes=self._last_look)
        general = self.settings.queue.default_department
        for citizen in self.queue.values():
            own = any(agent.working and agent.serves(citizen.waiting) for agent in staff)
            if rules.overflow_due(citizen.waiting, self.clock(), self.rules, own_open=True, general_open=True, own_at_work=own):
                citizen.waiting = replace(citizen.waiting, overflow=general)
                self.counts["overflowed"] += 1
        spans = [(OPENS + dt.timedelta(minutes=a), OPENS + dt.timedelta(minutes=b)) for a, b in self._claims_since_look]
        spans += [(one.waiting.queued_at, self.clock()) for one in self.queue.values()]
        self.rates = wait.observe(
            self.rates, self.settings.wait, minutes=self.now - self._last_look, claims=len(self._claims_since_look),
            waited=wait.covered(spans, since, self.clock()), queue=[one.waiting for one in self.queue.values()], staff=staff,
        )  # fmt: skip
        self._claims_since_look, self._last_look = [], self.now
        self.at(self.now + LOOK, self._look)
        self._wake()

    def staff(self) -> list[AtDesk]:
        """Everybody, as the rules see them."""
        return [worker.desk for worker in self.workers]


# -- the report -----------------------------------------------------------------------------------------------------


def interval(values: Sequence[float], *, draws: int = 400, seed: int = 1) -> tuple[float, float, float]:
    """Mean, and its 95 % bootstrap interval. `values` are one figure per day: people of one day wait for each other."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    chance = random.Random(seed)
    means = sorted(statistics.fmean(chance.choices(values, k=len(values))) for _ in range(draws))
    return mean, means[int(0.025 * draws)], means[int(0.975 * draws)]


def inversions(day: Day) -> float:
    """Share of pairs of neighbours in time, alike in department, language and priority, of whom the later was taken first."""
    alike: dict[tuple[object, ...], list[Citizen]] = defaultdict(list)
    for one in day.citizens:
        if one.taken is not None and one.waiting.last_agent is None:
            alike[one.waiting.department, one.waiting.language, one.waiting.priority].append(one)
    pairs = [(a, b) for group in alike.values() for a, b in itertools.pairwise(group) if b.joined < (a.taken or 0)]
    return sum((b.taken or 0) < (a.taken or 0) for a, b in pairs) / max(1, len(pairs))


def gini(values: Sequence[float]) -> float:
    """0 = all wait alike."""
    ordered, n = sorted(values), len(values)
    total = sum(ordered)
    return sum((2 * i - n + 1) * v for i, v in enumerate(ordered)) / (n * total) if total else 0.0


def figures(day: Day) -> dict[str, float]:
    """One day's figures; waits in minutes."""
    taken = [one for one in day.citizens if one.taken is not None]
    waits = [one.taken - one.joined for one in taken if one.taken is not None]
    told = [(one, one.taken - one.joined) for one in taken if one.told is not None and one.taken is not None]
    said = [(one.said, real) for one, real in told if one.said is not None]
    longer = [(one, real) for one, real in told if real >= 2]
    ordered = sorted(waits)
    return {
        "asked for a human": len(day.citizens),
        "taken": len(taken),
        "mean wait": statistics.fmean(waits),
        "median wait": statistics.median(waits),
        "95th percentile": ordered[int(0.95 * len(ordered))],
        "longest wait": ordered[-1],
        "ours: mean absolute error": statistics.fmean(abs(one.told.middle - real) for one, real in told if one.told),
        "Bürokratt: mean absolute error": statistics.fmean(abs(one.theirs - real) for one, real in told),
        "Bürokratt's mended (mean chat x position): mean absolute error": statistics.fmean(
            abs(one.mended - real) for one, real in told
        ),
        "textbook (mean chat / places at work x position): mean absolute error": statistics.fmean(
            abs(one.textbook - real) for one, real in told
        ),
        "textbook, waits of 2 minutes and more": statistics.fmean(abs(one.textbook - real) for one, real in longer) if longer else 0.0,
        "constant (the day's own mean): mean absolute error": statistics.fmean(abs(statistics.fmean(waits) - real) for real in waits),
        "ours, waits of 2 minutes and more": statistics.fmean(abs(one.told.middle - real) for one, real in longer if one.told)
        if longer else 0.0,
        "bias (told minus real)": statistics.fmean(one.told.middle - real for one, real in told if one.told),
        "a range was said": len(said) / len(taken),
        "range held": sum(s["low"] <= real <= s["high"] for s, real in said) / max(1, len(said)),
        "not longer than said": sum(real <= s["high"] for s, real in said) / max(1, len(said)),
        "width of the range": statistics.fmean(s["high"] - s["low"] for s, _ in said) if said else 0.0,
        "overtaken by a later one alike": inversions(day),
        "Gini of the waits": gini(waits),
        **{name: float(number) for name, number in sorted(day.counts.items())},
    }  # fmt: skip


def main() -> None:
    """Prints the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--conversations", type=int, default=2000)
    parser.add_argument("--agents", type=int, default=12)
    parser.add_argument("--share", type=float, default=ASKS_HUMAN, help="of the conversations that ask for a human")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    settings, begun = load_settings(), time.monotonic()
    days = [
        figures(Day(seed, given.conversations, given.agents, settings, given.share).run())
        for seed in range(given.seed, given.seed + given.days)
    ]
    names = list(dict.fromkeys(name for day in days for name in day))
    table: dict[str, Any] = {name: interval([day.get(name, 0.0) for day in days]) for name in names}
    print(f"{given.days} days of {given.conversations} conversations, {given.agents} agents, seeds {given.seed}–{given.seed + given.days - 1}; "
          f"{time.monotonic() - begun:.0f} s. Mean over days [95 %, bootstrap over days]; minutes.")  # fmt: skip
    for name, (mean, low, high) in table.items():
        print(f"{name:74} {mean:9.3f} [{low:.3f}–{high:.3f}]")
    if given.json:
        given.json.write_text(
            json.dumps({"given": vars(given) | {"json": str(given.json)}, "days": days}, indent=1), encoding="utf-8"
        )
