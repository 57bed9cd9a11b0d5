"""What a source says, before it is an article."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from knowledge.importing.blocks import Block, html_blocks, joined

MAX_LINKS = 10


@dataclass(frozen=True)
class About:
    """What is known of a whole source or page. The command line goes before what a page says of itself, after what a row says.

    Attributes:
        language: its code, or "".
        url: where it is published, or "".
        title: the page's name, or "".
        year: when it was last changed.
    """

    language: str = ""
    url: str = ""
    title: str = ""
    year: int | None = None


@dataclass(frozen=True)
class Entry:
    """One question with its answer, in one language.

    Attributes:
        where: its place in the source, for the report ("row 5", "question 2").
        title: the question, or the page's title.
        answer: plain text.
        id: the article's id, where the source names one; entries with the same id are languages of one article.
        language: its code, or "" when the source does not say.
        url: the address it was published at.
        source_title: the name of the page at `url`.
        year: when it was last changed there.
        links: (address, title) pairs that the answer names.
        fields: further fields of the article, as our own export has them.
    """

    where: str
    title: str
    answer: str
    id: str = ""
    area: str = ""
    department: str = ""
    language: str = ""
    short: str = ""
    url: str = ""
    source_title: str = ""
    year: int | None = None
    phrasings: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Reading:
    """What was found in a source, what was left out of it, and what else to know, one line each."""

    entries: list[Entry] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, other: Reading) -> None:
        """Takes over another reading."""
        self.entries += other.entries
        self.left_out += other.left_out
        self.remarks += other.remarks


_MARKUP = re.compile(
    r"</?(?:p|br|ul|ol|li|a|b|i|u|em|strong|span|div|h[1-6]|table|tr|td|script|style|img|iframe)\b[^>]{0,2000}>", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:#\d{2,6}|#x[0-9a-f]{2,6}|[a-z]{2,8});", re.IGNORECASE)
# Bidi overrides can make a text read otherwise than it is stored; zero-width joiners (u200c, u200d) belong to Persian spelling.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """A text as an article may have it: one kind of space, no control characters, paragraphs a blank line apart."""
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(char for char in text if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs", "Co", "Cn"))
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def plain(text: str) -> str:
    """`clean`, after markup was taken off or entities were read, if the text has any."""
    if _MARKUP.search(text):
        return clean(joined(html_blocks(text)))
    return clean(html.unescape(text) if _ENTITY.search(text) else text)


def answer_and_links(text: str, address: str = "") -> tuple[str, tuple[tuple[str, str], ...]]:
    """An answer, plain or HTML, as plain text, and the links in it.

    Args:
        text: the answer.
        address: of its page, to complete relative links.
    """
    found = html_blocks(text, address) if _MARKUP.search(text) else []
    return plain(text), links_of(found)


def links_of(found: list[Block]) -> tuple[tuple[str, str], ...]:
    """The links in a piece of a page, each once, at most `MAX_LINKS`."""
    return tuple(dict.fromkeys(link for block in found for link in block.links))[:MAX_LINKS]


def one_line(text: str) -> str:
    """`plain` on one line, as titles, phrasings and short answers are."""
    return " ".join(plain(text).split())


def doubly_encoded(text: str) -> bool:
    """Whether a text is UTF-8 that was once read as Windows-1252 ("fÃ¶rskola"), or has lost characters already."""
    if "\ufffd" in text:
        return True
    if text.isascii():
        return False
    try:
        return text.encode("cp1252").decode("utf-8") != text
    except UnicodeError:
        return False
