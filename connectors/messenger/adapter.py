"""One page on Messenger. How an operator connects it: docs/channels/messenger.md."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from connectors.contract import Capabilities, Choice, Inbound, Outgoing, PermanentFailure, Receipt, Request
from connectors.messenger.parse import CODE_REF, parse
from connectors.meta.connector import WINDOW, MetaConnector, MetaSettings
from connectors.meta.webhook import kept_id, text

# https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages and …/quick-replies
MAX_TEXT = 2000
MAX_QUICK_REPLIES = 13
MAX_QUICK_REPLY_TITLE = 20
# …/send-messages/template/button: unlike quick replies, these stay when another message follows
MAX_BUTTONS = 3
MAX_BUTTON_TEXT = 640
HUMAN_AGENT_WINDOW = dt.timedelta(days=7)
# …/overview/rate-limiting: 300 texts a second and page
PER_SECOND = 250.0


class MessengerSettings(MetaSettings):
    """`MESSENGER_…`; the access token is the page's."""

    page_id: str = Field(pattern=r"^\d{5,20}$")


class Messenger(MetaConnector):
    """Buttons or quick replies for choices; within 24 hours everybody may answer, an agent for seven days."""

    provider = "messenger"
    channel = "messenger"
    capabilities = Capabilities(max_length=MAX_TEXT, buttons=MAX_QUICK_REPLIES, button_title=MAX_QUICK_REPLY_TITLE, typing=True,
                                read_receipts=True, answer_hours=WINDOW / dt.timedelta(hours=1))  # fmt: skip
    Settings: ClassVar[type[MetaSettings]] = MessengerSettings
    per_second = PER_SECOND

    def parse(self, request: Request) -> Sequence[Inbound]:
        """Messages, presses, postbacks, receipts of this page."""
        return parse(request, self.settings.page_id, self.key)

    def continue_link(self, code: str) -> str | None:
        """Opens the page's conversation; Meta tells us the code when the citizen comes."""
        return f"https://m.me/{self.settings.page_id}?ref={CODE_REF}{code}"

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Sends one part.

        Raises:
            PermanentFailure: the citizen wrote too long ago.
            TemporaryFailure, AddressUnreachable, OutcomeUnknown: see there.
        """
        answer = await self.graph.post(f"{self.settings.page_id}/messages", self._body(outgoing))
        return Receipt(kept_id(text(answer, "message_id")) or None)

    def _body(self, outgoing: Outgoing) -> dict[str, Any]:
        message = {**_content(outgoing.text, outgoing.choices), "metadata": outgoing.key}
        return {"recipient": {"id": outgoing.address}, **self._permission(outgoing), "message": message}

    def _permission(self, outgoing: Outgoing) -> dict[str, str]:
        """What Meta wants to know of why we may write to this citizen now."""
        silence = self.silence(outgoing)
        if silence <= WINDOW:
            return {"messaging_type": "RESPONSE"}
        if outgoing.reply.author != "agent":
            raise PermanentFailure("the citizen last wrote more than 24 hours ago: Messenger takes no automatic message any more")
        if silence > HUMAN_AGENT_WINDOW:
            raise PermanentFailure("the citizen last wrote more than 7 days ago: Messenger takes no message any more")
        return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}

    async def noticed(self, inbound: Inbound, *, answering: bool) -> None:
        """Shows that the message was seen and, while the bot answers, that an answer is being written."""
        for action in ("mark_seen", "typing_on") if answering else ("mark_seen",):
            body = {"recipient": {"id": inbound.address}, "sender_action": action}
            await self.graph.post(f"{self.settings.page_id}/messages", body)


def _content(text: str, choices: Sequence[Choice]) -> dict[str, Any]:
    """A text, with its choices as buttons where they fit, else as quick replies, which the next message takes away."""
    if not choices:
        return {"text": text}
    if len(choices) <= MAX_BUTTONS and len(text) <= MAX_BUTTON_TEXT:
        buttons = [{"type": "postback", "title": choice.title, "payload": choice.payload} for choice in choices]
        payload = {"template_type": "button", "text": text, "buttons": buttons}
        return {"attachment": {"type": "template", "payload": payload}}
    replies = [{"content_type": "text", "title": choice.title, "payload": choice.payload} for choice in choices]
    return {"text": text, "quick_replies": replies}
