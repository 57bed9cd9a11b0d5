"""The plain text of an article: Zammad's editor writes HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = frozenset({"p", "div", "br", "li", "ul", "ol", "h1", "h2", "h3", "h4", "tr", "table", "hr", "pre"})
_NOT_SAID = frozenset({"blockquote", "style", "script", "head", "title"})  # a quoted question is no answer


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._skipped: list[str] = []
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _NOT_SAID:
            self._skipped.append(tag)
        elif not self._skipped and tag in _BLOCKS:
            self.parts.append("\n- " if tag == "li" else "\n")
        elif tag == "a":
            self._link = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if self._skipped and tag == self._skipped[-1]:
            self._skipped.pop()
        elif not self._skipped and tag in _BLOCKS:
            self.parts.append("\n")
        elif tag == "a" and not self._skipped:
            shown = self.parts[-1].strip() if self.parts else ""
            if self._link.startswith(("https://", "http://")) and shown != self._link:
                self.parts.append(f" {self._link}")
            self._link = ""

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.parts.append(re.sub(r"\s+", " ", data))


def plain(html: str) -> str:
    """The text of an HTML article, without what it quotes."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    lines = [line.strip() for line in "".join(parser.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
