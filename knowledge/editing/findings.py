"""The validator's findings for one article while it is edited: which field, and a key that the console has words for. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from knowledge.article import Article, KnowledgeBase, read_yaml
from knowledge.validation import Finding, check

DRAFT_PREFIX = "before it can be published: "  # what the validator puts before a draft's faults
PATTERNS_FILE = Path(__file__).parent / "findings.yml"


@dataclass(frozen=True)
class FieldFinding:
    """One thing to correct, beside its field.

    Args:
        field: `answer.sv`, `sources`, `review_by` …; empty when it is about the whole article.
        key: the console's text is `finding.<key>`; empty when there is none and `message` (English) must do.
        params: for that text; `before_publishing` when a draft is only warned of it.
        fault: False for a warning.
    """

    field: str
    rule: str
    key: str
    params: Mapping[str, str]
    message: str
    fault: bool

    def body(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True)
class _Pattern:
    key: str
    rule: str
    field: str
    says: re.Pattern[str]


@cache
def _patterns() -> tuple[_Pattern, ...]:
    return tuple(_Pattern(row["key"], row["rule"], row["field"], re.compile(row["says"])) for row in read_yaml(PATTERNS_FILE))


def placed(finding: Finding) -> FieldFinding:
    """A finding of the validator with its field and key."""
    said = finding.message.removeprefix(DRAFT_PREFIX)
    for pattern in _patterns():
        if pattern.rule == finding.rule and (match := pattern.says.fullmatch(said)):
            groups = {name: value for name, value in match.groupdict().items() if value is not None}
            if said != finding.message:
                groups["before_publishing"] = "yes"
            return FieldFinding(pattern.field.format(**groups), finding.rule, pattern.key, groups, finding.message, finding.fault)
    return FieldFinding("", finding.rule, "", {}, finding.message, finding.fault)


def format_findings(error: ValidationError) -> list[FieldFinding]:
    """Why data are no article, field by field."""
    found = []
    for item in error.errors(include_url=False, include_input=False):
        where = ".".join(map(str, item["loc"]))
        found.append(FieldFinding(where, "format", f"format_{item['type']}", {}, f"{where}: {item['msg']}", True))
    return found


class _Focus(Mapping[str, Article]):
    """All articles to whoever asks for one by id, but only one to whoever goes through them: so the validator's `check` looks at
    one article, with its references to the others, in a hundredth of the time for all."""

    def __init__(self, everything: Mapping[str, Article], article: Article) -> None:
        self._everything, self._article = everything, article

    def __getitem__(self, key: str) -> Article:
        return self._article if key == self._article.id else self._everything[key]

    def __iter__(self) -> Iterator[str]:
        return iter((self._article.id,))

    def __len__(self) -> int:
        return 1


def findings_of(
    article: Article, base: KnowledgeBase, path: Path, today: dt.date, askers: Mapping[tuple[str, str], list[str]] | None = None
) -> list[FieldFinding]:
    """What the validator says of an article that may not be in the knowledge base yet.

    Args:
        article: what to check.
        base: the knowledge base around it.
        path: where its file is or would be.
        today: for the review dates.
        askers: from `asked_by`, to find phrasings that stand in other articles too.
    """
    alone = replace(base, articles=_Focus(base.articles, article), paths={article.id: path}, faulty=())
    found = [placed(item) for item in check(alone, today)]
    for language, phrasings in article.questions.items():
        for phrasing in phrasings:
            others = [key for key in (askers or {}).get((language, _folded(phrasing)), []) if key != article.id]
            if others:
                message = f"{phrasing!r} ({language}) also stands in {others[0]}; keep it in one"
                found.append(placed(Finding(path, "questions", message, fault=False)))
    return found


def asked_by(base: KnowledgeBase) -> dict[tuple[str, str], list[str]]:
    """Which articles have a phrasing, by language and folded text."""
    asked: dict[tuple[str, str], list[str]] = {}
    for key, article in base.articles.items():
        for language, phrasings in article.questions.items():
            for phrasing in phrasings:
                asked.setdefault((language, _folded(phrasing)), []).append(key)
    return asked


def _folded(phrasing: str) -> str:
    return " ".join(phrasing.casefold().split())
