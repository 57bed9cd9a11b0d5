"""The table of channels: every connector has a line, and every line is run through every case."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from pathlib import Path

from bot.settings import ROOT
from connectors.contract import Capabilities
from connectors.gateway.accounts import connector_class
from connectors.simulator.base import Webhook
from connectors.simulator.providers import PROVIDERS, Provider
from tests.contract.postcard_simulator import PostcardSimulator


@dataclass(frozen=True)
class Line:
    """What the suite must know of a channel.

    Args:
        provider: its simulator.
        module: as in CHANNELS.
        signs: a delivery is signed, so that a changed one shows; without it there is only a secret that comes along.
        reports: the provider tells what became of a message.
        presses: buttons can be pressed; else choices are typed.
        keeps: what the app did not take is delivered again for so long that a restart loses nothing.
    """

    provider: Provider
    module: str
    signs: bool = True
    reports: bool = True
    presses: bool = True
    keeps: bool = True

    @property
    def capabilities(self) -> Capabilities:
        return connector_class(self.module).capabilities

    def forged(self, webhook: Webhook) -> list[Webhook]:
        """What somebody else could send who has seen a delivery: without proof, and (where there is a signature) changed."""
        unproven = replace(webhook, url=webhook.url.partition("?")[0], headers={"Content-Type": _type(webhook)})
        changed = replace(webhook, content=webhook.content.replace(b"hemlighet", b"hemlighe7"))
        assert changed.content != webhook.content
        return [unproven, changed] if self.signs else [unproven]


def _type(webhook: Webhook) -> str:
    return next((value for name, value in webhook.headers.items() if name.lower() == "content-type"), "application/json")


def _line(name: str, **facts: bool) -> Line:
    return Line(PROVIDERS[name], name, **facts)


_POSTCARD = Provider(
    "postcard", "Postcard", "postcard", PostcardSimulator,
    lambda sim, api_url: {"secret": sim.secret, "send_url": f"{api_url}/send"}, lambda n: f"citizen-{n}",
)  # fmt: skip

LINES: dict[str, Line] = {
    "elks": _line("elks", signs=False, presses=False),
    "twilio": _line("twilio", presses=False, keeps=False),
    "sinch": _line("sinch", presses=False),
    "telegram": _line("telegram", signs=False, reports=False),
    "messenger": _line("messenger"),
    "whatsapp": _line("whatsapp"),
    "postcard": Line(_POSTCARD, "tests.connectors.postcard"),
}


# Connectors by which no citizen can write. A new one is put here only with a test that shows so (test_table.py).
OUT_ONLY = {"email"}


def connectors_there_are() -> set[str]:
    """The folders that name a CONNECTOR."""
    found = set()
    for folder in sorted(Path(ROOT / "connectors").iterdir()):
        if (folder / "__init__.py").exists() and hasattr(importlib.import_module(f"connectors.{folder.name}"), "CONNECTOR"):
            found.add(folder.name)
    return found
