"""A simulated Zammad: tickets, articles, a search whose index lags, triggers that call a webhook."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from tests.handover.desks.simulated import Delivery, Simulated

TOKEN, SECRET = "an-agents-token", "a-secret-of-the-webhook"


class Zammad(Simulated):
    """One Zammad with one group, `Kontaktcenter`.

    Attributes:
        indexed: whether the search shows what was made; else it lags behind.
        deletable: whether an article may still be deleted.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tickets: dict[int, dict[str, Any]] = {}
        self.articles: list[dict[str, Any]] = []
        self.users: dict[int, dict[str, Any]] = {
            1: {"id": 1, "login": "fraga", "firstname": "Fråga", "lastname": "Göteborg"},
            2: {"id": 2, "login": "anna@goteborg.example", "firstname": "Anna", "lastname": "Agent"},
        }
        self.indexed, self.deletable = True, True
        self._ids = itertools.count(11)
        for method, path, handler in (
            ("POST", "/tickets", self._new_ticket),
            ("GET", "/tickets/search", self._search),
            ("GET", "/tickets/{number}", self._show),
            ("PUT", "/tickets/{number}", self._update),
            ("GET", "/ticket_articles/by_ticket/{number}", self._by_ticket),
            ("POST", "/ticket_articles", self._new_article),
            ("DELETE", "/ticket_articles/{number}", self._delete),
            ("GET", "/users/{number}", self._user),
        ):
            self.app.add_api_route("/api/v1" + path, handler, methods=[method], response_model=None)

    def _refused(self, request: Request) -> Response | None:
        known = request.headers.get("authorization") == f"Token token={TOKEN}"
        return None if known else JSONResponse({"error": "Invalid BasicAuth credentials"}, 401)

    async def _new_ticket(self, request: Request) -> Response:
        if (refusal := self._refused(request)) is not None:
            return refusal
        given = await request.json()
        if given["group"] != "Kontaktcenter":
            return JSONResponse({"error": f"No lookup value found for 'group': \"{given['group']}\""}, 422)
        customer = given["customer"]
        known = (one for one in self.users.values()
                 if (customer.get("email") and one.get("email") == customer["email"]) or one["login"] == customer.get("login"))  # fmt: skip
        user = next(known, None)
        if user is None:
            user = {"id": next(self._ids), "login": customer.get("login") or customer["email"], **customer}
            self.users[user["id"]] = user
        ticket = {"id": next(self._ids), "title": given["title"], "group": given["group"], "state": given.get("state", "new"),
                  "priority": given.get("priority", "2 normal"), "customer_id": user["id"], "owner": "-",
                  "besvaras_senast": given.get("besvaras_senast")}  # fmt: skip
        self.tickets[ticket["id"]] = ticket
        self._add(ticket["id"], given["article"], 1)
        return JSONResponse(ticket, 201)

    async def _search(self, request: Request, query: str) -> Response:
        shown = [one for one in self.tickets.values() if self.indexed and query in one["title"]]
        return self._refused(request) or JSONResponse(shown)

    async def _show(self, request: Request, number: int) -> Response:
        return self._guarded(request, number) or JSONResponse(self.tickets[number])

    async def _update(self, request: Request, number: int) -> Response:
        if (refusal := self._guarded(request, number)) is not None:
            return refusal
        self.tickets[number] |= await request.json()
        self._tell(number)
        return JSONResponse(self.tickets[number])

    async def _by_ticket(self, request: Request, number: int) -> Response:
        found = [one for one in self.articles if one["ticket_id"] == number]
        return self._guarded(request, number) or JSONResponse(found)

    async def _new_article(self, request: Request) -> Response:
        given = await request.json()
        refusal = self._guarded(request, given["ticket_id"])
        return refusal or JSONResponse(self._add(given["ticket_id"], given, 1), 201)

    async def _delete(self, request: Request, number: int) -> Response:
        if (refusal := self._refused(request)) is not None:
            return refusal
        if not self.deletable:
            return JSONResponse({"error": "Not authorized"}, 403)
        self.articles = [one for one in self.articles if one["id"] != number]
        return JSONResponse({})

    async def _user(self, request: Request, number: int) -> Response:
        return self._refused(request) or JSONResponse(self.users[number])

    def _guarded(self, request: Request, number: int) -> Response | None:
        if (refusal := self._refused(request)) is not None:
            return refusal
        return JSONResponse({"error": "Couldn't find Ticket"}, 404) if number not in self.tickets else None

    # What its agents do

    def number(self, reference: str) -> int | None:
        """The ticket of a case."""
        return next((one["id"] for one in self.tickets.values() if f"[{reference}]" in one["title"]), None)

    def write(self, number: int, body: str, *, kind: str = "web", internal: bool = False, content_type: str = "text/html") -> int:
        """Anna writes an article."""
        given = {"body": body, "type": kind, "internal": internal, "sender": "Agent", "content_type": content_type}
        return int(self._add(number, given, 2)["id"])

    def set_state(self, number: int, state: str) -> None:
        """Somebody changes the ticket's state."""
        self.tickets[number]["state"] = state
        self._tell(number)

    def written(self, number: int, *, internal: bool | None = None, sender: str | None = None) -> list[str]:
        """Bodies of a ticket's articles, in order."""
        return [
            one["body"] for one in self.articles
            if one["ticket_id"] == number and internal in (None, one["internal"]) and sender in (None, one["sender"])
        ]  # fmt: skip

    def _add(self, number: int, given: dict[str, Any], by: int) -> dict[str, Any]:
        article = {"id": next(self._ids), "ticket_id": number, "subject": given.get("subject"), "body": given["body"],
                   "type": given["type"], "sender": given["sender"], "internal": given["internal"],
                   "content_type": given["content_type"], "created_by_id": by}  # fmt: skip
        self.articles.append(article)
        self._tell(number, article)
        return article

    def _tell(self, number: int, article: dict[str, Any] | None = None) -> None:
        self.tell(self.signed({"ticket": self.tickets[number], "article": article or {}}))

    def signed(self, payload: dict[str, Any]) -> Delivery:
        """A webhook as Zammad signs it."""
        body = json.dumps(payload).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
        return Delivery(body, {"content-type": "application/json", "x-hub-signature": f"sha1={signature}",
                               "x-zammad-trigger": "fraga", "x-zammad-delivery": f"d{next(self._ids)}"})  # fmt: skip
