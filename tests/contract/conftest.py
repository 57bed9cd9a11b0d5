"""The running app between simulated providers and citizens with phones; everything over real HTTP but knowledge and Rasa.

One app with every channel serves the whole suite; each case has phones that nobody has written from before.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import itertools
import re
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from fastapi import FastAPI

from bot.app import create_app
from bot.core import Core
from bot.events import Hub
from bot.settings import ROOT, load_settings
from bot.store import schema
from bot.store.engine import Store
from bot.texts import Catalogue
from connectors.simulator.base import Attempt, SimMessage, Webhook
from tests.bot.scripted import Script, analysis, article
from tests.contract.lines import LINES, Line
from tests.handover.conftest import Staff, add_agent
from tests.serving import serving

PLUGINS = "connectors.web,connectors.gateway,handover"
_o, _t, _d, _c, _m = schema.outbox.c, schema.turn.c, schema.delivery.c, schema.conversation.c, schema.message.c
_SINCE, _SOON = (sa.bindparam(name, type_=schema.UtcDateTime) for name in ("since", "soon"))
_AT_WORK = (  # made once: a statement takes longer to make than to run
    sa.select(_t.message_id).where(_t.state != "done", _t.created_at >= _SINCE).limit(1),
    sa.select(_o.message_id)
    .join(schema.conversation, _c.id == _o.conversation_id)
    .where(sa.or_(_o.state == "sending", sa.and_(_o.state == "pending", _o.next_attempt_at <= _SOON)), _c.created_at >= _SINCE)
    .limit(1),
)
_PHONES, _ARTICLES = itertools.count(100), itertools.count(1)


class MovingClock:
    """Goes on like a real clock, from a Monday at ten, and can be moved on."""

    def __init__(self) -> None:
        self._began, self._moved = time.monotonic(), dt.timedelta()

    def __call__(self) -> dt.datetime:
        start = dt.datetime(2026, 11, 23, 10, 0, tzinfo=dt.UTC)
        return start + dt.timedelta(seconds=time.monotonic() - self._began) + self._moved

    def forward(self, **by: float) -> None:
        self._moved += dt.timedelta(**by)


@dataclass
class Town:
    """The app at one address over one database, which can be stopped and started again; the providers go on meanwhile."""

    simulators: dict[str, Any]
    script: Script
    clock: MovingClock
    database_url: str
    folder: Path
    port: int
    http: httpx.AsyncClient
    texts: Catalogue
    environment: dict[str, str]
    core: Core = field(init=False)
    since: dt.datetime = field(init=False)  # when the case at hand began
    _running: contextlib.AsyncExitStack | None = None
    _staff: list[httpx.AsyncClient] = field(default_factory=list)
    last: dict[str, Callable[[], Webhook]] = field(default_factory=dict)  # makes a provider's last delivery anew, as some sign it

    def __post_init__(self) -> None:
        for name, simulator in self.simulators.items():
            simulator.deliver = self._noting(name, simulator.deliver)

    def _noting(self, name: str, deliver: Callable[..., Awaitable[Attempt | None]]) -> Callable[..., Awaitable[Attempt | None]]:
        async def noting(make: Callable[[], Webhook]) -> Attempt | None:
            self.last[name] = make
            return await deliver(make)

        return noting

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        hub = Hub()
        settings = load_settings(
            _env_file=None, var_dir=self.folder, database_url=self.database_url, public_url=self.url, plugins=PLUGINS
        )
        self.core = Core(settings, Store(self.database_url, publish=hub.publish), self.texts, self.script.knowledge_client(),
                         self.script.rasa_client(), hub, self.clock)  # fmt: skip
        self.core.started.set()
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        self._running = contextlib.AsyncExitStack()
        with pytest.MonkeyPatch.context() as environment:  # there may be another town with settings of its own
            for name, value in self.environment.items():
                environment.setenv(name, value)
            app = create_app(self.core)
        await self._running.enter_async_context(serving(app, listening))
        while not all(simulator.webhook_url for simulator in self.simulators.values()):  # Telegram's is registered by the app
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        if self._running is not None:
            await self._running.aclose()
            self._running = None

    def begins(self) -> None:
        """A new case: what earlier ones left behind is none of its business."""
        for simulator in self.simulators.values():
            simulator.no_faults()
        self.script.__init__()  # type: ignore[misc]
        self.since = self.clock()

    async def later(self, seconds: float) -> None:
        """So much time passes."""
        self.clock.forward(seconds=seconds)
        self.core.hub.publish({"topic": "outbox"})

    async def rows(self, table: sa.Table, *where: Any) -> list[Any]:
        """What this case has written, oldest first."""
        conversations = sa.select(_c.id).where(_c.created_at >= self.since)
        mine = {
            "conversation": _c.created_at >= self.since,
            "message": _m.conversation_id.in_(conversations),
            "outbox": _o.conversation_id.in_(conversations),
            "delivery": _d.message_id.in_(sa.select(_m.id).where(_m.conversation_id.in_(conversations))),
        }[table.name]
        order = {"conversation": _c.created_at, "message": _m.seq, "outbox": _o.seq, "delivery": _d.updated_at}[table.name]
        async with self.core.store.read() as conn:
            return list((await conn.execute(sa.select(table).where(mine, *where).order_by(order))).all())

    async def quiet(self, seconds: float = 60.0) -> None:
        """Waits until every turn is done and everything that can be delivered now is delivered."""
        async with asyncio.timeout(seconds):
            while True:
                # What is written while we look is due too; back-off is longer.
                values = {"since": self.since, "soon": self.core.now() + dt.timedelta(seconds=0.5)}
                async with self.core.store.read() as conn:
                    if not any([(await conn.execute(query, values)).first() for query in _AT_WORK]):
                        return
                await asyncio.sleep(0.03)

    async def conversation(self) -> Any:
        """The one that was opened last."""
        return (await self.rows(schema.conversation))[-1]

    async def citizens_texts(self) -> list[str]:
        return [row.text for row in await self.rows(schema.message, _m.author == "citizen")]

    async def replays(self, webhook: Webhook) -> httpx.Response:
        return await self.http.request(webhook.method, webhook.url, content=webhook.content, headers=dict(webhook.headers))

    async def agent(self, departments: tuple[str, ...] = ()) -> Staff:
        """A new member of staff, logged in."""
        http = httpx.AsyncClient(
            base_url=self.url, timeout=30, verify=False
        )  # nothing to verify, and certificates take long to read
        self._staff.append(http)
        name = f"anna{len(self._staff)} Lindgren"
        member = Staff(http, await add_agent(self.core, name, departments=departments), name)
        assert (await member.log_in()).status_code == 200
        return member

    async def close(self) -> None:
        await self.stop()
        for simulator in self.simulators.values():
            await simulator.aclose()
        for client in self._staff:
            await client.aclose()

    # --- what knowledge and Rasa are made to say ---

    def knows(self, text: str, said_in: str = "sv", **changes: Any) -> str:
        """A question is answered by an article from now on; returns its id, a new one, since the app remembers articles."""
        article_id = f"artikel-{next(_ARTICLES)}"
        self.script.articles[article_id] = article(article_id, **changes)
        self.script.analyses[text] = analysis(said_in)
        self.script.rasa = lambda body: [
            {"type": "answer", "article_ids": [article_id], "outcome": "answered", "probability": 0.9}
        ]
        return article_id

    def echoes(self) -> None:
        """Every question is answered by an article that repeats it."""

        def answer(body: dict[str, Any]) -> list[dict[str, Any]]:
            article_id = body["message"].replace(" ", "-")
            said = f"Svar på {body['message']}."
            self.script.articles[article_id] = article(article_id, answer=said, short=said)
            return [{"type": "answer", "article_ids": [article_id], "outcome": "answered"}]

        self.script.rasa = answer


@dataclass
class Phone:
    """One citizen on one channel: sends, presses, reads."""

    town: Town
    line: Line
    number: int = field(default_factory=lambda: next(_PHONES))
    _read: int = 0

    @property
    def simulator(self) -> Any:
        return self.town.simulators[self.line.provider.name]

    @property
    def address(self) -> str:
        return self.line.provider.phone(self.number)

    @property
    def inbox(self) -> list[SimMessage]:
        return list(self.simulator.inbox(self.address))

    def neighbour(self) -> Phone:
        """Somebody else on the same channel."""
        return Phone(self.town, self.line)

    async def sends(self, text: str, **options: Any) -> Attempt:
        """The citizen writes; the app acknowledges."""
        attempt: Attempt | None = await self.simulator.citizen_sends(self.address, text, **options)
        assert attempt is not None and attempt.ok, attempt
        return attempt

    async def presses(self, title: str) -> Attempt:
        """The citizen presses the button of this title, or types what stands for it where there are no buttons."""
        place = self._place_of(title)
        if not isinstance(place, int):
            return await self.sends(place or title)
        attempt: Attempt | None = await self.simulator.citizen_presses(self.address, place)
        assert attempt is not None and attempt.ok, attempt
        return attempt

    def _place_of(self, title: str) -> int | str | None:
        """Its place among the buttons of the last message that has choices, or its number where they have no buttons; None when
        they are an earlier message's."""
        for message in reversed(self.inbox):
            numbered = re.search(rf"^(\d+)\. {re.escape(title)}$", message.text, re.MULTILINE)
            for place, button in enumerate(message.buttons):
                # WhatsApp shortens titles in a list, and shows the whole one below.
                if title == button.removeprefix("✓ ") or (button.endswith("…") and title.startswith(button[:-1])):
                    return place
                if numbered and button == numbered[1]:
                    return place
            if numbered:
                return numbered[1]
            if message.buttons or re.search(r"^\d+\. ", message.text, re.MULTILINE):
                break
        assert any(title in f"{message.text}{message.buttons}{message.raw}" for message in self.inbox), (title, self.inbox)
        return None

    async def reads(self) -> list[SimMessage]:
        """What has come since the citizen last read, once everything has come that can."""
        await self.town.quiet()
        await self.simulator.settle()
        inbox = self.inbox
        new, self._read = inbox[self._read :], len(inbox)
        return new

    async def reads_after(self, text: str, **options: Any) -> list[SimMessage]:
        """Sends, and reads what comes, message by message."""
        await self.sends(text, **options)
        return await self.reads()

    async def hears(self) -> str:
        """What has come, as one text."""
        return "\n".join(message.text for message in await self.reads())

    async def asks(self, text: str, **options: Any) -> str:
        """Sends, and hears the answer."""
        await self.sends(text, **options)
        return await self.hears()


