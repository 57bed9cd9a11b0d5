"""A simulated Chatwoot: one account, one API inbox with an agent bot, its agents. Its rules are those of its own API."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from tests.conftest import Clock
from tests.handover.desks.simulated import Delivery, Simulated

ACCOUNT, INBOX = 3, 7
AGENT_TOKEN, BOT_TOKEN = "agents-token", "bots-token"
BOT_SECRET, INBOX_SECRET = "a-secret-of-the-agent-bot", "a-secret-of-the-inbox"
_TYPES = {"incoming": 0, "outgoing": 1, "activity": 2}
_BOT_MAY = frozenset({"conversations", "toggle_status", "messages", "assignments", "toggle_priority"})
_DEFAULT_PAGE, _AFTER_PAGE = 20, 100


class Chatwoot(Simulated):
    """Conversations by `display_id`; messages of all of them share one row of ids."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.contacts: dict[int, dict[str, Any]] = {}
        self.conversations: dict[int, dict[str, Any]] = {}
        self.messages: list[dict[str, Any]] = []
        self.agents = {1: {"id": 1, "name": "Anna Agent", "available_name": "Anna", "type": "user"},
                       2: {"id": 2, "name": "Bo Berg", "available_name": "Bo", "type": "user"}}  # fmt: skip
        self._ids = itertools.count(101)
        base = f"/api/v1/accounts/{ACCOUNT}"
        for method, path, handler in (
            ("GET", "/contacts/search", self._search),
            ("POST", "/contacts", self._new_contact),
            ("GET", "/contacts/{contact}/conversations", self._of_contact),
            ("POST", "/conversations", self._new_conversation),
            ("GET", "/conversations/{number}", self._show),
            ("POST", "/conversations/{number}/toggle_status", self._toggle),
            ("POST", "/conversations/{number}/toggle_priority", self._priority),
            ("POST", "/conversations/{number}/assignments", self._assignment),
            ("GET", "/conversations/{number}/messages", self._list),
            ("POST", "/conversations/{number}/messages", self._new_message),
            ("DELETE", "/conversations/{number}/messages/{message}", self._delete),
        ):
            self.app.add_api_route(base + path, handler, methods=[method], response_model=None)

    # What the product calls

    def _who(self, request: Request, action: str) -> str | None:
        token = request.headers.get("api_access_token")
        if token == AGENT_TOKEN:
            return "agent"
        return "bot" if token == BOT_TOKEN and request.method == "POST" and action in _BOT_MAY else None

    async def _search(self, request: Request, q: str) -> Response:
        if self._who(request, "contacts") is None:
            return Response(status_code=401)
        return JSONResponse({"payload": [one for one in self.contacts.values() if q in one["identifier"]]})

    async def _new_contact(self, request: Request) -> Response:
        if self._who(request, "contacts") is None:
            return Response(status_code=401)
        given = await request.json()
        if any(one["identifier"] == given["identifier"] for one in self.contacts.values()):
            return JSONResponse({"message": "Identifier has already been taken"}, 422)
        contact = {"id": next(self._ids), "name": given["name"], "identifier": given["identifier"]}
        self.contacts[contact["id"]] = contact
        return JSONResponse({"payload": {"contact": contact, "contact_inbox": {"source_id": given["source_id"]}}})

    async def _of_contact(self, request: Request, contact: int) -> Response:
        if self._who(request, "contacts") is None:
            return Response(status_code=401)
        return JSONResponse({"payload": [one for one in self.conversations.values() if one["contact_id"] == contact]})

    async def _new_conversation(self, request: Request) -> Response:
        who = self._who(request, "conversations")
        if who is None:
            return Response(status_code=401)
        given = await request.json()
        if given["contact_id"] not in self.contacts or given["inbox_id"] != INBOX:
            return Response(status_code=404)
        conversation = {
            "id": next(self._ids), "inbox_id": INBOX, "contact_id": given["contact_id"], "status": given.get("status", "open"),
            "custom_attributes": given.get("custom_attributes", {}), "priority": None, "meta": {"assignee": None, "team": None},
        }  # fmt: skip
        self.conversations[conversation["id"]] = conversation
        if "message" in given:
            self._add(conversation, given["message"], self._bot() if who == "bot" else self.agents[1])
        return JSONResponse(conversation)

    async def _show(self, request: Request, number: int) -> Response:
        return self._guarded(request, number, "show") or JSONResponse(self.conversations[number])

    async def _toggle(self, request: Request, number: int) -> Response:
        if (refusal := self._guarded(request, number, "toggle_status")) is not None:
            return refusal
        self.set_status(number, (await request.json())["status"])
        return JSONResponse({"payload": {"success": True}})

    async def _priority(self, request: Request, number: int) -> Response:
        if (refusal := self._guarded(request, number, "toggle_priority")) is not None:
            return refusal
        self.conversations[number]["priority"] = (await request.json())["priority"]
        return Response(status_code=200)

    async def _assignment(self, request: Request, number: int) -> Response:
        if (refusal := self._guarded(request, number, "assignments")) is not None:
            return refusal
        self.conversations[number]["meta"]["team"] = {"id": (await request.json())["team_id"]}
        return JSONResponse({})

    async def _list(self, request: Request, number: int, after: int | None = None, before: int | None = None) -> Response:
        if (refusal := self._guarded(request, number, "list")) is not None:
            return refusal
        every = [one for one in self.messages if one["conversation_id"] == number]
        if before is not None:
            every = [one for one in every if one["id"] < before][-_DEFAULT_PAGE:]
        elif after is not None:
            every = [one for one in every if one["id"] > after][:_AFTER_PAGE]
        else:
            every = every[-_DEFAULT_PAGE:]
        return JSONResponse({"meta": {}, "payload": every})

    async def _new_message(self, request: Request, number: int) -> Response:
        if (refusal := self._guarded(request, number, "messages")) is not None:
            return refusal
        return JSONResponse(self._add(self.conversations[number], await request.json(), self._bot()))

    async def _delete(self, request: Request, number: int, message: int) -> Response:
        if (refusal := self._guarded(request, number, "delete")) is not None:
            return refusal
        one = next(one for one in self.messages if one["id"] == message)
        one |= {"content": "This message was deleted", "content_attributes": {"deleted": True}}
        return JSONResponse({})

    def _guarded(self, request: Request, number: int, action: str) -> Response | None:
        if self._who(request, action) is None:
            return Response(status_code=401)
        return Response(status_code=404) if number not in self.conversations else None

    # What its agents do

    def number(self, reference: str) -> int | None:
        """The conversation of a case."""
        ours = (one for one in self.conversations.values() if one["custom_attributes"].get("fraga_reference") == reference)
        return next((one["id"] for one in ours), None)

    def assign(self, number: int, agent: int | None) -> None:
        """Somebody takes a conversation, or lets go of it."""
        self.conversations[number]["meta"]["assignee"] = self.agents[agent] if agent else None
        self._tell("conversation_updated", self.conversations[number])

    def write(self, number: int, agent: int, text: str | None, *, private: bool = False) -> int:
        """An agent writes; None is a file without words."""
        message = {"content": text, "message_type": "outgoing", "private": private}
        return int(self._add(self.conversations[number], message, self.agents[agent])["id"])

    def set_status(self, number: int, status: str) -> None:
        """Sets the status; the agent bot hears of open and resolved, the inbox's webhook of every change."""
        conversation = self.conversations[number]
        if conversation["status"] == status:
            return
        conversation["status"] = status
        event = {"open": "conversation_opened", "resolved": "conversation_resolved"}.get(status)
        if event is not None:
            self._tell(event, conversation)
        self._tell("conversation_status_changed", conversation, INBOX_SECRET)

    def delete(self, number: int) -> None:
        """An administrator deletes it."""
        del self.conversations[number]

    def written(self, number: int, *, private: bool | None = None, kind: str | None = None) -> list[str]:
        """Texts of a conversation, in order."""
        return [
            one["content"] for one in self.messages
            if one["conversation_id"] == number and (private is None or one["private"] == private)
            and (kind is None or one["message_type"] == _TYPES[kind])
        ]  # fmt: skip

    def _bot(self) -> dict[str, Any]:
        return {"id": 9, "name": "Fråga Göteborg", "type": "agent_bot"}

    def _add(self, conversation: dict[str, Any], given: dict[str, Any], sender: dict[str, Any]) -> dict[str, Any]:
        incoming = given.get("message_type") == "incoming"
        contact = self.contacts[conversation["contact_id"]] | {"type": "contact"}
        message = {
            "id": next(self._ids), "content": given.get("content"), "conversation_id": conversation["id"], "inbox_id": INBOX,
            "message_type": _TYPES[given.get("message_type", "outgoing")], "private": bool(given.get("private")),
            "source_id": given.get("source_id"), "content_attributes": {}, "created_at": int(self.clock().timestamp()),
            "sender": contact if incoming else sender,
        }  # fmt: skip
        self.messages.append(message)
        if incoming and conversation["status"] in ("resolved", "snoozed"):
            conversation["status"] = "open"
        words = {number: word for word, number in _TYPES.items()}
        self._tell("message_created", message | {"message_type": words[message["message_type"]], "conversation": conversation})
        return message

    def _tell(self, event: str, payload: dict[str, Any], secret: str = BOT_SECRET) -> None:
        self.tell(self.signed({"event": event, "account": {"id": ACCOUNT}, **payload}, secret))

    def signed(self, payload: dict[str, Any], secret: str = BOT_SECRET) -> Delivery:
        """A webhook as Chatwoot signs it."""
        body = json.dumps(payload).encode()
        stamp = str(int(self.clock().timestamp()))
        signature = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        return Delivery(body, {
            "content-type": "application/json", "x-chatwoot-timestamp": stamp, "x-chatwoot-signature": f"sha256={signature}",
            "x-chatwoot-delivery": f"delivery-{next(self._ids)}",
        })  # fmt: skip
