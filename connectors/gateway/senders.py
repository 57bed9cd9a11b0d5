"""Who writes: the stored address, and the conversation that its next message belongs to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.closing import close
from bot.core import Core
from bot.plugins import Desk
from bot.privacy.addresses import AddressBook
from bot.store import conversations, schema
from bot.store.conversations import Conversation
from bot.store.engine import Transaction
from connectors.contract import Connector, Inbound
from connectors.gateway import continuing
from connectors.gateway.accounts import GatewaySettings

_a, _c, _link = schema.address.c, schema.conversation.c, schema.conversation_address.c
DEFAULT_LANGUAGE = "sv"
_SERVED_AS = {"hr": "bs", "sr": "bs", "sh": "bs", "prs": "fa", "kmr": "ku"}


@dataclass(frozen=True)
class Address:
    """A stored address."""

    id: str
    stopped_at: dt.datetime | None
    stop_reason: str | None


class Senders:
    """Finds and makes addresses and conversations; every call is part of the caller's transaction."""

    def __init__(self, core: Core, settings: GatewaySettings, addresses: AddressBook) -> None:
        self._core, self._settings, self._addresses = core, settings, addresses

    async def address(self, tx: Transaction, connector: Connector, value: str) -> Address:
        """The stored address, made at its first message; locked, so that two messages of one citizen open one conversation."""
        lookup = self._addresses.lookup(connector.key, value)
        query = sa.select(_a.id, _a.stopped_at, _a.stop_reason).where(_a.lookup_hmac == lookup)
        if not self._core.store.is_sqlite:
            query = query.with_for_update(key_share=True)  # outbox rows that refer to it need not wait
        row = (await tx.conn.execute(query)).one_or_none()
        if row is None:
            insert = (sqlite.insert if self._core.store.is_sqlite else postgresql.insert)(schema.address).on_conflict_do_nothing()
            await tx.conn.execute(
                insert.values(id=schema.new_id(), channel_account=connector.key, lookup_hmac=lookup,
                              value_encrypted=self._addresses.encrypt(value), created_at=self._core.now())
            )  # fmt: skip
            row = (await tx.conn.execute(query)).one()
        return Address(row.id, row.stopped_at, row.stop_reason)

    async def conversation(
        self,
        tx: Transaction,
        connector: Connector,
        inbound: Inbound,
        address: Address,
        desk: Desk | None,
        *,
        take_back: bool = True,
    ) -> Conversation:
        """The citizen's open conversation, to which answers now go by this address; else a new one.

        Args:
            take_back: also one that has moved to the web: writing on the phone brings it back.
        """
        query = (
            sa.select(schema.conversation, _link.active)
            .join(schema.conversation_address, _link.conversation_id == _c.id)
            .where(_link.address_id == address.id, _c.owner != "closed")
            .order_by(_c.created_at.desc())
            .limit(1)
        )
        if not take_back:
            query = query.where(_link.active)
        row = (await tx.conn.execute(query)).one_or_none()
        if row is not None:
            conversation = conversations.of_row(row)
            idle = self._core.now() - conversation.active_at > dt.timedelta(hours=self._settings.conversation_reuse_hours)
            promised = idle and desk is not None and await desk.is_promised(tx, conversation.id)
            if not (idle and conversation.owner == "bot") or promised:
                if not row.active:
                    await continuing.answer_here(tx, conversation.id, address.id, connector)
                    conversation = replace(conversation, channel=connector.channel, channel_account=connector.key)
                return conversation
            await close(self._core, desk, tx, conversation.id, reason="idle", farewell=False)
        language = await self._language(tx, inbound, address)
        opened = await conversations.create(
            tx, channel=connector.channel, channel_account=connector.key, language=language, now=self._core.now()
        )
        await tx.conn.execute(
            schema.conversation_address.insert().values(conversation_id=opened, address_id=address.id, active=True)
        )
        return await conversations.get(tx.conn, opened)

    async def before(self, tx: Transaction, address: Address, conversation: Conversation) -> str | None:
        """The conversation that the citizen had here before this one, if it is over and was not taken elsewhere."""
        query = (
            sa.select(_c.id)
            .join(schema.conversation_address, _link.conversation_id == _c.id)
            .where(_link.address_id == address.id, _link.active, _c.owner == "closed", _c.created_at <= conversation.created_at)
            .order_by(_c.closed_at.desc())
            .limit(1)
        )
        found: str | None = (await tx.conn.execute(query)).scalar_one_or_none()
        return found

    async def _language(self, tx: Transaction, inbound: Inbound, address: Address) -> str:
        """The language a new conversation begins in: the last one's, else the provider's weak hint, else Swedish."""
        query = (
            sa.select(_c.language)
            .join(schema.conversation_address, _link.conversation_id == _c.id)
            .where(_link.address_id == address.id)
            .order_by(_c.created_at.desc())
            .limit(1)
        )
        last: str | None = (await tx.conn.execute(query)).scalar_one_or_none()
        served = {spoken.code for spoken in self._core.texts.languages()}
        hint = (inbound.language or "").lower().replace("_", "-").split("-")[0]
        hint = _SERVED_AS.get(hint, hint)
        return last or (hint if hint in served else DEFAULT_LANGUAGE)
