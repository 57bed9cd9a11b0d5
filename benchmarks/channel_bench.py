"""What the channels' benchmarks share: the app as a real process, simulated providers, and stand-ins for knowledge and Rasa.

The stand-ins answer over real HTTP at once, each question with an article that repeats its token: what is measured is
receiving and delivering, not retrieval.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request

from connectors.simulator.base import Simulator
from connectors.simulator.providers import PROVIDERS, channels

ROOT = Path(__file__).resolve().parent.parent
TOKEN = re.compile(r"q[a-z]\d{6}")


def token(number: int) -> str:
    """What a question and its answer have in common; no personal number, and no choice's number."""
    return f"q{'abcdefghijklmnopqrstuvwxyz'[number % 26]}{number:06d}"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stand_ins() -> FastAPI:
    """Knowledge and Rasa, as light as they can be."""
    app = FastAPI()

    @app.post("/analyze")
    async def analyze(_request: Request) -> dict[str, Any]:
        return {"language": "sv", "language_probability": 0.99, "tokens": [], "entities": [], "signals": {}, "candidates": [],
                "choices": [], "follows": False, "elsewhere": None, "index_version": "stand-in", "ms": 0.1}  # fmt: skip

    @app.get("/articles/{article_id}")
    async def article(article_id: str) -> dict[str, Any]:
        said = f"Svar {article_id}. Ett besök kostar ingenting de första sex gångerna."
        return {"article_id": article_id, "area": "avfall", "department": "kretslopp-vatten", "department_name": "Kretslopp och vatten",
                "status": "published", "updated": "2026-11-22", "review_by": "2027-11-22", "live_only": False, "sensitive": False, "volatile": [],
                "language": "sv", "requested_language": "sv", "translation_state": "original", "title": "Rubrik", "answer": said,
                "short": said, "sources": [], "links": [], "next": [], "titles": {"sv": "Rubrik"}}  # fmt: skip

    @app.post("/webhooks/rest/webhook")
    async def rasa(request: Request) -> list[dict[str, Any]]:
        body = await request.json()
        found = TOKEN.search(body["message"])
        reply = (
            {"type": "answer", "article_ids": [found[0]], "outcome": "answered", "probability": 0.9}
            if found
            else {"type": "text", "key": "dont_know"}
        )
        return [{"recipient_id": body["sender"], "custom": reply}]

    @app.get("/readyz")
    @app.get("/")
    async def ready() -> dict[str, str]:
        return {"status": "ok"}

    return app


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """The app's address while the block runs."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


class App:
    """The app, `python -m bot.serve`, in a process of its own."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = folder / "fraga.db"
        self._log = folder / "app.log"
        self._environment = {
            **os.environ, **environment, "APP_PORT": str(self.port), "PUBLIC_URL": self.url, "VAR_DIR": str(folder), "FRAGA_ENV": "development",
            "DATABASE_URL": f"sqlite:///{self.database}", "PLUGINS": "connectors.gateway,handover", "LOG_LEVEL": "warning",
            "CHANNEL_MESSAGES_PER_MINUTE": "0", "SECRET_KEY": secrets.token_urlsafe(48), "RASA_TOKEN": secrets.token_urlsafe(48),
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    def set(self, **environment: str) -> None:
        """Further settings, for the next start."""
        self._environment |= environment

    async def start(self) -> float:
        """Starts it; returns the seconds until it answers."""
        began = asyncio.get_running_loop().time()
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot.serve"], cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        async with httpx.AsyncClient() as http:
            while True:
                if self.process.poll() is not None:
                    raise RuntimeError(f"the app ended: {self._log.read_text()[-2000:]}")
                try:
                    if (await http.get(f"{self.url}/healthz")).status_code == 200:
                        return asyncio.get_running_loop().time() - began
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)

    def kill(self) -> None:
        """As `kill -9`: no last words."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """Ends it as an operator would."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def warnings(self) -> list[str]:
        """What it logged as a fault of its own."""
        lines = self._log.read_text(errors="replace").splitlines()
        return [line for line in lines if "Traceback" in line or "error" in line.split("]")[0]]


@asynccontextmanager
async def everything(folder: Path, names: list[str], **options: Any) -> AsyncIterator[tuple[App, dict[str, Simulator]]]:
    """The app (not yet started), and a simulator per provider.

    Args:
        options: of every simulator.
    """
    app = App(folder, {})
    simulators: dict[str, Simulator] = {name: PROVIDERS[name].make(f"{app.url}/hooks/{name}/main", **options) for name in names}
    api = stand_ins()
    for simulator in simulators.values():
        api.include_router(simulator.router())
    async with serving(api) as url:
        app.set(CHANNELS=channels(names), KNOWLEDGE_URL=url, RASA_URL=url, ACTIONS_URL=url)
        for name in names:
            app.set(**PROVIDERS[name].environment(simulators[name], url))
            if PROVIDERS[name].channel == "sms":
                app.set(**{f"{name}_PER_SECOND".upper(): "0"})  # the operators' limits would make it a test of patience
        try:
            yield app, simulators
        finally:
            app.end()
            for simulator in simulators.values():
                await simulator.aclose()


def load_average() -> str:
    """The machine's load over the last minute, and its cores."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
