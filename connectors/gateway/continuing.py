"""Continue elsewhere: a code moves a conversation from SMS or Telegram to the web and back; it stays one conversation.

The code is what the citizen consents with: whoever has it can read the conversation, which the message that brings it says. It
holds for some minutes, works once, and is stored as a keyed hash.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets

import sqlalchemy as sa

from bot.core import Core
from bot.messages import Reply
from bot.pipeline.render import render_text
from bot.privacy.addresses import AddressBook
from bot.store import conversations, messages, schema
from bot.store.conversations import Conversation
from bot.store.engine import Transaction
from connectors.contract import Connector
from connectors.gateway.accounts import GatewaySettings

# Without 0 O 1 I L and vowels: nothing to mistake on a phone, no words by chance. 27^8 codes, minutes to live.
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"
LENGTH = 8
_LABEL = r"(?:\w{2,8}\s*:?\s+)?"  # "Kod", "Koodi", "الرمز": whatever the citizen copied with it
_CODE = re.compile(rf"{_LABEL}\s*:?\s*([{ALPHABET}]{{4}})[\s-]?([{ALPHABET}]{{4}})", re.IGNORECASE)
_k, _c, _link = schema.continuation.c, schema.conversation.c, schema.conversation_address.c


def find_code(text: str) -> str | None:
    """The code a message consists of, if it does: eight signs of the alphabet, with at least one digit and one letter."""
    match = _CODE.fullmatch(text.strip())
    if match is None:
        return None
    code = (match[1] + match[2]).upper()
    return code if any(c.isdigit() for c in code) and any(c.isalpha() for c in code) else None


def link(core: Core, code: str) -> str:
    """Where the web chat opens with this code."""
    return f"{core.settings.public_url.rstrip('/')}/?fortsatt={code}"


async def issue(core: Core, settings: GatewaySettings, tx: Transaction, conversation_id: str, book: AddressBook) -> str:
    """Makes a code for a conversation; earlier ones that nobody used no longer hold."""
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if find_code(code):
            break
    now = core.now()
    await tx.conn.execute(
        schema.continuation.update().where(_k.conversation_id == conversation_id, _k.used_at.is_(None)).values(used_at=now)
    )
    await tx.conn.execute(
        schema.continuation.insert().values(
            code_hmac=book.lookup("continue", code), conversation_id=conversation_id, created_at=now,
            expires_at=now + dt.timedelta(minutes=settings.continue_minutes),
        )
    )  # fmt: skip
    return code


async def redeem(core: Core, tx: Transaction, code: str, book: AddressBook) -> str | None:
    """The open conversation of a code that still holds; the code is used up by it."""
    now = core.now()
    used = await tx.conn.execute(
        schema.continuation.update()
        .where(_k.code_hmac == book.lookup("continue", code), _k.used_at.is_(None), _k.expires_at > now)
        .values(used_at=now)
        .returning(_k.conversation_id)
    )
    conversation_id: str | None = used.scalar_one_or_none()
    if conversation_id is None:
        return None
    current = await conversations.get(tx.conn, conversation_id)
    return None if current.owner == "closed" else conversation_id


async def answer_here(tx: Transaction, conversation_id: str, address_id: str, connector: Connector) -> None:
    """From now on what is said goes to this address; the conversation's other addresses are silent."""
    await tx.conn.execute(
        schema.conversation_address.update()
        .where(_link.conversation_id == conversation_id)
        .values(active=_link.address_id == address_id)
    )
    known = sa.select(_link.address_id).where(_link.conversation_id == conversation_id, _link.address_id == address_id)
    if (await tx.conn.execute(known)).first() is None:
        await tx.conn.execute(
            schema.conversation_address.insert().values(conversation_id=conversation_id, address_id=address_id, active=True)
        )
    await conversations.update(tx, conversation_id, channel=connector.channel, channel_account=connector.key)


async def take_here(
    core: Core, tx: Transaction, code: str, here: Conversation, address_id: str, connector: Connector, book: AddressBook
) -> None:
    """A code was sent from a phone: its conversation goes on here. `here`, just opened for the code alone, is closed again."""
    moved = await redeem(core, tx, code, book)
    if moved is None:
        await _say(core, tx, here, "channel.continue.invalid")
        return
    if moved != here.id:
        if here.owner == "bot":
            await conversations.set_owner(
                tx, here.id, "closed", expected_version=here.version, now=core.now(), close_reason="continued"
            )
        await tx.conn.execute(schema.conversation_address.update().where(_link.conversation_id == here.id).values(active=False))
    await answer_here(tx, moved, address_id, connector)
    await _say(core, tx, await conversations.get(tx.conn, moved), "channel.continue.here")


async def take_to_web(core: Core, tx: Transaction, code: str, token: str, book: AddressBook) -> str | None:
    """The web takes a conversation over: a token of its own, and no more messages to the phone.

    Args:
        token: the bearer token that opens the conversation from now on.

    Returns:
        The conversation's id, None when the code does not hold.
    """
    conversation_id = await redeem(core, tx, code, book)
    if conversation_id is None:
        return None
    current = await conversations.get(tx.conn, conversation_id)
    await _say(core, tx, current, "channel.continue.moved")  # the last message there, so that nobody waits on the phone
    await conversations.answer_on_web(tx, conversation_id)
    await conversations.update(tx, conversation_id, token_hash=conversations.token_hash(token))
    return conversation_id


async def _say(core: Core, tx: Transaction, conversation: Conversation, key: str) -> None:
    said = render_text(core, Reply("text", key, author="system"), conversation.language)
    await messages.append(tx, conversation.id, said, now=core.now())
