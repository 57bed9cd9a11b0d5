"""A simulated WhatsApp number: the Cloud API's messages, citizens' phones, the webhooks of the business account.

Written from https://developers.facebook.com/documentation/business-messaging/whatsapp (messages, webhooks, error codes,
business-scoped user ids). Like the real one it takes a message and reports afterwards that it could not be delivered.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import secrets
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from connectors.simulator.base import Attempt, FaultKind, ReportState, SimMessage
from connectors.simulator.meta import API_VERSION, GraphFault, MetaSimulator
from connectors.simulator.whatsapp_limits import check, wrong

PHONE_NUMBER_ID, NUMBER, BUSINESS_ACCOUNT_ID = "106540352242922", "46317990000", "102290129340398"
TITLES = {131026: "Message undeliverable", 131047: "Re-engagement message", 131000: "Something went wrong"}
OTHER_CONTENT: dict[str, Any] = {
    "location": {"latitude": 57.7, "longitude": 11.97},
    "reaction": {"message_id": "wamid.x", "emoji": "👍"},
    "contacts": [{"name": {"formatted_name": "Ada"}, "phones": [{"phone": "+46 70 000 00 00"}]}],
}
ERRORS_PAGE = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
MEDIA = ("image", "video", "audio", "document", "sticker")


class WhatsAppSimulator(MetaSimulator):
    """One number.

    Args:
        templates: approved ones, by name and language.
        usernames: citizens have taken usernames: webhooks carry no phone numbers.
    """

    provider = "whatsapp"

    def __init__(
        self,
        webhook_url: str,
        *,
        phone_number_id: str = PHONE_NUMBER_ID,
        templates: frozenset[tuple[str, str]] = frozenset(),
        usernames: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(webhook_url, **options)
        self.phone_number_id, self.templates, self.usernames = phone_number_id, templates, usernames
        self.read: list[str] = []  # ids of citizens' messages that were marked as read
        self.typing: list[str] = []  # of those, with which typing was shown
        self.blocked: set[str] = set()
        self._received: set[str] = set()
        self._sent: dict[str, tuple[str, dict[str, Any]]] = {}

    @staticmethod
    def user_id(phone: str) -> str:
        """The citizen's id for this business."""
        return "SE." + str(int(hashlib.sha256(phone.encode()).hexdigest()[:16], 16))

    # --- the API ---

    def router(self) -> APIRouter:
        """`POST /v25.0/{phone number id}/messages`."""
        router = APIRouter(prefix=f"/sim/{self.provider}")

        @router.post("/{version}/{number}/messages")
        async def messages(request: Request, version: str, number: str) -> Response:
            try:
                self.authenticate(request)
                if version != API_VERSION or number != self.phone_number_id:
                    raise self.no_such_object(number)
                return await self._take(await self.read_body(request))
            except GraphFault as fault:
                return fault.response()

        return router

    async def _take(self, body: dict[str, Any]) -> Response:
        if body.get("messaging_product") != "whatsapp":
            raise GraphFault(400, 100, "(#100) The parameter messaging_product is required.")
        if body.get("status") == "read":
            if body.get("message_id") not in self._received:
                raise wrong("Message with that id does not exist or can't be marked as read", 100)
            self.read.append(body["message_id"])
            if body.get("typing_indicator") == {"type": "text"}:
                self.typing.append(body["message_id"])
            return JSONResponse({"success": True})
        phone = self._phone(body)
        check(body, self.templates)
        fault = self.next_fault()
        if fault:
            self._fail(*fault)
        if self.over_rate(phone, 45, dt.timedelta(seconds=6)):
            raise GraphFault(429, 131056, "(#131056) (Business Account, Consumer Account) pair rate limit hit",
                             details="Message failed to send because there were too many messages sent from this phone number to "
                             "the same phone number in a short period of time.")  # fmt: skip
        if self.over_rate("", 80, dt.timedelta(seconds=1)):
            self._fail("rate_limited", 0)
        wamid = self._accept(phone, body, fault[0] if fault else None)
        if fault and fault[0] in ("timeout", "dropped"):
            return await self.unanswered(fault[0])
        by_id = "recipient" in body and "to" not in body
        contact = {
            "input": body.get("to") or body["recipient"],
            **({"user_id": self.user_id(phone)} if by_id else {"wa_id": phone}),
        }
        return JSONResponse({"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": wamid}]})

    def _phone(self, body: dict[str, Any]) -> str:
        """Whose phone the request means; a number comes before an id."""
        if to := body.get("to"):
            return str(to).lstrip("+")
        known = {self.user_id(phone): phone for phone in [*self.wrote_at, *self.phones]}
        if phone := known.get(body.get("recipient", "")):
            return phone
        raise GraphFault(400, 100, "(#100) The parameter to is required.")

    def _fail(self, kind: FaultKind, retry_after: float) -> None:
        if kind == "server_error":
            raise GraphFault(
                500, 131000, "(#131000) Something went wrong", details="Message failed to send due to an unknown error."
            )
        if kind == "rate_limited":
            headers = {"Retry-After": f"{retry_after:g}"} if retry_after else None
            details = "Message failed to send because there were too many messages sent from this phone number in a short time"
            raise GraphFault(429, 130429, "(#130429) Rate limit hit", headers=headers, details=details)

    def _accept(self, phone: str, body: dict[str, Any], fault: FaultKind | None) -> str:
        """Takes a message; whether it can be delivered shows afterwards."""
        wamid = "wamid." + base64.b64encode(secrets.token_bytes(42)).decode()
        self._sent[wamid] = (phone, body)
        if fault == "invalid_number":
            self.spawn(self.report(wamid, "failed", "131026"))
        elif body["type"] != "template" and not self.within_window(phone):
            self.spawn(self.report(wamid, "failed", "131047"))
        elif fault == "blocked" or phone in self.blocked:
            self.spawn(self.report(wamid, "sent"))  # and never more: nobody is told of a block
        else:
            self.arrive(phone, self._shown(wamid, body))
        return wamid

    def _shown(self, wamid: str, body: dict[str, Any]) -> SimMessage:
        kind, content = body["type"], body[body["type"]]
        if kind == "template":
            return SimMessage(f"[{content['name']}]", [], self.now(), wamid, body)
        if kind == "text":
            return SimMessage(content["body"], [], self.now(), wamid, body)
        # A row shows its description under its title, and there a long choice stands whole.
        titles = [choice.get("description") or choice["title"] for choice in self._offered(body)]
        return SimMessage(content["body"]["text"], titles, self.now(), wamid, body)

    @staticmethod
    def _offered(body: dict[str, Any]) -> list[dict[str, str]]:
        """Buttons or rows: id, title, perhaps a description."""
        action = body["interactive"]["action"]
        if body["interactive"]["type"] == "button":
            return [button["reply"] for button in action["buttons"]]
        return [row for section in action["sections"] for row in section["rows"]]

    # --- what a citizen does ---

    async def citizen_sends(self, phone: str, text: str, **options: Any) -> Attempt | None:
        """A message.

        Args:
            options: `media` (image | video | audio | document | sticker | location | contacts | reaction | unsupported | …; the
                text is its caption), `wamid` (of the message).
        """
        media = options.get("media")
        if not media:
            return await self._says(phone, {"type": "text", "text": {"body": text}}, options.get("wamid"))
        content = OTHER_CONTENT.get(media)
        if media in MEDIA:
            content = {"mime_type": "image/jpeg", "sha256": "x", "id": "1"} | ({"caption": text} if text else {})
        message: dict[str, Any] = {"type": media} | ({media: content} if content is not None else {})
        if media == "unsupported":
            message["errors"] = [{"code": 131051, "title": "Message type unknown", "message": "Message type unknown",
                                  "error_data": {"details": "Message type is currently not supported."}}]  # fmt: skip
        return await self._says(phone, message, options.get("wamid"))

    async def citizen_presses(self, phone: str, choice_index: int) -> Attempt | None:
        """A reply button, or a row of a list."""
        shown = next((m for m in reversed(self.inbox(phone)) if m.buttons), None)
        if shown is None:
            return await self.citizen_sends(phone, str(choice_index + 1))
        kind = "button_reply" if shown.raw["interactive"]["type"] == "button" else "list_reply"
        message = {"type": "interactive", "interactive": {"type": kind, kind: self._offered(shown.raw)[choice_index]},
                   "context": {"from": NUMBER, "id": shown.provider_id}}  # fmt: skip
        return await self._says(phone, message)

    async def citizen_presses_template(self, phone: str, text: str, payload: str) -> Attempt | None:
        """A quick reply button of a template."""
        return await self._says(phone, {"type": "button", "button": {"payload": payload, "text": text}})

    async def citizen_opens_chat(self, phone: str) -> Attempt | None:
        """Opens a conversation for the first time, where the number has welcome messages switched on."""
        return await self._says(phone, {"type": "request_welcome"})

    async def citizen_reads(self, phone: str) -> None:
        """Opens the conversation: each message is reported as read."""
        for message in self.inbox(phone):
            await self.report(message.provider_id, "read")

    async def _says(self, phone: str, message: dict[str, Any], wamid: str | None = None) -> Attempt | None:
        self.wrote_at[phone] = self.now()
        wamid = wamid or "wamid." + base64.b64encode(secrets.token_bytes(42)).decode()
        self._received.add(wamid)
        sender = {"from_user_id": self.user_id(phone)} | ({} if self.usernames else {"from": phone})
        stamped = {**sender, "id": wamid, "timestamp": str(int(self.now().timestamp())), **message}
        return await self.emit({"contacts": [self._contact(phone)], "messages": [stamped]})

    def _contact(self, phone: str) -> dict[str, Any]:
        known: dict[str, Any] = {"profile": {"name": "Citizen"}, "user_id": self.user_id(phone)}
        if self.usernames:
            known["profile"]["username"] = "citizen"
        else:
            known["wa_id"] = phone
        return known

    # --- webhooks ---

    async def report(self, provider_id: str, state: ReportState, error: str | None = None) -> Attempt | None:
        """A status of a message."""
        phone, body = self._sent[provider_id]
        status: dict[str, Any] = {"id": provider_id, "status": state, "timestamp": str(int(self.now().timestamp()))}
        status |= {"recipient_user_id": self.user_id(phone)} | ({} if self.usernames else {"recipient_id": phone})
        if "biz_opaque_callback_data" in body:
            status["biz_opaque_callback_data"] = body["biz_opaque_callback_data"]
        if state == "failed":
            code = int(error or 131000)
            title = TITLES.get(code, "Message failed")
            status["errors"] = [
                {"code": code, "title": title, "message": title, "error_data": {"details": title}, "href": ERRORS_PAGE}
            ]
            return await self.emit({"statuses": [status]})
        status["pricing"] = {"billable": True, "pricing_model": "PMP", "category": "service", "type": "regular"}
        return await self.emit({"contacts": [self._contact(phone)], "statuses": [status]})

    def payload(self, events: list[dict[str, Any]]) -> dict[str, Any]:
        """Neighbours of one kind share a change, changes are spread over entries."""
        values: list[dict[str, Any]] = []
        for event in events:
            kind = "messages" if "messages" in event else "statuses"
            if values and kind in values[-1] and len(values[-1][kind]) < 3:
                values[-1][kind] += event[kind]
                values[-1].setdefault("contacts", []).extend(event.get("contacts", []))
            else:
                metadata = {"display_phone_number": NUMBER, "phone_number_id": self.phone_number_id}
                values.append({"messaging_product": "whatsapp", "metadata": metadata} | {k: list(v) for k, v in event.items()})
        changes = [{"value": value, "field": "messages"} for value in values]
        chunks = [changes[start : start + 2] for start in range(0, len(changes), 2)]
        return {
            "object": "whatsapp_business_account",
            "entry": [{"id": BUSINESS_ACCOUNT_ID, "changes": chunk} for chunk in chunks],
        }
