"""Whoever is there and whoever waits: the order is fair, nobody waits for ever, and the estimate never contradicts itself."""

from __future__ import annotations

import dataclasses
import datetime as dt
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handover.routing import wait
from handover.routing.model import AtDesk, Waiting
from handover.routing.rules import Rules, in_line, next_for, offered, overflow_due
from handover.settings import load_settings

NOW = dt.datetime(2026, 11, 24, 10, tzinfo=dt.UTC)
SETTINGS = load_settings()
RULES = Rules(SETTINGS.queue, SETTINGS.routing)
GENERAL = SETTINGS.queue.default_department
LANGUAGES = ["sv", "so", "ti"]
QUEUES = [GENERAL, "kultur", "social"]
PRIORITIES = [0, 10, 20, SETTINGS.queue.priority_requeued, SETTINGS.queue.priority_emergency]

searched = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def staffs(draw: st.DrawFn, least: int = 0) -> list[AtDesk]:
    return [
        AtDesk(
            f"agent{number}",
            frozenset(draw(st.sets(st.sampled_from(QUEUES)))),
            frozenset(draw(st.sets(st.sampled_from(LANGUAGES)))),
            frozenset(draw(st.sets(st.just("crisis")))),
            capacity=draw(st.integers(1, 4)),
            claimed=draw(st.integers(0, 4)),
            present=draw(st.booleans()),
            on_break=draw(st.booleans()),
        )
        for number in range(draw(st.integers(least, 5)))
    ]


@st.composite
def queues(draw: st.DrawFn, least: int = 0) -> list[Waiting]:
    return [
        Waiting(
            f"w{number:02}",
            draw(st.sampled_from(QUEUES)),
            draw(st.sampled_from(LANGUAGES)),
            draw(st.sampled_from(PRIORITIES)),
            NOW - dt.timedelta(seconds=draw(st.integers(0, 3600))),
            overflow=draw(st.sampled_from([None, GENERAL])),
            last_agent=draw(st.sampled_from([None, "agent0", "agent1"])),
            skill=draw(st.sampled_from([None, "crisis"])),
        )
        for number in range(draw(st.integers(least, 12)))
    ]


def alike(one: Waiting) -> tuple[object, ...]:
    return one.department, one.language, one.priority, one.overflow, one.last_agent, one.skill


@searched
@given(staffs(), queues())
def test_who_waits_alike_is_served_in_the_order_of_coming(staff: list[AtDesk], queue: list[Waiting]) -> None:
    for agent in staff:
        seen: dict[tuple[object, ...], dt.datetime] = {}
        # What is kept for a colleague is kept at first only, so the earlier of two is never kept longer.
        for one, _ in offered(agent, queue, staff, NOW, RULES):
            assert one.queued_at >= seen.get(alike(one), one.queued_at)
            seen[alike(one)] = one.queued_at
    for earlier, later in pairwise(in_line(queue, NOW, RULES)):
        if earlier.priority == later.priority:
            assert earlier.queued_at <= later.queued_at


@searched
@given(staffs(), queues())
def test_an_agent_is_offered_only_what_they_serve_have_room_for_and_is_not_kept(
    staff: list[AtDesk], queue: list[Waiting]
) -> None:
    for agent in staff:
        first = next_for(agent, queue, staff, NOW, RULES)
        if first is None:
            continue
        assert agent.working
        assert agent.claimed < agent.capacity
        assert agent.serves(first)


@searched
@given(staffs(least=1), queues(least=1))
def test_nobody_is_kept_for_somebody_for_ever(staff: list[AtDesk], queue: list[Waiting]) -> None:
    """Once the minutes have passed, whoever has room and serves somebody is offered somebody."""
    later = NOW + dt.timedelta(minutes=RULES.routing.language_minutes + RULES.routing.skill_minutes)
    for agent in staff:
        if agent.free and any(agent.serves(one) for one in queue):
            assert next_for(agent, queue, staff, later, RULES) is not None


