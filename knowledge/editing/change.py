"""One change of an article's file: made whole or not at all, undone when it cannot be taken into use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.article import Article
from knowledge.editing.record import Change, Person, Record
from knowledge.editing.revision import content_hash
from knowledge.writing import write_article


class EditRefused(Exception):
    """The change can't be made; `code` says which kind, `extra` goes into the answer."""

    def __init__(self, status: int, code: str, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.extra = status, code, extra


@dataclass(frozen=True)
class Writing:
    """A change that is about to be made, and how it is undone."""

    article: Article
    path: Path
    old_path: Path | None
    old_hash: str | None

    @property
    def hash(self) -> str:
        """Hash of the article as it will be."""
        return content_hash(self.article)

    @property
    def paths(self) -> list[Path]:
        """The files that the change touches."""
        return [self.path, self.old_path] if self.old_path and self.old_path != self.path else [self.path]

    def make(self, record: Record) -> Callable[[], None]:
        """Writes the file; the version before it is kept first.

        Returns:
            Undoes it.

        Raises:
            EditRefused: 422 when the texts cannot be written as YAML.
        """
        old = self.old_path.read_bytes() if self.old_path else None
        if old is not None and self.old_hash is not None:
            record.keep(self.article.id, self.old_hash, old)
        try:
            write_article(self.path, self.article)
        except ValueError as error:
            raise EditRefused(422, "unwritable", str(error), findings=[]) from error
        if self.old_path is not None and self.old_path != self.path:
            self.old_path.unlink()
        record.keep(self.article.id, self.hash, self.path.read_bytes())

        def undo() -> None:
            if self.old_path != self.path:
                self.path.unlink()
            if old is not None and self.old_path is not None:
                temporary = self.old_path.with_suffix(".undo")
                temporary.write_bytes(old)
                temporary.replace(self.old_path)

        return undo

    def change(self, now: dt.datetime, author: Person, approver: Person | None, reason: str) -> Change:
        """The line for the record."""
        stamp = now.isoformat(timespec="seconds")
        return Change(stamp, self.article.id, author, approver, reason, self.old_hash, self.hash)


def commit_message(change: Change) -> str:
    """The commit's message: the reason, then what a machine may look for."""
    lines = [change.reason.strip() or "Ändrad", "", f"Article: {change.id}"]
    if change.approver is not None:
        lines.append(f"Approved-by: {change.approver.name} <{change.approver.email}>")
    return "\n".join(lines)
