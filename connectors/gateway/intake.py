"""From what a provider delivered to a stored message: whose it is, in which conversation, once.

Everything a delivery changes is one transaction (duplicate key, address, conversation, message, turn), so a crash loses it
whole and the provider's repetition brings it whole.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot import metrics
from bot.closing import close
from bot.core import Core
from bot.delivery import receipts
from bot.messages import Button, Rendered, Reply
from bot.pipeline import accept as accepting
from bot.pipeline.accept import MAX_ID_LENGTH, MAX_TEXT_LENGTH, LookedAt, Refused, accept_in, look_at
from bot.pipeline.render import render_text
from bot.plugins import Desk
from bot.privacy.addresses import AddressBook
from bot.store import conversations, messages, schema
from bot.store.conversations import Conversation
from bot.store.engine import Transaction
from connectors.contract import Connector, Inbound
from connectors.gateway import commands, continuing
from connectors.gateway.accounts import GatewaySettings
from connectors.gateway.chosen import Unclear, chosen
from connectors.gateway.patience import Patience, Verdict
from connectors.gateway.senders import Address, Senders

_a, _c, _link = schema.address.c, schema.conversation.c, schema.conversation_address.c


@dataclass(frozen=True)
class Taken:
    """What became of one inbound.

    Args:
        conversation_id: whose turn is to be run; None when there is none.
        stored: a citizen's message was kept.
        answering: the bot has the word, so it is the bot that answers.
    """

    conversation_id: str | None = None
    stored: bool = False
    answering: bool = False


class Intake:
    """Takes what connectors have parsed."""

    def __init__(self, core: Core, settings: GatewaySettings, addresses: AddressBook, desk: Any) -> None:
        self._core, self._settings, self._addresses, self._desk = core, settings, addresses, desk
        self._senders = Senders(core, settings, addresses)
        self.patience = Patience(settings.channel_messages_per_minute)

    @property
    def desk(self) -> Desk | None:
        """The desk, once its plugin has registered."""
        found: Desk | None = self._desk()
        return found

    async def take(self, connector: Connector, inbound: Inbound) -> Taken:
        """Stores one inbound; delivered again, it changes nothing.

        Raises:
            SQLAlchemyError: the store can't be written; the provider is to deliver again.
        """
        if inbound.kind == "status":
            await self._status(connector, inbound)
            return Taken()
        if not inbound.address or not inbound.provider_id or len(inbound.provider_id) > MAX_ID_LENGTH:
            metrics.REFUSED.labels(channel=connector.channel, code="malformed").inc()
            return Taken()
        try:
            return await self._in_one_transaction(connector, inbound)
        except IntegrityError:  # PostgreSQL: the same delivery twice at one moment; the other one won
            return await self._in_one_transaction(connector, inbound)

    async def _in_one_transaction(self, connector: Connector, inbound: Inbound) -> Taken:
        looked_at = self._look(inbound)
        async with self._core.store.write(urgent=True) as tx:
            if await self._known(tx, connector, inbound):
                return Taken()
            address = await self._senders.address(tx, connector, inbound.address)
            taken, message_id = await self._place(tx, connector, inbound, looked_at, address)
            await tx.conn.execute(
                schema.received.insert().values(
                    account=connector.key, provider_id=inbound.provider_id, message_id=message_id, received_at=self._core.now()
                )
            )
        return taken

    def _look(self, inbound: Inbound) -> LookedAt | Refused | None:
        """Masks the text before any transaction; a refusal is told to the citizen, not to the provider."""
        if inbound.kind not in ("text", "press", "unsupported") or (inbound.kind == "unsupported" and not inbound.text.strip()):
            return None
        pressed = inbound.payload if inbound.kind == "press" else None
        try:
            return look_at(accepting.Inbound(inbound.provider_id, None if pressed else inbound.text, pressed))
        except Refused as refused:
            return refused

    async def _known(self, tx: Transaction, connector: Connector, inbound: Inbound) -> bool:
        r = schema.received.c
        query = sa.select(r.provider_id).where(r.account == connector.key, r.provider_id == inbound.provider_id)
        known = (await tx.conn.execute(query)).first() is not None
        if known:
            metrics.REFUSED.labels(channel=connector.channel, code="duplicate").inc()
        return known

    async def _place(
        self, tx: Transaction, connector: Connector, inbound: Inbound, looked_at: LookedAt | Refused | None, address: Address
    ) -> tuple[Taken, str | None]:
        """Decides what the inbound means and stores what follows; returns also the message's id, if it became one."""
        emergency = isinstance(looked_at, LookedAt) and looked_at.facts.emergency is not None
        command = commands.read(inbound.text) if inbound.kind == "text" else None
        if inbound.kind == "gone":
            await self._stop(tx, address, "unreachable")
            return Taken(), None
        if command == "stop" and not emergency:
            await self._asked_to_stop(tx, connector, inbound, address)
            return Taken(), None
        if inbound.kind == "unsupported" and inbound.what == "group":
            await self._group(tx, connector, inbound, address)
            return Taken(), None
        # Telegram's Start button, or a link with a code from the web, is a START like the written one.
        asked = command == "start" or inbound.kind == "start" or continuing.find_code(inbound.text) is not None
        if address.stopped_at is not None and not await self._back(tx, address, asked=asked, emergency=emergency):
            return Taken(), None
        verdict = self.patience.judge(address.id, inbound.text, time.monotonic()) if not emergency else Verdict.WELCOME
        if verdict is Verdict.IGNORED:
            metrics.REFUSED.labels(channel=connector.channel, code="rate_limited").inc()
            return Taken(), None
        conversation = await self._senders.conversation(tx, connector, inbound, address, self.desk)
        if verdict is not Verdict.WELCOME:
            await self._impatient(tx, conversation, address, verdict)
            return Taken(), None
        if command == "start" or inbound.kind == "start":
            await self._greet(tx, conversation)
            return Taken(), None
        if command == "continue":
            code = await continuing.issue(self._core, self._settings, tx, conversation.id, self._addresses)
            params = {"code": code, "url": continuing.link(self._core, code), "minutes": round(self._settings.continue_minutes)}
            await self._say(tx, conversation, Reply("text", "channel.continue", params, author="system"))
            return Taken(), None
        if inbound.kind == "text" and (sent := continuing.find_code(inbound.text)):
            await continuing.take_here(self._core, tx, sent, conversation, address.id, connector, self._addresses)
            return Taken(), None
        if isinstance(looked_at, LookedAt) and (closed := await self._follows(tx, address, conversation)):
            looked_at = replace(looked_at, facts=replace(looked_at.facts, follows=closed))
        return await self._message(tx, connector, inbound, looked_at, conversation)

    async def _follows(self, tx: Transaction, address: Address, conversation: Conversation) -> str | None:
        """The conversation before, if this message is the first of its conversation and the other may be opened again."""
        if self.desk is None or conversation.episode_turns or conversation.episode > 1 or conversation.owner != "bot":
            return None  # without a look at the store: most messages are not the first
        t = schema.turn.c
        if (await tx.conn.execute(sa.select(t.message_id).where(t.conversation_id == conversation.id).limit(1))).first():
            return None
        closed = await self._senders.before(tx, address, conversation)
        return closed if closed is not None and await self.desk.may_return(tx, closed) else None

    async def _message(
        self,
        tx: Transaction,
        connector: Connector,
        inbound: Inbound,
        looked_at: LookedAt | Refused | None,
        conversation: Conversation,
    ) -> tuple[Taken, str | None]:
        """An ordinary message: text, a pressed button or its number, or something we can't read."""
        if inbound.kind == "unsupported":
            return await self._unsupported(tx, inbound, looked_at, conversation)
        if isinstance(looked_at, Refused):
            key = {"too_long": "error.too_long", "empty": "error.empty"}.get(looked_at.code, "error.empty")
            reply = Reply("text", key, {"max": MAX_TEXT_LENGTH}, author="system")
            await self._say(tx, conversation, reply)
            return Taken(), None
        assert looked_at is not None
        if inbound.kind == "text":
            meant = await chosen(tx.conn, connector, conversation.id, inbound.text)
            if meant is Unclear.NUMBER:
                await self._say(tx, conversation, Reply("text", "channel.which_number", author="system"))
                return Taken(), None
            if meant is not None:
                looked_at = look_at(accepting.Inbound(inbound.provider_id, payload=meant))
        try:
            accepted = await accept_in(self._core, tx, conversation, looked_at)
        except Refused:  # a button of a conversation that is over, or forged: its title means nothing to us
            await self._say(tx, conversation, Reply("text", "channel.old_button", author="system"))
            return Taken(), None
        return Taken(conversation.id, stored=True, answering=conversation.owner == "bot"), accepted.message_id

    async def _say(self, tx: Transaction, conversation: Conversation, reply: Reply, **payload: Any) -> None:
        """A message of the system's own, outside any turn."""
        said = render_text(self._core, reply, conversation.language)
        # An answer to what has just come in, though that may be no message of the store: the channel's time window is open.
        said = replace(said, payload={**said.payload, "prompted": True, **payload})
        await messages.append(tx, conversation.id, said, now=self._core.now())

    async def _greet(self, tx: Transaction, conversation: Conversation) -> None:
        offered = [spoken for spoken in self._core.texts.languages() if spoken.greeting]
        buttons = tuple(Button(f"/language {spoken.code}", title=spoken.name) for spoken in offered)
        short = conversation.channel == "sms"
        reply = Reply("text", "greeting.short" if short else "greeting", buttons=() if short else buttons)
        await self._say(tx, conversation, reply, disclosed=True)

    async def _unsupported(
        self, tx: Transaction, inbound: Inbound, looked_at: LookedAt | Refused | None, conversation: Conversation
    ) -> tuple[Taken, str | None]:
        """A picture, a voice message: the conversation shows that it came, the citizen learns why; a caption is answered."""
        label = self._core.texts.render(f"attachment.label.{_label(inbound.what)}", conversation.language)
        said = Rendered("citizen", f"[{label}]", conversation.language)
        message_id, _ = await messages.append(
            tx, conversation.id, said, now=self._core.now(), provider_id=inbound.provider_id + "#file"
        )
        reply = Reply("text", f"attachment.{_advice(inbound.what)}", author="system", outcome="smalltalk")
        await self._say(tx, conversation, reply)
        if isinstance(looked_at, LookedAt):
            conversation = await conversations.get(tx.conn, conversation.id)
            accepted = await accept_in(self._core, tx, conversation, looked_at)
            return Taken(conversation.id, stored=True, answering=conversation.owner == "bot"), accepted.message_id
        return Taken(None, stored=True), message_id

    async def _impatient(self, tx: Transaction, conversation: Conversation, address: Address, verdict: Verdict) -> None:
        """Too many messages: said once, kindly. Somebody who goes on like a machine is not answered any more for a while."""
        if verdict is Verdict.SLOW_DOWN:
            await self._say(tx, conversation, Reply("text", "error.rate_limited", author="system"))
            return
        metrics.REFUSED.labels(channel=conversation.channel, code="loop").inc()
        await self._say(tx, conversation, Reply("text", "channel.loop", author="system"), final=True)
        await close(self._core, self.desk, tx, conversation.id, reason="loop", farewell=False)
        await tx.conn.execute(
            schema.address.update().where(_a.id == address.id).values(stopped_at=self._core.now(), stop_reason="loop")
        )

    async def _asked_to_stop(self, tx: Transaction, connector: Connector, inbound: Inbound, address: Address) -> None:
        """STOPP: one confirmation, then silence until the citizen writes START."""
        if address.stopped_at is not None:
            return
        # What has moved to the web goes on there.
        conversation = await self._senders.conversation(tx, connector, inbound, address, self.desk, take_back=False)
        await self._say(tx, conversation, Reply("text", "channel.stopped", author="system"), final=True)
        await self._stop(tx, address, "asked")

    async def _stop(self, tx: Transaction, address: Address, reason: str) -> None:
        await tx.conn.execute(
            schema.address.update().where(_a.id == address.id, _a.stopped_at.is_(None))
            .values(stopped_at=self._core.now(), stop_reason=reason)
        )  # fmt: skip
        query = (
            sa.select(_c.id)
            .join(schema.conversation_address, _link.conversation_id == _c.id)
            .where(_link.address_id == address.id, _link.active, _c.owner != "closed")
        )
        for (conversation_id,) in (await tx.conn.execute(query)).all():
            await close(
                self._core, self.desk, tx, conversation_id, reason="stopped" if reason == "asked" else reason, farewell=False
            )

    async def _back(self, tx: Transaction, address: Address, *, asked: bool, emergency: bool) -> bool:
        """Whether a stopped address is answered again: after START, at danger, when one who blocked us writes."""
        rested = address.stopped_at is not None and self._core.now() - address.stopped_at > dt.timedelta(hours=1)
        returns = {"asked": asked, "unreachable": True, "loop": rested or asked, "group": False}
        if not emergency and not returns.get(address.stop_reason or "", asked):
            return False
        await tx.conn.execute(schema.address.update().where(_a.id == address.id).values(stopped_at=None, stop_reason=None))
        return True

    async def _group(self, tx: Transaction, connector: Connector, inbound: Inbound, address: Address) -> None:
        """A group: refused politely, once."""
        if address.stopped_at is not None:
            return
        conversation = await self._senders.conversation(tx, connector, inbound, address, self.desk)
        await self._say(tx, conversation, Reply("text", "channel.group", author="system"), final=True)
        await close(self._core, self.desk, tx, conversation.id, reason="group", farewell=False)
        await tx.conn.execute(
            schema.address.update().where(_a.id == address.id).values(stopped_at=self._core.now(), stop_reason="group")
        )

    async def _status(self, connector: Connector, inbound: Inbound) -> None:
        """What became of a message of ours, or of all up to a time; a failure for good closes the conversation."""
        async with self._core.store.write(urgent=True) as tx:
            if inbound.until is None:
                await self._one_status(tx, connector, inbound)
                return
            sent = await receipts.sent_until(
                tx.conn, account=connector.key, address_lookup=self._addresses.lookup(connector.key, inbound.address),
                until=inbound.until, state=inbound.state,
            )  # fmt: skip
            for provider_id in sent:
                await self._one_status(tx, connector, replace(inbound, provider_id=provider_id))

    async def _one_status(self, tx: Transaction, connector: Connector, inbound: Inbound) -> None:
        o = schema.outbox.c
        part = await self._settle(tx, connector, inbound.key) if inbound.key else None
        message_id = await receipts.record(
            tx, account=connector.key, provider_id=inbound.provider_id[:MAX_ID_LENGTH], state=inbound.state,
            error=inbound.error, now=self._core.now(), part=part, is_sqlite=self._core.store.is_sqlite,
        )  # fmt: skip
        if message_id is None:
            return
        query = sa.select(o.conversation_id, o.address_id, o.seq).where(o.message_id == message_id)
        row = (await tx.conn.execute(query)).one_or_none()
        if row is None:
            return
        tx.notify("conversation", conversation_id=row.conversation_id, kind="delivery", seq=row.seq, state=inbound.state)
        if inbound.state == "failed" and inbound.unreachable:
            address = (
                await tx.conn.execute(sa.select(_a.id, _a.stopped_at, _a.stop_reason).where(_a.id == row.address_id))
            ).one()
            await self._stop(tx, Address(address.id, address.stopped_at, address.stop_reason), "unreachable")

    async def _settle(self, tx: Transaction, connector: Connector, key: str) -> tuple[str, int] | None:
        """The part that a key stands for. If its send's outcome was unknown, it is known now, and the rest may follow."""
        o = schema.outbox.c
        message_id, _, number = key.rpartition(".")
        if not number.isdecimal():
            return None
        query = sa.select(o.state, o.parts_sent, o.lease_worker, o.conversation_id)
        row = (await tx.conn.execute(query.where(o.message_id == message_id, o.account == connector.key))).one_or_none()
        if row is None:
            return None
        changes: dict[str, Any] = {"next_attempt_at": self._core.now()}
        if row.state == "ambiguous" and row.parts_sent == int(number):
            changes |= {"state": "pending", "parts_sent": int(number) + 1, "error": None}
        elif not (row.state == "sending" and row.lease_worker is None):
            return message_id, int(number)
        await tx.conn.execute(schema.outbox.update().where(o.message_id == message_id).values(**changes))
        tx.notify("outbox", conversation_id=row.conversation_id)
        return message_id, int(number)


def _label(what: str) -> str:
    return what if what in ("image", "voice", "file", "location") else "other"


def _advice(what: str) -> str:
    return what if what in ("voice", "location") else "unsupported"
