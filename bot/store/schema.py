"""The tables. Migrations in `bot/store/migrations` must lead to exactly this (a test compares them).

Times are timezone-aware UTC. Texts in `message.text` are masked before they come here; addresses are encrypted.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

DECISION_LENGTH = 64  # characters of a decision's or a case's number

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def new_id() -> str:
    """A fresh random identifier (32 hex digits). An identifier, never a credential."""
    return uuid.uuid4().hex


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware UTC datetime on every database. SQLite has no time zones, so there it is stored naive, in UTC."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime given to the store; pass an aware one")
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def _id(name: str = "id", *args: Any, **kwargs: Any) -> sa.Column[str]:
    return sa.Column(name, sa.String(32), *args, **kwargs)


conversation = sa.Table(
    "conversation",
    metadata,
    _id(primary_key=True),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("channel_account", sa.String(64), nullable=False),
    sa.Column("token_hash", sa.String(64), unique=True),  # web only: SHA-256 of the bearer token
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("language_locked", sa.Boolean, nullable=False),  # the citizen chose it: detection no longer changes it
    sa.Column("owner", sa.String(8), nullable=False),  # bot | queue | agent | closed
    sa.Column("version", sa.Integer, nullable=False),  # changes exactly when the owner changes
    sa.Column("department", sa.String(48)),
    sa.Column("awaiting", sa.String(32)),  # what the last question waits for: human[:reason] | consent | contact
    sa.Column("protected", sa.Boolean, nullable=False),  # protected identity: no free text is stored any more
    sa.Column("episode", sa.Integer, nullable=False),  # Rasa's tracker is `id:episode`
    sa.Column("episode_turns", sa.Integer, nullable=False),
    sa.Column("last_seq", sa.Integer, nullable=False),
    sa.Column("page_url", sa.String(500)),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("active_at", UtcDateTime, nullable=False),
    sa.Column("closed_at", UtcDateTime),
    sa.Column("close_reason", sa.String(48)),
    sa.Column("lease_worker", sa.String(64)),
    sa.Column("lease_expires_at", UtcDateTime),
    sa.Index("ix_conversation_owner_closed_at", "owner", "closed_at"),
)

message = sa.Table(
    "message",
    metadata,
    _id(primary_key=True),
    _id("conversation_id", sa.ForeignKey("conversation.id"), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("author", sa.String(8), nullable=False),  # citizen | bot | agent | system
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),  # buttons, sources, preview ...: bot.messages.Rendered
    sa.Column("provider_id", sa.String(128)),  # the channel's own message id: the key against duplicates
    sa.Column("outcome", sa.String(32)),
    sa.Column("article_id", sa.String(64)),
    _id("agent_id", sa.ForeignKey("agent.id")),
    _id("turn_id"),  # the citizen message this one replies to
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("conversation_id", "seq"),
    sa.UniqueConstraint("conversation_id", "provider_id"),
    sa.Index("ix_message_turn_id", "turn_id"),
)

turn = sa.Table(
    "turn",
    metadata,
    _id("message_id", sa.ForeignKey("message.id"), primary_key=True),
    _id("conversation_id", sa.ForeignKey("conversation.id"), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),  # pending | deferred (a service was down; tried again) | done
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", UtcDateTime, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),  # what was seen in the raw text before masking: bot.pipeline.accept
    sa.Column("action", sa.String(500)),  # a pressed button's action, instead of text
    sa.Column("analysis", sa.JSON),  # what the bot understood: language, signals, candidates
    sa.Column("outcome", sa.String(32)),
    sa.Column("owner_after", sa.String(8)),
    sa.Column("error", sa.String(200)),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("done_at", UtcDateTime),
    sa.Index("ix_turn_state_next_attempt_at", "state", "next_attempt_at"),
    sa.Index("ix_turn_conversation_id_seq", "conversation_id", "seq"),
)

button = sa.Table(
    "button",
    metadata,
    sa.Column("payload", sa.String(32), primary_key=True),  # random; what the channel sends back
    _id("conversation_id", sa.ForeignKey("conversation.id"), nullable=False),
    sa.Column("action", sa.String(500), nullable=False),
    sa.Column("title", sa.String(300), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index("ix_button_conversation_id", "conversation_id"),
)

address = sa.Table(
    "address",
    metadata,
    _id(primary_key=True),
    sa.Column("channel_account", sa.String(64), nullable=False),
    sa.Column("lookup_hmac", sa.String(64), nullable=False, unique=True),
    sa.Column("value_encrypted", sa.LargeBinary, nullable=False),
    sa.Column("stopped_at", UtcDateTime),  # nothing is sent there any more
    sa.Column("stop_reason", sa.String(32)),  # asked (STOPP) | unreachable | loop | group
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime),  # then its value is deleted; NULL = no such time
    sa.Column("prompted_at", UtcDateTime),  # a template last asked the citizen to write (WhatsApp)
    sa.Index("ix_address_expires_at", "expires_at"),
)

conversation_address = sa.Table(
    "conversation_address",
    metadata,
    _id("conversation_id", sa.ForeignKey("conversation.id"), primary_key=True),
    _id("address_id", sa.ForeignKey("address.id"), primary_key=True),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Index("ix_conversation_address_address_id_active", "address_id", "active"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    _id("message_id", sa.ForeignKey("message.id"), primary_key=True),
    _id("conversation_id", sa.ForeignKey("conversation.id"), nullable=False),
    _id("address_id", sa.ForeignKey("address.id"), nullable=False),
    sa.Column("account", sa.String(64), nullable=False),  # channel account it goes out by: `elks:main`
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),  # pending | sending | sent | dead | cancelled | ambiguous
    sa.Column("parts_sent", sa.Integer, nullable=False, server_default="0"),  # a long message goes out in several
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", UtcDateTime, nullable=False),
    sa.Column("lease_worker", sa.String(64)),
    sa.Column("lease_expires_at", UtcDateTime),
    sa.Column("error", sa.String(200)),
    sa.Column("updated_at", UtcDateTime),
    sa.Index("ix_outbox_state_next_attempt_at", "state", "next_attempt_at"),
    sa.Index("ix_outbox_conversation_id_seq", "conversation_id", "seq"),
    sa.Index("ix_outbox_address_id", "address_id"),
)

delivery = sa.Table(  # what the provider says of a part; it may say so before we know that the part is ours
    "delivery",
    metadata,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("provider_id", sa.String(128), primary_key=True),
    _id("message_id", sa.ForeignKey("message.id")),
    sa.Column("part", sa.Integer),
    sa.Column("state", sa.String(12), nullable=False),  # sent | delivered | read | failed
    sa.Column("error", sa.String(200)),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Index("ix_delivery_message_id", "message_id"),
)

received = sa.Table(  # every delivery of a provider that was taken: the key against duplicates, however late
    "received",
    metadata,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("provider_id", sa.String(128), primary_key=True),
    _id("message_id", sa.ForeignKey("message.id")),  # NULL when it was no message (a stop, an edit refused, …)
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Index("ix_received_received_at", "received_at"),
    sa.Index("ix_received_message_id", "message_id"),
)

continuation = sa.Table(  # a code that moves a conversation to another channel
    "continuation",
    metadata,
    sa.Column("code_hmac", sa.String(64), primary_key=True),
    _id("conversation_id", sa.ForeignKey("conversation.id"), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
    sa.Index("ix_continuation_conversation_id", "conversation_id"),
)

contact = sa.Table(  # a phone number or an address that a citizen left to be called back
    "contact",
    metadata,
    _id(primary_key=True),
    _id("conversation_id", sa.ForeignKey("conversation.id"), nullable=False),
    sa.Column("value_encrypted", sa.LargeBinary, nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),  # phone | email
    sa.Column("purpose", sa.String(16), nullable=False),  # call_back
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Index("ix_contact_conversation_id", "conversation_id"),
    sa.Index("ix_contact_expires_at", "expires_at"),
)

feedback = sa.Table(
    "feedback",
    metadata,
    _id("message_id", sa.ForeignKey("message.id"), primary_key=True),
    _id("conversation_id", sa.ForeignKey("conversation.id"), nullable=False),
    sa.Column("value", sa.String(4), nullable=False),  # up | down
    sa.Column("comment", sa.Text),  # masked
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index("ix_feedback_conversation_id", "conversation_id"),
)

agent = sa.Table(
    "agent",
    metadata,
    _id(primary_key=True),
    sa.Column("email", sa.String(200), nullable=False, unique=True),  # lower case
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("password_hash", sa.String(200), nullable=False),  # argon2id; "!" = none, logs in by OpenID Connect only
    sa.Column("role", sa.String(12), nullable=False),  # agent | supervisor | editor | admin
    sa.Column("departments", sa.JSON, nullable=False),  # [] = all
    sa.Column("languages", sa.JSON, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("failed_logins", sa.Integer, nullable=False),
    sa.Column("locked_until", UtcDateTime),
    sa.Column("present_at", UtcDateTime),  # last heartbeat of an open console; NULL = away
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("oidc_subject", sa.String(64)),  # SHA-256 of issuer and subject; NULL = a local account
    sa.Column("totp_secret", sa.LargeBinary),  # encrypted; NULL = no second factor
    sa.Column("totp_confirmed_at", UtcDateTime),  # NULL = the secret was shown, but no code of it was given yet
    sa.Column("totp_last_step", sa.Integer),  # number of the half-minute of the last code used: no code works twice
    sa.Index("uq_agent_oidc_subject", "oidc_subject", unique=True),
)

agent_session = sa.Table(
    "agent_session",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    _id("id", nullable=False),  # names the session where it is listed; opens nothing
    _id("agent_id", sa.ForeignKey("agent.id"), nullable=False),
    sa.Column("csrf_token", sa.String(64), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("last_seen_at", UtcDateTime, nullable=False),  # last thing the agent did, to a minute
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("method", sa.String(12), nullable=False),  # password | totp | recovery | oidc
    sa.Column("client", sa.String(80), nullable=False),  # browser and system, for the owner to recognise
    sa.Index("ix_agent_session_agent_id", "agent_id"),
)

recovery_code = sa.Table(
    "recovery_code",
    metadata,
    _id("agent_id", sa.ForeignKey("agent.id"), primary_key=True),
    sa.Column("code_hash", sa.String(64), primary_key=True),
    sa.Column("used_at", UtcDateTime),
)

login_address = sa.Table(
    "login_address",
    metadata,
    sa.Column("address_hmac", sa.String(64), primary_key=True),  # a network address from which logins failed
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),  # begin of the time in which they are counted
)

handover = sa.Table(
    "handover",
    metadata,
    _id(primary_key=True),
    _id("conversation_id", sa.ForeignKey("conversation.id"), nullable=False),
    sa.Column("state", sa.String(12), nullable=False),  # handover/states.py
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("department", sa.String(48), nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("topic", sa.String(300), nullable=False),
    sa.Column("reason", sa.String(32), nullable=False),  # asked | not_understood | emergency | bot_off | error | ...
    sa.Column("priority", sa.Integer, nullable=False),  # higher first
    sa.Column("consent", sa.String(12)),  # with_text | without_text
    sa.Column("preview", sa.JSON, nullable=False),  # exactly what the citizen was shown
    _id("claimed_by", sa.ForeignKey("agent.id")),
    sa.Column("unread", sa.Integer, nullable=False),
    sa.Column("offered_at", UtcDateTime, nullable=False),
    sa.Column("queued_at", UtcDateTime),
    sa.Column("claimed_at", UtcDateTime),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("end_reason", sa.String(48)),  # while `closing`: the proposed one
    sa.Column("note_to_bot", sa.Text),
    sa.Column("due_at", UtcDateTime),  # snoozed: until when; scheduled: by when somebody answers
    sa.Column("due_reason", sa.String(48)),
    sa.Column("warned_at", UtcDateTime),  # the agent is silent: when the citizen was told and the agent warned
    sa.Index("ix_handover_state_queued_at", "state", "queued_at"),
    sa.Index("ix_handover_conversation_id", "conversation_id"),
)

note = sa.Table(
    "note",
    metadata,
    _id(primary_key=True),
    _id("handover_id", sa.ForeignKey("handover.id"), nullable=False),
    _id("agent_id", sa.ForeignKey("agent.id"), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index("ix_note_handover_id", "handover_id"),
)

article_change = sa.Table(
    "article_change",
    metadata,
    _id(primary_key=True),
    sa.Column("article_id", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(12), nullable=False),  # edit | new | review | reviewed | expire | revert
    sa.Column("base_hash", sa.String(64)),  # of the file it was made from; NULL for a new article
    sa.Column("base", sa.JSON(none_as_null=True)),  # that file's article
    sa.Column("content", sa.JSON, nullable=False),  # {article, reviewed: [language], exact}
    sa.Column("state", sa.String(12), nullable=False),  # draft | proposed | published | rejected | superseded
    sa.Column("version", sa.Integer, nullable=False),  # changes with every change of the content or the state
    _id("author_id", sa.ForeignKey("agent.id"), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    _id("decided_by", sa.ForeignKey("agent.id")),  # set while still `proposed`: somebody is publishing it this moment
    sa.Column("decided_at", UtcDateTime),
    sa.Column("decision_note", sa.Text),
    sa.Column("published_hash", sa.String(64)),  # of the file as it was written
    sa.Index("ix_article_change_state", "state"),
    sa.Index("ix_article_change_article_id", "article_id"),
    # One draft per editor and article, however many windows are open.
    sa.Index("uq_article_change_draft", "article_id", "author_id", unique=True,
             sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'")),
)  # fmt: skip

canned_reply = sa.Table(  # ready-made answers of the desk, in several languages
    "canned_reply",
    metadata,
    _id(primary_key=True),
    sa.Column("department", sa.String(48)),  # NULL = every department's
    sa.Column("shortcut", sa.String(32), nullable=False, unique=True),  # without the `/`
    sa.Column("title", sa.String(100), nullable=False),
    sa.Column("texts", sa.JSON, nullable=False),  # {language: text with {variables}}; Swedish always among them
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    _id("updated_by", sa.ForeignKey("agent.id")),
)

answer_report = sa.Table(  # an agent says that the bot's answer was wrong; the editors see it
    "answer_report",
    metadata,
    _id(primary_key=True),
    _id("message_id", sa.ForeignKey("message.id"), nullable=False),  # the bot's message
    sa.Column("article_id", sa.String(64)),  # what it answered with; NULL = it knew no answer
    sa.Column("proposed_article_id", sa.String(64)),  # what would have been right; NULL = there is none yet
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("question", sa.Text, nullable=False),  # in the agent's words, masked
    sa.Column("note", sa.Text, nullable=False),  # masked
    sa.Column("state", sa.String(12), nullable=False),  # open | done | dismissed
    _id("agent_id", sa.ForeignKey("agent.id"), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    _id("decided_by", sa.ForeignKey("agent.id")),
    sa.Column("decided_at", UtcDateTime),
    sa.UniqueConstraint("message_id", "agent_id"),
    sa.Index("ix_answer_report_state_created_at", "state", "created_at"),
)

desk_link = sa.Table(  # a handover at another desk (handover/desks): what has been passed on, and what was heard of it
    "desk_link",
    metadata,
    _id("handover_id", sa.ForeignKey("handover.id"), primary_key=True),
    sa.Column("desk", sa.String(16), primary_key=True),  # chatwoot | zammad
    _id("conversation_id", sa.ForeignKey("conversation.id"), nullable=False),
    sa.Column("remote_id", sa.String(64)),  # the other desk's id; NULL = it has not been passed on yet
    sa.Column("state", sa.String(8), nullable=False),  # live | ended
    sa.Column("sent_seq", sa.Integer, nullable=False),  # the citizen's messages are passed on up to here
    sa.Column("seen_id", sa.BigInteger, nullable=False),  # the other desk's messages are read up to here
    sa.Column("known", sa.JSON, nullable=False),  # what the two last knew of each other: handover/desks/links.py
    sa.Column("in_flight", sa.String(80)),  # key of a call whose outcome is not known
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", UtcDateTime),
    sa.Column("lease_worker", sa.String(64)),
    sa.Column("lease_expires_at", UtcDateTime),
    sa.Column("error", sa.String(200)),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index("ix_desk_link_state_next_attempt_at", "state", "next_attempt_at"),
    sa.Index("ix_desk_link_desk_remote_id", "desk", "remote_id"),
    sa.Index("ix_desk_link_conversation_id", "conversation_id"),
)

audit = sa.Table(
    "audit",
    metadata,
    _id(primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),  # agent id, "citizen", "system" or "cli"
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("object", sa.String(64), nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),  # never personal data
    sa.Index("ix_audit_object", "object"),
)

setting = sa.Table(
    "setting",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("updated_by", sa.String(64), nullable=False),
)

retention_rule = sa.Table(  # how long conversations are kept once they are closed, and who decided so: bot/retention
    "retention_rule",
    metadata,
    sa.Column("kind", sa.String(12), primary_key=True),  # bot | desk
    sa.Column("days", sa.Integer, nullable=False),
    sa.Column("decision_id", sa.String(DECISION_LENGTH), nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("updated_by", sa.String(64), nullable=False),
    sa.CheckConstraint("decision_id <> ''", name="decided"),
)

retention_hold = sa.Table(  # a conversation that is kept whatever the rules say
    "retention_hold",
    metadata,
    _id("conversation_id", sa.ForeignKey("conversation.id"), primary_key=True),
    sa.Column("reference", sa.String(DECISION_LENGTH), nullable=False),  # number of the case that needs it
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", sa.String(64), nullable=False),
)
