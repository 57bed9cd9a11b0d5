"""The agents' console with 200 open conversations and 20 agents: how long until it shows, switches, and takes a key.

    .venv/bin/python -m benchmarks.console [--open 200] [--agents 20] [--news 5]      needs Chromium in the PATH or in CHROMIUM

The real app over SQLite and one real Chromium; the other agents' consoles are WebSocket clients that read the queue anew with the
news, as the console does. Bot and knowledge are scripted. Everything runs on this machine at once, so the figures are on the safe
side. Times end with the next frame after the change is in the page.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import websockets
from playwright.async_api import Page, async_playwright

from bot.app import create_app
from bot.core import Core
from bot.events import Hub
from bot.messages import Rendered
from bot.settings import ROOT, load_settings
from bot.store import conversations, messages, schema
from bot.store.engine import Store
from bot.store.migrate import upgrade
from bot.texts import Catalogue
from handover import repository
from tests.bot.scripted import Script
from tests.handover.conftest import PASSWORD, Office, Staff
from tests.serving import serving

RUSH_SECONDS, RUSH_SHARE = 1.0, 10  # as handover/console/desk.js
HERS, THEIRS = 10, 3  # conversations of the agent who is watched, and of each colleague; the others wait
SWITCHES, KEYS = 30, 80
DEPARTMENTS = ("kontaktcenter", "forskola", "kretslopp-vatten", "stadsmiljo", "social")
WATCH = """() => {
  window.marks = { tasks: [] };
  new PerformanceObserver((list) => { for (const one of list.getEntries()) marks.tasks.push(one.duration); }).observe({ type: 'longtask' });
  const seen = new MutationObserver(() => {
    if (marks.shown || document.querySelectorAll('.card-row').length < %d) return;
    marks.shown = 0.1;
    requestAnimationFrame(() => setTimeout(() => { marks.shown = performance.now(); }));
  });
  addEventListener('DOMContentLoaded', () => seen.observe(document.body, { childList: true, subtree: true }));
}"""
SWITCH = """(id) => new Promise((done) => {
  const begun = performance.now();
  const over = () => { seen.disconnect(); requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun))); };
  const seen = new MutationObserver(() => { if (document.querySelector('.log article') && document.querySelector('.talk-title')) over(); });
  document.querySelector(`[data-focus="open ${id}"]`).click();
  seen.observe(document.querySelector('.log'), { childList: true });
})"""
TYPING = """() => {
  window.keys = [];
  document.querySelector('.composer textarea').addEventListener('keydown', (event) => {
    const begun = event.timeStamp;
    requestAnimationFrame(() => setTimeout(() => keys.push(performance.now() - begun)));
  }, { capture: true });
}"""


def shares(milliseconds: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile, rounded to a tenth."""
    ordered = sorted(milliseconds)
    return {
        "p50": round(statistics.median(ordered), 1),
        "p95": round(ordered[int(len(ordered) * 0.95) - 1], 1),
        "n": len(ordered),
    }


async def opened(core: Core, number: int, agent_id: str | None, begun: dt.datetime) -> tuple[str, str]:
    """A conversation of twelve messages that waits, or that an agent has. Returns its id and the handover's."""
    async with core.store.write() as tx:
        made = await conversations.create(tx, channel="web", channel_account="web", language="sv", now=begun)
        for turn in range(6):
            for author in ("citizen", "bot"):
                text = f"Fråga {number}, del {turn}: hur gör jag med det här? " * 2
                await messages.append(tx, made, Rendered(author, text, "sv"), now=begun)
        handover_id = schema.new_id()
        shown = {"language": "sv", "topic": f"Ärende {number}", "department": "Kontaktcenter", "messages": []}
        await tx.conn.execute(schema.handover.insert().values(
            id=handover_id, conversation_id=made, state="claimed" if agent_id else "queued", version=1, language="sv",
            department=DEPARTMENTS[number % len(DEPARTMENTS)], topic=f"Ärende {number}", reason="asked", priority=0,
            consent="with_text", preview={"shown": shown, "from_seq": 1, "through_seq": 12, "queued_seq": 12}, claimed_by=agent_id,
            unread=0, offered_at=begun, queued_at=begun, claimed_at=begun if agent_id else None,
        ))  # fmt: skip
        await tx.conn.execute(
            schema.conversation.update().where(schema.conversation.c.id == made).values(owner="agent" if agent_id else "queue")
        )
    return made, handover_id


async def console(url: str, who: Staff, reads: list[float]) -> None:
    """An open console without a screen: reads the queue with the news, at most once a second."""
    cookie = "; ".join(f"{name}={value}" for name, value in who.http.cookies.items())
    async with websockets.connect(url.replace("http", "ws") + "/desk/v1/events", additional_headers={"Cookie": cookie}) as socket:
        async for frame in socket:
            if json.loads(frame)["type"] == "pong":
                continue
            begun = time.perf_counter()
            await who.get("/queue")
            took = time.perf_counter() - begun
            reads.append(took * 1000)
            await asyncio.sleep(max(RUSH_SECONDS, RUSH_SHARE * took))


