"""Changes of articles in the store: drafts, proposals and what became of them. Every step is one conditional update."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.store import schema
from bot.store.engine import Connection, Transaction
from handover.repository import write_audit

State = Literal["draft", "proposed", "published", "rejected", "superseded"]
Kind = Literal["edit", "new", "review", "expire", "revert", "reviewed"]

# How long a publication that was begun keeps others away; the knowledge service answers within it or not at all.
CLAIM: Final = dt.timedelta(minutes=2)
LISTED_DECIDED: Final = 50

_t = schema.article_change
_c = _t.c


class ChangeMoved(Exception):
    """The change is no longer as the caller saw it."""


class DraftExists(Exception):
    """The editor has a draft of this article already."""


@dataclass(frozen=True)
class ArticleChange:
    """A row of `article_change`. `content` is `{article, reviewed, exact, hash?}`, see `handover.editing.workflow`."""

    id: str
    article_id: str
    kind: Kind
    base_hash: str | None
    base: dict[str, Any] | None
    content: dict[str, Any]
    state: State
    version: int
    author_id: str
    reason: str
    created_at: dt.datetime
    updated_at: dt.datetime
    decided_by: str | None
    decided_at: dt.datetime | None
    decision_note: str | None
    published_hash: str | None

    def is_being_published(self, now: dt.datetime) -> bool:
        """Whether somebody began to publish it and may still be at it."""
        return self.state == "proposed" and self.decided_at is not None and self.decided_at > now - CLAIM


def _from_row(row: sa.Row[Any]) -> ArticleChange:
    return ArticleChange(**{name: row._mapping[name] for name in ArticleChange.__dataclass_fields__})


async def get(conn: Connection, change_id: str) -> ArticleChange:
    """Reads one change.

    Raises:
        LookupError: there is none with this id.
    """
    row = (await conn.execute(sa.select(_t).where(_c.id == change_id))).one_or_none()
    if row is None:
        raise LookupError(change_id)
    return _from_row(row)


async def draft_of(conn: Connection, article_id: str, author_id: str) -> ArticleChange | None:
    """An editor's draft of an article."""
    query = sa.select(_t).where(_c.article_id == article_id, _c.author_id == author_id, _c.state == "draft")
    row = (await conn.execute(query)).one_or_none()
    return _from_row(row) if row else None


async def open_ones(conn: Connection, article_id: str | None = None) -> list[ArticleChange]:
    """Drafts and proposals, oldest first."""
    query = sa.select(_t).where(_c.state.in_(("draft", "proposed"))).order_by(_c.created_at, _c.id)
    if article_id is not None:
        query = query.where(_c.article_id == article_id)
    return [_from_row(row) for row in await conn.execute(query)]


async def decided(conn: Connection) -> list[ArticleChange]:
    """The last changes that were decided, newest first."""
    query = sa.select(_t).where(_c.state.in_(("published", "rejected"))).order_by(_c.decided_at.desc(), _c.id)
    return [_from_row(row) for row in await conn.execute(query.limit(LISTED_DECIDED))]


async def create(
    tx: Transaction,
    *,
    article_id: str,
    kind: Kind,
    base_hash: str | None,
    base: dict[str, Any] | None,
    content: dict[str, Any],
    state: State,
    author_id: str,
    reason: str,
    now: dt.datetime,
    **decision: Any,
) -> ArticleChange:
    """A new change.

    Raises:
        DraftExists: it is a draft, and the editor has one of this article.
    """
    change_id = schema.new_id()
    try:
        await tx.conn.execute(
            _t.insert().values(
                id=change_id, article_id=article_id, kind=kind, base_hash=base_hash, base=base, content=content, state=state,
                version=1, author_id=author_id, reason=reason, created_at=now, updated_at=now, **decision,
            )
        )  # fmt: skip
    except IntegrityError as error:
        raise DraftExists(article_id) from error
    return await get(tx.conn, change_id)


async def update(
    tx: Transaction, change: ArticleChange, *, now: dt.datetime, by: str | None = None, **values: Any
) -> ArticleChange:
    """Changes a row if it is still as it was read.

    Args:
        change: as it was read.
        now: becomes `updated_at`.
        by: who has claimed it; otherwise it may not be claimed by anybody.
        values: columns.

    Raises:
        ChangeMoved: it is not, or it is being published.
        DraftExists: it was to become a draft, and the editor has another of this article.
    """
    free = sa.or_(_c.decided_at.is_(None), _c.decided_at <= now - CLAIM, _c.decided_by == by)
    statement = _t.update().where(_c.id == change.id, _c.version == change.version, _c.state == change.state, free)
    try:
        done = await tx.conn.execute(statement.values(version=change.version + 1, updated_at=now, **values))
    except IntegrityError as error:
        raise DraftExists(change.article_id) from error
    if done.rowcount != 1:
        raise ChangeMoved(change.id)
    return await get(tx.conn, change.id)


async def claim(tx: Transaction, change: ArticleChange, *, by: str, now: dt.datetime) -> None:
    """Marks that somebody publishes a proposal this moment, so that nobody rejects or withdraws it meanwhile.

    Raises:
        ChangeMoved: it is no longer open as it was read, or somebody else is at it.
    """
    free = sa.or_(_c.decided_at.is_(None), _c.decided_at <= now - CLAIM, _c.decided_by == by)
    statement = _t.update().where(_c.id == change.id, _c.version == change.version, _c.state == "proposed", free)
    if (await tx.conn.execute(statement.values(decided_by=by, decided_at=now))).rowcount != 1:
        raise ChangeMoved(change.id)


async def release(tx: Transaction, change: ArticleChange) -> None:
    """Takes the mark of `claim` off."""
    statement = _t.update().where(_c.id == change.id, _c.state == "proposed")
    await tx.conn.execute(statement.values(decided_by=None, decided_at=None))


async def supersede(tx: Transaction, article_id: str, author_id: str, *, but: str, now: dt.datetime) -> None:
    """An editor's newer proposal of an article takes the place of the older ones that nobody is publishing."""
    free = sa.or_(_c.decided_at.is_(None), _c.decided_at <= now - CLAIM)
    await tx.conn.execute(
        _t.update()
        .where(_c.article_id == article_id, _c.author_id == author_id, _c.state == "proposed", _c.id != but, free)
        .values(state="superseded", version=_c.version + 1, updated_at=now)
    )


async def discard(tx: Transaction, change: ArticleChange) -> None:
    """Throws a draft away.

    Raises:
        ChangeMoved: it is no draft any more, or was changed since it was read.
    """
    statement = _t.delete().where(_c.id == change.id, _c.version == change.version, _c.state == "draft")
    if (await tx.conn.execute(statement)).rowcount != 1:
        raise ChangeMoved(change.id)


async def audited(tx: Transaction, change: ArticleChange, action: str, *, actor: str, now: dt.datetime) -> None:
    """The audit row of a step, and the news to open consoles."""
    detail = {"article_id": change.article_id, "kind": change.kind}
    await write_audit(tx, actor=actor, action=f"article.{action}", target=change.id, now=now, detail=detail)
