"""Which departments' queues are open, and which overflow: as the files say, and over them what an admin has set.

A closed queue takes nobody new: who asks for the department comes to the general one. Who waits in it already stays, and its
agents go on. Every process reads the choices at its start, when they are set, and with each sweep.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from bot.store import schema
from bot.store.engine import Connection, Transaction
from handover.repository import write_audit
from handover.routing.rules import Rules
from handover.routing.service import Routing

_KEY: Final = "desk.departments"  # {key: {queue?: bool, overflow?: bool}}
_s = schema.setting.c


class BadChoice(ValueError):
    """The choice can't be made; the message says why."""


@dataclass(frozen=True)
class Choice:
    """Of a department; what is None is not changed."""

    queue: bool | None = None
    overflow: bool | None = None


class Queues:
    """Reads and sets the choices, and gives them to the routing.

    Args:
        routing: whose departments and rules follow them.
    """

    def __init__(self, routing: Routing) -> None:
        self._routing, self._settings, self._departments = routing, routing.settings, routing.departments

    async def start(self) -> None:
        """Before the first citizen is asked."""
        await self.refresh()

    async def refresh(self) -> int:
        """Takes over what is set in the store. Returns for how many departments something is."""
        async with self._routing.core.store.read() as conn:
            chosen = await _read(conn)
        self._apply(chosen)
        return len(chosen)

    async def set(self, tx: Transaction, key: str, choice: Choice, *, actor: str, now: dt.datetime) -> None:
        """Sets a department's choice.

        Raises:
            BadChoice: the general queue is always open, and what is secret stays in its department.
            LookupError: the department has no queue at the desk.
        """
        if key not in self._departments.queues():
            raise LookupError(key)
        if key == self._settings.queue.default_department:
            raise BadChoice("the general queue takes what no other does: it is always open")
        if choice.overflow and key in self._settings.routing.never_overflow:
            raise BadChoice("handovers of this department hold secrets: routing.never_overflow of handover/settings.yml")
        kept = (await tx.conn.execute(sa.select(_s.value).where(_s.key == _KEY).with_for_update())).scalar_one_or_none()
        given = {name: value for name, value in vars(choice).items() if value is not None}
        after = {**(kept or {}), key: {**(kept or {}).get(key, {}), **given}}
        values = {"value": after, "updated_at": now, "updated_by": actor}
        if kept is None:
            await tx.conn.execute(schema.setting.insert().values(key=_KEY, **values))
        else:
            await tx.conn.execute(schema.setting.update().where(_s.key == _KEY).values(**values))
        await write_audit(tx, actor=actor, action="desk.department", target=key, now=now, detail=given)
        tx.notify("desk", type="queue")

    def overflows(self, key: str) -> bool:
        """Whether the general queue may take a department's handovers after a while."""
        return key not in self._routing.rules.routing.never_overflow

    def _apply(self, chosen: Mapping[str, Mapping[str, Any]]) -> None:
        self._departments.closed = frozenset(key for key, choice in chosen.items() if choice.get("queue") is False)
        kept_in = {key for key, choice in chosen.items() if choice.get("overflow") is False}
        never = self._settings.routing.never_overflow | kept_in
        self._routing.rules = Rules(self._settings.queue, self._settings.routing.model_copy(update={"never_overflow": never}))


async def _read(conn: Connection) -> Mapping[str, Mapping[str, Any]]:
    chosen: Mapping[str, Mapping[str, Any]] = (
        await conn.execute(sa.select(_s.value).where(_s.key == _KEY))
    ).scalar_one_or_none() or {}
    return chosen
