"""The running app with a citizen on one side and a desk on the other: our own console, Chatwoot or Zammad, over real HTTP.

A `Place` is what an agent does, whatever they sit at: so the same cases run over all three.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
import sqlalchemy as sa

from bot.app import create_app
from bot.core import Core
from bot.store import schema
from handover.desks.cases import reference
from tests.bot.conftest import core, script
from tests.bot.scripted import Script
from tests.conftest import Clock
from tests.connectors.web.conftest import Browser
from tests.handover.conftest import Office, Staff, press
from tests.handover.desks import chatwoot as cw
from tests.handover.desks import zammad as zd
from tests.handover.desks.chatwoot import Chatwoot
from tests.handover.desks.zammad import Zammad
from tests.serving import free_port, serving

__all__ = ["core", "script"]

PHONE = "070-174 06 05"
QUESTION = "Min granne eldar varje kväll"


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path, migrated_sqlite: Path) -> str:
    """Chatwoot's cases run on PostgreSQL, all others on SQLite: what carries between the desks is one code."""
    if "chatwoot" in request.node.callspec.params.values():
        url: str = request.getfixturevalue("postgres_url")
        with psycopg.connect(url, autocommit=True) as conn:
            found = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname='public' AND tablename <> 'alembic_version'")
            conn.execute("TRUNCATE " + ", ".join(f'"{table}"' for (table,) in found.fetchall()) + " CASCADE")
        return url
    path = tmp_path / "fraga.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{path}"


class Guests(Office):
    """Whose clients open a connection for each call: on a slow machine one that was kept may be closed as it is used again."""

    def _client(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_keepalive_connections=0)
        self.clients.append(httpx.AsyncClient(base_url=self.url, timeout=30, limits=limits, verify=False))
        return self.clients[-1]


async def until(check: Callable[[], Awaitable[Any]] | Callable[[], Any], what: str = "") -> Any:
    """Waits until something is so, and returns it."""
    async with asyncio.timeout(30):
        while True:
            found = check()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(0.02)


def zammad_environment(url: str) -> dict[str, str]:
    return {"ZAMMAD_URL": url, "ZAMMAD_TOKEN": zd.TOKEN, "ZAMMAD_WEBHOOK_SECRET": zd.SECRET, "ZAMMAD_GROUP": "Kontaktcenter",
            "ZAMMAD_SEARCH_SECONDS": "0"}  # fmt: skip


def chatwoot_environment(url: str) -> dict[str, str]:
    return {
        "CHATWOOT_URL": url, "CHATWOOT_ACCOUNT_ID": str(cw.ACCOUNT), "CHATWOOT_INBOX_ID": str(cw.INBOX),
        "CHATWOOT_API_TOKEN": cw.AGENT_TOKEN, "CHATWOOT_BOT_TOKEN": cw.BOT_TOKEN, "CHATWOOT_BOT_SECRET": cw.BOT_SECRET,
        "CHATWOOT_INBOX_SECRET": cw.INBOX_SECRET,
    }  # fmt: skip


