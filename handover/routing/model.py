"""What the rules of routing look at: somebody who waits, somebody at the desk. Data only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """A handover in the queue.

    Args:
        department: the queue it went to.
        overflow: the general queue it has been opened to as well, None = its own only.
        last_agent: who answered this citizen before, None = nobody or too long ago.
        skill: what its agent should know, None = nothing special.
    """

    id: str
    department: str
    language: str
    priority: int
    queued_at: dt.datetime
    overflow: str | None = None
    last_agent: str | None = None
    skill: str | None = None

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues whose agents may take it."""
        return (self.department,) if self.overflow is None else (self.department, self.overflow)


@dataclass(frozen=True)
class AtDesk:
    """An agent, as the routing sees one.

    Args:
        departments: the queues served; empty = all.
        capacity: most conversations at once.
        claimed: conversations had now.
        present: a console is open.
        on_break: has said so; keeps the conversations, gets no new ones.
    """

    id: str
    departments: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset({"sv"})
    skills: frozenset[str] = frozenset()
    capacity: int = 4
    claimed: int = 0
    present: bool = True
    on_break: bool = False

    @property
    def working(self) -> bool:
        """Takes part in emptying the queue."""
        return self.present and not self.on_break

    @property
    def free(self) -> int:
        """How many more conversations fit."""
        return max(0, self.capacity - self.claimed) if self.working else 0

    def serves(self, waiting: Waiting) -> bool:
        """Whether a queue of the handover is this agent's."""
        return not self.departments or not self.departments.isdisjoint(waiting.queues)
