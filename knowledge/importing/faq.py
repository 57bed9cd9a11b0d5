"""schema.org `FAQPage` as JSON-LD, and the JSON of our own export."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knowledge.importing.entry import About, Entry, Reading, answer_and_links, clean, one_line
from knowledge.importing.reading import Unreadable, read_text

OWN_FIELDS = ("volatile", "live_only", "sensitive", "amounts", "audience", "sources", "links", "next")
_CODE = re.compile(r"^([a-z]{2,3})(?:[-_][a-z0-9]+)*$", re.IGNORECASE)


def read_json(path: Path, given: About) -> Reading:
    """Reads a `.json` or `.jsonld` file: a FAQPage, or what `python -m knowledge export --format json` wrote.

    Raises:
        Unreadable: when it is neither.
    """
    try:
        data = json.loads(read_text(path), strict=False)
    except ValueError as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"{path.name} is no JSON: {error}") from error
    except RecursionError as error:
        raise Unreadable(f"{path.name} nests too deep") from error
    if isinstance(data, dict) and isinstance(data.get("articles"), list):
        return _own_export(data["articles"])
    found = faq_entries(data, given)
    if not found.entries and not found.left_out:
        raise Unreadable(f"{path.name} has no schema.org FAQPage and is no export of ours")
    return found


def language_code(text: Any) -> str:
    """`sv` of `sv-SE`; "" of what is no language tag. A schema.org `Language` is read by its `alternateName`."""
    if isinstance(text, dict):
        text = text.get("alternateName")
    match = _CODE.match(text.strip()) if isinstance(text, str) else None
    return match[1].lower() if match else ""


def faq_entries(data: Any, about: About) -> Reading:
    """The questions of every FAQPage in JSON-LD, however it is laid out.

    Pages may stand in lists, in `@graph` or inside other things; `mainEntity` may be one question, a list, or an `@id`.

    Args:
        data: parsed JSON.
        about: what is known of the page; its language and address go before what the markup says.
    """
    nodes = list(_nodes(data))
    by_id: dict[str, dict[str, Any]] = {}
    for node in nodes:
        if isinstance(node.get("@id"), str) and len(node) > 1:
            by_id.setdefault(node["@id"], node)
    found = Reading()
    seen: set[int] = set()
    for page in nodes:
        if not _is_a(page, "FAQPage"):
            continue
        for item in _list(page.get("mainEntity")) + _list(page.get("hasPart")):
            question = _resolved(item, by_id)
            if not _is_a(question, "Question") or id(question) in seen:
                continue
            seen.add(id(question))
            entry = _question(question, page, by_id, about, f"question {len(seen)}")
            if entry.title and entry.answer:
                found.entries.append(entry)
            else:
                found.left_out.append(
                    f"{entry.where} ({entry.title or 'no name'}) has no {'answer' if entry.title else 'question'}"
                )
    return found


def _question(
    question: dict[str, Any], page: dict[str, Any], by_id: dict[str, dict[str, Any]], about: About, where: str
) -> Entry:
    url = _address(question.get("url"), about.url, page.get("url"), page.get("@id"))
    answers = [_resolved(item, by_id) for item in _list(question.get("acceptedAnswer"))]
    texts = [str(answer.get("text") or "") for answer in answers]
    answer, links = answer_and_links("\n\n".join(text for text in texts if text), url)
    changed = question.get("dateModified") or page.get("dateModified") or ""
    return Entry(
        where=where,
        title=one_line(str(question.get("name") or question.get("text") or "")),
        answer=answer,
        language=about.language or language_code(question.get("inLanguage")) or language_code(page.get("inLanguage")),
        url=url,
        source_title=about.title or one_line(str(page.get("name") or page.get("headline") or "")),
        year=int(match[0]) if (match := re.match(r"20\d\d(?=-|$)", str(changed))) else about.year,
        links=links,
    )


def _nodes(data: Any) -> Iterator[dict[str, Any]]:
    """Every object in the JSON, in reading order, without recursion."""
    todo = [data]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            yield value
            todo += reversed(list(value.values()))
        elif isinstance(value, list):
            todo += reversed(value)


def _is_a(node: dict[str, Any], kind: str) -> bool:
    return any(isinstance(name, str) and re.split(r"[/:#]", name)[-1] == kind for name in _list(node.get("@type")))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _resolved(item: Any, by_id: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if isinstance(item, str):
        item = {"@id": item}
    if not isinstance(item, dict):
        return {}
    return by_id.get(item["@id"], item) if set(item) == {"@id"} and isinstance(item["@id"], str) else item


def _address(*texts: Any) -> str:
    return next((text for text in texts if isinstance(text, str) and text.startswith(("https://", "http://"))), "")


def _own_export(articles: list[Any]) -> Reading:
    found = Reading()
    for number, article in enumerate(articles, 1):
        where = f"article {number}"
        if not isinstance(article, dict) or not all(isinstance(article.get(name), dict) for name in ("title", "answer")):
            found.left_out.append(f"{where} has no title and answer per language")
            continue
        fields = {name: article[name] for name in OWN_FIELDS if article.get(name) is not None}
        texts = {name: value if isinstance(value := article.get(name), dict) else {} for name in ("short", "questions")}
        for language, answer in article["answer"].items():
            phrasings = texts["questions"].get(language)
            found.entries.append(
                Entry(
                    where=f"{where} ({language})",
                    title=clean(str(article["title"].get(language) or "")),
                    answer=clean(str(answer)),
                    id=str(article.get("id") or ""),
                    area=str(article.get("area") or ""),
                    department=str(article.get("department") or ""),
                    language=str(language),
                    short=clean(str(texts["short"].get(language) or "")),
                    phrasings=tuple(clean(str(text)) for text in phrasings) if isinstance(phrasings, list) else (),
                    fields=fields,
                )
            )
    return found
