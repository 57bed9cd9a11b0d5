"""Runs turns: one conversation in order, different conversations at the same time.

A conversation is worked on under a lease `(worker, expires_at)` in the store, so several app processes can share the
work and a crashed one's work is taken over. A lone SQLite app clears leases at its start.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import secrets

import sqlalchemy as sa
import structlog

from bot.core import Core
from bot.messages import Reply
from bot.pipeline.render import render_text
from bot.pipeline.stages.protect import human_buttons
from bot.pipeline.turn import run_turn
from bot.plugins import Desk
from bot.store import conversations, messages, schema

_log = structlog.get_logger(__name__)
LEASE_SECONDS = 60
POLL_SECONDS = 1.0
PARALLEL = 32
MAX_FAULTS = 5  # a turn that fails this often for a fault of ours is given up with an apology, not tried for ever


class TurnWorker:
    """Takes up turns when kicked, and by itself what a crash or a dead service left behind."""

    def __init__(self, core: Core, desk: Desk | None = None) -> None:
        self._core = core
        self.desk = desk
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._slots = asyncio.Semaphore(PARALLEL)
        self._poller: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Clears what a crash left (SQLite) and begins to look for work."""
        if self._core.store.is_sqlite:
            async with self._core.store.write() as tx:
                await tx.conn.execute(schema.conversation.update().values(lease_worker=None, lease_expires_at=None))
                await tx.conn.execute(
                    schema.turn.update().where(schema.turn.c.state != "done").values(next_attempt_at=self._core.now())
                )
        self._poller = asyncio.create_task(self._poll())

    async def stop(self) -> None:
        """Stops looking for work and lets running turns end."""
        if self._poller:
            self._poller.cancel()
            await asyncio.gather(self._poller, return_exceptions=True)
        running = list(self._running.values())
        if running:
            _done, late = await asyncio.wait(running, timeout=10)
            for task in late:
                task.cancel()

    def kick(self, conversation_id: str) -> None:
        """There is (probably) work in this conversation."""
        if conversation_id in self._running:
            self._again.add(conversation_id)
            return
        task = asyncio.create_task(self._work(conversation_id))
        self._running[conversation_id] = task
        task.add_done_callback(lambda _: self._ended(conversation_id))

    def _ended(self, conversation_id: str) -> None:
        self._running.pop(conversation_id, None)
        if conversation_id in self._again:
            self._again.discard(conversation_id)
            self.kick(conversation_id)

    async def _poll(self) -> None:
        t = schema.turn.c
        while True:
            try:
                query = (
                    sa.select(t.conversation_id)
                    .distinct()
                    .where(t.state != "done", t.next_attempt_at <= self._core.now())
                    .limit(500)
                )
                async with self._core.store.read() as conn:
                    for (conversation_id,) in (await conn.execute(query)).all():
                        self.kick(conversation_id)
            except Exception as fault:  # a database restart must not end the loop
                _log.error("turn_poll_failed", error=type(fault).__name__)
            await asyncio.sleep(POLL_SECONDS)

    async def _work(self, conversation_id: str) -> None:
        async with self._slots, self._core.precedence.patient():
            try:
                try:
                    # Leased anew before every turn, so that a long row of turns does not outlive the lease.
                    more = True
                    while more and await self._lease(conversation_id):
                        due = await self._due(conversation_id)
                        if due:
                            await self._run(due[0])
                        more = len(due) > 1  # one that comes meanwhile kicks again
                finally:
                    await self._release(conversation_id)
            except Exception as fault:
                _log.error(
                    "conversation_work_failed",
                    conversation_id=conversation_id,
                    error=type(fault).__name__,
                    exc_info=fault,
                )

    async def _run(self, message_id: str) -> None:
        try:
            await run_turn(self._core, self.desk, message_id)
        except Exception as fault:
            _log.error("turn_failed", message_id=message_id, error=type(fault).__name__, exc_info=fault)
            await self._count_fault(message_id, type(fault).__name__)

    async def _count_fault(self, message_id: str, error: str) -> None:
        """Puts a failed turn off, and after `MAX_FAULTS` tries ends it with an apology and the way to a human."""
        t, now = schema.turn.c, self._core.now()
        async with self._core.store.write() as tx:
            row = (
                await tx.conn.execute(sa.select(schema.turn).where(t.message_id == message_id, t.state != "done"))
            ).one_or_none()
            if row is None:
                return
            attempts = row.attempts + 1
            values: dict[str, object] = {"attempts": attempts, "error": error,
                                         "next_attempt_at": now + dt.timedelta(seconds=2.0**attempts)}  # fmt: skip
            if attempts >= MAX_FAULTS:
                conversation = await conversations.get(tx.conn, row.conversation_id)
                apology = Reply(
                    "offer_human",
                    "error.unavailable",
                    buttons=human_buttons(),
                    outcome="error_internal",
                    author="system",
                )
                await messages.append(
                    tx,
                    conversation.id,
                    render_text(self._core, apology, conversation.language),
                    now=now,
                    turn_id=message_id,
                )
                values |= {
                    "state": "done",
                    "done_at": now,
                    "outcome": "error_internal",
                    "owner_after": conversation.owner,
                }
                tx.notify("conversation", conversation_id=conversation.id, kind="turn", message_id=message_id)
            await tx.conn.execute(schema.turn.update().where(t.message_id == message_id).values(**values))

    async def _lease(self, conversation_id: str) -> bool:
        if self._core.store.is_sqlite:
            return True  # one process, and `_running` already keeps it to one task
        c, now = schema.conversation.c, self._core.now()
        async with self._core.store.write() as tx:
            taken = await tx.conn.execute(
                schema.conversation.update()
                .where(
                    c.id == conversation_id,
                    sa.or_(c.lease_worker.is_(None), c.lease_worker == self._name, c.lease_expires_at < now),
                )
                .values(lease_worker=self._name, lease_expires_at=now + dt.timedelta(seconds=LEASE_SECONDS))
            )
        return taken.rowcount == 1

    async def _release(self, conversation_id: str) -> None:
        if self._core.store.is_sqlite:
            return
        c = schema.conversation.c
        async with self._core.store.write() as tx:
            await tx.conn.execute(
                schema.conversation.update().where(c.id == conversation_id, c.lease_worker == self._name)
                .values(lease_worker=None, lease_expires_at=None)
            )  # fmt: skip

    async def _due(self, conversation_id: str) -> list[str]:
        """The oldest turns that are due, at most two. A deferred one does not hold up later messages."""
        t = schema.turn.c
        query = (
            sa.select(t.message_id)
            .where(t.conversation_id == conversation_id, t.state != "done", t.next_attempt_at <= self._core.now())
            .order_by(t.seq).limit(2)
        )  # fmt: skip
        async with self._core.store.read() as conn:
            return list((await conn.execute(query)).scalars())
