"""The small knowledge base over the real service, opened for editing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from knowledge.analysis import Analyst
from knowledge.editing.editor import Editor
from knowledge.editing.record import Record
from knowledge.editing.settings import EditingSettings
from knowledge.encoder import Encoder
from knowledge.index import build_index
from knowledge.service import create_app
from knowledge.settings import Settings
from tests.knowledge.conftest import TODAY
from tests.knowledge.test_service import ready
from tests.serving import serving

TOKEN = "t" * 40
ANNA = {"name": "Anna Lindgren", "email": "anna@goteborg.example"}
BO = {"name": "Bo Ek", "email": "bo@goteborg.example"}


@pytest.fixture
def editor(settings: Settings) -> Editor:
    return Editor(settings.articles_dir, Record(settings.var_dir / "knowledge"), lambda: TODAY)


@pytest.fixture
def editing() -> EditingSettings:
    return EditingSettings(_env_file=None, knowledge_token=SecretStr(TOKEN), editing_git="off")


@pytest.fixture(scope="session")
def index_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keeps the small knowledge base's index from test to test: encoding its phrasings takes seconds."""
    return tmp_path_factory.mktemp("index") / "built"


@pytest_asyncio.fixture
async def service(
    settings: Settings, editing: EditingSettings, encoder: Encoder, index_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """Address of the real service over the small knowledge base."""
    monkeypatch.setattr("knowledge.analysis.load_encoder", lambda _: encoder)
    monkeypatch.setattr(Analyst, "warm", lambda self: None)
    if index_folder.exists():
        shutil.copytree(index_folder, settings.index_dir)
    else:
        build_index(settings, lambda: encoder, TODAY, lambda line: None)
        shutil.copytree(settings.index_dir, index_folder)
    async with serving(create_app(settings, today=lambda: TODAY, editing=editing)) as url:
        await ready(url)
        yield url


@pytest_asyncio.fixture
async def http(service: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client that carries the token."""
    async with httpx.AsyncClient(base_url=service, timeout=60, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client


@pytest.fixture
def repository(settings: Settings) -> Path:
    """The small knowledge base as a git work tree with one commit."""
    root = settings.articles_dir.parent
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=D", "-c", "user.email=d@example.org", "commit", "-qm", "first"],
    ):
        subprocess.run(["git", "-C", str(root), *command], check=True)
    return root
