"""A saved web page: its FAQ markup if it has any, else its question-like headings, else the page as one article."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from knowledge.importing.blocks import Block, blocks, joined
from knowledge.importing.entry import About, Entry, Reading, links_of, one_line, plain
from knowledge.importing.faq import faq_entries, language_code
from knowledge.importing.reading import Unreadable, parse_html, read_text

LEAST_WORDS = 25  # a page's text beside its questions is worth an article of its own from here on
_HTML = re.compile(r"<\s*(?:!doctype|html|body|head|main|article|div|p|h\d|details|dl|script)\b", re.IGNORECASE)
_YEAR = re.compile(r"^\s*(20\d\d)-")


def read_page(path: Path, given: About) -> Reading:
    """Reads one HTML file.

    Args:
        path: the file.
        given: language and address, before what the page says of itself.

    Raises:
        Unreadable: when it is no HTML.
    """
    markup = read_text(path)
    tree = parse_html(markup)
    if tree.body is None or not _HTML.search(markup):
        raise Unreadable(f"{path.name} is no HTML page")
    changed = _YEAR.match(_attribute(tree, 'meta[property="article:modified_time"]', "content"))
    about = About(
        language=given.language or language_code(_attribute(tree, "html", "lang")),
        url=given.url or _web_address(_attribute(tree, 'link[rel="canonical"]', "href")),
        title=_title(tree),
        year=given.year or (int(changed[1]) if changed else None),
    )
    found = _marked_up(tree, about)
    return found if found.entries else _from_text(tree, about, found.left_out)


def _attribute(tree: LexborHTMLParser, selector: str, name: str) -> str:
    node = tree.css_first(selector)
    return (node.attributes.get(name) or "").strip() if node is not None else ""


def _web_address(text: str) -> str:
    return text if text.startswith(("https://", "http://")) else ""


def _title(tree: LexborHTMLParser) -> str:
    for selector in ("main h1", "h1", "title"):
        node = tree.css_first(selector)
        if node is not None and (title := one_line(node.text(separator=" "))):
            return title
    return ""


def _main(tree: LexborHTMLParser) -> LexborNode:
    for selector in ("main", '[role="main"]', "article"):
        nodes = tree.css(selector)
        if len(nodes) == 1:
            return nodes[0]
    assert tree.body is not None  # read_page has seen it
    return tree.body


def _marked_up(tree: LexborHTMLParser, about: About) -> Reading:
    found = Reading()
    for script in tree.css("script"):
        if (script.attributes.get("type") or "").split(";")[0].strip().lower() != "application/ld+json":
            continue
        try:
            data = json.loads(script.text(), strict=False)
        except (ValueError, RecursionError):
            found.left_out.append("a JSON-LD block that is no JSON")
            continue
        found.add(faq_entries(data, about))
    return found if found.entries else Reading(_microdata(tree, about), found.left_out)


def _microdata(tree: LexborHTMLParser, about: About) -> list[Entry]:
    """schema.org questions written as `itemscope` and `itemprop` attributes."""
    entries = []
    for number, node in enumerate(tree.css('[itemtype*="schema.org/FAQPage"] [itemtype*="schema.org/Question"]'), 1):
        name = node.css_first('[itemprop~="name"]')
        text = node.css_first('[itemprop~="acceptedAnswer"] [itemprop~="text"]') or node.css_first('[itemprop~="acceptedAnswer"]')
        if name is None or text is None:
            continue
        answer = blocks(text, about.url)
        entries.append(_entry(f"question {number}", name.attributes.get("content") or name.text(separator=" "), answer, about))
    return [entry for entry in entries if entry.title and entry.answer]


def _from_text(tree: LexborHTMLParser, about: About, left_out: list[str]) -> Reading:
    sections, rest = questions_and_rest(blocks(_main(tree), about.url))
    found = Reading(left_out=left_out)
    for number, (heading, answer) in enumerate(sections, 1):
        if joined(answer):
            found.entries.append(_entry(f"question {number}", heading, answer, about))
        else:
            found.left_out.append(f"question {number} ({heading}) has no answer")
    rest = [block for block in rest if block.text != about.title]
    text = joined(rest).split()
    if text and (not found.entries or len(text) >= LEAST_WORDS) and about.title:
        found.entries.append(_entry("page", about.title, rest, about))
    elif text:
        found.left_out.append(
            f"{len(text)} words {'outside the questions' if found.entries else 'without a title'}: {' '.join(text[:6])} …"
        )
    return found


def questions_and_rest(found: Sequence[Block]) -> tuple[list[tuple[str, list[Block]]], list[Block]]:
    """Cuts a page at its question-like headings.

    A question's answer goes on to the next heading of its level or above, the next question, or the end of the fold-out it is in.

    Returns:
        (heading, answer) pairs, and the blocks that belong to no question.
    """
    sections: list[tuple[str, list[Block]]] = []
    rest: list[Block] = []
    level = 0  # of the question we are in
    for block in found:
        if block.kind == "heading" and is_question(block.text):
            level = block.level
            sections.append((block.text, []))
            continue
        if block.kind in ("heading", "end") and block.level <= level:
            level = 0
        (sections[-1][1] if level else rest).append(block)
    return sections, rest


def is_question(heading: str) -> bool:
    """Whether a heading ends as a question does, in any script we meet."""
    return heading.rstrip(" \"'»”’)").endswith(("?", "؟", "？"))


def _entry(where: str, title: str, answer: list[Block], about: About) -> Entry:
    return Entry(
        where=where,
        title=one_line(title),
        answer=plain(joined(answer)),
        language=about.language,
        url=about.url,
        source_title=about.title,
        year=about.year,
        links=links_of(answer),
    )
