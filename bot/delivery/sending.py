"""Sends one message, part by part, and decides what becomes of it when that fails."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from bot import metrics
from bot.core import Core
from bot.delivery import receipts
from bot.delivery.contract import (
    AddressUnreachable,
    Channel,
    DeliveryFailure,
    Offering,
    OutcomeUnknown,
    Outgoing,
    PermanentFailure,
    Receipt,
    StoredReply,
    TemporaryFailure,
    Untraceable,
)
from bot.delivery.due import must_not_go
from bot.delivery.pace import Pace
from bot.privacy.addresses import AddressBook
from bot.store import schema

_log = structlog.get_logger(__name__)
_o, _a, _c = schema.outbox.c, schema.address.c, schema.conversation.c
Row = sa.Row[Any]
Values = dict[str, Any]

LEASE_SECONDS = 90  # longer than a look-up and a send together
CALL_SECONDS = 30.0  # for one call of the provider, whatever the connector allows itself
MAX_ATTEMPTS = 8
GIVE_UP_HOURS = 24.0  # what has waited so long is not sent by itself any more: an operator decides
FIRST_BACKOFF_SECONDS = 2.0
MAX_BACKOFF_SECONDS = 900.0
LONGEST_WAIT_SECONDS = 0.5  # for the next part's turn; a longer one gives the row back
LOOK_UP_FIRST_SECONDS = 2.0  # a provider's list may lag a moment behind what it has taken
LOOK_UP_AGAIN_SECONDS = 15.0
MAX_LOOK_UPS = 8
_LONGEST_ERROR = 200
_GONE_BEFORE = (
    sa.select(_o.message_id)
    .where(_o.conversation_id == sa.bindparam("conversation"), _o.address_id == sa.bindparam("address"))
    .where(_o.seq < sa.bindparam("before"), sa.or_(_o.state.in_(["sent", "sending", "ambiguous"]), _o.parts_sent > 0))
    .limit(1)
)
_CITIZEN_WROTE = sa.select(sa.func.max(schema.message.c.created_at)).where(
    schema.message.c.conversation_id == sa.bindparam("conversation"), schema.message.c.author == "citizen"
)
_WROTE_BEFORE = schema.message.alias("wrote_before")
_SAID_BEFORE = (  # since the citizen last wrote
    sa.select(schema.message.c.article_id, schema.message.c.payload)
    .where(schema.message.c.conversation_id == sa.bindparam("conversation"), schema.message.c.seq < sa.bindparam("before"))
    .where(
        schema.message.c.seq
        > sa.select(sa.func.coalesce(sa.func.max(_WROTE_BEFORE.c.seq), 0))
        .where(_WROTE_BEFORE.c.conversation_id == sa.bindparam("conversation"), _WROTE_BEFORE.c.author == "citizen")
        .where(_WROTE_BEFORE.c.seq < sa.bindparam("before"))
        .scalar_subquery()
    )
    .order_by(schema.message.c.seq)
)


def backoff_seconds(attempt: int, retry_after: float | None, jitter: float) -> float:
    """How long to wait after a failed try.

    Args:
        attempt: 1 after the first failure.
        retry_after: the provider's own wish in seconds; never shortened.
        jitter: 0 to 1, drawn by the caller.
    """
    doubled = min(FIRST_BACKOFF_SECONDS * 2.0 ** (attempt - 1), MAX_BACKOFF_SECONDS)
    return max(doubled * (0.75 + 0.5 * jitter), retry_after or 0.0)


def where(fault: Exception) -> str:
    """The kind of a fault and the last lines of code it came through, for the log; its text may quote a citizen."""
    frames = traceback.extract_tb(fault.__traceback__)[-3:]
    return type(fault).__name__ + "".join(f" < {Path(f.filename).name}:{f.lineno}" for f in reversed(frames))


class LeaseLost(Exception):
    """The row is another worker's by now."""


