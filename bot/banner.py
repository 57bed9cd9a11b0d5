"""A notice to everybody who opens the chat. Set at the desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa

from bot.store import schema
from bot.store.engine import Connection, Transaction

_KEY: Final = "banner"
_s = schema.setting.c


@dataclass(frozen=True)
class Banner:
    """The notice.

    Args:
        texts: by language; none = there is no notice.
        until: shown until then, None = until it is taken away.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    until: dt.datetime | None = None

    def shown(self, now: dt.datetime) -> Mapping[str, str]:
        """The texts that hold at this moment; a citizen reads the one in their language, else the English, else the Swedish."""
        return {} if self.until is not None and now >= self.until else self.texts


async def read_banner(conn: Connection) -> Banner:
    """The notice as it was set last, also when its time is over."""
    value = (await conn.execute(sa.select(_s.value).where(_s.key == _KEY))).scalar_one_or_none()
    if not value:
        return Banner()
    return Banner(value["texts"], dt.datetime.fromisoformat(value["until"]) if value["until"] else None)


async def set_banner(tx: Transaction, banner: Banner, *, actor: str, now: dt.datetime) -> None:
    """Sets the notice, or takes it away (no texts), and writes the audit row."""
    value = {"texts": dict(banner.texts), "until": banner.until.isoformat() if banner.until else None}
    changed = await tx.conn.execute(
        schema.setting.update().where(_s.key == _KEY).values(value=value, updated_at=now, updated_by=actor)
    )
    if changed.rowcount == 0:
        await tx.conn.execute(schema.setting.insert().values(key=_KEY, value=value, updated_at=now, updated_by=actor))
    await tx.conn.execute(
        schema.audit.insert().values(
            id=schema.new_id(), at=now, actor=actor, action="banner.set" if banner.texts else "banner.removed", object="banner",
            detail={"languages": sorted(banner.texts)},
        )
    )  # fmt: skip
