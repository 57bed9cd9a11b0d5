"""E-mail as a channel account: sends what the mailer took on, takes nothing in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from bot.core import Core
from bot.plugins import Registry
from bot.settings import ConfigurationError
from bot.store import conversations, messages
from connectors.contract import (
    Account,
    Capabilities,
    Connector,
    Context,
    Inbound,
    Outgoing,
    PermanentFailure,
    Receipt,
    Rejected,
    Reply,
    Request,
    TemporaryFailure,
)
from connectors.email import call_back, transcript
from connectors.email.compose import Letter, envelope
from connectors.email.mailer import CALL_BACK, TRANSCRIPT, OutboxMailer
from connectors.email.settings import EmailSettings
from connectors.email.smtp import hand_over

_log = structlog.get_logger(__name__)
_ALL = 100_000


class Email(Connector):
    """An account at a mail server; the app's mailer."""

    provider = "email"
    channel = "email"
    capabilities = Capabilities(max_length=1_000_000)
    Settings = EmailSettings

    def __init__(self, context: Context, settings: EmailSettings) -> None:
        super().__init__(context, settings)
        if context.production and settings.tls == "none":
            raise ConfigurationError("EMAIL_TLS: production sends no conversation in the open; give starttls or tls")
        self.per_second = settings.per_second
        self._core: Core | None = None
        self._mailer: OutboxMailer | None = None

    def join(self, registry: Registry) -> None:
        """Becomes the app's mailer.

        Raises:
            ConfigurationError: there is one already.
        """
        if registry.mailer is not None:
            raise ConfigurationError(f"CHANNELS: {self.key}: there is another account that sends e-mail")
        self._core = registry.core
        registry.mailer = self._mailer = OutboxMailer(registry.core, self.settings, self.key)

    def verify(self, request: Request) -> Account:
        """Nothing is taken in: to the world there is no such webhook."""
        raise Rejected(404, "e-mail has no way in")

    def parse(self, request: Request) -> Sequence[Inbound]:
        """Never called."""
        return ()

    def render(self, reply: Reply, capabilities: Capabilities) -> list[Outgoing]:
        """One part; what it says is put together when it goes out (`send`), from the store."""
        return [Outgoing(key=f"{reply.message_id}.0", address=reply.address, text="", language=reply.language, reply=reply)]

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Writes the letter and hands it to the mail server.

        A refused address is no reason to end the conversation, which goes on elsewhere: never `AddressUnreachable`.
        """
        content = outgoing.reply.payload.get("mail") or {}
        try:
            letter = await self._letter(outgoing, content)
            ready = envelope(self.settings, letter, outgoing.address)
        except PermanentFailure:
            raise
        except Exception as fault:  # ours, and nothing has gone out
            _log.error("letter_not_written", account=self.key, message_id=outgoing.reply.message_id, error=type(fault).__name__)
            raise TemporaryFailure(f"letter: {type(fault).__name__}") from None
        try:
            await hand_over(self.settings, ready, self._app.now())
        except PermanentFailure:
            if content["kind"] == TRANSCRIPT and self._mailer is not None:
                reply = outgoing.reply
                await self._mailer.tell_failed(reply.conversation_id, reply.message_id, reply.language)
            raise
        return Receipt(None)  # a mail server tells us nothing more about it

    @property
    def _app(self) -> Core:
        assert self._core is not None, "join comes first"
        return self._core

    async def _letter(self, outgoing: Outgoing, content: dict[str, Any]) -> Letter:
        core, reply = self._app, outgoing.reply
        if content.get("kind") == CALL_BACK:
            names = {spoken.code: spoken.name for spoken in core.texts.languages()}
            return call_back.letter(content, key=outgoing.key, language_name=names.get(content["language"], content["language"]),
                                    public_url=core.settings.public_url, written=reply.created_at)  # fmt: skip
        if content.get("kind") != TRANSCRIPT:
            raise PermanentFailure("a message that is no mail")
        async with core.store.read() as conn:
            conversation = await conversations.get(conn, reply.conversation_id)
            said = await messages.read(conn, reply.conversation_id, core.texts.direction, limit=_ALL)
        if conversation.protected:
            raise PermanentFailure("protected identity")
        return transcript.letter(
            core.texts, [message for message in said if message["seq"] < reply.seq], key=outgoing.key, language=reply.language,
            began=conversation.created_at, written=reply.created_at,
        )  # fmt: skip


__all__ = ["Email"]
