"""`/demo/channels`: a phone for each channel, to write from, press buttons on and see what the city's side sees of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, Field

from bot.core import Core
from bot.http import ApiError
from bot.store import schema
from connectors.simulator.base import Attempt, SimMessage, Simulator
from connectors.simulator.providers import PROVIDERS, Provider
from knowledge.sms import sms_size

STATIC = Path(__file__).parent / "static"
FILES = {"channels.css": "text/css", "channels.js": "text/javascript", "bubbles.js": "text/javascript"}
PART_ORE = 52  # about what a Swedish SMS costs a part; each contract has its own price
MOST_FAULTS = 20
CITIZENS = 90


class Said(BaseModel):
    """What a citizen writes."""

    text: str = Field("", max_length=5000)
    picture: bool = False


class Pressed(BaseModel):
    """Which button of the last message that has any."""

    choice: int = Field(ge=0, le=30)


class Wrong(BaseModel):
    """What is to go wrong with the next messages of the city's; `none` = everything works again."""

    kind: Literal["none", "server_error", "rate_limited", "timeout", "dropped", "invalid_number", "blocked"]
    count: int = Field(1, ge=1, le=MOST_FAULTS)


@dataclass
class _Own:
    """A message of the citizen's own."""

    text: str
    at: dt.datetime
    state: str = "sending"  # taken | refused | unanswered


@dataclass
class _Phone:
    """One citizen's phone on one channel."""

    provider: Provider
    simulator: Any
    number: int = field(default_factory=lambda: secrets.randbelow(CITIZENS))  # somebody new after a restart
    own: list[_Own] = field(default_factory=list)
    faults: str = ""

    @property
    def address(self) -> str:
        return self.provider.phone(self.number)

    @property
    def inbox(self) -> list[SimMessage]:
        return list(self.simulator.inbox(self.address))


class _Pieces(HTMLParser):
    """Reads Telegram's markup: bold text and links."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []
        self._now: dict[str, Any] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._now |= {"bold": True} if tag == "b" else {"link": dict(attrs).get("href", "")} if tag == "a" else {}

    def handle_endtag(self, tag: str) -> None:
        self._now.pop({"b": "bold", "a": "link"}.get(tag, ""), None)

    def handle_data(self, data: str) -> None:
        self.found.append({"text": data} | self._now)


def pieces(markup: str) -> list[dict[str, Any]]:
    """A text with Telegram's markup in pieces: `{text, bold?, link?}`."""
    parser = _Pieces()
    parser.feed(markup)
    parser.close()
    return parser.found


