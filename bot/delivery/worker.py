"""Delivers messages on channels that push: first in, first out per conversation, different conversations at the same time.

Tried again with back-off; a provider that fails again and again rests (`pace.py`), and what it fails in meanwhile costs no
message a try. When a crash or a broken connection leaves a send's outcome unknown, the provider is asked where it can tell; else
the setting AMBIGUOUS_SEND says whether the part is sent again (with the same idempotency key) or held for an operator. A dead
letter does not hold up the conversation. One account's trouble does not hold up another's messages.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog

from bot import metrics
from bot.closing import close
from bot.core import Core
from bot.delivery import receipts
from bot.delivery.contract import Channel
from bot.delivery.due import must_not_go, next_due
from bot.delivery.pace import Pace
from bot.delivery.sending import LEASE_SECONDS, Attempt, LeaseLost, Row, Sender, where
from bot.plugins import Desk
from bot.precedence import FEW
from bot.privacy.addresses import AddressBook
from bot.store import schema
from bot.store.engine import Transaction

_log = structlog.get_logger(__name__)
_o, _a = schema.outbox.c, schema.address.c
POLL_SECONDS = 1.0
RECOVER_SECONDS = 5.0
PARALLEL = 32  # conversations of one account that are sent to at the same time
AT_ONCE = 32  # rows taken in one transaction
STOP_SECONDS = 10.0
SETTLE_PAUSES = (0.2, 1.0, 5.0)  # a result is worth several tries to write it down
_FREED: dict[str, Any] = {"lease_worker": None, "lease_expires_at": None}


@dataclass(frozen=True)
class Standing:
    """How an account stands in this process.

    Args:
        rests_seconds: how long nothing goes out by it yet; 0 = it sends.
        trying: its provider has failed, and no send has succeeded since.
    """

    rests_seconds: float
    trying: bool


class OutboxWorker:
    """Sends what is due. One worker per process; a lease keeps two from sending the same row.

    Args:
        channels: by account key.
        ambiguous_send: resend | hold.
        desk: is told of conversations that end because nothing reaches the citizen.
        clock: seconds, steady.
    """

    def __init__(
        self,
        core: Core,
        channels: Mapping[str, Channel],
        addresses: AddressBook,
        ambiguous_send: str = "hold",
        desk: Desk | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._core, self._clock = core, clock
        self.desk = desk
        self.paces = {key: Pace(c.per_second, c.per_address_per_minute) for key, c in channels.items()}
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        settings = {"worker": self._name, "ambiguous_send": ambiguous_send}
        self._sender = Sender(core, channels, addresses, self.paces, clock=clock, **settings)
        self._tasks: list[asyncio.Task[None]] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._busy: Counter[str] = Counter()  # messages under way, by account
        self._news = asyncio.Event()
        self._stopping = False

    async def start(self) -> None:
        """Settles what a crash left behind and begins to deliver."""
        await self.recover(all_of_them=self._core.store.is_sqlite)
        if self.paces:
            self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._listen())]

    async def stop(self) -> None:
        """Takes no more, and lets the deliveries at hand end: one that is cut off would have to be held as unknown."""
        self._stopping = True
        self._news.set()
        if self._tasks:
            run, listen = self._tasks
            listen.cancel()
            await asyncio.wait([run], timeout=STOP_SECONDS)
            run.cancel()
            await asyncio.gather(run, listen, return_exceptions=True)
        if self._sending:
            _done, late = await asyncio.wait(self._sending, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def standing(self) -> dict[str, Standing]:
        """How each account stands."""
        now = self._clock()
        return {key: Standing(max(0.0, pace.breaker.rests_until - now), pace.breaker.trying) for key, pace in self.paces.items()}

    async def recover(self, *, all_of_them: bool = False) -> None:
        """Rows in `sending` whose lease is over (all, at the start of a lone process) were cut off by a crash."""
        cut_off = sa.and_(_o.state == "sending", _o.lease_worker.is_not(None))
        if not all_of_them:
            cut_off = sa.and_(cut_off, _o.lease_expires_at < self._core.now())
        query = sa.select(_o.message_id, _o.account, _o.attempts, _o.conversation_id, _o.seq).where(cut_off)
        async with self._core.store.read() as conn:
            rows = (await conn.execute(query)).all()
        if not rows:
            return
        async with self._core.store.write() as tx:
            for row in rows:
                attempts = row.attempts + 1
                values = self._sender.unknown(account=row.account, attempts=attempts) | _FREED
                values |= {"attempts": attempts, "error": "cut off while it was being sent"}
                # Another worker may have done it meanwhile, and taken the row.
                update = schema.outbox.update().where(_o.message_id == row.message_id, cut_off)
                if (await tx.conn.execute(update.values(**values))).rowcount == 1:
                    _log.warning("send_cut_off", account=row.account, message_id=row.message_id, state=values["state"])
                    _tell(tx, row, values["state"])

    async def _listen(self) -> None:
        async with self._core.hub.subscribe("outbox") as notices:
            while True:
                await notices.get()
                self._news.set()

    async def _run(self) -> None:
        recovered = self._clock()
        while not self._stopping:
            self._news.clear()
            wait = POLL_SECONDS
            try:
                wait = await self._take_all()
                if self._clock() - recovered > RECOVER_SECONDS:
                    await self.recover()
                    recovered = self._clock()
            except Exception as fault:  # a database restart must not end the loop
                _log.error("outbox_failed", error=type(fault).__name__)
            try:
                async with asyncio.timeout(wait):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def _take_all(self) -> float:
        """Begins to deliver what is due; returns after how many seconds to look again, if there is no news before."""
        while not self._stopping:
            rows = await self._take(AT_ONCE)
            for row in rows:
                task = asyncio.create_task(self._deliver(row))
                self._sending.add(task)
                task.add_done_callback(self._delivered)
            if not rows:
                break
        paced = [wait for pace in self.paces.values() if (wait := pace.account_wait(self._clock())) > 0]
        return min([POLL_SECONDS, *paced])

    def _delivered(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._news.set()  # the next of its conversation may go

    async def deliver_next(self) -> bool:
        """Delivers one due message; false when there is none. For tests and tools: the running worker does many at once."""
        rows = await self._take(1)
        for row in rows:
            await self._deliver(row)
        return bool(rows)

    async def _deliver(self, row: Row) -> None:
        try:
            await self._settle(row, await self._sender.attempt(row))
        except LeaseLost:
            _log.warning("lease_lost", account=row.account, message_id=row.message_id)
        except Exception as fault:  # of ours; the lease runs out, and the row is then one whose outcome is unknown
            _log.error("delivery_failed", account=row.account, message_id=row.message_id, error=where(fault))
        finally:
            self._busy[row.account] -= 1

    async def _settle(self, row: Row, attempt: Attempt) -> None:
        """Writes down what a try came to."""
        state = str(attempt.values["state"])
        metrics.DELIVERIES.labels(channel=row.account, result=state).inc()
        if state in ("dead", "ambiguous"):
            error = attempt.values["error"]
            _log.warning("not_delivered", account=row.account, message_id=row.message_id, state=state, error=error)
        for pause in (*SETTLE_PAUSES, None):
            try:
                await self._write(row, attempt)
                break
            except sa.exc.SQLAlchemyError as fault:  # the database restarts: what we know must not be lost
                if pause is None:
                    raise
                _log.error("result_not_written", message_id=row.message_id, error=type(fault).__name__)
                await asyncio.sleep(pause)
        if attempt.unreachable:
            async with self._core.store.write() as tx:
                await self._unreachable(tx, row.conversation_id, row.address_id)

    async def _write(self, row: Row, attempt: Attempt) -> None:
        now = self._core.now()
        async with self._core.store.write() as tx:
            # Of a send whose outcome is unknown the time before it stays: what the provider took since then is looked through.
            stamp = {} if attempt.values["state"] == "sending" else {"updated_at": now}
            update = schema.outbox.update().where(_o.message_id == row.message_id, _o.lease_worker == self._name)
            if (await tx.conn.execute(update.values(**_FREED | stamp | attempt.values))).rowcount == 1:
                _tell(tx, row, attempt.values["state"])
            for number, receipt in attempt.unnoted:
                await receipts.record_part(
                    tx, row.account, (row.message_id, number), receipt, now=now, is_sqlite=self._core.store.is_sqlite
                )

    async def _unreachable(self, tx: Transaction, conversation_id: str, address_id: str) -> None:
        """Nothing reaches this address any more: the conversation is closed with that reason, nothing more is sent there."""
        stop = schema.address.update().where(_a.id == address_id, _a.stopped_at.is_(None))
        await tx.conn.execute(stop.values(stopped_at=self._core.now(), stop_reason="unreachable"))
        await close(self._core, self.desk, tx, conversation_id, reason="unreachable", farewell=False)

    async def _take(self, most: int) -> list[Row]:
        """Leases the next due rows: many in one transaction, since each has to wait for its turn to write.

        Webhooks and turns stand in the same line. With one row a time a rush of them would let hardly anything out.

        Returns:
            The rows as they were: `state` tells whether one was pending or its last send's outcome is unknown.
        """
        now, clock = self._core.now(), self._clock()
        taken: list[Row] = []
        try:
            async with self._core.store.write() as tx:
                while len(taken) < most and (rows := await self._due(tx, now, clock, most - len(taken))):
                    for row in rows:
                        if self._is_closed(row.account, clock):  # by what was taken just before it
                            continue
                        if await self._lease(tx, row, now):
                            taken.append(row)
                            self._busy[row.account] += 1
                            if row.account in self.paces:
                                self.paces[row.account].reserve(clock)
        except BaseException:
            for row in taken:
                self._busy[row.account] -= 1
            raise
        return taken

    async def _due(self, tx: Transaction, now: dt.datetime, clock: float, most: int) -> list[Row]:
        due = {"now": now, "closed": [key for key in self.paces if self._is_closed(key, clock)], "most": most}
        unknown = list((await tx.conn.execute(next_due("sending"), due)).all())
        return unknown or list((await tx.conn.execute(next_due("pending"), due)).all())

    async def _lease(self, tx: Transaction, row: Row, now: dt.datetime) -> bool:
        """Whether the row is to be sent; else it is cancelled."""
        drop = row.state == "pending" and must_not_go(
            author=row.author, outcome=row.outcome, final=bool(row.payload.get("final")), owner=row.owner,
            stopped=row.stopped_at is not None,
        )  # fmt: skip
        lease = {"lease_worker": self._name, "lease_expires_at": now + dt.timedelta(seconds=LEASE_SECONDS)}
        values = {"state": "cancelled", "updated_at": now} if drop else {"state": "sending", **lease}
        await tx.conn.execute(schema.outbox.update().where(_o.message_id == row.message_id).values(**values))
        if drop:
            metrics.SUPPRESSED.inc()
            _tell(tx, row, "cancelled")
        return not drop

    def _is_closed(self, key: str, clock: float) -> bool:
        """Whether nothing may go out by an account now. One that comes out of its rest sends one message alone first."""
        busy, pace = self._busy[key], self.paces.get(key)
        if pace is None:  # not switched on: its rows are given up
            return False
        most = FEW if self._core.precedence.pressing else PARALLEL
        return busy >= most or (pace.breaker.trying and busy > 0) or pace.account_wait(clock) > 0


def _tell(tx: Transaction, row: Row, state: str) -> None:
    tx.notify("conversation", conversation_id=row.conversation_id, kind="delivery", seq=row.seq, state=state)
    if state in ("dead", "ambiguous"):
        tx.notify("desk", type="deliveries")
