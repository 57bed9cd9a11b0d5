"""The rules of routing, pure. Their decision table is docs/agents-routing.md, made from these very functions.

An agent takes, a machine never assigns: the rules say in which order an agent is offered who waits, and for how long
somebody is kept for the agent who suits best. Being kept ends with time, so nobody waits for an agent who never comes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from handover.routing.model import AtDesk, Waiting
from handover.settings import QueueSettings, RoutingSettings

_LineKey = tuple[int, int, dt.datetime, str]


@dataclass(frozen=True)
class Rules:
    """The two groups of settings that the rules read."""

    queue: QueueSettings
    routing: RoutingSettings


@dataclass(frozen=True)
class Suits:
    """How a handover suits an agent.

    Args:
        language: the agent speaks the citizen's language.
        sticky: the agent had this citizen before.
        overflow: it comes from another department's queue.
        kept_for: why it is kept for a colleague a little longer: sticky, language or skill; None = it is offered.
    """

    language: bool
    sticky: bool
    overflow: bool
    kept_for: str | None = None


class Plan(StrEnum):
    """What a citizen who wants a human can expect."""

    KNOWN = "known"  # the agent who had them before
    SPEAKER = "speaker"  # an agent who speaks their language
    CANNED = "canned"  # another agent, with ready-made answers in their language
    INTERPRETER = "interpreter"  # a call-back with an interpreter
    ABSENT = "absent"  # open, but nobody is at work: they wait, and may leave contact details
    CLOSED = "closed"  # outside the hours: they wait, are told when the desk opens, and may leave contact details


def priority_of(reason: str, *, about_children: bool, earlier: bool, queue: QueueSettings) -> int:
    """The highest that applies.

    Args:
        reason: why a human is wanted.
        about_children: an article about children at risk was in question.
        earlier: the citizen had an agent lately and comes back.
    """
    applies = [queue.priority_ordinary]
    applies += [queue.priority_emergency] if reason == "emergency" else []
    applies += [queue.priority_children] if about_children else []
    applies += [queue.priority_repeated] if earlier else []
    return max(applies)


def level(waiting: Waiting, now: dt.datetime, rules: Rules) -> int:
    """3 emergency, 2 put back into the queue, 1 waited longer than anybody should, 0 all others."""
    if waiting.priority >= rules.queue.priority_emergency:
        return 3
    if waiting.priority >= rules.queue.priority_requeued:
        return 2
    return int(waited(waiting, now) >= rules.routing.patience_minutes)


def waited(waiting: Waiting, now: dt.datetime) -> float:
    """Minutes in the queue."""
    return (now - waiting.queued_at).total_seconds() / 60


def line_key(waiting: Waiting, now: dt.datetime, rules: Rules) -> _LineKey:
    """The order of the one line that a citizen's place is counted in: level, priority, time."""
    rank = level(waiting, now, rules)
    return (-rank, 0 if rank == 1 else -waiting.priority, waiting.queued_at, waiting.id)


def in_line(waiting: Iterable[Waiting], now: dt.datetime, rules: Rules) -> list[Waiting]:
    """Everybody who waits, first in line first."""
    return sorted(waiting, key=lambda one: line_key(one, now, rules))


def overflow_due(
    waiting: Waiting, now: dt.datetime, rules: Rules, *, own_open: bool, general_open: bool, own_at_work: bool
) -> bool:
    """Whether the general queue may take it as well from now on.

    Args:
        own_open: the department's queue is staffed at this hour.
        general_open: the general queue is.
        own_at_work: an agent of the department is at work.
    """
    if waiting.overflow or waiting.department == rules.queue.default_department or not general_open:
        return False
    if waiting.department in rules.routing.never_overflow:
        return False
    return not own_open or not own_at_work or waited(waiting, now) >= rules.routing.overflow_minutes


