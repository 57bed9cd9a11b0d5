"""One number on WhatsApp. How an operator connects it: docs/channels/whatsapp.md."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from bot.plugins import Registry
from connectors.contract import (
    Capabilities,
    Context,
    DeliveryFailure,
    Inbound,
    OutcomeUnknown,
    Outgoing,
    PermanentFailure,
    Receipt,
    Reply,
    Request,
)
from connectors.meta.connector import WINDOW, MetaConnector, MetaSettings
from connectors.meta.webhook import dicts, kept_id, text
from connectors.whatsapp import message
from connectors.whatsapp.parse import parse
from connectors.whatsapp.prompting import Prompts

PER_SECOND = 70.0  # a number may send 80 a second unless Meta has raised it
# One in six seconds to one user, or a burst of 45 that is then waited out: https://developers.facebook.com/documentation/
# business-messaging/whatsapp/throughput. What goes beyond comes back as 131056 and is sent a little later.
PER_ADDRESS_PER_MINUTE = 20


class WhatsAppSettings(MetaSettings):
    """`WHATSAPP_…`; the access token is a system user's, so that it does not expire."""

    phone_number_id: str = Field(pattern=r"^\d{5,20}$")
    number: str = Field("", pattern=r"^(\+?\d{6,15})?$")  # as citizens dial it; for links that open a conversation
    # An approved template without parameters that asks the citizen to write, sent when an answer comes after 24 hours
    template: str = Field("", pattern=r"^[a-z0-9_]{0,512}$")
    template_language: str = Field("sv", pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")


class WhatsApp(MetaConnector):
    """Buttons for up to three short choices, a list for up to ten; free text within 24 hours of the citizen's last message."""

    provider = "whatsapp"
    channel = "whatsapp"
    # Of ten choices each has room for 72 characters in a list: `message.py` decides between buttons and list.
    capabilities = Capabilities(max_length=message.MAX_TEXT, buttons=message.MAX_ROWS, button_title=message.MAX_ROW_DESCRIPTION,
                                typing=True, read_receipts=True, answer_hours=WINDOW / dt.timedelta(hours=1))  # fmt: skip
    Settings: ClassVar[type[MetaSettings]] = WhatsAppSettings
    per_second = PER_SECOND
    per_address_per_minute = PER_ADDRESS_PER_MINUTE

    def __init__(self, context: Context, settings: Any) -> None:
        super().__init__(context, settings)
        self._prompts: Prompts | None = None

    def join(self, registry: Registry) -> None:
        """Gets the store, in which it stands whom a template has asked to write."""
        self._prompts = Prompts(registry.core, self.key)

    def parse(self, request: Request) -> Sequence[Inbound]:
        """Messages, presses and statuses of this number."""
        return parse(request, self.settings.phone_number_id, self.key)

    def continue_link(self, code: str) -> str | None:
        """Opens a conversation with the code already written."""
        return f"https://wa.me/{self.settings.number.lstrip('+')}?text={code}" if self.settings.number else None

    def render(self, reply: Reply, capabilities: Capabilities) -> list[Outgoing]:
        """The shared rendering, with a body that buttons can stand under."""
        return message.fit_body(super().render(reply, capabilities))

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Sends one part.

        Raises:
            PermanentFailure: the citizen wrote more than 24 hours ago; with a template they have been asked to write.
            TemporaryFailure, AddressUnreachable, OutcomeUnknown: see there.
        """
        if self.silence(outgoing) > WINDOW:
            await self._ask_to_write(outgoing)
        open_list = self.context.renderer.say("channel.choose", outgoing.reply) if outgoing.choices else ""
        return await self._post(message.body(outgoing, open_list))

    async def _post(self, body: dict[str, object]) -> Receipt:
        answer = await self.graph.post(f"{self.settings.phone_number_id}/messages", body)
        wamid = next((text(sent, "id") for sent in dicts(answer.get("messages"))), "")
        return Receipt(kept_id(wamid) or None)

    async def _ask_to_write(self, outgoing: Outgoing) -> None:
        """Sends the template, once in each silence. The text itself can't be sent: who wrote it must learn that.

        Raises:
            PermanentFailure: always, unless the template meets a failure of its own.
        """
        why = "the citizen last wrote more than 24 hours ago: WhatsApp takes no free text any more"
        if not self.settings.template:
            raise PermanentFailure(f"{why} (WHATSAPP_TEMPLATE is not set)")
        assert self._prompts is not None, "join() comes first"
        if await self._prompts.claim(outgoing.address, outgoing.reply.citizen_wrote_at):
            body = message.template(
                outgoing.address, self.settings.template, self.settings.template_language, outgoing.key + ".t"
            )
            try:
                await self._post(body)
            except OutcomeUnknown:  # better one request to write too few than two
                pass
            except DeliveryFailure:
                await self._prompts.release(outgoing.address)
                raise
        raise PermanentFailure(f"{why}; the template that asks them to write was sent instead")

    async def noticed(self, inbound: Inbound, *, answering: bool) -> None:
        """Shows that the message was read and, while the bot answers, that an answer is being written."""
        body: dict[str, object] = {"messaging_product": "whatsapp", "status": "read", "message_id": inbound.extra["wamid"]}
        if answering:
            body["typing_indicator"] = {"type": "text"}
        await self.graph.post(f"{self.settings.phone_number_id}/messages", body)
