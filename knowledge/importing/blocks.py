"""HTML as a list of headings, paragraphs and list items in reading order, without what is not the page's own text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborNode

from knowledge.importing.reading import parse_html

Kind = Literal["heading", "text", "item", "end"]

FOLD = 7  # the level of an outermost summary, <dt> or fold-out button: below every heading
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "button", "caption", "center", "dd", "details", "dialog", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup",
    "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot",
    "thead", "tr", "ul",
})  # fmt: skip
_DROPPED_TAGS = frozenset({
    "head", "script", "style", "noscript", "template", "nav", "footer", "aside", "iframe", "svg", "canvas", "object", "embed",
    "math", "audio", "video", "picture", "img", "select", "option", "textarea", "input", "dialog",
})  # fmt: skip
_DROPPED_ROLES = frozenset({
    "navigation", "banner", "contentinfo", "search", "complementary", "dialog", "alertdialog",
})  # fmt: skip
_BOILERPLATE = ("breadcrumb", "cookie")  # in an id or a class; these have no element of their own
_SPACES = re.compile(r"\s+")  # a line end of the source is a space; only <br> breaks a line
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


@dataclass(frozen=True)
class Block:
    """A piece of a page.

    Attributes:
        kind: `end` closes the scope of a fold-out or a list of definitions.
        level: of a heading, 1 to 6, or from `FOLD` on by how deep it is folded; of an end, that of the headings it closes.
        links: (address, title) pairs.
    """

    kind: Kind
    text: str = ""
    level: int = 0
    links: tuple[tuple[str, str], ...] = ()


def blocks(root: LexborNode, address: str = "") -> list[Block]:
    """The text below a node, in reading order.

    Nothing is run or fetched. Navigation, footers, forms' fields, scripts and what is no text are left out; what is only folded
    away is kept.

    Args:
        root: where to begin; the node itself counts.
        address: the page's, to complete its links; relative links are left out without one.
    """
    return _Walk(address).run(root)


def html_blocks(markup: str, address: str = "") -> list[Block]:
    """A piece of HTML, such as an answer, as `blocks`."""
    body = parse_html(markup).body
    return blocks(body, address) if body is not None else []


def joined(found: list[Block]) -> str:
    """Blocks as text: paragraphs a blank line apart, items of a list, marked `- ` or `1. `, on lines of their own."""
    text = ""
    before: Kind | None = None
    for block in found:
        if block.kind == "end" or not block.text:
            continue
        text += ("\n" if block.kind == before == "item" else "\n\n") if text else ""
        text += block.text
        before = block.kind
    return text


class _Walk:
    """Goes through a tree with a stack of its own: a hostile page nests deeper than Python may call."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.found: list[Block] = []
        self.pieces: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.lists: list[int | None] = []  # the last number of an ordered list, None in an unordered one
        self.mark = ""
        self.folds = 0  # how many fold-outs and lists of definitions are open
        self.in_heading = False
        self.anchor = 0  # where the open link's text begins in `pieces`

    def run(self, root: LexborNode) -> list[Block]:
        todo: list[tuple[LexborNode, int | None]] = [(root, None)]  # (node, the heading level it was entered with: on leaving)
        while todo:
            node, entered = todo.pop()
            if entered is not None:
                self.leave(node, entered)
            elif node.tag == "-text":
                text = node.text_content or ""
                self.pieces.append(text if self.in_heading else _SPACES.sub(" ", text))
            elif node.tag == "br":
                self.pieces.append("\n")
            elif not self.dropped(node):
                todo.append((node, self.enter(node)))
                children: list[tuple[LexborNode, int | None]] = []
                child = node.first_child
                while child is not None:
                    children.append((child, None))
                    child = child.next
                todo += reversed(children)
        self.flush()
        return self.found

    def dropped(self, node: LexborNode) -> bool:
        tag = node.tag or "-"
        if tag in _DROPPED_TAGS or tag.startswith("-"):
            return True
        attributes = node.attributes
        if attributes.get("role") in _DROPPED_ROLES:
            return True
        if tag in ("span", "i"):
            return attributes.get("aria-hidden") == "true"  # an icon
        if tag in ("button", "label"):
            return not self.in_heading and "aria-expanded" not in attributes
        if tag in ("form", "header"):  # some servers put the whole page into a form
            return node.css_first("h1, main") is None
        named = f"{attributes.get('id') or ''} {attributes.get('class') or ''}".lower()
        return any(word in named for word in _BOILERPLATE)

    def enter(self, node: LexborNode) -> int:
        """Begins a node; returns the level of the heading it is, else 0."""
        tag = node.tag or ""
        if self.in_heading:
            if tag in _BLOCKS:
                self.pieces.append(" ")
            return 0
        if tag in _BLOCKS:
            self.flush()
        if tag in ("details", "dl"):
            self.folds += 1
        elif tag in ("ul", "ol", "menu"):
            self.lists.append(0 if tag == "ol" else None)
        elif tag in ("li", "tr"):
            self.mark = "- "
            if tag == "li" and self.lists and (number := self.lists[-1]) is not None:
                self.lists[-1] = number + 1
                self.mark = f"{number + 1}. "
        elif tag in ("td", "th") and "".join(self.pieces).strip():
            self.pieces.append(": ")
        elif tag == "a":
            self.anchor = len(self.pieces)
        level = _HEADINGS.get(tag, 0)
        if tag in ("summary", "dt", "button"):
            level = FOLD - 1 + max(1, self.folds)
        if level:
            self.mark = ""
            self.in_heading = True
        return level

    def leave(self, node: LexborNode, level: int) -> None:
        tag = node.tag or ""
        if level:
            text = " ".join("".join(self.pieces).split())
            self.pieces, self.links, self.in_heading = [], [], False
            if text:
                self.found.append(Block("heading", text, level))
        elif self.in_heading:
            return
        elif tag == "a":
            self.link(node.attributes.get("href") or "", "".join(self.pieces[self.anchor :]))
        elif tag in _BLOCKS:
            self.flush()
            if tag in ("ul", "ol", "menu"):
                self.lists.pop()
            elif tag in ("li", "tr"):
                self.mark = ""
            elif tag in ("details", "dl"):
                self.found.append(Block("end", level=FOLD - 1 + self.folds))
                self.folds -= 1

    def link(self, href: str, text: str) -> None:
        try:
            address = urljoin(self.address, href.strip())
            parts = urlsplit(address)
        except ValueError:  # no address at all, such as http://[
            return
        if parts.scheme == "https" and parts.hostname and not parts.username and not href.startswith("#") and text.strip():
            self.links.append((address, " ".join(text.split())))

    def flush(self) -> None:
        lines = [" ".join(line.split()) for line in "".join(self.pieces).split("\n")]
        text = "\n".join(line for line in lines if line)
        self.pieces, self.anchor = [], 0
        if text:
            self.found.append(Block("item" if self.mark else "text", self.mark + text, links=tuple(self.links)))
            self.mark, self.links = "", []
