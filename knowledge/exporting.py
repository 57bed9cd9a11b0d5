"""Export: what the knowledge base may show today, as open data in JSON-LD, JSON or CSV."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import hashlib
import io
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from knowledge.article import ORIGINAL, Article, KnowledgeBase, load_knowledge_base, localised, read_yaml
from knowledge.settings import ROOM, Settings
from knowledge.settings import today as todays_date

Format = Literal["jsonld", "json", "csv"]

COLUMNS = (
    "id", "area", "department", "language", "title", "answer", "short", "phrasings", "url", "source_title",
    "department_name", "state", "updated", "review_by",
)  # fmt: skip
# What a spreadsheet would calculate (OWASP, CSV injection); the apostrophe makes it text, and importing takes it off again.
_CALCULATED = re.compile(r"^'*[=+\-@\t\r]")


class Publication(BaseModel):
    """Who publishes the export and on which terms."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    publisher: str
    publisher_url: str
    license: str


def publication() -> Publication:
    """Reads `knowledge/publication.yml`.

    Raises:
        ValueError: when a field is missing or unknown.
    """
    return Publication.model_validate(read_yaml(ROOM / "publication.yml"))


def export(base: KnowledgeBase, kind: Format, language: str | None, terms: Publication, today: dt.date) -> str:
    """The articles that may be shown today, their placeholders filled in, always in the same order.

    Args:
        base: the knowledge base.
        kind: `jsonld` is a schema.org FAQPage in one language, `json` has every public field, `csv` a row per article and
            language.
        language: only this one; None is Swedish for `jsonld`, else all.
        terms: publisher and licence.
        today: decides what may be shown.

    Returns:
        The file's text. `csv` begins with a byte order mark and ends its lines with CRLF, as spreadsheets want them.

    Raises:
        ValueError: when nothing may be shown (in that language).
    """
    code = language or (ORIGINAL if kind == "jsonld" else None)
    found = [article for article in base.answerable(today).values() if code is None or _has(article, code)]
    if kind == "jsonld":
        # A reader of the markup can't be told that a translation is of an older Swedish text.
        found = [article for article in found if article.state_of(code or ORIGINAL) != "stale"]
    if not found:
        raise ValueError(f"no article may be shown{f' in {code}' if code else ''} today")
    if kind == "csv":
        return _csv(found, code, base)
    data = _jsonld(found, code or ORIGINAL, base, terms) if kind == "jsonld" else _json(found, code, base, terms, today)
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _has(article: Article, language: str) -> bool:
    return bool(article.title.get(language) and article.answer.get(language))


def _languages(article: Article, language: str | None) -> list[str]:
    return [code for code in article.answer if _has(article, code) and language in (None, code)]


def _text(texts: Mapping[str, str], code: str, base: KnowledgeBase) -> str:
    return base.render(texts.get(code, ""), code).strip()


def _jsonld(articles: list[Article], language: str, base: KnowledgeBase, terms: Publication) -> dict[str, Any]:
    return {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "name": terms.name,
        "inLanguage": language,
        "dateModified": max(article.updated for article in articles).isoformat(),
        "license": terms.license,
        "publisher": {"@type": "GovernmentOrganization", "name": terms.publisher, "url": terms.publisher_url},
        "mainEntity": [_question(article, language, base) for article in articles],
    }


def _question(article: Article, language: str, base: KnowledgeBase) -> dict[str, Any]:
    sources = [
        {"@type": "WebPage", "name": source.title, "url": source.url}
        | ({"temporalCoverage": str(source.year)} if source.year else {})
        for source in article.sources
    ]
    answer = {"@type": "Answer", "text": _text(article.answer, language, base), "inLanguage": language}
    if language != ORIGINAL:
        answer["creativeWorkStatus"] = article.state_of(language)
    return {
        "@type": "Question",
        "identifier": article.id,
        "name": article.title[language],
        "inLanguage": language,
        "dateModified": article.updated.isoformat(),
        "expires": article.review_by.isoformat(),
        "isBasedOn": sources,
        "acceptedAnswer": answer,
    }


def _json(
    articles: list[Article], language: str | None, base: KnowledgeBase, terms: Publication, today: dt.date
) -> dict[str, Any]:
    shown = {article.id for article in base.answerable(today).values()}
    rows = [_article(article, _languages(article, language), base, shown) for article in articles]
    content = json.dumps(rows, ensure_ascii=False, sort_keys=True)
    return {
        **terms.model_dump(),
        "exported": today.isoformat(),
        "version": hashlib.sha256(content.encode()).hexdigest()[:16],  # changes when what is said changes
        "articles": rows,
    }


def _article(article: Article, codes: list[str], base: KnowledgeBase, shown: set[str]) -> dict[str, Any]:
    return {
        "id": article.id,
        "area": article.area,
        "department": article.department,
        "department_name": base.departments[article.department].name,
        "updated": article.updated.isoformat(),
        "review_by": article.review_by.isoformat(),
        "live_only": article.live_only,
        "sensitive": article.sensitive,
        "volatile": list(article.volatile),
        "amounts": article.amounts.model_dump() if article.amounts else None,
        "audience": article.audience,
        "states": {code: article.state_of(code) for code in codes},
        "title": {code: article.title[code] for code in codes},
        "answer": {code: _text(article.answer, code, base) for code in codes},
        "short": {code: _text(article.short, code, base) for code in codes if code in article.short},
        "questions": {code: article.questions[code] for code in codes if code in article.questions},
        "sources": [source.model_dump(exclude_none=True) for source in article.sources],
        "links": [link.model_dump() for link in article.links],
        "next": [key for key in article.next if key in shown],
    }


def _csv(articles: list[Article], language: str | None, base: KnowledgeBase) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for article in articles:
        source = article.sources[0] if article.sources else None
        for code in _languages(article, language):
            cells = {
                "id": article.id,
                "area": article.area,
                "department": article.department,
                "language": code,
                "title": article.title[code],
                "answer": _text(article.answer, code, base),
                "short": _text(article.short, code, base),
                "phrasings": "\n".join(" ".join(text.split()) for text in article.questions.get(code, [])),
                "url": source.url if source else "",
                "source_title": source.title if source else "",
                "department_name": localised(base.departments[article.department].name, code),
                "state": article.state_of(code),
                "updated": article.updated.isoformat(),
                "review_by": article.review_by.isoformat(),
            }
            writer.writerow([_as_text(cells[name]) for name in COLUMNS])
    return "\ufeff" + out.getvalue()


def _as_text(cell: str) -> str:
    return f"'{cell}" if _CALCULATED.match(cell) else cell


def run_export(settings: Settings, kind: Format, language: str | None, out: Path | None) -> int:
    """Writes the export to a file, whole or not at all, or to standard output.

    Returns:
        0.

    Raises:
        ValueError: when there is nothing to export or the file can't be written.
    """
    text = export(load_knowledge_base(settings.articles_dir), kind, language, publication(), todays_date())
    if out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8"))
        sys.stdout.buffer.flush()
        return 0
    write_whole(out, text)
    print(f"{out}: {len(text.encode('utf-8')) // 1024 + 1} kB", file=sys.stderr)
    return 0


def write_whole(path: Path, text: str) -> None:
    """Writes a file in place of an earlier one, its folder first.

    Raises:
        ValueError: when it can't be written; an earlier file is as it was.
    """
    temporary = path.with_name(f".{path.name}.writing")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8", newline="")
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise ValueError(f"{path} can't be written: {error.strerror or error}") from error
