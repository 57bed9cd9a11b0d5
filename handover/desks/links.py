"""Handovers at other desks, in the store (`desk_link`): what is due, under whose lease, and what has been passed on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.store import schema
from bot.store.engine import Connection, Store, Transaction
from handover import states

LEASE_SECONDS = 120
TICKETS = ("zammad",)  # desks where a case is a ticket, not a chat
_l, _h, _m = schema.desk_link.c, schema.handover.c, schema.message.c
_FREE: dict[str, Any] = {"lease_worker": None, "lease_expires_at": None}


class LeaseLost(Exception):
    """Another process has taken the link over."""


@dataclass(frozen=True)
class Link:
    """A row of `desk_link`.

    Args:
        known: what the two last knew of each other: `version` and `consent` of the handover as told, `passed` (the consent under
            which the transcript went) and `transcript` (its id there), `ready`, `agent` (to whom it was assigned), `finished`
            (how they ended it).
    """

    handover_id: str
    desk: str
    conversation_id: str
    remote_id: str | None
    state: str
    sent_seq: int
    seen_id: int
    known: dict[str, Any]
    in_flight: str | None
    attempts: int


def _from_row(row: sa.Row[Any]) -> Link:
    return Link(**{name: row._mapping[name] for name in Link.__dataclass_fields__})


def held_elsewhere() -> sa.ScalarSelect[Any]:
    """Ids of the handovers that are with another desk: their agents have no console here that could be away."""
    return sa.select(_l.handover_id).where(_l.state == "live").scalar_subquery()


def on_tickets() -> sa.ScalarSelect[Any]:
    """Ids of the handovers that are answered by ticket: nobody is silent there because an answer takes a day."""
    return sa.select(_l.handover_id).where(_l.state == "live", _l.desk.in_(TICKETS)).scalar_subquery()


async def unlinked(
    conn: Connection, desk: str, departments: Collection[str], *, with_contact: bool, now: dt.datetime
) -> Sequence[sa.Row[Any]]:
    """Handovers that somebody may take and this desk does not have, oldest first: new ones, and those that are in the queue again
    after it had them. One that was deleted over there is not brought again.

    Args:
        with_contact: only those whose citizen left contact details.
    """
    has = sa.or_(_l.state == "live", _l.known["finished"].as_string() == "gone")
    told = sa.select(_l.handover_id).where(_l.handover_id == _h.id, _l.desk == desk, has)
    query = sa.select(_h.id, _h.conversation_id, _h.preview, _h.state, _h.department).where(
        _h.state.in_(states.CLAIMABLE), _h.department.in_(departments), ~told.exists()
    )
    if with_contact:
        k = schema.contact.c
        query = query.where(sa.select(k.id).where(k.conversation_id == _h.conversation_id, k.expires_at > now).exists())
    return (await conn.execute(query.order_by(_h.queued_at).limit(50))).all()


async def create(tx: Transaction, row: sa.Row[Any], desk: str, *, now: dt.datetime) -> None:
    """A link, due at once; one that had ended goes on. Another process may have made it already."""
    mine = (_l.handover_id == row.id, _l.desk == desk)
    known = (await tx.conn.execute(sa.select(_l.known, _l.state).where(*mine).with_for_update())).first()
    if known is not None and known.state == "ended":
        kept = {name: value for name, value in known.known.items() if name not in ("finished", "ready", "version")}
        free = sa.or_(_l.lease_worker.is_(None), _l.lease_expires_at < now)  # else its worker would write over it: the next time
        again = schema.desk_link.update().where(*mine, _l.state == "ended", free)
        await tx.conn.execute(again.values(state="live", known=kept, attempts=0, error=None, next_attempt_at=now))
    elif known is None:
        await tx.conn.execute(
            schema.desk_link.insert().values(
                handover_id=row.id, desk=desk, conversation_id=row.conversation_id, state="live",
                sent_seq=row.preview.get("queued_seq", 0), seen_id=0, known={}, attempts=0, next_attempt_at=now, created_at=now,
            )
        )  # fmt: skip


async def due(conn: Connection, desks: Collection[str], now: dt.datetime) -> list[Link]:
    """Links with something to do: their time has come, the citizen has written, or the handover has changed."""
    wrote = sa.select(_m.id).where(
        _m.conversation_id == _l.conversation_id, _m.seq > _l.sent_seq, sa.or_(_m.author == "citizen", _m.outcome == "emergency")
    )
    told_version, told_consent = _l.known["version"].as_integer(), _l.known["consent"].as_string()
    changed = sa.or_(_h.version.is_distinct_from(told_version), _h.consent.is_distinct_from(told_consent))
    query = (
        sa.select(*[_l[name] for name in Link.__dataclass_fields__])
        .join(schema.handover, _h.id == _l.handover_id)
        .where(
            _l.desk.in_(desks),
            sa.or_(_l.lease_worker.is_(None), _l.lease_expires_at < now),
            sa.or_(
                _l.next_attempt_at <= now,  # NULL: nothing is waited for
                sa.and_(_l.state == "live", _l.attempts == 0, sa.or_(wrote.exists(), changed)),
            ),
        )
        .order_by(_l.created_at)
        .limit(100)
    )
    return [_from_row(row) for row in await conn.execute(query)]


async def find(conn: Connection, desk: str, remote_id: str, reference: str | None) -> Link | None:
    """The link of a case at another desk, by its id there, or by our reference if it was never written down here."""
    columns = [_l[name] for name in Link.__dataclass_fields__]
    row = (await conn.execute(sa.select(*columns).where(_l.desk == desk, _l.remote_id == remote_id))).first()
    if row is None and reference:
        waiting = sa.select(*columns).where(_l.desk == desk, _l.remote_id.is_(None), _l.handover_id.startswith(reference))
        row = (await conn.execute(waiting)).first()
    return _from_row(row) if row else None


class Ledger:
    """Writes down one link's progress while it is under this process's lease."""

    def __init__(self, store: Store, worker: str, link: Link) -> None:
        self._store, self._worker, self.link = store, worker, link

    def _mine(self) -> tuple[sa.ColumnElement[bool], ...]:
        return _l.handover_id == self.link.handover_id, _l.desk == self.link.desk

    async def take(self, now: dt.datetime) -> bool:
        """Leases the link and reads it as it is now; false when another process was quicker."""
        free = sa.or_(_l.lease_worker.is_(None), _l.lease_expires_at < now)
        lease = {"lease_worker": self._worker, "lease_expires_at": now + dt.timedelta(seconds=LEASE_SECONDS)}
        async with self._store.write() as tx:
            taken = await tx.conn.execute(schema.desk_link.update().where(*self._mine(), free).values(**lease))
            if taken.rowcount != 1:
                return False
            columns = [_l[name] for name in Link.__dataclass_fields__]
            self.link = _from_row((await tx.conn.execute(sa.select(*columns).where(*self._mine()))).one())
        return True

    async def note(self, now: dt.datetime, *, tx: Transaction | None = None, release: bool = False, **values: Any) -> None:
        """Writes progress down; `known` is merged.

        Args:
            tx: as part of this transaction; else in one of its own.
            release: gives the link back.

        Raises:
            LeaseLost: it is another process's by now.
        """
        if "known" in values:
            values["known"] = {**self.link.known, **values["known"]}
        lease = _FREE if release else {"lease_expires_at": now + dt.timedelta(seconds=LEASE_SECONDS)}
        update = schema.desk_link.update().where(*self._mine(), _l.lease_worker == self._worker).values(**values, **lease)
        if tx is not None:
            changed = (await tx.conn.execute(update)).rowcount
        else:
            async with self._store.write() as own:
                changed = (await own.conn.execute(update)).rowcount
        if changed != 1:
            raise LeaseLost(self.link.handover_id)
        kept = {name: value for name, value in values.items() if name in Link.__dataclass_fields__}
        self.link = Link(**{**self.link.__dict__, **kept})


async def wake(store: Store, desks: Collection[str], now: dt.datetime, *, alone: bool) -> None:
    """At the start: every open case is looked at, since webhooks may have come while nobody listened.

    Args:
        alone: there is no other process, so every lease is a crash's.
    """
    values: dict[str, Any] = {"next_attempt_at": now} | (_FREE if alone else {})
    async with store.write() as tx:
        await tx.conn.execute(schema.desk_link.update().where(_l.state == "live", _l.desk.in_(desks)).values(**values))
