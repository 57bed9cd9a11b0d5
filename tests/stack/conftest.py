"""The whole assistant, as `make run` starts it, on free ports and with a database of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
ADMIN = ("admin@example.org", "Anna Admin", "korrekt-häst-batteri-7")
EDITORS = (("dan@example.org", "Dan", "korrekt-häst-batteri-5"), ("eva@example.org", "Eva", "korrekt-häst-batteri-6"))
AGENTS = (("bo@example.org", "Bo", "korrekt-häst-batteri-8"), ("cim@example.org", "Cim", "korrekt-häst-batteri-9"))


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for opened in sockets:
            opened.bind(("127.0.0.1", 0))
        return [opened.getsockname()[1] for opened in sockets]
    finally:
        for opened in sockets:
            opened.close()


@dataclass
class Chat:
    """One citizen's conversation over the public API."""

    stack: Stack
    http: httpx.Client
    token: str
    conversation_id: str
    greeting: list[dict[str, Any]]

    @property
    def auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def send(
        self, text: str | None = None, *, payload: str | None = None, wait: float | None = 20, key: str | None = None
    ) -> dict[str, Any]:
        body = {"client_message_id": key or str(uuid.uuid4()), **({"text": text} if text is not None else {"payload": payload})}
        response = self.http.post("/chat/v1/messages" + ("" if wait is None else f"?wait={wait}"), json=body, headers=self.auth)
        assert response.status_code in (200, 202), response.text
        return dict(response.json())

    def press(self, message: dict[str, Any], index: int = 0) -> dict[str, Any]:
        return self.send(payload=message["buttons"][index]["payload"])

    def read(self, after: int = 0) -> dict[str, Any]:
        response = self.http.get(f"/chat/v1/messages?after={after}", headers=self.auth)
        assert response.status_code == 200, response.text
        return dict(response.json())


@dataclass
class Stack:
    """The running processes."""

    url: str
    var: Path
    environment: dict[str, str]
    supervisor: subprocess.Popen[bytes]
    logs: Path
    _clients: list[httpx.Client] = field(default_factory=list)

    def open(self, **body: Any) -> Chat:
        http = httpx.Client(base_url=self.url, timeout=40, transport=httpx.HTTPTransport(retries=3))
        self._clients.append(http)
        response = http.post("/chat/v1/conversations", json=body)
        assert response.status_code == 201, response.text
        opened = response.json()
        return Chat(self, http, opened["token"], opened["conversation_id"], opened["messages"])

    def process_ids(self, pattern: str) -> list[int]:
        """Processes of this stack whose command line contains the pattern."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    environment = (entry / "environ").read_bytes().decode(errors="replace")
                except OSError:
                    continue
                if pattern in command and f"VAR_DIR={self.var}" in environment:
                    found.append(int(entry.name))
        return found

    def kill(self, pattern: str) -> None:
        """kill -9, as a crash would."""
        ids = self.process_ids(pattern)
        assert ids, f"no process {pattern}"
        for process_id in ids:
            os.kill(process_id, signal.SIGKILL)

    def services(self) -> dict[str, bool]:
        try:
            return dict(httpx.get(f"{self.url}/readyz", timeout=5).json()["services"])
        except (httpx.HTTPError, ValueError):
            return {}

    def wait_until(self, condition: Callable[[], bool], seconds: float = 90) -> None:
        """Waits for something to become true; fails with the logs' ends."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                ends = {log.name: log.read_text(errors="replace")[-1500:] for log in self.logs.glob("*.log")}
                raise AssertionError(f"not true after {seconds} s; logs: {ends}")
            time.sleep(0.1)

    def wait_complete(self) -> None:
        """Until every process answers."""
        self.wait_until(lambda: bool(self.services()) and all(self.services().values()))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Started once for all stack tests; needs `make setup` to have run."""
    var = tmp_path_factory.mktemp("var")
    for made in ("encoder", "index", "models"):
        source = ROOT / "var" / made
        assert source.exists(), "run `make setup` first"
        if made != "index":
            (var / made).symlink_to(source)
    # Editors write articles and a new index: both are this session's own.
    shutil.copytree(ROOT / "var" / "index", var / "index")
    shutil.copytree(ROOT / "knowledge" / "articles", var / "knowledge-base" / "articles")
    for table in ("departments.yml", "phones.yml"):
        shutil.copy(ROOT / "knowledge" / table, var / "knowledge-base" / table)
    app, knowledge, rasa, actions = free_ports(4)
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")},
        "VAR_DIR": str(var), "ARTICLES_DIR": str(var / "knowledge-base" / "articles"), "APP_PORT": str(app), "PUBLIC_URL": f"http://127.0.0.1:{app}", "DATABASE_URL": f"sqlite:///{var}/fraga.db",
        "KNOWLEDGE_URL": f"http://127.0.0.1:{knowledge}", "RASA_URL": f"http://127.0.0.1:{rasa}", "ACTIONS_URL": f"http://127.0.0.1:{actions}",
        "START_GRACE_SECONDS": "90",
    }  # fmt: skip
    output = (var / "supervisor.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.supervisor"], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
    )
    running = Stack(f"http://127.0.0.1:{app}", var, environment, process, var / "log")
    try:
        running.wait_complete()
        for email, name, password, role in (
            (*ADMIN, "admin"),
            *((*a, "agent") for a in AGENTS),
            *((*e, "editor") for e in EDITORS),
        ):
            subprocess.run([sys.executable, "-m", "handover", "create-agent", "--email", email, "--name", name, "--role", role],
                           cwd=ROOT, env={**environment, "FRAGA_NEW_PASSWORD": password}, check=True, capture_output=True)  # fmt: skip
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(40)
        for client in running._clients:
            client.close()
        output.close()
        assert running.process_ids("") == [], "Ctrl-C left a process behind"
