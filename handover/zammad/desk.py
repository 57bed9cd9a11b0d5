"""Zammad's API: a ticket for what is answered later. Its agents' public answers reach the citizen's conversation; one written as
e-mail is also sent by Zammad itself, to the address that the citizen left."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from typing import Any

from bot.delivery.contract import OutcomeUnknown
from handover.desks import words
from handover.desks.client import Api, Refused
from handover.desks.contract import Case, Entry, Hint, Look, NotYet, Person, RemoteState, Said, Why
from handover.zammad import webhook
from handover.zammad.plain import plain
from handover.zammad.settings import Settings

__all__ = ["Desk", "Settings"]

_SUBJECT = "Fråga Göteborg "  # and our key: by it an article is found again
_ANSWERS = frozenset({"web", "email", "note"})  # not "phone": that is a note of a call
_LONGEST_TITLE = 200


class Desk:
    """Zammad as an `OtherDesk`."""

    key = "zammad"
    out_of_hours = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.name, self.look_seconds, self.due_hours = settings.name, settings.look_seconds, settings.due_hours
        self._api = Api(f"{settings.url}/api/v1", {"Authorization": f"Token token={settings.token.get_secret_value()}"})
        self._people: dict[int, Person] = {}
        self._in_doubt: dict[str, float] = {}  # since when we look for a ticket; a restart only makes the wait longer

    def takes(self, department: str) -> bool:
        """Whether a department's tickets go here."""
        return not self._settings.departments or department in self._settings.departments

    def verify(self, headers: Mapping[str, str], body: bytes, now: dt.datetime) -> None:
        """Checks a webhook."""
        webhook.verify(headers, body, self._settings.webhook_secret.get_secret_value())

    def read(self, headers: Mapping[str, str], body: bytes) -> Hint | None:
        """Which ticket it is about."""
        return webhook.read(body)

    async def open(self, case: Case, *, again: bool) -> str:
        """A ticket; the one of an earlier try, if there is one."""
        if again:
            if (found := await self._search(case.reference)) is not None:
                self._in_doubt.pop(case.reference, None)
                return found
            since = self._in_doubt.setdefault(case.reference, time.monotonic())
            if time.monotonic() - since < self._settings.search_seconds:  # its index lags behind what it has taken
                raise NotYet("a ticket may have been made; the search does not show it yet")
            self._in_doubt.pop(case.reference, None)
        ticket: dict[str, Any] = {
            "title": f"{(case.topic or 'Fråga från medborgare')[:_LONGEST_TITLE]} [{case.reference}]",
            "group": self._settings.groups.get(case.department, self._settings.group),
            "customer": _customer(case),
            "article": {"subject": _SUBJECT + f"{case.reference}.open", "body": words.heading(case), "content_type": "text/plain",
                        "type": "web", "sender": "Customer", "internal": False},
        }  # fmt: skip
        if case.urgent:
            ticket["priority"] = "3 high"
        if self._settings.due_field and case.due is not None:
            ticket[self._settings.due_field] = case.due.astimezone(dt.UTC).isoformat()
        return _id(await self._api.call("POST", "/tickets", json=ticket))

    async def _search(self, reference: str) -> str | None:
        params: dict[str, Any] = {"query": reference, "expand": "true", "limit": 10}
        found = await self._api.call("GET", "/tickets/search", params=params)
        ours = (one for one in found or () if webhook.reference_in(str(one.get("title") or "")) == reference)
        return min((_id(one) for one in ours), key=int, default=None)

    async def find(self, remote_id: str, entry: Entry) -> str | None:
        """The article with our key in its subject."""
        subject = _SUBJECT + entry.key
        return next((_id(one) for one in await self._articles(remote_id) if one.get("subject") == subject), None)

    async def say(self, remote_id: str, entry: Entry) -> str:
        """The citizen's message as the customer's; a note is internal."""
        note = entry.kind == "note"
        return _id(await self._api.call("POST", "/ticket_articles", json={
            "ticket_id": int(remote_id), "subject": _SUBJECT + entry.key, "body": entry.text, "content_type": "text/plain",
            "type": "note" if note else "web", "sender": "Agent" if note else "Customer", "internal": note,
        }))  # fmt: skip

    async def ready(self, remote_id: str) -> None:
        """A new ticket is everybody's from the beginning; one that was closed, and whose citizen is back, opens again."""
        ticket = await self._api.call("GET", f"/tickets/{remote_id}", params={"expand": "true"})
        if ticket.get("state") in self._settings.closed_states:
            await self._api.call("PUT", f"/tickets/{remote_id}", json={"state": "open"})

    async def look(self, remote_id: str, after: int) -> Look:
        """The state first, then the articles: one that was written before the state changed is never left behind.

        Who owns a ticket is not who answers it: the citizen is told a name when that agent writes.
        """
        try:
            ticket = await self._api.call("GET", f"/tickets/{remote_id}", params={"expand": "true"})
        except Refused as refused:
            if refused.status == 404:
                return Look("gone", None, (), after)
            raise
        articles = [one for one in await self._articles(remote_id) if int(one["id"]) > after]
        said = []
        for one in articles:
            if one.get("sender") == "Agent" and not one.get("internal") and one.get("type") in _ANSWERS:
                said.append(Said(int(one["id"]), await self._person(int(one.get("created_by_id") or 0)), _body(one)))
        state: RemoteState = "closed" if ticket.get("state") in self._settings.closed_states else "open"
        return Look(state, None, tuple(said), max([after, *(int(one["id"]) for one in articles)]))

    async def _articles(self, remote_id: str) -> list[dict[str, Any]]:
        found = await self._api.call("GET", f"/ticket_articles/by_ticket/{remote_id}", params={"expand": "true"})
        return sorted(found or (), key=lambda one: int(one["id"]))

    async def _person(self, user_id: int) -> Person:
        if user_id not in self._people:
            try:
                user = await self._api.call("GET", f"/users/{user_id}")
            except Refused:  # the token may not read users: the desk's name it is
                user = {}
            name = f"{user.get('firstname') or ''} {user.get('lastname') or ''}".strip()
            self._people[user_id] = Person(str(user_id), name or self.name)
        return self._people[user_id]

    async def take_back(self, remote_id: str, entry_id: str) -> bool:
        """Deletes a note; Zammad allows it for some minutes."""
        try:
            await self._api.call("DELETE", f"/ticket_articles/{entry_id}")
        except Refused as refused:
            return refused.status == 404
        return True

    async def finish(self, remote_id: str, why: Why) -> None:
        """Tells the agents why, and closes it."""
        over = Entry(f"over.{why}", "note", words.FINISHED[why])
        try:
            if await self.find(remote_id, over) is None:
                await self.say(remote_id, over)
            await self._api.call("PUT", f"/tickets/{remote_id}", json={"state": "closed"})
        except Refused as refused:
            if refused.status != 404:
                raise

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._api.aclose()


def _customer(case: Case) -> dict[str, str]:
    """Whom Zammad writes to: who has that e-mail address there already, else somebody new."""
    left = {one.kind: one.value for one in case.contacts}
    phone = {"phone": left["phone"]} if "phone" in left else {}
    if "email" in left:
        return {"email": left["email"], **phone}
    return {"login": f"fraga-{case.reference}", "firstname": "Fråga Göteborg", "lastname": case.reference, **phone}


def _body(article: Mapping[str, Any]) -> str:
    text = str(article.get("body") or "")
    return plain(text) if str(article.get("content_type") or "").startswith("text/html") else text


def _id(made: Any) -> str:
    try:
        return str(int(made["id"]))
    except (KeyError, TypeError, ValueError):
        raise OutcomeUnknown("the answer has no id") from None
