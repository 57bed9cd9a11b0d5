"""A core over a real store, with knowledge and Rasa scripted."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

import pytest
import pytest_asyncio

from bot.core import Core
from bot.events import Hub
from bot.settings import ROOT, load_settings
from bot.store.engine import Store
from bot.texts import Catalogue
from tests.bot.scripted import Script
from tests.conftest import Clock


@cache
def texts() -> Catalogue:
    """The catalogue, read once: nothing changes it, and fifteen languages take a second."""
    return Catalogue.load(ROOT / "texts")


@functools.cache
def _texts() -> Catalogue:
    """Read once: half a second, and it never changes."""
    return Catalogue.load(ROOT / "texts")


@pytest.fixture
def script() -> Script:
    return Script()


@pytest_asyncio.fixture
async def core(store: Store, hub: Hub, script: Script, clock: Clock, tmp_path: Path) -> AsyncIterator[Core]:
    settings = load_settings(_env_file=None, var_dir=tmp_path, database_url=str(store.url.render_as_string(hide_password=False)))
    made = Core(settings, store, texts(), script.knowledge_client(), script.rasa_client(), hub, clock)
    made.started.set()
    yield made
    await made.rasa.aclose()
    await made.knowledge.aclose()