def _simulator(line: Line, app_url: str, clock: MovingClock) -> Any:
    # A wait of a minute takes a tenth of a second: long enough for a restart of the app to be waited for.
    options: dict[str, Any] = {"time_scale": 0.002, "now": clock, "hang_seconds": 30.0}
    options |= {"floods": False} if line.module == "telegram" else {}
    return line.provider.make(f"{app_url}/hooks/{line.provider.name}/main", **options)


@contextlib.asynccontextmanager
async def town_over(database_url: str, folder: Path) -> AsyncIterator[Town]:
    """The app with every channel, over a migrated database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    clock, api = MovingClock(), FastAPI()
    simulators = {line.provider.name: _simulator(line, f"http://127.0.0.1:{port}", clock) for line in LINES.values()}
    for simulator in simulators.values():
        api.include_router(simulator.router())
    environment = {"CHANNELS": ",".join(f"{line.module}:main" for line in LINES.values()), "CHANNEL_MESSAGES_PER_MINUTE": "0"}
    async with serving(api) as api_url, httpx.AsyncClient(timeout=30, verify=False) as http:
        for line in LINES.values():
            environment |= line.provider.environment(simulators[line.provider.name], api_url)
            if line.provider.channel == "sms":
                environment[f"{line.provider.name}_PER_SECOND".upper()] = "0"  # pace is looked at elsewhere
        texts = Catalogue.load(ROOT / "texts")
        town = Town(simulators, Script(), clock, database_url, folder, port, http, texts, environment)
        try:
            await town.start()
            yield town
        finally:
            await town.close()


@pytest.fixture(scope="session", params=sorted(LINES))
def line(request: pytest.FixtureRequest) -> Line:
    """Every channel."""
    return LINES[request.param]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def whole_town(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("contract")
    (folder / "fraga.db").write_bytes(migrated_sqlite.read_bytes())
    async with town_over(f"sqlite:///{folder / 'fraga.db'}", folder) as town:
        yield town


@pytest.fixture
def phone(whole_town: Town, line: Line) -> Iterator[Phone]:
    """A citizen's phone on every channel, over SQLite."""
    whole_town.begins()
    yield Phone(whole_town, line)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_town(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town_over(postgres_url, tmp_path_factory.mktemp("contract-postgres")) as town:
        yield town


@pytest.fixture
def postgres_phone(postgres_town: Town, line: Line) -> Phone:
    """The same over PostgreSQL."""
    postgres_town.begins()
    return Phone(postgres_town, line)
