"""Small sources, made for these tests, and the command as an editor types it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from knowledge.__main__ import main
from knowledge.settings import Settings

SOURCES = Path(__file__).resolve().parent.parent / "fixtures" / "import"


@dataclass(frozen=True)
class Said:
    """What a command printed and returned."""

    code: int
    out: str
    err: str


@pytest.fixture
def knowledge(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """`python -m knowledge …` on the small knowledge base."""
    monkeypatch.setattr("knowledge.__main__.Settings", lambda: settings)

    def run(*arguments: object) -> Said:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return run
