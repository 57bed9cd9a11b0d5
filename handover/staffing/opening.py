"""The desk's opening hours: those of `handover/settings.yml`, and over them what an admin has set. Read here only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from pydantic import ValidationError

from bot.store import schema
from bot.store.engine import Connection, Transaction
from handover.repository import write_audit
from handover.settings import DeskSettings, Hours

_KEY: Final = "desk.hours"  # {common?: Hours, departments: {key: Hours}}
_s = schema.setting.c


class BadHours(ValueError):
    """The hours are not in order; the message says where."""


@dataclass(frozen=True)
class Opening:
    """Who is staffed when.

    Args:
        common: of every department without hours of its own.
        departments: of those that have their own.
        edited: keys set in the console, `""` = the common ones.
    """

    common: Hours
    departments: Mapping[str, Hours]
    edited: frozenset[str] = frozenset()

    def of(self, department: str) -> Hours:
        """A department's hours. A day on which all are closed closes one with hours of its own too, unless it says it opens."""
        own = self.departments.get(department)
        if own is None:
            return self.common
        closed = self.common.closed_dates - self.common.open_dates.keys()
        return own.model_copy(update={"closed_dates": own.closed_dates | closed})


async def read(conn: Connection, settings: DeskSettings) -> Opening:
    """The hours as they are in force."""
    kept = (await conn.execute(sa.select(_s.value).where(_s.key == _KEY))).scalar_one_or_none() or {}
    own = {key: Hours.model_validate(value) for key, value in kept.get("departments", {}).items()}
    common = Hours.model_validate(kept["common"]) if kept.get("common") else settings.hours
    edited = {*own, *([""] if kept.get("common") else [])}
    return Opening(common, {**settings.department_hours, **own}, frozenset(edited))


def checked(given: Mapping[str, Any], settings: DeskSettings) -> Hours:
    """Hours from a form; the time zone is always the file's.

    Raises:
        BadHours: says which field is at fault.
    """
    try:
        return Hours.model_validate({**given, "timezone": settings.hours.timezone})
    except ValidationError as invalid:
        raise BadHours("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in invalid.errors())) from None


async def save(tx: Transaction, department: str | None, value: Hours | None, *, actor: str, now: dt.datetime) -> None:
    """Sets the hours of a department (None = the common ones); `value` None goes back to the file's."""
    kept = (await tx.conn.execute(sa.select(_s.value).where(_s.key == _KEY).with_for_update())).scalar_one_or_none()
    after: dict[str, Any] = {"departments": {}, **(kept or {})}
    shown = value.model_dump(mode="json") if value else None
    if department is None:
        after["common"] = shown
    elif shown is None:
        after["departments"] = {key: hours for key, hours in after["departments"].items() if key != department}
    else:
        after["departments"] = {**after["departments"], department: shown}
    values = {"value": after, "updated_at": now, "updated_by": actor}
    if kept is None:
        await tx.conn.execute(schema.setting.insert().values(key=_KEY, **values))
    else:
        await tx.conn.execute(schema.setting.update().where(_s.key == _KEY).values(**values))
    await write_audit(tx, actor=actor, action="desk.hours", target=department or "common", now=now,
                      detail={"reset": value is None})  # fmt: skip
    tx.notify("desk", type="queue")
