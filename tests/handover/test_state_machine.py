"""The handover under hundreds of interleavings: agents, citizens, bot turns in flight, lost consoles and timers, in any order.

`HANDOVER_EXAMPLES=500 pytest tests/handover/test_state_machine.py` tries more than the few of an ordinary run.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from handover import repository
from handover.states import State
from tests.handover.conftest import HUMAN, minutes
from tests.handover.world import DANGER, World, count_changes

EXAMPLES = int(os.environ.get("HANDOVER_EXAMPLES", "0"))
FEW = {"sqlite": 20, "postgresql": 6}  # what an ordinary run tries
STEPS = 24

HOLDER = 3  # whoever has it; most of what agents may do is theirs alone
AGENT, CONVERSATION = st.sampled_from([HOLDER, HOLDER, HOLDER, 0, 1, 2]), st.integers(0, 1)
DOES = st.sampled_from([
    "claim", "claim", "write", "write", "return", "return", "close", "close", "colleague", "department", "snooze", "schedule", "resume",
    "confirm", "confirm", "take_over", "reopen",
])  # fmt: skip
SAYS = st.sampled_from([
    "Hej", "Hej", "Hej", HUMAN, HUMAN, DANGER, "070-174 06 05", "button", "button", "button", "contact", "send", "send", "end", "return",
])  # fmt: skip

BUTTONS = {"send": "/handover_send", "contact": "/contact_leave"}


class Handovers(RuleBasedStateMachine):
    """Two conversations, the second of them sensitive from the start; three agents, the last of them a supervisor."""

    def __init__(self, loop: asyncio.Runner, world: World) -> None:
        super().__init__()
        self.loop, self.world = loop, world
        self.wrote: list[dict[str, int]] = [{}, {}]

    def run(self, doing: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run(doing)

    @initialize()
    def begin(self) -> None:
        async def opened() -> None:
            self.agents = await self.world.agents()
            self.talks = [await self.world.conversation() for _ in range(2)]
            self.known = [(1, "bot"), (1, "bot")]
            for talk, asks in zip(self.talks, (HUMAN, DANGER), strict=True):  # without it most examples would never get there
                await self.world.says(talk, asks)
                await self.world.land()
                await self.world.presses(talk, 1.0, BUTTONS["send"])
            await self.world.land()
            await self.hold()

        self.run(opened())

    async def hold(self) -> None:
        self.world.clock.forward(seconds=1)
        self.known = [await self.world.check(talk, before) for talk, before in zip(self.talks, self.known, strict=True)]

    async def says(self, talk: int, what: str, which: float = 1.0) -> None:
        conversation = self.talks[talk]
        if what == "button":
            await self.world.presses(conversation, which)
        elif what in BUTTONS:
            await self.world.presses(conversation, 1.0, BUTTONS[what])
        elif what == "end":
            await self.world.ends(conversation)
        elif what == "return":
            await self.world.returns(conversation)
        else:
            await self.world.says(conversation, what)

    async def acts(self, agent: int, talk: int, what: str) -> Any:
        world, now = self.world, self.world.clock()
        handover, holder = await world.newest(self.talks[talk])
        index = next((number for number, one in enumerate(self.agents) if one.id == holder), 0) if agent == HOLDER else agent
        me, other = self.agents[index], self.agents[(index + 1) % 3]
        if what == "write":
            world.numbered += 1
            text = f"svar {world.numbered}"
            done = await world.tries(world.actions.write(me, handover, client_message_id=text, text=text))
            self.wrote[talk][text] = int(done is not None)
            return done
        life, acts = world.lifecycle, world.actions
        doing = {
            "claim": lambda: acts.claim(me, handover),
            "return": lambda: acts.give_back(me, handover, note=None),
            "close": lambda: acts.close(me, handover, reason="solved"),
            "colleague": lambda: acts.transfer(me, handover, to_agent=other.id, department=None, note=None),
            "department": lambda: acts.transfer(me, handover, to_agent=None, department="social", note=None),
            "snooze": lambda: life.snooze(me, handover, until=now + minutes(30), reason="checking"),
            "schedule": lambda: life.schedule(me, handover, due=now + minutes(90), kind="written"),
            "resume": lambda: life.resume(me, handover),
            "confirm": lambda: life.confirm(me, handover),
            "take_over": lambda: life.take_over(me, handover),
            "reopen": lambda: life.reopen(me, handover),
        }[what]
        return await world.tries(doing())

    @rule(talk=CONVERSATION, what=SAYS, which=st.sampled_from([0.0, 0.5, 1.0]), lands=st.booleans())
    def citizen(self, talk: int, what: str, which: float, lands: bool) -> None:
        async def step() -> None:
            await self.says(talk, what, which)
            if lands:
                await self.world.land()
            await self.hold()

        self.run(step())

    @rule(agent=AGENT, talk=CONVERSATION, what=DOES)
    def agent_does(self, agent: int, talk: int, what: str) -> None:
        async def step() -> None:
            await self.acts(agent, talk, what)
            await self.hold()

        self.run(step())

    @rule(talk=CONVERSATION, agents=st.lists(st.tuples(AGENT, DOES), min_size=1, max_size=3), what=SAYS, lands=st.booleans())
    def at_once(self, talk: int, agents: list[tuple[int, str]], what: str, lands: bool) -> None:
        """Agents, the citizen and the bot's answer at the same moment."""

        async def step() -> None:
            doing = [self.acts(agent, talk, does) for agent, does in agents]
            await asyncio.gather(*doing, self.says(talk, what), *([self.world.land()] if lands else []))
            await self.hold()

        self.run(step())

    @rule(talk=CONVERSATION)
    def all_claim(self, talk: int) -> None:
        """Exactly one wins what can be claimed."""

        async def step() -> None:
            world = self.world
            await world.land()  # a citizen's press under way would be one who claims, too
            before = await self._state(talk)
            won = await asyncio.gather(*(self.acts(agent, talk, "claim") for agent in range(3)))
            winners = {handover.claimed_by for handover in won if handover is not None}
            if before in (State.QUEUED, State.SCHEDULED):
                assert len([handover for handover in won if handover is not None]) == 1
            assert len(winners) <= 1
            await world.land()
            await self.hold()

        self.run(step())

    async def _state(self, talk: int) -> str | None:
        async with self.world.store.read() as conn:
            current = await repository.latest(conn, self.talks[talk])
        return current.state if current else None

    @rule(agent=st.integers(0, 2), there=st.booleans())
    def console(self, agent: int, there: bool) -> None:
        """A browser dies, or is opened (again)."""

        async def step() -> None:
            agent_id = self.agents[agent].id
            if there and self.world.presence._consoles[agent_id] == 0:
                await self.world.presence.arrive(agent_id)
            elif not there and self.world.presence._consoles[agent_id] > 0:
                await self.world.presence.leave(agent_id)
            await self.hold()

        self.run(step())

    @rule(number=st.sampled_from([1, 6, 12, 40, 300]), alive=st.booleans(), at_once=st.booleans(), talk=CONVERSATION)
    def time(self, number: int, alive: bool, at_once: bool, talk: int) -> None:
        """Time passes; the timers look, perhaps while somebody acts."""

        async def step() -> None:
            world = self.world
            world.clock.forward(minutes=number)
            for agent in self.agents:
                if alive and world.presence._consoles[agent.id] > 0:
                    await world.presence.heartbeat(agent.id)
            looks = [world.presence.sweep(), world.timers.sweep(), world.desk.expectations.sweep()]
            await asyncio.gather(*looks, *([self.acts(0, talk, "write"), self.says(talk, "Hej")] if at_once else []))
            await self.hold()

        self.run(step())

    def teardown(self) -> None:
        async def ended() -> None:
            if not hasattr(self, "talks"):
                return
            await self.world.land()
            await self.hold()
            for talk, wrote in zip(self.talks, self.wrote, strict=True):
                await self.world.check_nothing_lost(talk, wrote)

        try:
            self.run(ended())
        finally:
            self.world.gate.set()
            self.run(self._cleared())
            self.world.gate.clear()

    async def _cleared(self) -> None:
        await asyncio.gather(*self.world.in_flight.values(), return_exceptions=True)
        self.world.in_flight.clear()
        if hasattr(self, "talks"):
            await self.world.forget(self.talks, self.agents)


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def test_whatever_happens_the_handover_holds(loop: asyncio.Runner, database_url: str) -> None:
    async def opened() -> World:
        return World(database_url)

    world = loop.run(opened())
    examples = EXAMPLES or FEW["sqlite" if world.store.is_sqlite else "postgresql"]
    limits = settings(
        max_examples=examples, stateful_step_count=STEPS, deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip
    try:
        run_state_machine_as_test(lambda: Handovers(loop, world), settings=limits)
        if EXAMPLES:
            print(loop.run(count_changes(world)))
    finally:
        loop.run(world.close())
