"""`python -m bot.supervisor`: runs app, rasa, knowledge and actions, and nothing else is needed.

Starts the four, waits until they answer, says where to click, restarts one that dies (with back-off), and on Ctrl-C or
SIGTERM ends all of them. If the supervisor itself is killed the kernel ends its children (Linux).
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO
from urllib.parse import urlsplit

from bot.settings import ROOT, ConfigurationError, Settings, load_settings

READY_SECONDS = 120
STOP_SECONDS = 12
STABLE_SECONDS = 30  # a process that lived this long has its restart count forgotten
MAX_BACKOFF_SECONDS = 10.0
LEAST_FREE_BYTES = 200 * 1024 * 1024
MAX_LOG_BYTES = 20 * 1024 * 1024
_PR_SET_PDEATHSIG = 1


class StartRefused(Exception):
    """The assistant can't start; the message is one sentence that says what to do."""


@dataclass
class Service:
    """One process: how to start it and how to see that it answers."""

    name: str
    command: list[str]
    url: str  # its address
    ready_url: str
    setting: str  # the setting that moves it to another port
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restarts: int = 0
    restart_at: float | None = None

    def start(self, log_dir: Path) -> None:
        """Starts the process with its own log file, in its own process group."""
        path = log_dir / f"{self.name}.log"
        if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        log: IO[bytes] = path.open("ab")
        with log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self.started_at = time.monotonic()
        self.restart_at = None

    def answers(self) -> bool:
        """Whether the service says it is ready."""
        try:
            with urllib.request.urlopen(self.ready_url, timeout=2) as response:  # noqa: S310 - our own http address
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError, ValueError):
            return False

    def signal(self, number: int) -> None:
        """Signals the whole process group, so that a worker of the process ends with it."""
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def services(settings: Settings) -> list[Service]:
    """The four processes, as the settings place them."""
    python = sys.executable
    rasa, actions = urlsplit(settings.rasa_url), urlsplit(settings.actions_url)
    shared = {
        "KNOWLEDGE_URL": settings.knowledge_url,
        "ACTIONS_URL": settings.actions_url,
        "RASA_URL": settings.rasa_url,
        "VAR_DIR": str(settings.var_dir),
        "RASA_TELEMETRY_ENABLED": "false",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        # Numeric libraries that spin up a thread per core, and keep it spinning, take that core from the other processes.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(ROOT),
    }
    rasa_command = [
        str(ROOT / ".venv-rasa" / "bin" / "python"), "-m", "rasa", "run",
        "-m", str(settings.var_dir / "models" / "fraga.tar.gz"),
        "-i", rasa.hostname or "127.0.0.1", "-p", str(rasa.port or 5005),
        "--endpoints", "endpoints.yml", "--credentials", "credentials.yml", "--response-timeout", "15",
    ]  # fmt: skip
    for_rasa = {**shared, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}
    for_knowledge = {**shared, "KNOWLEDGE_TOKEN": settings.knowledge_token.get_secret_value(), "FRAGA_ENV": settings.fraga_env}
    for_actions = {**shared, "SANIC_HOST": actions.hostname or "127.0.0.1", "ACTION_SERVER_PORT": str(actions.port or 5055)}
    app_url = f"http://{settings.app_host}:{settings.app_port}"
    return [
        Service("knowledge", [python, "-m", "knowledge", "serve"], settings.knowledge_url,
                f"{settings.knowledge_url}/readyz", "KNOWLEDGE_URL", for_knowledge),
        Service("actions", [python, "-m", "actions"], settings.actions_url,
                f"{settings.actions_url}/health", "ACTIONS_URL", for_actions),
        Service("rasa", rasa_command, settings.rasa_url, f"{settings.rasa_url}/", "RASA_URL", for_rasa),
        Service("app", [python, "-m", "bot.serve"], app_url, f"{app_url}/readyz", "APP_PORT", shared),
    ]  # fmt: skip


def check(settings: Settings, wanted: list[Service]) -> None:
    """Looks for what would make the start fail half-way.

    Raises:
        StartRefused: with the one thing to do.
    """
    for path, command in ((ROOT / ".venv-rasa", "make setup"), (settings.var_dir / "models" / "fraga.tar.gz", "make setup")):
        if not path.exists():
            raise StartRefused(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path} is missing; run: {command}")
    if shutil.disk_usage(settings.var_dir).free < LEAST_FREE_BYTES:
        raise StartRefused(f"the disk under {settings.var_dir} is full; free at least 200 MB")
    for service in wanted:
        parts = urlsplit(service.url)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((parts.hostname or "127.0.0.1", parts.port or 80))
            except OSError:
                raise StartRefused(
                    f"port {parts.port} for {service.name} is taken; stop what listens there or set {service.setting} in .env"
                ) from None


