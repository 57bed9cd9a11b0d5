"""The states of a handover, who may speak in each, and which changes exist. Data and pure functions only."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from bot.messages import Owner


class State(StrEnum):
    """Where a handover stands."""

    OFFERED = "offered"  # the citizen has been asked, nothing has been sent
    DECLINED = "declined"
    QUEUED = "queued"
    CLAIMED = "claimed"
    SNOOZED = "snoozed"  # claimed, the agent waits for something, until a time
    SCHEDULED = "scheduled"  # an agent answers, or calls, by a time; the bot speaks meanwhile
    CLOSING = "closing"  # a sensitive one: its agent is done, and somebody else must agree before it is closed, or the bot's
    RETURNED = "returned"  # back to the bot
    CLOSED = "closed"
    ABANDONED = "abandoned"  # the citizen left the queue


class IllegalTransition(Exception):
    """No such change exists, from this state to that."""

    def __init__(self, source: State, target: State) -> None:
        super().__init__(f"a handover does not go from {source} to {target}")
        self.source, self.target = source, target


TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    # offered → offered: asked again, with a fresh preview
    State.OFFERED: frozenset({State.OFFERED, State.DECLINED, State.QUEUED}),
    State.DECLINED: frozenset(),
    State.QUEUED: frozenset({State.CLAIMED, State.SCHEDULED, State.ABANDONED}),
    # claimed → queued: the agent was lost or silent, or another department takes it; it keeps its time in the queue
    # claimed → claimed: a colleague or a supervisor takes it
    State.CLAIMED: frozenset(
        {State.QUEUED, State.CLAIMED, State.SNOOZED, State.SCHEDULED, State.CLOSING, State.RETURNED, State.CLOSED}
    ),
    # snoozed and closing → claimed or queued: the time is up, or the citizen writes, and the agent is there or not
    State.SNOOZED: frozenset({State.CLAIMED, State.QUEUED, State.CLOSED}),
    State.SCHEDULED: frozenset({State.CLAIMED, State.QUEUED, State.ABANDONED}),
    State.CLOSING: frozenset({State.CLAIMED, State.QUEUED, State.RETURNED, State.CLOSED}),
    State.RETURNED: frozenset(),
    State.CLOSED: frozenset({State.QUEUED}),  # reopened
    State.ABANDONED: frozenset(),
}

OWNER: Final[dict[State, Owner]] = {
    State.OFFERED: "bot",
    State.DECLINED: "bot",
    State.QUEUED: "queue",
    State.CLAIMED: "agent",
    State.SNOOZED: "agent",
    State.SCHEDULED: "bot",
    State.CLOSING: "agent",
    State.RETURNED: "bot",
    State.CLOSED: "closed",
    State.ABANDONED: "bot",
}

OPEN: Final = frozenset({State.OFFERED, State.QUEUED, State.CLAIMED, State.SNOOZED, State.SCHEDULED, State.CLOSING})
"""A conversation has at most one handover in these."""

HELD: Final = frozenset({State.CLAIMED, State.SNOOZED, State.CLOSING})
"""An agent has it; the citizen writes to that agent."""

CLAIMABLE: Final = frozenset({State.QUEUED, State.SCHEDULED})
"""Work for whoever takes it."""

ENDED: Final = frozenset(State) - OPEN


def is_legal(source: State, target: State) -> bool:
    """Whether the change exists."""
    return target in TRANSITIONS[source]


def check(source: State, target: State) -> None:
    """Refuses a change that does not exist.

    Raises:
        IllegalTransition: it does not.
    """
    if not is_legal(source, target):
        raise IllegalTransition(source, target)


def owner_after(target: State, *, citizen_ended: bool = False) -> Owner:
    """Who may speak once a handover is in `target`.

    Args:
        target: the new state.
        citizen_ended: the citizen ended the conversation itself; then it is closed whatever the handover's state.
    """
    return "closed" if citizen_ended else OWNER[target]
