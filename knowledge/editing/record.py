"""What was changed by whom and why: one line per change, and every version of a file that a change met."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from knowledge.article import ORIGINAL, Article, answer_hash, load_article

_HASH = re.compile(r"[0-9a-f]{16}")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Person:
    """A member of staff, as the app knows them."""

    name: str
    email: str


@dataclass(frozen=True)
class Change:
    """One line of `changes.jsonl`. `before` is None for a new article, `approver` None where one alone may decide."""

    time: str
    id: str
    author: Person
    approver: Person | None
    reason: str
    before: str | None
    after: str

    def line(self) -> str:
        """As JSON on one line."""
        return json.dumps(asdict(self), ensure_ascii=False)


class Record:
    """The changes made through the service.

    Args:
        folder: `var/knowledge`; made when something is first written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changes = folder / "changes.jsonl"

    def keep(self, article_id: str, version: str, content: bytes) -> None:
        """Keeps a file's content under its hash; whole or not at all."""
        path = self._path(article_id, version)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_bytes(content)
        temporary.replace(path)

    def append(self, change: Change) -> None:
        """Adds a line and sees that it is on the disk."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._changes.open("a", encoding="utf-8") as file:
            file.write(change.line() + "\n")
            file.flush()
            os.fsync(file.fileno())

    def changes(self, article_id: str) -> list[dict[str, Any]]:
        """The changes of one article, newest first; `kept` says whether the version before can still be read."""
        if not self._changes.exists():
            return []
        found = []
        for line in self._changes.read_text(encoding="utf-8").splitlines():
            try:
                change = json.loads(line)
            except ValueError:
                continue  # a crash in the middle of a line
            if isinstance(change, dict) and change.get("id") == article_id:
                found.append(change | {"kept": self._exists(article_id, change.get("before"))})
        return found[::-1]

    def is_last(self, article_id: str, version: str) -> bool:
        """Whether the last change that was written down led to this version."""
        return next((change["after"] == version for change in self.changes(article_id)), False)

    def version(self, article_id: str, version: str) -> Article:
        """An earlier version.

        Raises:
            LookupError: it was not kept, or is no article by today's rules.
        """
        if not self._exists(article_id, version):
            raise LookupError(f"no version {version} of {article_id}")
        try:
            return load_article(self._path(article_id, version))
        except (ValueError, ValidationError) as error:
            raise LookupError(f"version {version} of {article_id} is no article any more") from error

    def translated_text(self, article_id: str, swedish_hash: str | None) -> str | None:
        """The Swedish answer with that hash among the versions kept; None when it is not there."""
        folder = self._folder / "history" / article_id
        if swedish_hash is None or not _ID.fullmatch(article_id) or not folder.is_dir():
            return None
        for path in sorted(folder.glob("*.yml"), key=lambda path: -path.stat().st_mtime):
            try:
                answer = load_article(path).answer.get(ORIGINAL, "")
            except ValueError:
                continue
            if answer_hash(answer) == swedish_hash:
                return answer.strip()
        return None

    def _path(self, article_id: str, version: str) -> Path:
        if not _ID.fullmatch(article_id) or not _HASH.fullmatch(version):
            raise LookupError(f"{article_id} {version} names no version")
        return self._folder / "history" / article_id / f"{version}.yml"

    def _exists(self, article_id: str, version: str | None) -> bool:
        try:
            return version is not None and self._path(article_id, version).exists()
        except LookupError:
            return False
