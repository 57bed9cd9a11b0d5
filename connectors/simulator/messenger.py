"""A simulated Messenger page: the Send API, the page's conversations, the webhooks of the Messenger Platform.

Written from https://developers.facebook.com/documentation/business-messaging/messenger-platform (send-messages, error-codes,
webhook-events). A "phone" is the citizen's page-scoped id.
"""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from connectors.simulator.base import Attempt, FaultKind, ReportState, SimMessage
from connectors.simulator.meta import API_VERSION, GraphFault, MetaSimulator

PAGE_ID = "102938475610293"
MAX_TEXT, MAX_QUICK_REPLIES, MAX_TITLE, MAX_PAYLOAD, MAX_METADATA = 2000, 13, 20, 1000, 1000
MAX_BUTTON_TEXT, MAX_BUTTONS = 640, 3  # of a button template
HUMAN_AGENT_WINDOW = dt.timedelta(days=7)
SENDER_ACTIONS = ("typing_on", "typing_off", "mark_seen")
GET_STARTED = "START"  # payload of the page's Get Started button


class MessengerSimulator(MetaSimulator):
    """One page.

    Args:
        page_id: of the page.
        echoes: whether the app is subscribed to `message_echoes`.
        human_agent: whether Meta has approved the app for HUMAN_AGENT.
    """

    provider = "messenger"

    def __init__(
        self, webhook_url: str, *, page_id: str = PAGE_ID, echoes: bool = True, human_agent: bool = True, **options: Any
    ) -> None:
        super().__init__(webhook_url, **options)
        self.page_id, self.echoes, self.human_agent = page_id, echoes, human_agent
        self.actions: list[tuple[str, str]] = []  # (citizen, sender action), in order
        self.blocked: set[str] = set()
        self._sent: dict[str, tuple[str, SimMessage]] = {}

    # --- the API ---

    def router(self) -> APIRouter:
        """`POST /v25.0/{page id or me}/messages`."""
        router = APIRouter(prefix=f"/sim/{self.provider}")

        @router.post("/{version}/{page}/messages")
        async def messages(request: Request, version: str, page: str) -> Response:
            try:
                self.authenticate(request)
                if version != API_VERSION or page not in (self.page_id, "me"):
                    raise self.no_such_object(page)
                return await self._take(await self.read_body(request))
            except GraphFault as fault:
                return fault.response()

        return router

    async def _take(self, body: dict[str, Any]) -> Response:
        recipient = body.get("recipient")
        citizen = recipient.get("id") if isinstance(recipient, dict) else None
        if not isinstance(citizen, str) or not citizen:
            raise GraphFault(400, 100, "(#100) param recipient must be non-empty.")
        if action := body.get("sender_action"):
            if "message" in body:
                raise GraphFault(400, 100, "(#100) Cannot send both message and state at the same time.", subcode=2018034)
            if action not in SENDER_ACTIONS:
                raise GraphFault(400, 100, f"(#100) Param sender_action must be one of {{{', '.join(SENDER_ACTIONS)}}}")
            self.actions.append((citizen, str(action)))
            return JSONResponse({"recipient_id": citizen})
        self._check(body.get("message"))
        fault = self.next_fault()
        if fault:
            self._fail(*fault)
        if citizen in self.blocked:
            self._fail("blocked", 0)
        if citizen not in self.wrote_at:
            self._fail("invalid_number", 0)
        if self.over_rate(self.page_id, 300, dt.timedelta(seconds=1)):
            self._fail("rate_limited", 0)
        self._may_write(citizen, body)
        message = self._arrived(citizen, body)
        if fault:  # taken, and never answered
            return await self.unanswered(fault[0])
        return JSONResponse({"recipient_id": citizen, "message_id": message.provider_id})

    @staticmethod
    def _check(message: object) -> None:
        """The limits of a text, with quick replies, or under which buttons stand."""
        if not isinstance(message, dict):
            raise GraphFault(400, 100, "(#100) param message must be non-empty.")
        if len(str(message.get("metadata", ""))) > MAX_METADATA:
            raise GraphFault(400, 100, f"(#100) Length of param message[metadata] must be less than or equal to {MAX_METADATA}")
        if "attachment" in message:
            _check_buttons(message)
            return
        if not isinstance(message.get("text"), str) or not message["text"].strip():
            raise GraphFault(400, 100, "(#100) param message must be non-empty.")
        if len(message["text"]) > MAX_TEXT:
            raise GraphFault(400, 100, f"(#100) Length of param message[text] must be less than or equal to {MAX_TEXT}")
        replies = message.get("quick_replies", [])
        if not isinstance(replies, list) or len(replies) > MAX_QUICK_REPLIES or ("quick_replies" in message and not replies):
            raise GraphFault(400, 100, "(#100) param message[quick_replies] has a wrong number of elements.")
        for reply in replies:
            if reply.get("content_type") != "text":
                raise GraphFault(400, 100, "(#100) Param message[quick_replies][content_type] must be one of {text, ...}")
            if not 1 <= len(reply.get("title", "")) <= MAX_TITLE or not 1 <= len(reply.get("payload", "")) <= MAX_PAYLOAD:
                raise GraphFault(400, 100, "(#100) Invalid quick reply: title has 1 to 20, payload 1 to 1000 characters")

    def _fail(self, kind: FaultKind, retry_after: float) -> None:
        if kind == "server_error":
            raise GraphFault(500, 1200, "(#1200) Temporary send message failure. Please try again later.", transient=True)
        if kind == "rate_limited":
            headers = {"Retry-After": f"{retry_after:g}"} if retry_after else None
            raise GraphFault(400, 613, "(#613) Calls to this api have exceeded the rate limit.", headers=headers)
        if kind == "invalid_number":
            raise GraphFault(400, 100, "(#100) No matching user found", subcode=2018001)
        if kind == "blocked":
            raise GraphFault(400, 551, "(#551) This person isn't available right now.", subcode=1545041)

    def _may_write(self, citizen: str, body: dict[str, Any]) -> None:
        """The window of the messaging type."""
        kind, tag = body.get("messaging_type"), body.get("tag")
        if kind not in ("RESPONSE", "UPDATE", "MESSAGE_TAG"):
            raise GraphFault(400, 100, "(#100) Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}")
        if kind == "MESSAGE_TAG":
            if tag != "HUMAN_AGENT":  # the other tags were withdrawn in 2026
                raise GraphFault(400, 100, "(#100) Invalid tag", subcode=2018199)
            if not self.human_agent:
                raise GraphFault(403, 10, "(#10) The app does not have access to the Human Agent feature", subcode=2018276)
            allowed = self.within_window(citizen, HUMAN_AGENT_WINDOW)
        else:
            allowed = self.within_window(citizen)
        if not allowed:
            raise GraphFault(403, 10, "(#10) This message is sent outside of allowed window.", subcode=2018278)

    def _arrived(self, citizen: str, body: dict[str, Any]) -> SimMessage:
        text, choices = _shown(body["message"])
        titles = [choice["title"] for choice in choices]
        arrived = SimMessage(text, titles, self.now(), "m_" + secrets.token_urlsafe(60), body)
        self._sent[arrived.provider_id] = (citizen, arrived)
        self.arrive(citizen, arrived)
        return arrived

    # --- what a citizen does ---

    async def citizen_sends(self, phone: str, text: str, **options: Any) -> Attempt | None:
        """A message.

        Args:
            options: `media` (image | audio | video | file | location | sticker | fallback | …), `mid` (of the message).
        """
        message: dict[str, Any] = {"mid": options.get("mid") or self._mid()}
        if text:
            message["text"] = text
        if media := options.get("media"):
            payload = {"coordinates": {"lat": 57.7, "long": 11.97}} if media == "location" else {"url": "https://cdn.example/1"}
            message["attachments"] = [{"type": media, "payload": payload}]
        return await self._says(phone, {"message": message})

    async def citizen_starts(self, phone: str, ref: str = "") -> Attempt | None:
        """Presses Get Started, perhaps after a link with `ref`."""
        postback: dict[str, Any] = {"mid": self._mid(), "title": "Get Started", "payload": GET_STARTED}
        if ref:
            postback["referral"] = {"ref": ref, "source": "SHORTLINK", "type": "OPEN_THREAD"}
        return await self._says(phone, {"postback": postback})

    async def citizen_comes_by_link(self, phone: str, ref: str) -> Attempt | None:
        """Opens `m.me/<page>?ref=…` in a conversation that exists."""
        return await self._says(phone, {"referral": {"ref": ref, "source": "SHORTLINK", "type": "OPEN_THREAD"}})

    async def citizen_presses(self, phone: str, choice_index: int) -> Attempt | None:
        """A quick reply is posted as a message that carries the payload, a button of a template as a postback."""
        shown = next((m for m in reversed(self.inbox(phone)) if m.buttons), None)
        if shown is None:
            return await self.citizen_sends(phone, str(choice_index + 1))
        choice = _shown(shown.raw["message"])[1][choice_index]
        said = {"title": choice["title"], "payload": choice["payload"]}
        if "quick_replies" not in shown.raw["message"]:
            return await self._says(phone, {"postback": {"mid": self._mid(), **said}})
        message = {"mid": self._mid(), "text": said["title"], "quick_reply": {"payload": said["payload"]}}
        return await self._says(phone, {"message": message})

    async def citizen_reads(self, phone: str) -> Attempt | None:
        """Opens the conversation: everything until now is read."""
        return await self.emit(self._event(phone, {"read": {"watermark": self._milliseconds()}}))

    async def _says(self, phone: str, content: dict[str, Any]) -> Attempt | None:
        self.wrote_at[phone] = self.now()
        return await self.emit(self._event(phone, content))

    # --- webhooks ---

    async def report(self, provider_id: str, state: ReportState, error: str | None = None) -> Attempt | None:
        """`sent` is an echo, `delivered` has the message's id, `read` is a watermark; Messenger reports no failures."""
        citizen, message = self._sent[provider_id]
        if state == "sent":
            if not self.echoes:
                return None
            said = message.raw["message"]
            content = {"attachments": [said["attachment"]]} if "attachment" in said else {"text": said["text"]}
            echo = {"mid": provider_id, **content, "is_echo": True, "app_id": 1517776481860111}
            if "metadata" in said:
                echo["metadata"] = said["metadata"]
            event = {
                "sender": {"id": self.page_id},
                "recipient": {"id": citizen},
                "timestamp": self._milliseconds(),
                "message": echo,
            }
            return await self.emit(event)
        if state == "delivered":
            delivery = {"mids": [provider_id], "watermark": self._milliseconds()}
            return await self.emit(self._event(citizen, {"delivery": delivery}))
        return await self.citizen_reads(citizen) if state == "read" else None

    def payload(self, events: list[dict[str, Any]]) -> dict[str, Any]:
        """Events are spread over entries, each with some."""
        chunks = [events[start : start + 2] for start in range(0, len(events), 2)]
        entries = [{"id": self.page_id, "time": self._milliseconds(), "messaging": chunk} for chunk in chunks]
        return {"object": "page", "entry": entries}

    def _event(self, phone: str, content: dict[str, Any]) -> dict[str, Any]:
        return {"sender": {"id": phone}, "recipient": {"id": self.page_id}, "timestamp": self._milliseconds(), **content}

    def _milliseconds(self) -> int:
        return int(self.now().timestamp() * 1000)

    @staticmethod
    def _mid() -> str:
        return "m_" + secrets.token_urlsafe(60)


