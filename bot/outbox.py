"""Delivers messages on channels that push: first in, first out per conversation, tried again with back-off.

A message is delivered at most once per success we know of. When a crash leaves a send's outcome unknown the row is
`ambiguous`: the setting AMBIGUOUS_SEND says whether it is sent again (with the same idempotency key) or held for an
operator. A dead letter does not hold up the conversation.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import random
import secrets

import sqlalchemy as sa
import structlog

from bot import metrics
from bot.core import Core
from bot.plugins import Channel
from bot.privacy.addresses import AddressBook
from bot.store import schema

_log = structlog.get_logger(__name__)
_o = schema.outbox.c
LEASE_SECONDS = 60
POLL_SECONDS = 1.0
MAX_ATTEMPTS = 8
FIRST_BACKOFF_SECONDS = 2.0
MAX_BACKOFF_SECONDS = 900.0


class TemporaryFailure(Exception):
    """The provider can't take it now. `retry_after` is the provider's own wish, in seconds."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class PermanentFailure(Exception):
    """The provider will never take it: an invalid or blocked address."""


def backoff_seconds(attempt: int, retry_after: float | None, jitter: float) -> float:
    """How long to wait after a failed try.

    Args:
        attempt: 1 after the first failure.
        retry_after: the provider's own wish in seconds; never shortened.
        jitter: 0 to 1, drawn by the caller.
    """
    doubled = min(FIRST_BACKOFF_SECONDS * 2.0 ** (attempt - 1), MAX_BACKOFF_SECONDS)
    return max(doubled * (0.75 + 0.5 * jitter), retry_after or 0.0)


class OutboxWorker:
    """Sends what is due. One worker per process; a lease keeps two from sending the same row."""

    def __init__(self, core: Core, channels: dict[str, Channel], addresses: AddressBook, ambiguous_send: str = "hold") -> None:
        self._core, self._channels, self._addresses, self._ambiguous = core, channels, addresses, ambiguous_send
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Settles what a crash left behind and begins to deliver."""
        await self.recover()
        if self._channels:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stops after the delivery at hand."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def recover(self) -> None:
        """Rows in `sending` whose lease is over (all, on SQLite: one process) were cut off by a crash."""
        now = self._core.now()
        cut_off = _o.state == "sending"
        if not self._core.store.is_sqlite:
            cut_off = sa.and_(cut_off, _o.lease_expires_at < now)
        again = {"state": "pending", "next_attempt_at": now} if self._ambiguous == "resend" else {"state": "ambiguous"}
        async with self._core.store.write() as tx:
            await tx.conn.execute(schema.outbox.update().where(cut_off).values(lease_worker=None, lease_expires_at=None, **again))

    async def _run(self) -> None:
        async with self._core.hub.subscribe("outbox") as notices:
            while True:
                try:
                    while await self.deliver_next():
                        pass
                    await self.recover()
                except Exception as fault:  # a database restart must not end the loop
                    _log.error("outbox_failed", error=type(fault).__name__)
                try:
                    async with asyncio.timeout(POLL_SECONDS):
                        await notices.get()
                except TimeoutError:
                    pass

    async def deliver_next(self) -> bool:
        """Delivers one due message; false when there is none."""
        row = await self._take()
        if row is None:
            return False
        channel = self._channels.get(row.channel)
        result: dict[str, object]
        try:
            if channel is None:
                raise PermanentFailure(f"channel {row.channel} is not switched on")
            address = self._addresses.decrypt(row.value_encrypted)
            provider_id = await channel.send(address, row.text, row.payload, idempotency_key=row.message_id)
            result = {"state": "sent", "provider_id": provider_id, "error": None}
        except PermanentFailure as failure:
            result = {"state": "dead", "error": str(failure)[:200]}
        except Exception as failure:
            retry_after = failure.retry_after if isinstance(failure, TemporaryFailure) else None
            wait = backoff_seconds(row.attempts + 1, retry_after, random.random())  # noqa: S311 - jitter, not a secret
            dead = row.attempts + 1 >= MAX_ATTEMPTS
            result = {"state": "dead" if dead else "pending", "error": f"{type(failure).__name__}: {failure}"[:200],
                      "next_attempt_at": self._core.now() + dt.timedelta(seconds=wait)}  # fmt: skip
        metrics.DELIVERIES.labels(channel=row.channel, result=str(result["state"])).inc()
        async with self._core.store.write() as tx:
            await tx.conn.execute(
                schema.outbox.update().where(_o.message_id == row.message_id)
                .values(attempts=row.attempts + 1, lease_worker=None, lease_expires_at=None, **result)
            )  # fmt: skip
            tx.notify("conversation", conversation_id=row.conversation_id, kind="delivery", seq=row.seq, state=result["state"])
        return True

    async def _take(self) -> sa.Row[tuple[object, ...]] | None:
        """Leases the oldest due row that has no undelivered one before it in its conversation."""
        now = self._core.now()
        earlier = schema.outbox.alias("earlier")
        waiting = sa.exists().where(
            earlier.c.conversation_id == _o.conversation_id,
            earlier.c.seq < _o.seq,
            earlier.c.state.in_(["pending", "sending"]),
        )
        query = (
            sa.select(schema.outbox, schema.message.c.text, schema.message.c.payload, schema.message.c.author,
                      schema.conversation.c.owner, schema.address.c.value_encrypted)
            .join(schema.message, schema.message.c.id == _o.message_id)
            .join(schema.conversation, schema.conversation.c.id == _o.conversation_id)
            .join(schema.address, schema.address.c.id == _o.address_id)
            .where(_o.state == "pending", _o.next_attempt_at <= now, ~waiting)
            .order_by(_o.next_attempt_at, _o.seq).limit(1)
        )  # fmt: skip
        if not self._core.store.is_sqlite:
            query = query.with_for_update(of=schema.outbox, skip_locked=True)
        async with self._core.store.write() as tx:
            while True:
                row = (await tx.conn.execute(query)).one_or_none()
                if row is None:
                    return None
                # Once more at the last moment: what the bot said is not sent while a human has the word.
                silenced = row.author == "bot" and row.owner in ("queue", "agent")
                lease = {"lease_worker": self._name, "lease_expires_at": now + dt.timedelta(seconds=LEASE_SECONDS)}
                values = {"state": "cancelled"} if silenced else {"state": "sending", **lease}
                await tx.conn.execute(schema.outbox.update().where(_o.message_id == row.message_id).values(**values))
                if not silenced:
                    return row
                metrics.SUPPRESSED.inc()
