"""An outbox worker over a real store, and a channel in this process that does as it is told."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from bot.core import Core
from bot.delivery.contract import Outgoing, Receipt, StoredReply
from bot.delivery.worker import OutboxWorker
from bot.messages import Author, Button, Rendered
from bot.privacy.addresses import AddressBook
from bot.store import conversations, messages, schema
from tests.bot.conftest import core, script
from tests.conftest import Clock

__all__ = ["core", "script"]
Does = Exception | Receipt | Callable[[Outgoing], Awaitable[Receipt]]


class Ticks:
    """A steady clock that tests move."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class FakeChannel:
    """Parts are what stands between `|`; each is sent as the next of `does` says, else taken."""

    key: str = "fake:main"
    per_second: float = 0.0
    per_address_per_minute: int = 0
    can_look_up: bool = False
    does: list[Does] = field(default_factory=list)
    finds: list[Receipt | Exception | None] = field(default_factory=list)
    taken: list[Outgoing] = field(default_factory=list)
    tried: list[Outgoing] = field(default_factory=list)
    looked_up: list[tuple[Outgoing, dt.datetime]] = field(default_factory=list)

    def render_parts(self, reply: StoredReply) -> Sequence[Outgoing]:
        text = ("AI|" if reply.first else "") + reply.text
        return [
            Outgoing(f"{reply.message_id}.{n}", reply.address, part, reply.language, reply)
            for n, part in enumerate(text.split("|"))
        ]

    async def send(self, outgoing: Outgoing) -> Receipt:
        self.tried.append(outgoing)
        next_one = self.does.pop(0) if self.does else Receipt(f"p{len(self.tried)}")
        if isinstance(next_one, Exception):
            raise next_one
        receipt = next_one if isinstance(next_one, Receipt) else await next_one(outgoing)
        self.taken.append(outgoing)
        return receipt

    async def find_sent(self, outgoing: Outgoing, since: dt.datetime) -> Receipt | None:
        self.looked_up.append((outgoing, since))
        found = self.finds.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    @property
    def texts(self) -> list[str]:
        """What citizens got, in order."""
        return [outgoing.text for outgoing in self.taken]


@dataclass
class Office:
    """The store, the clocks and the channels; makes conversations, messages and workers."""

    core: Core
    clock: Clock
    ticks: Ticks = field(default_factory=Ticks)
    channel: FakeChannel = field(default_factory=FakeChannel)
    others: list[FakeChannel] = field(default_factory=list)
    ambiguous: str = "hold"
    book: AddressBook = field(init=False)
    _addresses: int = 0

    def __post_init__(self) -> None:
        self.book = AddressBook(self.core.settings.secret_key.get_secret_value())

    def worker(self) -> OutboxWorker:
        """One more worker, as after a restart or in another process."""
        channels = {channel.key: channel for channel in (self.channel, *self.others)}
        return OutboxWorker(self.core, channels, self.book, self.ambiguous, None, self.ticks)

    async def conversation(self, account: str = "fake:main", *, greeted: bool = True) -> str:
        """A citizen's conversation on a channel; greeted = an AI has said already that it is one."""
        self._addresses += 1
        value, now = f"address-{self._addresses}", self.core.now()
        async with self.core.store.write() as tx:
            made = await conversations.create(tx, channel="fake", channel_account=account, language="sv", now=now)
            address = schema.new_id()
            await tx.conn.execute(schema.address.insert().values(
                id=address, channel_account=account, lookup_hmac=self.book.lookup(account, value),
                value_encrypted=self.book.encrypt(value), created_at=now))  # fmt: skip
            await tx.conn.execute(
                schema.conversation_address.insert().values(conversation_id=made, address_id=address, active=True)
            )
            if greeted:
                greeting, _ = await messages.append(tx, made, Rendered("bot", "Hej", "sv"), now=now)
                sent = schema.outbox.update().where(schema.outbox.c.message_id == greeting)
                await tx.conn.execute(sent.values(state="sent", parts_sent=1))
        return made

    async def say(
        self, conversation_id: str, text: str, author: Author = "bot", outcome: str | None = None, **payload: Any
    ) -> str:
        """A message to be pushed; returns its id."""
        said = Rendered(
            author, text, "sv", outcome, payload=payload, buttons=(Button("/ja", title="Ja"),) if text == "Knapp" else ()
        )
        async with self.core.store.write() as tx:
            message_id, _ = await messages.append(tx, conversation_id, said, now=self.core.now())
        return message_id

    async def set(self, message_id: str, **values: Any) -> None:
        async with self.core.store.write() as tx:
            await tx.conn.execute(schema.outbox.update().where(schema.outbox.c.message_id == message_id).values(**values))

    async def row(self, message_id: str) -> Any:
        async with self.core.store.read() as conn:
            return (await conn.execute(sa.select(schema.outbox).where(schema.outbox.c.message_id == message_id))).one()

    async def state(self, message_id: str) -> str:
        return str((await self.row(message_id)).state)

    async def take_over(self, conversation_id: str, owner: conversations.Owner = "agent") -> None:
        async with self.core.store.write() as tx:
            now = await conversations.get(tx.conn, conversation_id)
            await conversations.set_owner(tx, conversation_id, owner, expected_version=now.version, now=self.core.now())

    async def stop(self, conversation_id: str) -> None:
        """The citizen said STOPP."""
        link = schema.conversation_address.c
        address = sa.select(link.address_id).where(link.conversation_id == conversation_id)
        async with self.core.store.write() as tx:
            await tx.conn.execute(
                schema.address.update()
                .where(schema.address.c.id.in_(address))
                .values(stopped_at=self.core.now(), stop_reason="asked")
            )

    @asynccontextmanager
    async def working(self, *workers: OutboxWorker) -> Any:
        """Workers that run while the block does."""
        workers = workers or (self.worker(),)
        for worker in workers:
            await worker.start()
        try:
            yield workers[0]
        finally:
            for worker in workers:
                await worker.stop()

    async def until(self, condition: Callable[[], Any]) -> None:
        """Waits for something that a running worker does."""
        async with asyncio.timeout(120):  # busy machines; a passing test does not wait
            while True:
                found = condition()
                if await found if asyncio.iscoroutine(found) else found:
                    return
                await asyncio.sleep(0.005)

    def later(self, **by: float) -> None:
        """So much time passes, on both clocks."""
        self.clock.forward(**by)
        self.ticks.seconds += dt.timedelta(**by).total_seconds()
        self.core.hub.publish({"topic": "outbox"})


@pytest_asyncio.fixture
async def office(core: Core, clock: Clock) -> Office:
    return Office(core, clock)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine is no provider that does not answer."""
    monkeypatch.setattr("bot.delivery.sending.CALL_SECONDS", 3600.0)


@pytest.fixture
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Back-off without chance."""
    monkeypatch.setattr("bot.delivery.sending.random.random", lambda: 0.5)
    return
