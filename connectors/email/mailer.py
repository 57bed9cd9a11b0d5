"""Takes on mail: the address encrypted, a message of the conversation with its outbox row, all in one transaction."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.core import Core
from bot.http import ApiError
from bot.messages import Mail, Reply
from bot.pipeline.render import render_text
from bot.plugins import CallBack
from bot.privacy.addresses import AddressBook
from bot.privacy.contact_details import valid_email
from bot.store import conversations, messages, schema
from bot.store.engine import Transaction
from connectors.email.settings import EmailSettings

TRANSCRIPT, CALL_BACK = "transcript", "call_back"  # `Mail.content["kind"]`
_a, _o, _m = schema.address.c, schema.outbox.c, schema.message.c


class OutboxMailer:
    """The app's `Mailer`. Nothing is sent here: `bot.delivery` does, with its tries and dead letters.

    Args:
        account: key of the channel account that sends.
    """

    def __init__(self, core: Core, settings: EmailSettings, account: str) -> None:
        self._core, self._settings, self._account = core, settings, account
        self._book = AddressBook(core.settings.secret_key.get_secret_value())

    async def send_transcript(self, conversation_id: str, address: str) -> None:
        """Takes on the sending of what has been said; see `bot.plugins.Mailer`."""
        checked = valid_email(address)
        if checked is None:
            raise ApiError(422, "invalid", "this is not an e-mail address")
        async with self._core.store.write() as tx:
            # One at a time, so that two requests at the same moment count each other.
            await tx.conn.execute(
                sa.select(schema.conversation.c.id).where(schema.conversation.c.id == conversation_id).with_for_update()
            )
            conversation = await conversations.get(tx.conn, conversation_id)
            if conversation.protected:
                raise ApiError(409, "protected_identity", "nothing of this conversation is sent by e-mail")
            address_id = await self._address(tx, checked, keep=dt.timedelta(days=self._settings.address_days))
            await self._check_rate(tx, conversation_id, address_id)
            said = Reply("text", "transcript.sent", author="system",
                         mail=Mail((address_id, self._account), {"kind": TRANSCRIPT}))  # fmt: skip
            await messages.append(tx, conversation_id, render_text(self._core, said, conversation.language), now=self._core.now())

    async def tell_department(self, tx: Transaction, wish: CallBack) -> Reply | None:
        """Makes ready a mail to the department; see `bot.plugins.Mailer`."""
        address = self._settings.contact_addresses.get(wish.department)
        if address is None:
            return None
        content = {"kind": CALL_BACK, "handover_id": wish.handover_id, "department": wish.department_name,
                   "language": wish.language, "topic": wish.topic}  # fmt: skip
        return Reply("text", "contact.forwarded", {"department": wish.department_shown}, author="system", outcome="handed_over",
                     mail=Mail((await self._address(tx, address), self._account), content))  # fmt: skip

    async def tell_failed(self, conversation_id: str, message_id: str, language: str) -> None:
        """Tells the citizen that the address takes no mail; once, however often it was tried."""
        once = f"transcript:{message_id}"
        async with self._core.store.write() as tx:
            if await messages.find_by_provider_id(tx.conn, conversation_id, once) is None:
                said = render_text(self._core, Reply("text", "transcript.failed", author="system"), language)
                await messages.append(tx, conversation_id, said, now=self._core.now(), provider_id=once)

    async def _address(self, tx: Transaction, value: str, keep: dt.timedelta | None = None) -> str:
        """Id of the stored address, made when it is new.

        Args:
            keep: from now on; None = for good (a department's).
        """
        lookup, now = self._book.lookup(self._account, value), self._core.now()
        expires = now + keep if keep is not None else None
        insert = (sqlite.insert if self._core.store.is_sqlite else postgresql.insert)(schema.address).on_conflict_do_nothing()
        await tx.conn.execute(
            insert.values(id=schema.new_id(), channel_account=self._account, lookup_hmac=lookup,
                          value_encrypted=self._book.encrypt(value), created_at=now, expires_at=expires)
        )  # fmt: skip
        # It may have been known, perhaps as a department's: what is kept for good stays so.
        known = schema.address.update().where(_a.lookup_hmac == lookup, _a.expires_at.is_not(None))
        await tx.conn.execute(known.values(expires_at=expires))
        found: str = (await tx.conn.execute(sa.select(_a.id).where(_a.lookup_hmac == lookup))).scalar_one()
        return found

    async def _check_rate(self, tx: Transaction, conversation_id: str, address_id: str) -> None:
        """So many an hour of one conversation, and so many to one address, whoever asks: nobody's mailbox is flooded from here.

        Raises:
            ApiError: 429.
        """
        hour = dt.timedelta(hours=1)
        now = self._core.now()
        for where in (_o.conversation_id == conversation_id, _o.address_id == address_id):
            query = (  # transcripts have no outcome; what goes to a department has one
                sa.select(_m.created_at)
                .join(schema.message, _m.id == _o.message_id)
                .where(where, _o.account == self._account, _m.created_at > now - hour, _m.outcome.is_(None))
                .order_by(_m.created_at.desc())
            )
            asked = list((await tx.conn.execute(query)).scalars())
            if len(asked) >= self._settings.transcripts_per_hour:
                wait = max(1, int((asked[self._settings.transcripts_per_hour - 1] + hour - now).total_seconds()))
                raise ApiError(429, "rate_limited", "enough transcripts for now; try again later", {"Retry-After": str(wait)})