def kept_for(waiting: Waiting, agent: AtDesk, staff: Sequence[AtDesk], now: dt.datetime, rules: Rules) -> str | None:
    """Why `agent` is not offered somebody yet: a colleague suits better and has not had the time for it.

    Args:
        staff: everybody at the desk, `agent` among them or not.
    """
    if waiting.priority >= rules.queue.priority_emergency or waiting.last_agent == agent.id:
        return None
    minutes, limits = waited(waiting, now), rules.routing
    others = [other for other in staff if other.id != agent.id and other.working and other.serves(waiting)]
    if minutes < limits.sticky_minutes and any(other.id == waiting.last_agent and other.free for other in others):
        return "sticky"
    skilled = any(waiting.skill in other.skills for other in others)
    if minutes < limits.skill_minutes and waiting.skill and waiting.skill not in agent.skills and skilled:
        return "skill"
    spoken = any(waiting.language in other.languages for other in others)
    if minutes < limits.language_minutes and waiting.language not in agent.languages and spoken:
        return "language"
    return None


def suits(waiting: Waiting, agent: AtDesk, staff: Sequence[AtDesk], now: dt.datetime, rules: Rules) -> Suits:
    """How somebody who waits suits an agent who serves them."""
    own = not agent.departments or waiting.department in agent.departments
    return Suits(
        language=waiting.language in agent.languages,
        sticky=waiting.last_agent == agent.id,
        overflow=waiting.overflow is not None and not own,
        kept_for=kept_for(waiting, agent, staff, now, rules),
    )


def offered_key(waiting: Waiting, fits: Suits, now: dt.datetime, rules: Rules) -> tuple[Any, ...]:
    """The order in which one agent is offered who waits.

    What is kept for a colleague comes last. Emergencies, those put back and those who waited too long are the same for
    everybody; then come the agent's own citizens, priority, language, time.
    """
    rank = level(waiting, now, rules)
    personal = (not fits.sticky, -waiting.priority, not fits.language) if rank == 0 else (False, 0, False)
    return (fits.kept_for is not None, -rank, *personal, 0 if rank < 2 else -waiting.priority, waiting.queued_at, waiting.id)


def offered(
    agent: AtDesk, queue: Iterable[Waiting], staff: Sequence[AtDesk], now: dt.datetime, rules: Rules
) -> list[tuple[Waiting, Suits]]:
    """The queue as one agent sees it, first to take first; only what the agent serves."""
    fitting = [(one, suits(one, agent, staff, now, rules)) for one in queue if agent.serves(one)]
    return sorted(fitting, key=lambda pair: offered_key(pair[0], pair[1], now, rules))


def next_for(agent: AtDesk, queue: Iterable[Waiting], staff: Sequence[AtDesk], now: dt.datetime, rules: Rules) -> Waiting | None:
    """Whom the agent should take next; None at capacity, on a break, or when all are kept for colleagues."""
    if not agent.free:
        return None
    first = next(iter(offered(agent, queue, staff, now, rules)), None)
    return first[0] if first is not None and first[1].kept_for is None else None


def at_capacity(agent: AtDesk, *, override: bool = False) -> bool:
    """Whether a further conversation is refused; a supervisor's override lets it through."""
    return agent.claimed >= agent.capacity and not override


def plan(waiting: Waiting, staff: Sequence[AtDesk], rules: Rules, *, is_open: bool) -> Plan:
    """What the citizen can expect, so that it can be said at once.

    Args:
        is_open: the department's queue, or the general one where it may overflow, is staffed at this hour.
    """
    if not is_open:
        return Plan.CLOSED
    at_work = [agent for agent in staff if agent.working and agent.serves(waiting)]
    if not at_work:
        return Plan.ABSENT
    if any(agent.id == waiting.last_agent for agent in at_work):
        return Plan.KNOWN
    if any(waiting.language in agent.languages for agent in at_work):
        return Plan.SPEAKER
    return Plan.CANNED if waiting.language in rules.routing.canned_languages else Plan.INTERPRETER