class Demo:
    """The page and what it calls.

    Args:
        simulators: by provider, mounted in the same app.
    """

    def __init__(self, core: Core, simulators: Mapping[str, Simulator]) -> None:
        self._core = core
        self._phones = {name: _Phone(PROVIDERS[name], simulator) for name, simulator in simulators.items()}

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/demo/channels", include_in_schema=False)

        @router.get("")
        async def page() -> FileResponse:
            return FileResponse(STATIC / "channels.html")

        @router.get("/static/{name}")
        async def static(name: str) -> FileResponse:
            if name not in FILES:
                raise ApiError(404, "not_found", "there is no such file")
            return FileResponse(STATIC / name, media_type=FILES[name])

        @router.get("/state")
        async def state(version: str = Query("", max_length=64)) -> Response:
            phones = [await self._shown(phone) for phone in self._phones.values()]
            now = hashlib.sha256(json.dumps(phones, sort_keys=True).encode()).hexdigest()[:16]
            return Response(status_code=204) if now == version else JSONResponse({"version": now, "phones": phones})

        @router.post("/{provider}/messages", status_code=202)
        async def send(provider: str, said: Said) -> dict[str, str]:
            phone = self._phone(provider)
            if not said.picture and not said.text.strip():
                raise ApiError(422, "empty", "the message has no text")
            shown = " ".join(part for part in ("🖼️" if said.picture else "", said.text) if part)
            options = dict(phone.provider.picture) if said.picture else {}
            await self._does(phone, shown, phone.simulator.citizen_sends(phone.address, said.text, **options))
            return {"state": phone.own[-1].state}

        @router.post("/{provider}/presses", status_code=202)
        async def press(provider: str, pressed: Pressed) -> dict[str, str]:
            phone = self._phone(provider)
            titles = next((m.buttons for m in reversed(phone.inbox) if m.buttons), [])
            if pressed.choice >= len(titles):
                raise ApiError(422, "no_such_button", "the last message has no such button")
            title = titles[pressed.choice].removeprefix("✓ ")
            await self._does(phone, title, phone.simulator.citizen_presses(phone.address, pressed.choice))
            return {"state": phone.own[-1].state}

        @router.post("/{provider}/faults", status_code=202)
        async def fault(provider: str, wrong: Wrong) -> dict[str, str]:
            phone = self._phone(provider)
            phone.simulator.no_faults()
            phone.faults = "" if wrong.kind == "none" else wrong.kind
            if wrong.kind != "none":
                phone.simulator.fault(wrong.kind, wrong.count, retry_after=5.0)
            return {"fault": phone.faults}

        @router.post("/{provider}/citizen", status_code=202)
        async def anew(provider: str) -> dict[str, str]:
            phone = self._phone(provider)
            phone.number, phone.own = (phone.number + 1) % CITIZENS, []
            return {"address": phone.address}

        return router

    def _phone(self, provider: str) -> _Phone:
        if provider not in self._phones:
            raise ApiError(404, "not_found", "there is no such channel")
        return self._phones[provider]

    async def _does(self, phone: _Phone, shown: str, does: Any) -> None:
        """Whoever writes has read what stands above; then the message goes its way, and its fate is noted."""
        own = _Own(shown, phone.simulator.now())
        phone.own.append(own)
        if phone.inbox and hasattr(phone.simulator, "citizen_reads"):
            await phone.simulator.citizen_reads(phone.address)
        attempt: Attempt | None = await does
        own.state = "taken" if attempt is None or attempt.ok else "unanswered" if attempt.status is None else "refused"

    async def _shown(self, phone: _Phone) -> dict[str, Any]:
        states = await self._states(phone)
        sms = phone.provider.channel == "sms"
        messages: list[dict[str, Any]] = [
            {"own": True, "text": own.text, "at": own.at.isoformat(), "state": own.state, "buttons": []} for own in phone.own
        ]
        for message in phone.inbox:
            state, error = states.get(message.provider_id, ("sent", None))
            shown: dict[str, Any] = {
                "own": False,
                "text": message.text,
                "at": message.at.isoformat(),
                "state": state,
                "buttons": message.buttons,
            }
            size = sms_size(message.text)
            if message.raw.get("parse_mode") == "HTML":
                shown["pieces"] = pieces(str(message.raw["text"]))
            messages.append(shown | ({"error": error} if error else {})
                            | ({"parts": size.parts, "alphabet": size.encoding} if sms else {}))  # fmt: skip
        messages.sort(key=lambda shown: str(shown["at"]))
        parts = sum(shown.get("parts", 0) for shown in messages)
        return {
            "provider": phone.provider.name, "title": phone.provider.title, "channel": phone.provider.channel,
            "address": phone.address, "messages": messages, "fault": phone.faults, "waiting": await self._waiting(phone),
            **({"parts": parts, "cost": f"{parts * PART_ORE / 100:.2f}".replace(".", ",")} if sms else {}),
        }  # fmt: skip

    async def _states(self, phone: _Phone) -> dict[str, tuple[str, str | None]]:
        """What the city knows of the messages on this phone."""
        d = schema.delivery.c
        ids = [message.provider_id for message in phone.inbox if message.provider_id]
        query = sa.select(d.provider_id, d.state, d.error)
        async with self._core.store.read() as conn:
            rows = await conn.execute(query.where(d.account == f"{phone.provider.name}:main", d.provider_id.in_(ids)))
            return {row.provider_id: (row.state, row.error) for row in rows}

    async def _waiting(self, phone: _Phone) -> int:
        """How many messages the city has in its queue for this account."""
        o = schema.outbox.c
        here, waits = o.account == f"{phone.provider.name}:main", o.state.in_(["pending", "sending", "ambiguous"])
        query = sa.select(sa.func.count()).where(here, waits)
        async with self._core.store.read() as conn:
            return int((await conn.execute(query)).scalar_one())