def _check_buttons(message: dict[str, Any]) -> None:
    """The limits of a button template."""
    attachment = message["attachment"]
    payload = attachment.get("payload", {}) if isinstance(attachment, dict) else {}
    if attachment.get("type") != "template" or payload.get("template_type") != "button" or "text" in message:
        raise GraphFault(400, 100, "(#100) Only one of the text, attachment, and dynamic_text fields can be specified")
    if not 1 <= len(payload.get("text", "").strip()) <= MAX_BUTTON_TEXT:
        raise GraphFault(400, 100, f"(#100) Length of param text must be less than or equal to {MAX_BUTTON_TEXT}")
    buttons = payload.get("buttons", [])
    if not 1 <= len(buttons) <= MAX_BUTTONS:
        raise GraphFault(400, 100, "(#100) param buttons has a wrong number of elements.")
    for button in buttons:
        if button.get("type") != "postback":
            raise GraphFault(400, 100, "(#100) Invalid button type")
        if not 1 <= len(button.get("title", "")) <= MAX_TITLE or not 1 <= len(button.get("payload", "")) <= MAX_PAYLOAD:
            raise GraphFault(400, 100, "(#100) Invalid button: title has 1 to 20, payload 1 to 1000 characters")


def _shown(message: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """What a citizen sees of a request: the text, and what can be pressed under it."""
    if "attachment" in message:
        payload = message["attachment"]["payload"]
        return payload["text"], payload["buttons"]
    return message["text"], message.get("quick_replies", [])
