"""Chatwoot's API: a conversation in an API inbox with our agent bot. `pending` is the bot's, `open` the agents'."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from bot.delivery.contract import OutcomeUnknown
from handover.chatwoot import webhook
from handover.chatwoot.settings import Settings
from handover.desks import words
from handover.desks.client import Api, Refused
from handover.desks.contract import Case, Entry, Hint, Look, Person, RemoteState, Said, Why

__all__ = ["Desk", "Settings"]

OURS = "fraga:"  # begins the `source_id` of everything that we write
_OUTGOING = 1
_PAGE = 100  # messages that come at once, after one
_PAGES_BACK = 5
_STATES: dict[str, RemoteState] = {"open": "open", "snoozed": "open", "pending": "returned", "resolved": "closed"}


class Desk:
    """Chatwoot as an `OtherDesk`. Ids are Chatwoot's `display_id`s."""

    key = "chatwoot"
    out_of_hours = False
    due_hours = 0.0  # a chat: as soon as possible

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.name, self.look_seconds = settings.name, settings.look_seconds
        self._api = Api(f"{settings.url}/api/v1/accounts/{settings.account_id}", {})
        self._agent = {"api_access_token": settings.api_token.get_secret_value()}
        self._bot = {"api_access_token": settings.bot_token.get_secret_value()}
        secrets = (settings.bot_secret, settings.inbox_secret)
        self._secrets = [secret.get_secret_value() for secret in secrets if secret is not None]

    def takes(self, department: str) -> bool:
        """Whether a department's handovers go here."""
        return not self._settings.departments or department in self._settings.departments

    def verify(self, headers: Mapping[str, str], body: bytes, now: dt.datetime) -> None:
        """Checks a webhook."""
        webhook.verify(headers, body, now, self._secrets)

    def read(self, headers: Mapping[str, str], body: bytes) -> Hint | None:
        """Which conversation it is about."""
        return webhook.read(body, self._settings.inbox_id)

    async def open(self, case: Case, *, again: bool) -> str:
        """A contact of its own, so that nobody's earlier conversations show, and its conversation, still the bot's."""
        contact = await self._contact(case, again=again)
        found = await self._conversation(contact) if again else None
        if found is None:
            made = await self._api.call("POST", "/conversations", headers=self._bot, json={
                "inbox_id": self._settings.inbox_id, "contact_id": contact, "source_id": f"fraga-{case.reference}",
                "status": "pending",
                "custom_attributes": {"fraga_reference": case.reference, "language": case.language,
                                      "department": case.department},
                "message": {"content": words.heading(case), "message_type": "outgoing", "private": True,
                            "source_id": f"{OURS}{case.reference}.heading"},
            })  # fmt: skip
            found = _id(made)
        path = f"/conversations/{found}"
        if (team := self._settings.teams.get(case.department)) is not None:
            await self._api.call("POST", f"{path}/assignments", headers=self._bot, json={"team_id": team})
        if case.urgent:
            await self._api.call("POST", f"{path}/toggle_priority", headers=self._bot, json={"priority": "urgent"})
        return found

    async def _contact(self, case: Case, *, again: bool) -> int:
        identifier = f"fraga-{case.reference}"
        found = await self._known_contact(identifier) if again else None
        if found is not None:
            return found
        try:
            made = await self._api.call("POST", "/contacts", headers=self._agent, json={
                "inbox_id": self._settings.inbox_id, "name": f"Fråga Göteborg {case.reference}", "identifier": identifier,
                "source_id": identifier,
            })  # fmt: skip
        except Refused as refused:
            found = await self._known_contact(identifier) if refused.status in (409, 422) else None
            if found is None:
                raise
            return found
        try:
            return int(made["payload"]["contact"]["id"])
        except (KeyError, TypeError, ValueError):
            raise OutcomeUnknown("POST /contacts: the answer is not of the documented form") from None

    async def _known_contact(self, identifier: str) -> int | None:
        answer = await self._api.call("GET", "/contacts/search", headers=self._agent, params={"q": identifier})
        return next((int(one["id"]) for one in answer["payload"] if one.get("identifier") == identifier), None)

    async def _conversation(self, contact: int) -> str | None:
        answer = await self._api.call("GET", f"/contacts/{contact}/conversations", headers=self._agent)
        ours = (one for one in answer["payload"] if one.get("inbox_id") == self._settings.inbox_id)
        return next((_id(one) for one in ours), None)

    async def find(self, remote_id: str, entry: Entry) -> str | None:
        """Looks back through the last messages for the one with our key."""
        wanted, before = OURS + entry.key, None
        for _ in range(_PAGES_BACK):
            page = await self._messages(remote_id, {} if before is None else {"before": before})
            for one in page:
                if one.get("source_id") == wanted:
                    return str(one["id"])
            if not page:
                return None
            before = min(int(one["id"]) for one in page)
        return None

    async def say(self, remote_id: str, entry: Entry) -> str:
        """The citizen's message as theirs; a note is private."""
        note = entry.kind == "note"
        made = await self._api.call("POST", f"/conversations/{remote_id}/messages", headers=self._bot, json={
            "content": entry.text, "message_type": "outgoing" if note else "incoming", "private": note,
            "source_id": OURS + entry.key,
        })  # fmt: skip
        return _id(made)

    async def ready(self, remote_id: str) -> None:
        """Hands over: what the bot had pending becomes open."""
        await self._set_status(remote_id, "open")

    async def look(self, remote_id: str, after: int) -> Look:
        """The state first, then the messages: one that was written before the state changed is never left behind."""
        try:
            conversation = await self._api.call("GET", f"/conversations/{remote_id}", headers=self._agent)
        except Refused as refused:
            if refused.status == 404:
                return Look("gone", None, (), after)
            raise
        page = await self._messages(remote_id, {"after": after})
        said = tuple(found for one in page if (found := _said(one)) is not None)
        state = _STATES.get(str(conversation.get("status")), "open")
        assignee = (conversation.get("meta") or {}).get("assignee")
        return Look(
            state if len(page) < _PAGE else "open",  # there is more to read before its end
            _person(assignee) if assignee else None,
            said,
            max([after, *(int(one["id"]) for one in page)]),
        )

    async def _messages(self, remote_id: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        answer = await self._api.call("GET", f"/conversations/{remote_id}/messages", headers=self._agent, params=params)
        return sorted(answer["payload"], key=lambda one: int(one["id"]))

    async def take_back(self, remote_id: str, entry_id: str) -> bool:
        """Deletes a message: Chatwoot empties it."""
        try:
            await self._api.call("DELETE", f"/conversations/{remote_id}/messages/{entry_id}", headers=self._agent)
        except Refused as refused:
            return refused.status == 404
        return True

    async def finish(self, remote_id: str, why: Why) -> None:
        """Tells the agents why, and resolves it."""
        over = Entry(f"over.{why}", "note", words.FINISHED[why])
        try:
            if await self.find(remote_id, over) is None:
                await self.say(remote_id, over)
            await self._set_status(remote_id, "resolved")
        except Refused as refused:
            if refused.status != 404:
                raise

    async def _set_status(self, remote_id: str, status: str) -> None:
        await self._api.call("POST", f"/conversations/{remote_id}/toggle_status", headers=self._bot, json={"status": status})

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._api.aclose()


def _id(made: Any) -> str:
    try:
        return str(int(made["id"]))
    except (KeyError, TypeError, ValueError):
        raise OutcomeUnknown("the answer has no id") from None


def _person(given: Mapping[str, Any]) -> Person:
    return Person(str(given.get("id") or 0), str(given.get("available_name") or given.get("name") or ""))


def _said(message: Mapping[str, Any]) -> Said | None:
    """A message that an agent wrote for the citizen. Not what the bot, a rule or a survey says, nor what only staff see."""
    sender = message.get("sender") or {}
    if message.get("message_type") != _OUTGOING or message.get("private") or sender.get("type") != "user":
        return None
    if str(message.get("source_id") or "").startswith(OURS) or (message.get("content_attributes") or {}).get("deleted"):
        return None
    return Said(int(message["id"]), _person(sender), str(message.get("content") or ""))
