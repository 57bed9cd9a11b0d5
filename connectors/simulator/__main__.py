"""`make demo-channels`: the whole assistant with simulated SMS, Telegram, WhatsApp and Messenger, beside `make run` if that runs.

It has ports of its own (8100, 8101, 8105, 8155) and a database of its own under `var/demo`; the language model, the index and
Rasa's model are those that `make setup` built. An agent is made for the desk, so that one can answer as a human too.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

from bot.settings import ROOT, ConfigurationError, load_settings
from bot.store.migrate import upgrade
from bot.supervisor import main as supervise

BUILT = ("encoder", "index", "models", "nlu", "base")
AGENT = "demo@example.org"
PORTS = {"APP": 8100, "KNOWLEDGE": 8101, "RASA": 8105, "ACTIONS": 8155}


def environment(var: Path) -> dict[str, str]:
    """The demo's settings; a port can be moved by DEMO_APP_PORT, DEMO_KNOWLEDGE_PORT, …

    Args:
        var: of the assistant that was set up.
    """
    ports = {name: os.environ.get(f"DEMO_{name}_PORT", str(port)) for name, port in PORTS.items()}
    return {
        "FRAGA_ENV": "development", "REDIS_URL": "",
        "VAR_DIR": str(var / "demo"), "DATABASE_URL": f"sqlite:///{var / 'demo' / 'fraga.db'}",
        "APP_HOST": "127.0.0.1", "APP_PORT": ports["APP"], "PUBLIC_URL": f"http://127.0.0.1:{ports['APP']}",
        **{f"{name}_URL": f"http://127.0.0.1:{ports[name]}" for name in ("KNOWLEDGE", "RASA", "ACTIONS")},
        "PLUGINS": "connectors.web,connectors.simulator,connectors.gateway,handover",
    }  # fmt: skip


def prepare(var: Path) -> None:
    """The demo's folder: its own database, and links to what was built."""
    demo = var / "demo"
    demo.mkdir(parents=True, exist_ok=True)
    for name in BUILT:
        link = demo / name
        if (var / name).exists() and not link.exists():
            link.symlink_to(Path("..") / name)


def add_agent(folder: Path) -> str:
    """Makes the demo's agent the first time; returns the password, which is kept beside the database."""
    kept = folder / "agent-password"
    if not kept.exists():
        password = secrets.token_urlsafe(12)
        made = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "handover", "create-agent", "--email", AGENT, "--name", "Demo Agent", "--role", "admin"],
            env={**os.environ, "FRAGA_NEW_PASSWORD": password}, cwd=ROOT, check=False, capture_output=True, text=True,
        )  # fmt: skip
        if made.returncode != 0:
            raise ConfigurationError(made.stderr.strip())
        kept.touch(0o600)
        kept.write_text(password)
    return kept.read_text()


def main() -> int:
    """Entry point."""
    try:
        var = load_settings().var_dir
        prepare(var)
        os.environ.update(environment(var))
        settings = load_settings()
        upgrade(settings.database_url)
        password = add_agent(settings.var_dir)
    except ConfigurationError as fault:
        print(f"the demo does not start: {fault}", file=sys.stderr)
        return 2
    desk = f"{settings.public_url}/desk      ({AGENT}, password {password})"
    print(
        f"\n  Phones on every channel      {settings.public_url}/demo/channels\n  The desk, as an agent        {desk}\n",
        flush=True,
    )
    return supervise()


if __name__ == "__main__":
    sys.exit(main())