@dataclass
class Place:
    """Where the agents sit."""

    office: Office
    key: str
    chatwoot: Chatwoot
    zammad: Zammad
    staff: Staff | None = None
    cases: dict[str, Any] = field(default_factory=dict)

    @property
    def simulated(self) -> Chatwoot | Zammad:
        return self.chatwoot if self.key == "chatwoot" else self.zammad

    async def case(self, *texts: str, button: int = 0) -> tuple[Browser, str]:
        """A citizen who waits for this desk, and the handover; the agents see it."""
        citizen, handover_id = await self.waits(*(texts or (QUESTION,)), button=button)
        await until(lambda: self.number(handover_id))
        if self.key == "chatwoot":
            await until(lambda: self.chatwoot.conversations[self.number(handover_id)]["status"] == "open")
        await self.quiet(handover_id)
        return citizen, handover_id

    async def waits(self, *texts: str, button: int = 0) -> tuple[Browser, str]:
        """A citizen in the queue; at night one who left a number."""
        if self.key != "zammad":
            return await self.office.in_queue(*texts, button=button)
        self.office.clock.time = dt.datetime(2026, 11, 23, 21, 0, tzinfo=dt.UTC)
        citizen = await self.office.citizen()
        for text in texts:
            await citizen.send(text)
        said = await press(citizen, await self.office.asks_for_human(citizen), button)
        closed = next(message for message in said if "kontaktuppgifter" in str(message.get("buttons")))
        await press(citizen, closed)
        response = await citizen.send(f"Ring {PHONE}")
        assert response.status_code == 200, response.text
        return citizen, await self.office.handover_of(citizen)

    async def quiet(self, handover_id: str) -> None:
        """Everything so far has been carried both ways."""
        if self.key == "own":
            return
        await self.simulated.settle()
        await until(lambda: self._is_quiet(handover_id))

    async def _is_quiet(self, handover_id: str) -> bool:
        link, now = await self.link(handover_id), self.office.core.now()
        free = link is not None and link.lease_worker is None and link.in_flight is None
        return bool(free and (link.next_attempt_at is None or link.next_attempt_at > now))

    async def link(self, handover_id: str) -> Any:
        """The row that says how far the two are."""
        query = sa.select(schema.desk_link).where(schema.desk_link.c.handover_id == handover_id)
        async with self.office.core.store.read() as conn:
            return (await conn.execute(query)).one_or_none()

    async def handover(self, handover_id: str) -> Any:
        query = sa.select(schema.handover).where(schema.handover.c.id == handover_id)
        async with self.office.core.store.read() as conn:
            return (await conn.execute(query)).one()

    async def owner(self, citizen: Browser) -> str:
        return str((await citizen.read())["owner"])

    def number(self, handover_id: str) -> Any:
        """The case at the other desk."""
        return "own" if self.key == "own" else self.simulated.number(reference(handover_id))

    # What an agent does

    async def _own(self) -> Staff:
        if self.staff is None:
            self.staff = await self.office.staff("Anna Agent")
        return self.staff

    @property
    def agent_name(self) -> str:
        """As the citizen is told it: Chatwoot has a name for that."""
        return "Anna" if self.key == "chatwoot" else "Anna Agent"

    async def claim(self, handover_id: str) -> None:
        """An agent takes it; in Zammad whoever writes has it."""
        if self.key == "own":
            assert (await (await self._own()).claim(handover_id)).status_code == 200
        elif self.key == "chatwoot":
            self.chatwoot.assign(self.number(handover_id), 1)

    async def write(self, handover_id: str, text: str) -> None:
        if self.key == "own":
            assert (await (await self._own()).write(handover_id, text)).status_code == 200
        elif self.key == "chatwoot":
            self.chatwoot.write(self.number(handover_id), 1, text)
        else:
            self.zammad.write(self.number(handover_id), f"<div>{text}</div>")

    async def give_back(self, handover_id: str) -> None:
        if self.key == "own":
            assert (await (await self._own()).post(f"/handovers/{handover_id}/return")).status_code == 200
        else:
            self.chatwoot.set_status(self.number(handover_id), "pending")

    async def close(self, handover_id: str) -> None:
        if self.key == "own":
            assert (await (await self._own()).post(f"/handovers/{handover_id}/close", reason="solved")).status_code == 200
        elif self.key == "chatwoot":
            self.chatwoot.set_status(self.number(handover_id), "resolved")
        else:
            self.zammad.set_state(self.number(handover_id), "closed")

    async def sees(self, handover_id: str) -> list[str]:
        """Everything that agents can read of it."""
        number = self.number(handover_id)
        if self.key == "own":
            return [one["text"] for one in (await (await self._own()).context(handover_id))["messages"]]
        return [text for text in self.simulated.written(number) if text]

    async def from_citizen(self, handover_id: str) -> list[str]:
        """What the citizen wrote since they wait."""
        if self.key == "own":
            messages = (await (await self._own()).context(handover_id))["messages"]
            return [one["text"] for one in messages if one["author"] == "citizen"][2:]  # the question, and asking for a human
        if self.key == "chatwoot":
            return self.chatwoot.written(self.number(handover_id), kind="incoming")
        # The ticket's heading, and what they wrote when they left their number, come first.
        return self.zammad.written(self.number(handover_id), sender="Customer")[2:]


async def take_consent_back(place: Place, citizen: Browser, handover_id: str) -> None:
    """The citizen presses "without what I wrote", after all; a scheduled case has no button for it any more."""
    if place.key == "chatwoot":
        question = next(one for one in (await citizen.read())["messages"] if one.get("preview"))
        await press(citizen, question, 1)
        return
    async with place.office.core.store.write() as tx:
        h = schema.handover
        await tx.conn.execute(h.update().where(h.c.id == handover_id).values(consent="without_text"))
        tx.notify("desk", type="queue")


async def texts_of(citizen: Browser, author: str) -> list[str]:
    return [one["text"] for one in (await citizen.read())["messages"] if one["author"] == author]


@asynccontextmanager
async def opened(core: Core, script: Script, clock: Clock, key: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    """The app with one desk."""
    chatwoot, zammad = Chatwoot(clock), Zammad()
    core.settings.plugins = "connectors.web,connectors.gateway,handover"
    listening, url = free_port()
    async with serving(chatwoot.app) as chatwoot_url, serving(zammad.app) as zammad_url:
        for name, value in (chatwoot_environment(chatwoot_url) | zammad_environment(zammad_url)).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("DESKS", "" if key == "own" else key)
        chatwoot.webhook_url, zammad.webhook_url = f"{url}/hooks/chatwoot", f"{url}/hooks/zammad"
        app = create_app(core)
        async with serving(app, on=listening):
            office = Guests(url, core, script, clock, app.state.registry)
            yield Place(office, key, chatwoot, zammad)
            for client in office.clients:
                await client.aclose()
        await chatwoot.aclose()
        await zammad.aclose()


@pytest_asyncio.fixture(params=["own", "chatwoot", "zammad"])
async def place(
    request: pytest.FixtureRequest, core: Core, script: Script, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Place]:
    """Each desk in turn."""
    async with opened(core, script, clock, request.param, monkeypatch) as place:
        yield place


@pytest_asyncio.fixture(params=["chatwoot", "zammad"])
async def elsewhere(
    request: pytest.FixtureRequest, core: Core, script: Script, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Place]:
    """Each of the other desks in turn."""
    async with opened(core, script, clock, request.param, monkeypatch) as place:
        yield place


async def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    async with httpx.AsyncClient(verify=False) as http:
        return (await http.post(url, content=body, headers=headers)).status_code