class _Later(Exception):
    """The row can't go on just now; `values` says how it is kept."""

    def __init__(self, values: Values) -> None:
        super().__init__()
        self.values = values


@dataclass
class Attempt:
    """What a try came to.

    Args:
        values: the row's new columns.
        unreachable: nothing will ever reach the address.
        unnoted: parts that are out, with their receipts, and are to be written down with these values.
    """

    values: Values
    unreachable: bool = False
    unnoted: list[tuple[int, Receipt]] = field(default_factory=list)


class Sender:
    """Sends leased rows.

    Args:
        worker: the name under which the rows are leased.
        ambiguous_send: resend | hold.
        clock: seconds, steady.
    """

    def __init__(
        self,
        core: Core,
        channels: Mapping[str, Channel],
        addresses: AddressBook,
        paces: Mapping[str, Pace],
        *,
        worker: str,
        ambiguous_send: str,
        clock: Callable[[], float],
    ) -> None:
        self._core, self._channels, self._addresses, self._paces = core, channels, addresses, paces
        self._worker, self._ambiguous, self._clock = worker, ambiguous_send, clock
        self._look_ups: Counter[str] = Counter()  # failed ones, by message

    async def attempt(self, row: Row) -> Attempt:
        """Sends the parts that are left.

        Raises:
            LeaseLost: meanwhile another worker took the row over; it is theirs to settle.
        """
        channel = self._channels.get(row.account)
        if channel is None:
            state = "ambiguous" if row.state == "sending" else "dead"
            return Attempt({"state": state, "error": f"the channel account {row.account} is not switched on"})
        attempt = Attempt({"state": "sent", "parts_sent": row.parts_sent, "error": None, "attempts": row.attempts + 1})
        try:
            await self._send_parts(row, channel, attempt)
        except _Later as later:
            attempt.values |= {"attempts": row.attempts, "error": row.error} | later.values
        except DeliveryFailure as failure:
            attempt.values |= self._failed(row, failure)
            attempt.unreachable = isinstance(failure, AddressUnreachable)
        if attempt.values["state"] != "sending":
            self._look_ups.pop(row.message_id, None)
        return attempt

    def unknown(self, *, account: str, attempts: int, traceable: bool = True) -> Values:
        """What a row becomes whose last send's outcome nobody knows. `sending` without a lease: the provider will be asked."""
        now = self._core.now()
        channel = self._channels.get(account) if traceable else None
        if channel is not None and channel.can_look_up:
            return {"state": "sending", "next_attempt_at": now + dt.timedelta(seconds=LOOK_UP_FIRST_SECONDS)}
        if self._ambiguous == "resend" and attempts < MAX_ATTEMPTS:
            wait = backoff_seconds(max(attempts, 1), None, random.random())  # noqa: S311 - jitter, not a secret
            return {"state": "pending", "next_attempt_at": now + dt.timedelta(seconds=wait)}
        return {"state": "ambiguous"}

    async def _send_parts(self, row: Row, channel: Channel, attempt: Attempt) -> None:
        parts = await self._parts(row, channel)
        pace = self._paces[row.account]
        for number in range(row.parts_sent, len(parts)):
            first = number == row.parts_sent
            receipt = None
            if first and row.state == "sending":
                receipt = await self._look_up(row, number, channel, parts[number])
            if receipt is None:
                if first and row.state == "sending" and row.attempts >= MAX_ATTEMPTS:
                    raise _Later({"state": "dead"})
                if not first or row.state == "sending":
                    await self._ask_again_whether_it_may_go(row)
                await self._turn(row, pace, first)
                receipt = await self._send(channel, parts[number])
            pace.breaker.succeeded()
            attempt.values["parts_sent"] = number + 1
            if number + 1 == len(parts):
                attempt.unnoted.append((number, receipt))
                return
            try:
                await self._note(row, number, receipt)
            except sa.exc.SQLAlchemyError as fault:  # the store is away: the part is out all the same, and must not go again
                _log.error("part_not_noted", account=row.account, message_id=row.message_id, error=type(fault).__name__)
                attempt.unnoted.append((number, receipt))
                raise _Later({"state": "pending", "next_attempt_at": self._core.now()}) from None

    async def _parts(self, row: Row, channel: Channel) -> list[Outgoing]:
        try:
            return list(channel.render_parts(await self._reply(row)))
        except Exception as fault:  # of ours, and nothing has gone out
            _log.error("reply_not_rendered", account=row.account, message_id=row.message_id, error=where(fault))
            if row.state == "sending":
                raise Untraceable(type(fault).__name__) from None
            raise _Later(self._put_off(row, type(fault).__name__, None, counted=True)) from None

    async def _send(self, channel: Channel, part: Outgoing) -> Receipt:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await channel.send(part)
        except DeliveryFailure:
            raise
        except Exception as fault:  # of ours or of the connector's, and the provider may have taken the part
            _log.error("send_failed", account=channel.key, message_id=part.reply.message_id, error=where(fault))
            raise OutcomeUnknown(type(fault).__name__) from None

    async def _turn(self, row: Row, pace: Pace, first: bool) -> None:
        """Waits a moment for the right to send; when it takes longer the row is given back."""
        while True:
            now = self._clock()
            wait = pace.address_wait(row.address_id, now) if first else pace.wait(row.address_id, now)
            if wait <= 0:
                return
            if wait > LONGEST_WAIT_SECONDS:
                if first:
                    pace.release()
                raise _Later({"state": "pending", "next_attempt_at": self._core.now() + dt.timedelta(seconds=wait)})
            await asyncio.sleep(wait)

    async def _ask_again_whether_it_may_go(self, row: Row) -> None:
        query = (
            sa.select(_c.owner, _a.stopped_at)
            .select_from(schema.conversation.join(schema.address, _a.id == row.address_id))
            .where(_c.id == row.conversation_id)
        )
        async with self._core.store.read() as conn:
            now = (await conn.execute(query)).one()
        if must_not_go(author=row.author, outcome=row.outcome, final=bool(row.payload.get("final")), owner=now.owner,
                       stopped=now.stopped_at is not None):  # fmt: skip
            metrics.SUPPRESSED.inc()
            raise _Later({"state": "cancelled", "error": None})

    async def _look_up(self, row: Row, number: int, channel: Channel, part: Outgoing) -> Receipt | None:
        """What became of the last send: the provider's report of it, if it came meanwhile, else what it answers."""
        if reported := await self._reported(row, number):
            return reported
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await channel.find_sent(part, row.updated_at or row.created_at)
        except Untraceable:
            raise
        except PermanentFailure as refused:
            raise Untraceable(str(refused)) from None
        except Exception as fault:
            raise self._look_up_failed(row, fault) from None

    def _look_up_failed(self, row: Row, fault: Exception) -> Exception:
        failure = fault if isinstance(fault, DeliveryFailure) else DeliveryFailure(type(fault).__name__)
        retry_after = self._tell_breaker(row.account, failure)
        if not retry_after and not self._paces[row.account].breaker.trying:
            self._look_ups[row.message_id] += 1
        if self._look_ups[row.message_id] >= MAX_LOOK_UPS or self._is_old(row):
            return Untraceable(str(failure))
        again = self._core.now() + dt.timedelta(seconds=max(LOOK_UP_AGAIN_SECONDS, retry_after or 0.0))
        return _Later({"state": "sending", "next_attempt_at": again, "error": _short(failure)})

    async def _reported(self, row: Row, number: int) -> Receipt | None:
        d = schema.delivery.c
        query = sa.select(d.provider_id, d.state).where(d.message_id == row.message_id, d.part == number)
        async with self._core.store.read() as conn:
            known = (await conn.execute(query)).first()
        return Receipt(known.provider_id, known.state) if known else None

    def _failed(self, row: Row, failure: DeliveryFailure) -> Values:
        """What a failure makes of the row."""
        breaker, error = self._paces[row.account].breaker, _short(failure)
        if isinstance(failure, PermanentFailure):
            breaker.succeeded()
            return {"state": "dead", "error": error}
        retry_after = None if isinstance(failure, Untraceable) else self._tell_breaker(row.account, failure)
        # A provider that asks for patience, or is away, does not use up the message's tries.
        counted = not retry_after and not breaker.trying
        if isinstance(failure, OutcomeUnknown):
            attempts = row.attempts + counted
            traceable = not isinstance(failure, Untraceable)
            return {"error": error, "attempts": attempts} | self.unknown(
                account=row.account, attempts=attempts, traceable=traceable
            )
        return self._put_off(row, error, retry_after, counted=counted)

    def _tell_breaker(self, account: str, failure: DeliveryFailure) -> float | None:
        """Lets the breaker know; returns the provider's own wish, if it has one."""
        breaker = self._paces[account].breaker
        retry_after = failure.retry_after if isinstance(failure, TemporaryFailure) else None
        if retry_after is not None:
            if isinstance(failure, TemporaryFailure) and failure.whole_account:
                breaker.wished(self._clock(), retry_after)
        elif breaker.failed(self._clock()):
            _log.warning("channel_rests", account=account, error=_short(failure))
        return retry_after

    def _put_off(self, row: Row, error: str, retry_after: float | None, *, counted: bool) -> Values:
        attempts = row.attempts + counted
        wait = backoff_seconds(max(attempts, 1), retry_after, random.random())  # noqa: S311 - jitter, not a secret
        given_up = attempts >= MAX_ATTEMPTS or self._is_old(row)
        return {"state": "dead" if given_up else "pending", "error": error, "attempts": attempts,
                "next_attempt_at": self._core.now() + dt.timedelta(seconds=wait)}  # fmt: skip

    def _is_old(self, row: Row) -> bool:
        written: dt.datetime = row.created_at
        return self._core.now() - written > dt.timedelta(hours=GIVE_UP_HOURS)

    async def _note(self, row: Row, number: int, receipt: Receipt) -> None:
        """Writes down that a part is out, before the next one goes."""
        now = self._core.now()
        lease = now + dt.timedelta(seconds=LEASE_SECONDS)
        async with self._core.store.write() as tx:
            kept = await tx.conn.execute(
                schema.outbox.update().where(_o.message_id == row.message_id, _o.lease_worker == self._worker)
                .values(parts_sent=number + 1, updated_at=now, lease_expires_at=lease)
            )  # fmt: skip
            lost = kept.rowcount != 1
            await receipts.record_part(
                tx, row.account, (row.message_id, number), receipt, now=now, is_sqlite=self._core.store.is_sqlite
            )
        if lost:
            raise LeaseLost(row.message_id)

    async def _reply(self, row: Row) -> StoredReply:
        place = {"conversation": row.conversation_id, "address": row.address_id, "before": row.seq}
        async with self._core.store.read() as conn:
            first = (await conn.execute(_GONE_BEFORE, place)).first() is None
            wrote_at = (await conn.execute(_CITIZEN_WROTE, {"conversation": row.conversation_id})).scalar_one_or_none()
            mine = Offering.of(row.article_id, row.payload)
            before = (await conn.execute(_SAID_BEFORE, place)).all() if mine.choices else []
        return StoredReply(
            message_id=row.message_id, conversation_id=row.conversation_id, seq=row.seq, author=row.author, text=row.text,
            language=row.language, created_at=row.created_at, outcome=row.outcome, article_id=row.article_id, payload=row.payload,
            choices=mine.choices, offered_before=tuple(Offering.of(said.article_id, said.payload) for said in before),
            address=self._addresses.decrypt(row.value_encrypted), first=first, agent_name=row.agent_name,
            citizen_wrote_at=row.created_at if row.payload.get("prompted") else wrote_at,
        )  # fmt: skip


def _short(failure: DeliveryFailure) -> str:
    return str(failure)[:_LONGEST_ERROR]
