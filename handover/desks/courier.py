"""Carries between our handovers and the other desks: what is due is passed on, and what their agents did is fetched.

The store is the queue: a message is passed on when the link says that it has not been yet, so nothing is lost in a crash. Before
a call its key is written down, and with its result struck out; after a crash in between the other desk is asked whether it took
it. A webhook only says where to look: what agents did is read from the other desk itself, in its order, so that webhooks may come
twice, in the wrong order, or not at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import random
import secrets
from collections.abc import Awaitable, Callable, Mapping

import structlog

from bot import metrics
from bot.core import Core
from bot.delivery.contract import DeliveryFailure, PermanentFailure, TemporaryFailure
from bot.delivery.sending import backoff_seconds, where
from handover import repository
from handover.desks import links, words
from handover.desks.applying import Applying
from handover.desks.cases import Cases, reference
from handover.desks.contract import Entry, Hint, OtherDesk, Why
from handover.desks.links import LeaseLost, Ledger, Link
from handover.preview import WITH_TEXT
from handover.repository import Handover
from handover.settings import Departments
from handover.states import HELD, State

_log = structlog.get_logger(__name__)
POLL_SECONDS = 2.0
PARALLEL = 8
LONGEST_WAIT_SECONDS = 60.0  # between two tries while the other desk is away: a citizen waits
_MOST_LOOKS = 10
_MOST_NUDGES = 10_000
_NUDGE_TRIES = 30
_PAUSE_SECONDS = 0.5


class Courier:
    """One per process. A link is worked on by one process at a time, under a lease."""

    def __init__(
        self, core: Core, desks: Mapping[str, OtherDesk], cases: Cases, applying: Applying, departments: Departments
    ) -> None:
        self._core, self._desks, self._cases, self._applying = core, desks, cases, applying
        self._departments = departments
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._news = asyncio.Event()
        self._nudges: dict[tuple[str, Hint], int] = {}
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def nudge(self, desk: str, hint: Hint) -> None:
        """A webhook says that something happened to a case. Kept in memory: the next look finds it in any case."""
        if len(self._nudges) < _MOST_NUDGES:
            self._nudges.setdefault((desk, hint), 0)
        self._news.set()

    async def start(self) -> None:
        """Begins to carry."""
        await links.wake(self._core.store, list(self._desks), self._core.now(), alone=self._core.store.is_sqlite)
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._listen())]

    async def stop(self) -> None:
        """Lets what is under way end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._running:
            _done, late = await asyncio.wait(self._running.values(), timeout=10)
            for one in late:
                one.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for desk in self._desks.values():
            await desk.aclose()

    async def _listen(self) -> None:
        async with self._core.hub.subscribe("desk") as notices:  # handovers, and every conversation's messages
            while True:
                await notices.get()
                self._news.set()

    async def _run(self) -> None:
        while True:
            self._news.clear()
            try:
                await self.begin()
            except Exception as fault:  # a database restart must not end the loop
                _log.error("courier_failed", error=where(fault))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._news.wait()

    async def begin(self) -> None:
        """Links what is new, and sets to work on what is due."""
        now = self._core.now()
        await self._link(now)
        found: dict[tuple[str, str], tuple[Link, Hint | None]] = {}
        async with self._core.store.read() as conn:
            for link in await links.due(conn, list(self._desks), now):
                found[link.handover_id, link.desk] = (link, None)
            for (desk, hint), tries in list(self._nudges.items()):
                known = await links.find(conn, desk, hint.remote_id, hint.reference)
                if known is not None and (known.handover_id, desk) not in self._running:
                    found[known.handover_id, desk] = (known, hint)
                elif known is None or tries >= _NUDGE_TRIES:  # another conversation of theirs, or its process is at it
                    del self._nudges[desk, hint]
                    continue
                self._nudges[desk, hint] = tries + 1
        for key, (link, told) in found.items():
            if key not in self._running and len(self._running) < PARALLEL:
                task = asyncio.create_task(self._work(link, told))
                self._running[key] = task
                task.add_done_callback(lambda _, key=key: self._ended(key))  # type: ignore[misc]

    def _ended(self, key: tuple[str, str]) -> None:
        self._running.pop(key, None)
        self._news.set()

    async def _link(self, now: dt.datetime) -> None:
        for desk in self._desks.values():
            departments = [key for key in self._departments.queues() if desk.takes(key)]
            async with self._core.store.read() as conn:
                found = await links.unlinked(conn, desk.key, departments, with_contact=desk.out_of_hours, now=now)
                rows = []
                for row in found:
                    if not desk.out_of_hours or await self._cases.is_out_of_hours(conn, row.state, row.department):
                        rows.append(row)
            if rows:
                async with self._core.store.write() as tx:
                    for row in rows:
                        await links.create(tx, row, desk.key, now=now)

    async def _work(self, link: Link, hint: Hint | None) -> None:
        ledger, desk = Ledger(self._core.store, self._name, link), self._desks[link.desk]
        try:
            if not await ledger.take(self._core.now()):
                await asyncio.sleep(_PAUSE_SECONDS)  # another process is at it; a webhook's news may still be for us
                return
            if hint is not None:
                self._nudges.pop((desk.key, hint), None)
                if ledger.link.remote_id is None:  # it was made before a crash; its webhook is the first we hear of it
                    await ledger.note(self._core.now(), remote_id=hint.remote_id, in_flight=None)
            try:
                await self._sync(desk, ledger)
            except DeliveryFailure as failure:
                await self._put_off(desk, ledger, failure)
                return
            live = ledger.link.state == "live"
            again = self._core.now() + dt.timedelta(seconds=desk.look_seconds) if live else None
            await ledger.note(self._core.now(), attempts=0, error=None, next_attempt_at=again, release=True)
        except LeaseLost:
            _log.warning("desk_lease_lost", desk=link.desk, handover_id=link.handover_id)
        except Exception as fault:  # of ours; the lease runs out, and it is tried again
            _log.error("desk_sync_failed", desk=link.desk, handover_id=link.handover_id, error=where(fault))
            with contextlib.suppress(Exception):
                await self._put_off(desk, ledger, DeliveryFailure(type(fault).__name__))

    async def _put_off(self, desk: OtherDesk, ledger: Ledger, failure: DeliveryFailure) -> None:
        attempts = ledger.link.attempts + 1
        retry_after = failure.retry_after if isinstance(failure, TemporaryFailure) else None
        wait = backoff_seconds(min(attempts, 10), retry_after, random.random())  # noqa: S311 - jitter, not a secret
        wait = max(min(wait, LONGEST_WAIT_SECONDS), retry_after or 0.0)
        again = self._core.now() + dt.timedelta(seconds=wait)
        refused = isinstance(failure, PermanentFailure)  # settings or rights are wrong: the operator's to see
        log = _log.error if refused else _log.warning
        metrics.DESK_FAILURES.labels(desk=desk.key, kind="refused" if refused else "unreachable").inc()
        log("desk_refuses" if refused else "desk_unreachable", desk=desk.key, handover_id=ledger.link.handover_id,
            error=str(failure), attempts=attempts)  # fmt: skip
        await ledger.note(self._core.now(), attempts=attempts, error=str(failure)[:200], next_attempt_at=again, release=True)

    async def _sync(self, desk: OtherDesk, ledger: Ledger) -> None:
        """Passes on what is new, looks, and ends what is over."""
        refused: PermanentFailure | None = None
        link = ledger.link
        if link.state == "live" and await self._applying.theirs(desk, link.handover_id):
            try:
                await self._pass_on(desk, ledger)
            except PermanentFailure as failure:  # perhaps it was deleted over there: the look tells
                refused = failure
        elif link.state == "live" and link.remote_id is None and link.in_flight:
            # Over before we knew whether it was made: found, it is ended below.
            await self._open(desk, ledger, await self._handover(link))
        if ledger.link.remote_id is not None:
            await self._look(desk, ledger)
        if ledger.link.known.get("finished") == "gone":  # deleted over there: the handover waits in our own queue
            await ledger.note(self._core.now(), state="ended", in_flight=None)
        elif refused is not None and ledger.link.known.get("finished") is None:
            raise refused
        elif ledger.link.state == "live" and not await self._applying.theirs(desk, link.handover_id):
            await self._finish(desk, ledger)

    async def _handover(self, link: Link) -> Handover:
        async with self._core.store.read() as conn:
            return await repository.get(conn, link.handover_id)

    async def _pass_on(self, desk: OtherDesk, ledger: Ledger) -> None:
        handover = await self._handover(ledger.link)
        if ledger.link.remote_id is None:
            await self._open(desk, ledger, handover)
        await self._tell_consented(desk, ledger, handover)
        remote_id = str(ledger.link.remote_id)
        if not ledger.link.known.get("ready"):
            await desk.ready(remote_id)
            await ledger.note(self._core.now(), known={"ready": True})
        while True:
            async with self._core.store.read() as conn:
                entries = await self._cases.entries(conn, handover, ledger.link)
            for seq, entry in entries:
                if entry is not None:
                    await self._say(desk, ledger, entry)
                await ledger.note(self._core.now(), sent_seq=seq, in_flight=None)
            if not entries:
                break
        await ledger.note(self._core.now(), known={"version": handover.version, "consent": handover.consent})

    async def _open(self, desk: OtherDesk, ledger: Ledger, handover: Handover) -> None:
        case = await self._cases.read(desk, handover)

        async def call(again: bool) -> str:
            return await desk.open(case, again=again)

        remote_id = await self._once(ledger, f"{case.reference}.open", call)
        await ledger.note(self._core.now(), remote_id=remote_id, in_flight=None)

    async def _tell_consented(self, desk: OtherDesk, ledger: Ledger, handover: Handover) -> None:
        """The transcript, as far as the citizen agreed to it; what they have taken back since is deleted over there."""
        seen, told = self._cases.seen(handover), ledger.link.known.get("passed")
        remote_id, ref = str(ledger.link.remote_id), reference(handover.id)
        earlier = Entry(f"{ref}.text", "note", "")
        if ledger.link.in_flight == earlier.key and seen.consent != WITH_TEXT:  # it may have been passed on right before
            entry_id = await desk.find(remote_id, earlier)
            told = WITH_TEXT if entry_id else None
            await ledger.note(self._core.now(), in_flight=None, known={"passed": told, "transcript": entry_id})
        if seen.consent == told:
            return
        if told == WITH_TEXT and not await desk.take_back(remote_id, str(ledger.link.known["transcript"])):
            await self._say(desk, ledger, Entry(f"{ref}.withdrawn", "note", words.WITHDRAWN))
        text = seen.transcript or words.NO_TEXT
        entry = Entry(f"{ref}.text" if seen.consent == WITH_TEXT else f"{ref}.no-text", "note", text)
        entry_id = await self._say(desk, ledger, entry)
        await ledger.note(self._core.now(), in_flight=None, known={"passed": seen.consent, "transcript": entry_id})

    async def _say(self, desk: OtherDesk, ledger: Ledger, entry: Entry) -> str:
        remote_id = str(ledger.link.remote_id)

        async def call(again: bool) -> str:
            found = await desk.find(remote_id, entry) if again else None
            return found or await desk.say(remote_id, entry)

        return await self._once(ledger, entry.key, call)

    async def _once(self, ledger: Ledger, key: str, call: Callable[[bool], Awaitable[str]]) -> str:
        """A call that must not happen twice. Its key stays written down until the caller has written down the result."""
        again = ledger.link.in_flight == key
        if not again:
            await ledger.note(self._core.now(), in_flight=key)
        try:
            return await call(again)
        except (TemporaryFailure, PermanentFailure):
            if not again:  # nothing was done; with `again` it may have been before
                await ledger.note(self._core.now(), in_flight=None)
            raise

    async def _look(self, desk: OtherDesk, ledger: Ledger) -> None:
        for _ in range(_MOST_LOOKS):
            before = ledger.link.seen_id
            look = await desk.look(str(ledger.link.remote_id), before)
            lost = await self._applying.apply(desk, ledger, look)
            for said in lost:
                text = words.LATE if said.text else words.FILES
                await self._say(desk, ledger, Entry(f"{reference(ledger.link.handover_id)}.lost.{said.id}", "note", text))
                await ledger.note(self._core.now(), in_flight=None)
            if look.seen_id == before:
                return

    async def _finish(self, desk: OtherDesk, ledger: Ledger) -> None:
        """It is no longer theirs. Where they ended it themselves there is nothing to tell."""
        if ledger.link.remote_id is not None and ledger.link.known.get("finished") is None:
            await desk.finish(ledger.link.remote_id, _why(await self._handover(ledger.link)))
        await ledger.note(self._core.now(), state="ended", in_flight=None)


def _why(handover: Handover) -> Why:
    if handover.state == State.ABANDONED:
        return "left"
    if handover.state == State.RETURNED:
        return "returned"
    if handover.state in HELD:
        return "elsewhere"
    return "ended" if handover.end_reason == "citizen_ended" else "closed"
