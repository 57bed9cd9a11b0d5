"""The real app with the web chat and the desk over a real store; knowledge and Rasa are scripted."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest_asyncio
import sqlalchemy as sa
from argon2 import PasswordHasher

from bot.app import create_app
from bot.core import Core
from bot.messages import Rendered
from bot.plugins import Registry
from bot.store import conversations, messages, schema
from handover import accounts
from handover.desk import HandoverDesk
from handover.settings import load_departments, load_settings
from tests.bot.conftest import core, script
from tests.bot.scripted import Script, analysis
from tests.conftest import Clock
from tests.connectors.web.conftest import Browser
from tests.serving import serving

__all__ = ["core", "script"]

PASSWORD = "ett-mycket-bra-l0sen"
# Argon2id at its cheapest: the tests log in hundreds of times, and the parameters stand in the hash.
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
HUMAN = "jag vill prata med en människa"


async def add_agent(core: Core, name: str, role: accounts.Role = "agent", departments: tuple[str, ...] = ()) -> str:
    """An account as `create-agent` makes it; logs in as `<first name>@goteborg.example`."""
    account = accounts.NewAccount(f"{name.split()[0].lower()}@goteborg.example", name, role, PASSWORD, departments)
    async with core.store.write() as tx:
        return await accounts.create(tx, account, password_hash=HASH, actor="cli", now=core.now())


@dataclass
class Staff:
    """One member of staff in their browser."""

    http: httpx.AsyncClient
    id: str
    name: str
    csrf: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"X-CSRF-Token": self.csrf}

    async def log_in(self, password: str = PASSWORD) -> httpx.Response:
        email = f"{self.name.split()[0].lower()}@goteborg.example"
        response = await self.http.post("/desk/v1/login", json={"email": email, "password": password})
        if response.status_code == 200:
            self.csrf = response.json()["csrf_token"]
        return response

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(f"/desk/v1{path}")

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self.http.post(f"/desk/v1{path}", json=body, headers=self.headers)

    async def claim(self, handover_id: str) -> httpx.Response:
        return await self.post(f"/handovers/{handover_id}/claim")

    async def write(self, handover_id: str, text: str, client_message_id: str | None = None) -> httpx.Response:
        return await self.post(
            f"/handovers/{handover_id}/messages", text=text, client_message_id=client_message_id or uuid.uuid4().hex
        )

    async def context(self, handover_id: str) -> dict[str, Any]:
        response = await self.get(f"/handovers/{handover_id}/context")
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def queue(self) -> list[dict[str, Any]]:
        response = await self.get("/queue")
        assert response.status_code == 200, response.text
        return list(response.json()["handovers"])


@dataclass
class Office:
    """The running app, its citizens and its staff."""

    url: str
    core: Core
    script: Script
    clock: Clock
    registry: Registry
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def desk(self) -> HandoverDesk:
        settings = load_settings()
        return HandoverDesk(self.core, settings, load_departments(settings.queue.default_department))

    def _client(self) -> httpx.AsyncClient:
        self.clients.append(httpx.AsyncClient(base_url=self.url, timeout=30))
        return self.clients[-1]

    async def citizen(self, **body: Any) -> Browser:
        http = self._client()
        opened = (await http.post("/chat/v1/conversations", json=body)).json()
        return Browser(http, opened["token"], opened["conversation_id"], opened["messages"])

    async def staff(self, name: str, role: accounts.Role = "agent", departments: tuple[str, ...] = ()) -> Staff:
        """A new member of staff, logged in."""
        member = Staff(self._client(), await add_agent(self.core, name, role, departments), name)
        assert (await member.log_in()).status_code == 200
        return member

    async def at_desk(self, *staff: Staff) -> None:
        """Their consoles are open."""
        there = schema.agent.update().where(schema.agent.c.id.in_([one.id for one in staff]))
        async with self.core.store.write() as tx:
            await tx.conn.execute(there.values(present_at=self.core.now()))

    async def asks_for_human(self, citizen: Browser) -> dict[str, Any]:
        """The consent question that the citizen gets."""
        self.script.analyses.setdefault(HUMAN, analysis(signals={"ask_human": 0.99}))
        response = await citizen.send(HUMAN)
        assert response.status_code == 200, response.text
        replies = response.json()["messages"]
        return next(reply for reply in replies if reply.get("buttons"))

    async def in_queue(self, *texts: str, button: int = 0) -> tuple[Browser, str]:
        """A citizen who wrote `texts`, asked for a human and pressed a button of the consent question (0 = send).

        Returns:
            The citizen, and the id of the handover.
        """
        citizen = await self.citizen()
        for text in texts:
            await citizen.send(text)
        question = await self.asks_for_human(citizen)
        await press(citizen, question, button)
        return citizen, await self.handover_of(citizen)

    async def handover_of(self, citizen: Browser) -> str:
        h = schema.handover.c
        query = sa.select(h.id).where(h.conversation_id == citizen.conversation_id).order_by(h.offered_at.desc(), h.ended_at)
        return str(await self.scalar(query.limit(1)))

    async def scalar(self, query: sa.Select[Any]) -> Any:
        async with self.core.store.read() as conn:
            return (await conn.execute(query)).scalar()

    async def audited(self, action: str) -> list[sa.Row[Any]]:
        a = schema.audit
        async with self.core.store.read() as conn:
            return list((await conn.execute(sa.select(a).where(a.c.action == action).order_by(a.c.at))).all())


async def press(citizen: Browser, message: dict[str, Any], button: int = 0) -> list[dict[str, Any]]:
    """Presses a button of a message and returns the replies."""
    response = await citizen.send(payload=message["buttons"][button]["payload"])
    assert response.status_code == 200, response.text
    return list(response.json()["messages"])


@pytest_asyncio.fixture
async def office(core: Core, script: Script, clock: Clock) -> AsyncIterator[Office]:
    core.settings.plugins = "connectors.web,handover"
    app = create_app(core)
    async with serving(app) as url:
        office = Office(url, core, script, clock, app.state.registry)
        yield office
        for client in office.clients:
            await client.aclose()


@pytest_asyncio.fixture
async def desk(core: Core) -> HandoverDesk:
    """The desk alone, over the store."""
    settings = load_settings()
    return HandoverDesk(core, settings, load_departments(settings.queue.default_department))


async def new_conversation(core: Core, *texts: str, language: str = "sv") -> conversations.Conversation:
    """A conversation in which the citizen wrote `texts`."""
    async with core.store.write() as tx:
        made = await conversations.create(tx, channel="web", channel_account="web", language=language, now=core.now())
        for text in texts:
            await messages.append(tx, made, Rendered("citizen", text, language), now=core.now())
        return await conversations.get(tx.conn, made)


def minutes(number: float) -> dt.timedelta:
    return dt.timedelta(minutes=number)
