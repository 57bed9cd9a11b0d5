"""The articles' files as an editor sees and changes them: listed, read, checked, written."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from knowledge.article import ORIGINAL, Article, ArticleFiles, KnowledgeBase, load_article
from knowledge.editing.change import EditRefused, Writing
from knowledge.editing.difference import differences, word_difference
from knowledge.editing.findings import FieldFinding, asked_by, findings_of, format_findings, placed
from knowledge.editing.preview import preview
from knowledge.editing.record import Record
from knowledge.editing.revision import article_data, cleaned, content_hash, file_hash, is_withdrawal, prepared
from knowledge.validation import check

MAX_ID = 64  # the store's column for an article's id


@dataclass(frozen=True)
class Snapshot:
    """The files as they were at one moment."""

    base: KnowledgeBase
    today: dt.date

    @cached_property
    def findings(self) -> Mapping[Path, list[FieldFinding]]:
        """What the validator says, by file."""
        found: dict[Path, list[FieldFinding]] = {}
        for item in check(self.base, self.today):
            found.setdefault(item.path, []).append(placed(item))
        return found

    @cached_property
    def askers(self) -> Mapping[tuple[str, str], list[str]]:
        """Which articles have which phrasing."""
        return asked_by(self.base)

    @cached_property
    def hashes(self) -> Mapping[str, str]:
        """Hash of each article."""
        return {key: content_hash(article) for key, article in self.base.articles.items()}

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """Everything that an article says, folded, to search in."""
        return {
            key: "\n".join([
                key,
                *(text for field in (article.title, article.answer, article.short) for text in field.values()),
                *(line for lines in article.questions.values() for line in lines),
            ]).casefold()
            for key, article in self.base.articles.items()
        }  # fmt: skip


class Editor:
    """Reads and writes the articles' files.

    Args:
        articles_dir: one folder per area.
        record: where changes and earlier versions are kept.
        today: the date by which articles expire.
    """

    def __init__(self, articles_dir: Path, record: Record, today: Callable[[], dt.date]) -> None:
        self._dir, self.record, self._today = articles_dir, record, today
        self._files = ArticleFiles(articles_dir)
        self._lock = threading.Lock()
        self._read: tuple[object, Snapshot] | None = None

    def snapshot(self) -> Snapshot:
        """The files as they are; read again only when one has changed."""
        room = self._dir.parent
        files = [*sorted(self._dir.glob("*/*.yml")), room / "departments.yml", room / "phones.yml"]
        stats = [(str(path), path.stat()) for path in files]
        state = (self._today(), [(name, stat.st_mtime_ns, stat.st_size, stat.st_ino) for name, stat in stats])
        with self._lock:
            if self._read is None or self._read[0] != state:
                self._read = (state, Snapshot(self._files.load(), self._today()))
            return self._read[1]

    def areas(self) -> list[str]:
        """The areas that exist."""
        return sorted(path.name for path in self._dir.iterdir() if path.is_dir() and not path.name.startswith("."))

    def listing(self, text: str = "") -> dict[str, Any]:
        """All articles in short, and the tables that the form offers.

        Args:
            text: only articles that contain all its words, in any language or place.
        """
        shot = self.snapshot()
        words = text.casefold().split()
        rows = [self._row(shot, key) for key in sorted(shot.base.articles) if all(word in shot.texts[key] for word in words)]
        faulty = [
            {"id": item.path.stem, "area": item.path.parent.name, "reasons": list(item.reasons)}
            for item in shot.base.faulty
            if all(word in item.path.stem for word in words)
        ]
        return {
            "articles": rows,
            "faulty": faulty,
            "areas": self.areas(),
            "departments": {key: item.name for key, item in shot.base.departments.items()},
            "phones": {key: {"number": item.number, "name": item.name} for key, item in shot.base.phones.items()},
            "today": shot.today.isoformat(),
        }

    def _row(self, shot: Snapshot, key: str) -> dict[str, Any]:
        article, found = shot.base.articles[key], shot.findings.get(shot.base.paths[key], [])
        return {
            "id": key,
            "area": article.area,
            "department": article.department,
            "titles": article.title,
            "status": article.status,
            "answerable": article.is_answerable(shot.today),
            "updated": article.updated.isoformat(),
            "review_by": article.review_by.isoformat(),
            "languages": {code: article.state_of(code) for code in article.answer},
            "phrasings": {code: len(lines) for code, lines in article.questions.items()},
            "faults": sum(item.fault for item in found),
            "warnings": sum(not item.fault for item in found),
            "hash": shot.hashes[key],
        }

    def detail(self, article_id: str) -> dict[str, Any]:
        """One article whole, with findings, how it is shown, its translations' state, and its history.

        A file that is no article gives `article` None, and the `reasons`.

        Raises:
            EditRefused: 404.
        """
        shot = self.snapshot()
        history = self.record.changes(article_id)
        article = shot.base.articles.get(article_id)
        if article is None:
            reasons = next((item.reasons for item in shot.base.faulty if item.path.stem == article_id), None)
            if reasons is None:
                raise EditRefused(404, "unknown_article", f"there is no article {article_id}")
            return {"article": None, "hash": self._file(article_id)[1], "reasons": list(reasons), "history": history}
        data = article_data(article)
        found = shot.findings.get(shot.base.paths[article_id], [])
        return {
            "article": data,
            "hash": shot.hashes[article_id],
            "answerable": article.is_answerable(shot.today),
            "findings": [item.body() for item in found],
            "preview": preview(data, shot.base),
            "translations": {code: self._translation(article, code) for code in article.answer if code != ORIGINAL},
            "history": history,
        }

    def _translation(self, article: Article, code: str) -> dict[str, Any]:
        """How far a translation has come and, when it is stale, what was changed in the Swedish answer since."""
        state, of = article.state_of(code), article.translations[code].of if code in article.translations else None
        then = self.record.translated_text(article.id, of) if state == "stale" else None
        now = article.answer[ORIGINAL].strip()
        return {
            "state": state,
            "of": of,
            "changed_since": [list(piece) for piece in word_difference(then, now)] if then is not None else None,
        }

    def version(self, article_id: str, version: str) -> dict[str, Any]:
        """An earlier version as data, and what differs from it to the file as it is.

        Raises:
            EditRefused: 404.
        """
        try:
            earlier = article_data(self.record.version(article_id, version))
        except LookupError as error:
            raise EditRefused(404, "unknown_version", str(error)) from error
        now = self.snapshot().base.articles.get(article_id)
        return {
            "article": earlier,
            "hash": version,
            "changes": differences(article_data(now), earlier) if now else [],
        }

    def check(self, data: Mapping[str, Any], reviewed: Sequence[str], exact: bool = False) -> dict[str, Any]:
        """What would come of writing these data: nothing is written.

        Args:
            data: an article, whole or not yet.
            reviewed: languages whose translation the editor found right.
            exact: take dates and translation states as they are given (an earlier version that comes back).

        Returns:
            `{article, valid, hash, file_hash, findings, preview, changes, stale}`. `article` is what would be written; it is the
            cleaned data when they are no article yet. `stale` names the translations that would be left behind.
        """
        shot = self.snapshot()
        tidy = dict(data) if exact else cleaned(data)
        body: dict[str, Any] = {"article": tidy, "valid": False, "hash": None, "stale": [], "preview": preview(tidy, shot.base)}
        before = shot.base.articles.get(str(tidy.get("id")))
        body["file_hash"] = content_hash(before) if before else None
        try:
            given = Article.model_validate(tidy)
        except ValidationError as error:
            return body | {"findings": [item.body() for item in format_findings(error)], "changes": []}
        article = given if exact else prepared(before, given, frozenset(reviewed), shot.today)
        found = self._findings(shot, article)
        return body | {
            "article": article_data(article),
            "valid": not any(item.fault for item in found),
            "hash": content_hash(article),
            "findings": [item.body() for item in found],
            "changes": differences(article_data(before) if before else None, article_data(article)),
            "stale": [code for code in article.answer if article.state_of(code) == "stale"],
        }

    def _findings(self, shot: Snapshot, article: Article) -> list[FieldFinding]:
        path = self._dir / article.area / f"{article.id}.yml"
        found = findings_of(article, shot.base, path, shot.today, shot.askers)
        if article.area not in self.areas():
            found.append(FieldFinding("area", "area", "no_such_area", {"name": article.area}, "there is no such area", True))
        if len(article.id) > MAX_ID:
            message = f"at most {MAX_ID} characters"
            found.append(FieldFinding("id", "id", "id_too_long", {"limit": str(MAX_ID)}, message, True))
        return found

    def _file(self, article_id: str) -> tuple[Path | None, str | None, Article | None]:
        """An article's file as it is this moment: its path, its hash, and what it says unless it is no article."""
        path = next(iter(sorted(self._dir.glob(f"*/{article_id}.yml"))), None)
        if path is None:
            return None, None, None
        try:
            article = load_article(path)
        except ValueError:
            return path, file_hash(path.read_bytes()), None
        return path, content_hash(article), article

    def plan(self, article_id: str, data: Mapping[str, Any], base_hash: str | None) -> Writing | None:
        """Looks whether an article may be written as it is given. Nothing is written yet.

        Args:
            article_id: whose file.
            data: the whole article, exactly as it was approved.
            base_hash: of the file that the change was made from; None for a new article.

        Returns:
            What to do, or None when the file says exactly this already.

        Raises:
            EditRefused: 422 no article or with faults, 409 when the file is another than the change was made from.
        """
        try:
            article = Article.model_validate(dict(data))
        except ValidationError as error:
            found = [item.body() for item in format_findings(error)]
            raise EditRefused(422, "no_article", "the data are no article", findings=found) from error
        if article.id != article_id:
            raise EditRefused(422, "other_id", f"the article's id is {article.id}, the address says {article_id}", findings=[])
        path, hash_now, now = self._file(article_id)
        if hash_now == content_hash(article):
            return None
        if hash_now != base_hash:
            raise EditRefused(
                409, "changed", f"{article_id} has been changed since", hash=hash_now, article=article_data(now) if now else None
            )
        if now is None or not is_withdrawal(now, article):
            found = [item.body() for item in self._findings(self.snapshot(), article) if item.fault]
            if found:
                raise EditRefused(422, "faults", "the article has faults", findings=found)
        return Writing(article, self._dir / article.area / f"{article_id}.yml", path, hash_now)

    def written(self, article_id: str, base_hash: str | None) -> Writing:
        """A change that the file has already: for the record, when it was made but not written down.

        Raises:
            EditRefused: 404 there is no such article.
        """
        path, _, article = self._file(article_id)
        if path is None or article is None:
            raise EditRefused(404, "unknown_article", f"there is no article {article_id}")
        return Writing(article, path, path, base_hash)
