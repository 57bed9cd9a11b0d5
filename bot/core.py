"""What every part of the app shares: settings, store, texts, clock, events. Built once, passed along."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.events import Hub
from bot.precedence import Precedence
from bot.rasa import RasaClient
from bot.settings import Settings
from bot.store.engine import Store
from bot.switch import SwitchReader
from bot.texts import Catalogue
from knowledge.client import KnowledgeClient


def utc_now() -> dt.datetime:
    """The wall clock; tests pass their own."""
    return dt.datetime.now(dt.UTC)


@dataclass
class Core:
    """The app's shared parts."""

    settings: Settings
    store: Store
    texts: Catalogue
    knowledge: KnowledgeClient
    rasa: RasaClient
    hub: Hub
    now: Callable[[], dt.datetime] = utc_now
    precedence: Precedence = field(default_factory=Precedence)
    switch: SwitchReader = field(init=False)
    started: asyncio.Event = field(default_factory=asyncio.Event)  # knowledge and Rasa have answered once

    def __post_init__(self) -> None:
        """Makes the parts that are made of the others."""
        self.switch = SwitchReader(self.store)
