"""A message comes in: cleaned, looked at for danger, masked, stored once, acknowledged. Everything else happens later."""

from __future__ import annotations

import dataclasses
import unicodedata
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot import metrics
from bot.core import Core
from bot.messages import Rendered
from bot.pipeline.about import about_of
from bot.pipeline.context import Facts
from bot.privacy import contact_details
from bot.privacy.addresses import AddressBook
from bot.privacy.masking import mask
from bot.privacy.protected_identity import mentions_protected_identity
from bot.safety import human, rules
from bot.store import contacts, conversations, messages, schema
from bot.store.engine import Connection, Transaction

MAX_TEXT_LENGTH = 2000
CANDIDATES = 5  # articles that knowledge is asked for
MAX_ID_LENGTH = 128
SENDING = frozenset({"/handover_send", "/handover_pass"})  # buttons that agree to send what was said
PROTECTED_TEXT = "[…]"  # stands for a text that was never stored


class Refused(Exception):
    """The message can't be taken. `code` is part of the public API, the text is for the channel's developer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Inbound:
    """A citizen's message as a channel parsed it: text, or the payload of a button we issued.

    Args:
        provider_id: the channel's own id of the message; a second delivery with the same id changes nothing.
        struck: with the payload of a button that sends the conversation to a human: seqs of messages not to be sent.
    """

    provider_id: str
    text: str | None = None
    payload: str | None = None
    struck: tuple[int, ...] = ()


@dataclass(frozen=True)
class LookedAt:
    """A message after the last look at its raw text: what was seen, and the text that may be stored."""

    inbound: Inbound
    facts: Facts
    text: str


@dataclass(frozen=True)
class Accepted:
    """Where the message is kept."""

    message_id: str
    conversation_id: str
    duplicate: bool


def clean(text: str) -> str:
    """Text as it may be stored: no control characters, no halves of surrogate pairs, composed letters, no blank ends."""
    text = "".join("�" if "\ud800" <= c <= "\udfff" else c for c in text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")
    return unicodedata.normalize("NFC", "".join(kept)).strip()


async def accept(core: Core, conversation_id: str, inbound: Inbound) -> Accepted:
    """Stores a citizen's message and the turn that will answer it, in one transaction.

    Returns:
        The message's id; the first one's if it was delivered before.

    Raises:
        Refused: empty, too long, unknown button, or the conversation is closed.
    """
    looked_at = look_at(inbound)
    try:
        async with core.store.write() as tx:
            conversation, known = await _look_up(tx.conn, conversation_id, inbound.provider_id)
            if known:
                return Accepted(known, conversation_id, duplicate=True)
            accepted = await accept_in(core, tx, conversation, looked_at)
    except IntegrityError:  # PostgreSQL: two deliveries of one message at the same moment; the other one won
        async with core.store.read() as conn:
            known = await messages.find_by_provider_id(conn, conversation_id, inbound.provider_id)
        if known is None:
            raise
        return Accepted(known, conversation_id, duplicate=True)
    return accepted


def look_at(inbound: Inbound) -> LookedAt:
    """Cleans, examines and masks what came in: pure, and done before any transaction begins.

    Raises:
        Refused: empty, too long, or without an id.
    """
    if not inbound.provider_id or len(inbound.provider_id) > MAX_ID_LENGTH:
        raise Refused("bad_message_id", f"client_message_id must have 1 to {MAX_ID_LENGTH} characters")
    if inbound.payload is not None:
        return LookedAt(inbound, Facts(), "")
    if inbound.struck:
        raise Refused("nothing_to_strike", "struck goes with a button that sends the conversation")
    text = clean(inbound.text or "")
    if not text:
        raise Refused("empty", "the message has no text")
    if len(text) > MAX_TEXT_LENGTH:
        raise Refused("too_long", f"a message has at most {MAX_TEXT_LENGTH} characters")
    return LookedAt(inbound, *examine(text, already_protected=False))


async def accept_in(core: Core, tx: Transaction, conversation: conversations.Conversation, looked_at: LookedAt) -> Accepted:
    """Stores a message that was looked at, and its turn, within the caller's transaction.

    Raises:
        Refused: unknown button, or the conversation is closed.
    """
    inbound, conversation_id = looked_at.inbound, conversation.id
    if conversation.owner == "closed":
        raise Refused("conversation_closed", "the conversation has ended; open a new one")
    facts, stored, action = looked_at.facts, looked_at.text, None
    if inbound.payload is not None:
        action, stored = await _pressed(core, tx.conn, conversation_id, inbound.payload)
        if inbound.struck and action.partition(":")[0] not in SENDING:
            raise Refused("nothing_to_strike", "struck goes with a button that sends the conversation")
        facts = Facts(protected=conversation.protected, struck=inbound.struck)
    elif conversation.protected:
        facts, stored = dataclasses.replace(facts, protected=True), PROTECTED_TEXT
    elif conversation.awaiting == contacts.AWAITING and not facts.protected:
        facts, stored = await _contact_details(core, tx, conversation, looked_at)
    if action is None and not facts.protected:
        topic = await about_of(core, tx.conn, conversation_id, conversation.last_seq + 1)
        core.knowledge.foretell(stored, conversation.language, k=CANDIDATES, about=topic.articles)
    now = core.now()
    message_id, seq = await messages.append(
        tx,
        conversation_id,
        Rendered(author="citizen", text=stored, language=conversation.language),
        now=now,
        provider_id=inbound.provider_id,
    )
    await tx.conn.execute(
        schema.turn.insert().values(
            message_id=message_id,
            conversation_id=conversation_id,
            seq=seq,
            state="pending",
            attempts=0,
            next_attempt_at=now,
            facts=facts.to_json(),
            action=action,
            created_at=now,
        )
    )
    if facts.protected and not conversation.protected:
        await conversations.update(tx, conversation_id, protected=True)
    for kind in facts.masked:
        metrics.MASKED.labels(kind=kind).inc()
    return Accepted(message_id, conversation_id, duplicate=False)


async def _contact_details(
    core: Core, tx: Transaction, conversation: conversations.Conversation, looked_at: LookedAt
) -> tuple[Facts, str]:
    """The answer of a citizen who was asked for a phone number or an address: kept apart from the text, if there is one."""
    facts, text = looked_at.facts, clean(looked_at.inbound.text or "")
    answer = contact_details.read(text)
    if answer.given:
        book = AddressBook(core.settings.secret_key.get_secret_value())
        await contacts.keep(tx, conversation.id, answer.given, book, now=core.now(), days=core.settings.contact_days)
        await conversations.update(tx, conversation.id, awaiting=None)
        kinds: tuple[str, ...] = tuple(detail.kind for detail in answer.given)
    elif _says(core, text, "consent.cancel"):
        kinds = ("cancelled",)
    elif answer.tried:
        kinds = ("invalid",) if conversation.owner in ("queue", "agent") else ()
    else:  # with an agent there they may speak of something else first
        kinds = ("missing",) if conversation.owner == "queue" else ()
    return dataclasses.replace(facts, masked=answer.masked, contact=kinds), answer.text


def _says(core: Core, text: str, key: str) -> bool:
    """Whether a message is nothing but a text of the catalogue, in whatever language."""

    def plain(words: str) -> str:
        return words.strip(" .!\"'”“«»").casefold().replace("i\u0307", "i")  # Turkish İ, typed as i

    return plain(text) in {plain(core.texts.render(key, spoken.code)) for spoken in core.texts.languages()}


async def _look_up(conn: Connection, conversation_id: str, provider_id: str) -> tuple[conversations.Conversation, str | None]:
    """The conversation, and the message the channel already gave us under this id."""
    m = schema.message.c
    known = sa.select(m.id).where(m.conversation_id == conversation_id, m.provider_id == provider_id).scalar_subquery()
    query = sa.select(schema.conversation, known.label("known")).where(schema.conversation.c.id == conversation_id)
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        raise LookupError(f"no conversation {conversation_id}")
    return conversations.of_row(row), row.known


def examine(text: str, *, already_protected: bool) -> tuple[Facts, str]:
    """Looks at the raw text and masks it: pure, and the last place that sees it.

    Args:
        already_protected: the conversation is under protected identity.

    Returns:
        What was seen, and the text that may be stored.
    """
    protected = already_protected or mentions_protected_identity(text)
    emergency = rules.detect(text)
    masked = mask(text)
    facts = Facts(
        emergency=emergency.kind if emergency else None,
        wants_human=human.wants_human(text),
        protected=protected,
        masked=tuple(sorted({finding.kind for finding in masked.findings})),
    )
    return facts, PROTECTED_TEXT if protected else masked.text


async def _pressed(core: Core, conn: Connection, conversation_id: str, payload: str) -> tuple[str, str]:
    """The action and title of a button issued in this conversation."""
    if payload.startswith("language:"):
        code = payload.removeprefix("language:")
        for language in core.texts.languages():
            if language.code == code:
                return f"/language {code}", language.name
        raise Refused("unknown_payload", "no such language")
    b = schema.button.c
    query = sa.select(b.action, b.title).where(b.payload == payload, b.conversation_id == conversation_id)
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        raise Refused("unknown_payload", "this payload was not issued in this conversation")
    return row.action, row.title
