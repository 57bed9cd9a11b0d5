"""The operator's switch: is the bot on, and if not, why. `python -m bot.switch` is for when the desk can't be reached."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from bot.store import schema
from bot.store.engine import Connection, Store, Transaction

_KEY = "bot"


@dataclass(frozen=True)
class BotSwitch:
    """State of the bot; `reason` is shown to citizens while it is off."""

    enabled: bool = True
    reason: str = ""


async def read_switch(conn: Connection) -> BotSwitch:
    """The current state; on when nobody ever touched it."""
    query = sa.select(schema.setting.c.value).where(schema.setting.c.key == _KEY)
    value = (await conn.execute(query)).scalar_one_or_none()
    return BotSwitch(**value) if value else BotSwitch()


class SwitchReader:
    """The switch as every turn needs it: read at most once a second.

    Args:
        store: where it is kept.
        clock: seconds, steady.
    """

    SECONDS = 1.0

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._known: BotSwitch | None = None
        self._read_at = 0.0

    async def read(self) -> BotSwitch:
        """The state, at most a second old."""
        if self._known is None or self._clock() - self._read_at > self.SECONDS:
            self._read_at = self._clock()
            async with self._store.read() as conn:
                self._known = await read_switch(conn)
        return self._known

    def forget(self) -> None:
        """Reads anew the next time: this process has just changed it."""
        self._known = None


async def set_switch(tx: Transaction, switch: BotSwitch, *, actor: str, now: dt.datetime) -> None:
    """Turns the bot on or off and writes the audit row.

    Raises:
        ValueError: no reason is given.
    """
    if not switch.reason.strip():
        raise ValueError("a reason is required")
    value = {"enabled": switch.enabled, "reason": switch.reason.strip()}
    s = schema.setting
    changed = await tx.conn.execute(s.update().where(s.c.key == _KEY).values(value=value, updated_at=now, updated_by=actor))
    if changed.rowcount == 0:
        await tx.conn.execute(s.insert().values(key=_KEY, value=value, updated_at=now, updated_by=actor))
    await tx.conn.execute(
        schema.audit.insert().values(
            id=schema.new_id(), at=now, actor=actor, action="bot.on" if switch.enabled else "bot.off", object="bot",
            detail={"reason": value["reason"]},
        )
    )  # fmt: skip
    tx.notify("switch")


async def _main(enabled: bool, reason: str) -> None:
    from bot.settings import load_settings

    store = Store(load_settings().database_url)
    try:
        async with store.write() as tx:
            await set_switch(tx, BotSwitch(enabled, reason), actor="cli", now=dt.datetime.now(dt.UTC))
    finally:
        await store.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bot.switch", description="Turns the bot on or off; audited.")
    parser.add_argument("state", choices=["on", "off"])
    parser.add_argument("--reason", required=True, help="shown to citizens while the bot is off")
    given = parser.parse_args()
    try:
        asyncio.run(_main(given.state == "on", given.reason))
    except ValueError as fault:
        sys.exit(str(fault))