async def news(core: Core, ids: Sequence[str], each_second: float) -> None:
    """Citizens write, as many messages a second, in one conversation after the other."""
    for number in range(10**9):
        async with core.store.write() as tx:
            handover, conversation = await repository.lock(tx, ids[number % len(ids)])
            said = Rendered("citizen", f"Nytt meddelande {number}", "sv")
            await messages.append(tx, conversation.id, said, now=core.now())
            await repository.change(tx, handover, unread=handover.unread + 1)
        await asyncio.sleep(1 / each_second)


async def measured(page: Page, url: str, handovers: Sequence[str], mine: Sequence[str]) -> dict[str, Any]:
    """The times of one console."""
    shown = []
    for _ in range(5):
        await page.goto(f"{url}/desk")
        while (at := await page.evaluate("window.marks?.shown ?? 0")) < 1:
            await asyncio.sleep(0.1)
        shown.append(at)
    rounds = [*mine, *handovers] * SWITCHES
    switches = [await page.evaluate(SWITCH, one) for one in rounds[:SWITCHES]]
    await page.evaluate(SWITCH, mine[0])
    await page.wait_for_selector(".composer textarea")
    await page.evaluate(TYPING)
    await page.evaluate("marks.tasks.length = 0")
    begun = time.perf_counter()
    await page.focus(".composer textarea")
    for _ in range(KEYS):
        await page.keyboard.press("a")
    await asyncio.sleep(max(0.0, 10 - (time.perf_counter() - begun)))
    tasks = await page.evaluate("marks.tasks")
    return {"until_shown_ms": shares(shown), "switch_ms": shares(switches), "key_ms": shares(await page.evaluate("keys")),
            "long_tasks": {"n": len(tasks), "longest_ms": round(max(tasks, default=0), 1), "seconds": round(time.perf_counter() - begun)}}  # fmt: skip


async def main(open_ones: int, agents: int, each_second: float) -> dict[str, Any]:
    """Sets the desk up and measures."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    async with AsyncExitStack() as stack:
        var = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fraga-console-")))
        database = f"sqlite:///{var}/desk.db"
        await asyncio.to_thread(upgrade, database)
        settings = load_settings(_env_file=None, var_dir=var, database_url=database, secret_key="x" * 40, rasa_token="y" * 40,
                                 plugins="connectors.web,handover", log_level="error")  # fmt: skip
        hub, script = Hub(), Script()
        core = Core(settings, Store(database, publish=hub.publish), Catalogue.load(ROOT / "texts"), script.knowledge_client(),
                    script.rasa_client(), hub)  # fmt: skip
        core.started.set()
        app = create_app(core)
        url = await stack.enter_async_context(serving(app))
        office = Office(url, core, script, core.now, app.state.registry)  # type: ignore[arg-type]
        staff = [await office.staff(f"Agent{number} Test") for number in range(agents)]
        now = core.now()
        owners = [staff[0].id] * HERS + [one.id for one in staff[1:] for _ in range(THEIRS)]
        owned = [*owners, *[None] * max(0, open_ones - len(owners))][:open_ones]
        made = [await opened(core, number, owner, now - dt.timedelta(seconds=number * 4)) for number, owner in enumerate(owned)]
        listed = owned.count(staff[0].id) + owned.count(None)
        reads: list[float] = []
        tasks = [asyncio.create_task(console(url, one, reads)) for one in staff[1:]]
        tasks.append(asyncio.create_task(news(core, [handover_id for _, handover_id in made], each_second)))
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--headless", "--no-sandbox", "--disable-gpu"])
        page = await browser.new_page(viewport={"width": 1400, "height": 900})
        await page.goto(f"{url}/desk")
        await page.get_by_label("E-post").fill("agent0@goteborg.example")
        await page.get_by_label("Lösenord").fill(PASSWORD)
        await page.get_by_role("button", name="Logga in").click()
        await page.wait_for_selector(".card-row", timeout=60_000)
        await page.add_init_script(f"({WATCH % listed})()")
        waiting = [one for (_, one), owner in zip(made, owned, strict=True) if owner is None]
        found = await measured(page, url, waiting, [one for _, one in made[:HERS]])
        await browser.close()
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError, httpx.HTTPError, websockets.ConnectionClosed):
            await asyncio.gather(*tasks)
        for client in office.clients:
            await client.aclose()
    return {
        "open": open_ones,
        "in_the_list": listed,
        "agents": agents,
        "messages_each_second": each_second,
        **found,
        "queue_request_ms": shares(reads),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--open", type=int, default=200)
    parser.add_argument("--agents", type=int, default=20)
    parser.add_argument("--news", type=float, default=5.0, help="citizens' messages a second")
    given = parser.parse_args()
    print(json.dumps(asyncio.run(main(given.open, given.agents, given.news)), indent=2))