@searched
@given(st.data(), queues(least=1))
def test_nobody_waits_for_ever_however_many_come(data: st.DataObject, queue: list[Waiting]) -> None:
    """One agent who serves all and a newcomer before every claim, ordinary or of any priority short of an emergency:
    those who were there are served within as many claims as they and those who came before their patience ended."""
    agent = AtDesk("agent0", capacity=99)
    waiting, clock = {one.id: one for one in queue}, NOW
    minutes = 5
    bound = len(queue) + int(RULES.routing.patience_minutes // minutes) + 1
    for newcomers in range(bound):
        clock += dt.timedelta(minutes=minutes)
        fresh = Waiting(f"new{newcomers:03}", GENERAL, data.draw(st.sampled_from(LANGUAGES)), data.draw(st.sampled_from([0, 10, 20])),
                        clock, last_agent=data.draw(st.sampled_from([None, "agent0"])))  # fmt: skip
        waiting[fresh.id] = fresh
        first = next_for(agent, waiting.values(), [agent], clock, RULES)
        assert first is not None
        del waiting[first.id]
    assert not any(one.id in waiting for one in queue)


@searched
@given(queues(least=1))
def test_a_department_without_anybody_at_work_overflows_unless_its_matters_are_secret(queue: list[Waiting]) -> None:
    for one in queue:
        due = overflow_due(one, NOW, RULES, own_open=True, general_open=True, own_at_work=False)
        secret = one.department in RULES.routing.never_overflow
        assert due == (one.overflow is None and one.department != GENERAL and not secret)
        later = NOW + dt.timedelta(minutes=RULES.routing.overflow_minutes)
        assert due == overflow_due(one, later, RULES, own_open=True, general_open=True, own_at_work=True)


def rounds(queue: list[Waiting], staff: list[AtDesk]) -> dict[str, tuple[bool, float]]:
    return {key: (not turn.free, turn.rounds) for key, turn in wait.turns(queue, staff, NOW, RULES).items()}


@searched
@given(staffs(least=1), queues(least=2), st.data())
def test_somebody_less_in_the_queue_delays_nobody(staff: list[AtDesk], queue: list[Waiting], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(queue))
    before, after = rounds(queue, staff), rounds([one for one in queue if one is not gone], staff)
    for key, (phase, when) in after.items():
        assert (phase, int(-(-when // 1))) <= (before[key][0], int(-(-before[key][1] // 1)))


@searched
@given(staffs(least=1), queues(least=1))
def test_one_agent_more_delays_nobody(staff: list[AtDesk], queue: list[Waiting]) -> None:
    more = [*staff, AtDesk("agent9", capacity=1, claimed=1)]
    before, after = rounds(queue, staff), rounds(queue, more)
    for key, (phase, when) in before.items():
        assert (after[key][0], after[key][1]) <= (phase, when + 1e-9)


@searched
@given(queues(least=2), st.integers(1, 8), st.floats(0.2, 30), st.floats(1, 60))
def test_further_back_is_never_sooner_and_more_agents_never_later(
    queue: list[Waiting], agents: int, each: float, claims: float
) -> None:
    """In one pool: everybody serves everybody, nobody has room."""
    plain = [dataclasses.replace(one, department=GENERAL, overflow=None, last_agent=None, language="sv") for one in queue]
    rates = wait.Rates(wait.Rate(claims, claims * each / 2), wait.Rate(claims, claims * each))

    def found(n: int, use: wait.Rates) -> dict[str, wait.Estimate]:
        staff = [AtDesk(f"agent{number}", capacity=1, claimed=1) for number in range(n)]
        return wait.estimates(plain, staff, use, NOW, RULES, SETTINGS.wait)

    now, more = found(agents, rates), found(agents + 1, rates)
    quicker = found(agents, dataclasses.replace(rates, full=wait.Rate(claims, claims * each * 0.8)))
    line = [one.id for one in in_line(plain, NOW, RULES)]
    for ahead, behind in pairwise(line):
        for field in ("low", "middle", "high"):
            assert getattr(now[ahead], field) <= getattr(now[behind], field) + 1e-9
    for key in line:
        assert more[key].middle <= now[key].middle + 1e-9
        assert quicker[key].middle < now[key].middle
        assert now[key].low <= now[key].middle <= now[key].high


@searched
@given(st.floats(0.01, 500), st.floats(1, 200), st.floats(0, 1000))
def test_what_is_said_holds_what_is_meant(rounds_: float, claims: float, closes_in: float) -> None:
    found = wait.estimate(
        wait.Turn(False, rounds_, 3), wait.Rates(wait.Rate(claims, claims), wait.Rate(claims, claims * 3)), SETTINGS.wait
    )
    words = wait.said(found, SETTINGS.wait, closes_in=closes_in)
    if words is None:
        assert found.high > min(closes_in, SETTINGS.wait.longest_minutes)
    else:
        assert words["low"] <= found.low
        assert found.high <= words["high"] <= SETTINGS.wait.longest_minutes
        assert words["low"] < words["high"]


@searched
@given(staffs(), queues(), st.lists(st.tuples(st.floats(0, 2), st.integers(0, 5), st.floats(0, 2)), max_size=40))
def test_a_rate_stays_one_whatever_is_observed(
    staff: list[AtDesk], queue: list[Waiting], looks: list[tuple[float, int, float]]
) -> None:
    rates = wait.prior(SETTINGS.wait)
    for minutes, claims, waited in looks:
        rates = wait.observe(rates, SETTINGS.wait, minutes=minutes, claims=claims, waited=waited, queue=queue, staff=staff)
        for rate in (rates.free, rates.full):
            assert rate.claims > 0
            assert rate.minutes >= 0