class Supervisor:
    """Keeps the services running until told to stop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._services = services(settings)
        self._log_dir = settings.var_dir / "log"
        self._stop = threading.Event()

    def run(self) -> int:
        """Runs until SIGINT or SIGTERM; returns the exit status."""
        self._log_dir.mkdir(parents=True, exist_ok=True)
        with (self._settings.var_dir / "supervisor.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise StartRefused("the assistant already runs from this folder; stop that one first") from None
            check(self._settings, self._services)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, self._on_signal)
            began = time.monotonic()
            try:
                for service in self._services:
                    service.start(self._log_dir)
                if self._wait_ready(began):
                    self._say_where(time.monotonic() - began)
                while not self._stop.wait(0.3):
                    self._revive()
            finally:
                self._end_all()
        return 0

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _wait_ready(self, began: float) -> bool:
        waiting = {service.name: service for service in self._services}
        print("Starting " + ", ".join(waiting) + " …", flush=True)
        while waiting and not self._stop.is_set():
            if time.monotonic() - began > READY_SECONDS:
                names = ", ".join(waiting)
                print(f"Not ready after {READY_SECONDS} s: {names}. See {self._log_dir}/<name>.log; I go on trying.", flush=True)
                return False
            for name in [n for n, service in waiting.items() if service.answers()]:
                del waiting[name]
                print(f"  {name:<10} ready after {time.monotonic() - began:4.1f} s", flush=True)
            self._revive()
            self._stop.wait(0.3)
        # The app opens its doors a moment after the last service answers; "ready" is said when a citizen can write.
        while not self._stop.is_set() and not self._doors_open() and time.monotonic() - began < READY_SECONDS:
            self._stop.wait(0.1)
        return not waiting

    def _doors_open(self) -> bool:
        try:
            with urllib.request.urlopen(self._services[-1].ready_url, timeout=5) as response:  # noqa: S310
                return bool(json.load(response)["complete"])
        except (urllib.error.URLError, OSError, ValueError, KeyError):
            return False

    def _say_where(self, seconds: float) -> None:
        base = f"http://{self._settings.app_host}:{self._settings.app_port}"
        print(
            f"\nFråga Göteborg is ready ({seconds:.0f} s).\n\n"
            f"  Citizen's chat (demo page)   {base}/\n"
            f"  Agents' desk                 {base}/desk      (first: make admin)\n"
            f"  API documentation            {base}/docs\n\n"
            f"Logs: {self._log_dir}. Ctrl-C stops everything.",
            flush=True,
        )

    def _revive(self) -> None:
        """Restarts what has died, after a pause that doubles while it keeps dying."""
        now = time.monotonic()
        for service in self._services:
            assert service.process is not None
            if service.process.poll() is None:
                continue
            if service.restart_at is None:
                service.restarts = 0 if now - service.started_at > STABLE_SECONDS else service.restarts + 1
                wait = 0.0 if service.restarts == 0 else min(0.5 * 2.0**service.restarts, MAX_BACKOFF_SECONDS)
                service.restart_at = now + wait
                tail = self._last_line(service.name)
                status = service.process.returncode
                print(f"  {service.name} ended ({status}); starting it again in {wait:.0f} s. {tail}", flush=True)
            elif now >= service.restart_at:
                service.start(self._log_dir)

    def _last_line(self, name: str) -> str:
        try:
            lines = (self._log_dir / f"{name}.log").read_bytes()[-2000:].decode(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return f"Its last line: {lines[-1][:300]}" if lines else ""

    def _end_all(self) -> None:
        print("\nStopping …", flush=True)
        # The app first: it lets running turns end while the services behind it still answer.
        for service in reversed(self._services):
            service.signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for service in self._services:
            if service.process is not None:
                try:
                    service.process.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    service.signal(signal.SIGKILL)
                    service.process.wait()
        print("Stopped.", flush=True)


def main() -> int:
    """Entry point."""
    try:
        return Supervisor(load_settings()).run()
    except (ConfigurationError, StartRefused) as fault:
        print(f"Fråga Göteborg does not start: {fault}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
