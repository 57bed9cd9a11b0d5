"""A change as the editors' API shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handover.editing.changes import ArticleChange

Data = dict[str, Any]


def shown(change: ArticleChange, names: Mapping[str, str]) -> Data:
    """A change as the API shows it in lists; names by agent id."""
    return {
        "id": change.id, "article_id": change.article_id, "kind": change.kind, "state": change.state,
        "version": change.version, "reason": change.reason, "base_hash": change.base_hash,
        "title": _title(change.content.get("article")),
        "author": {"id": change.author_id, "name": names.get(change.author_id, "")},
        "created_at": change.created_at.isoformat(), "updated_at": change.updated_at.isoformat(),
        "decided_by": names.get(change.decided_by or "") if change.state != "proposed" else None,
        "decided_at": change.decided_at.isoformat() if change.decided_at and change.state != "proposed" else None,
        "decision_note": change.decision_note,
    }  # fmt: skip


def _title(article: Any) -> str:
    titles = article.get("title") if isinstance(article, dict) else None
    return str(titles.get("sv") or "") if isinstance(titles, dict) else ""
