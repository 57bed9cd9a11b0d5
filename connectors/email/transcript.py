"""A conversation as a letter: plain text, and the same as simple HTML. Pure.

Every word of the conversation is text, never markup; nothing is loaded from elsewhere, nothing tells whether it was read.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from bot.texts import Catalogue
from connectors.email.compose import Letter
from connectors.rendering.direction import anchored

TIME_ZONE = ZoneInfo("Europe/Stockholm")
_ITEM = re.compile(r"(?:-|([0-9]{1,3})\.) +(.*)")
_LINKED = ("https://", "http://", "mailto:", "tel:")
_BODY = "font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5;color:#1a1a1a;background:#ffffff;max-width:42em"
_HEADING = "font-size:16px;margin:24px 0 4px 0"
_TIME = "font-weight:normal;color:#595959"


def letter(
    texts: Catalogue, messages: Sequence[dict[str, Any]], *, key: str, language: str, began: dt.datetime, written: dt.datetime
) -> Letter:
    """The conversation's letter.

    Args:
        messages: in the public form, in order.
        language: the conversation's; the frame is in it, each message in its own.
        began: when the conversation did.
        written: when the letter was asked for.
    """
    spoken = texts.language_of("transcript.intro", language)
    subject = texts.render("transcript.subject", spoken)
    intro = texts.render("transcript.intro", spoken, date=_clock(began))
    notes = [texts.render(name, spoken) for name in ("transcript.not_you", "transcript.no_reply")]
    said = [_Said(texts, message, spoken) for message in messages]
    plain = [intro, *(one.plain() for one in said), "\n".join(["-" * 20, *notes])]
    html = (
        f'<!DOCTYPE html><html lang="{spoken}" dir="{texts.direction(spoken)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(subject)}</title></head>'
        f'<body lang="{spoken}" dir="{texts.direction(spoken)}" style="{_BODY}">'
        f'<h1 style="font-size:22px">{escape(subject)}</h1>{_paragraph(intro)}{"".join(one.html() for one in said)}'
        f"<hr>{''.join(_paragraph(note) for note in notes)}</body></html>\n"
    )
    return Letter(key, subject, spoken, written, "\n\n".join(plain) + "\n", html)


class _Said:
    """One message: who, when, what, and where it comes from."""

    def __init__(self, texts: Catalogue, message: dict[str, Any], language: str) -> None:
        self._message, self._dir = message, message["dir"]
        role = texts.render(f"role.{message['author']}", language)
        name = message.get("agent_name") if message["author"] == "agent" else None
        self._by = f"{name} ({role})" if name else role
        self._at = _clock(dt.datetime.fromisoformat(message["created_at"]))
        own = message["language"]
        self._links = [(link["title"], link["url"]) for link in message.get("links") or ()] + [
            (texts.render("answer.source", own, title=source["title"]), source["url"]) for source in message.get("sources") or ()
        ]
        self._updated = texts.render("answer.updated", own, date=message["updated"]) if message.get("updated") else ""

    def plain(self) -> str:
        lines = [f"{self._by} · {self._at}"]
        if self._message.get("title"):
            lines.append(self._message["title"])
        lines.append(self._message["text"])
        lines += [f"{title}\n{url}" for title, url in self._links]  # an address on a line of its own: its direction holds
        lines += [self._updated] if self._updated else []
        return anchored("\n".join(lines)) if self._dir == "rtl" else "\n".join(lines)

    def html(self) -> str:
        title = self._message.get("title")
        links = "".join(f"<li>{_link(name, url)}</li>" for name, url in self._links)
        return (
            f'<h2 style="{_HEADING}"><bdi>{escape(self._by)}</bdi> <span style="{_TIME}" dir="ltr">{self._at}</span></h2>'
            f'<div lang="{escape(self._message["language"])}" dir="{self._dir}">'
            + (f"<p><strong>{escape(title)}</strong></p>" if title else "")
            + _blocks(self._message["text"])
            + (f"<ul>{links}</ul>" if links else "")
            + (_paragraph(self._updated) if self._updated else "")
            + "</div>"
        )


def _link(title: str, url: str) -> str:
    if not url.startswith(_LINKED):
        return escape(title)
    return f'<a href="{escape(url)}">{escape(title)}</a>'


def _blocks(text: str) -> str:
    """Paragraphs and lists; a line that begins with `- ` or `1. ` is an item (docs/architecture.md, "Web channel")."""
    blocks = []
    for kind, group in groupby(text.split("\n"), _kind):
        lines = list(group)
        if kind == "p":
            blocks.append(_paragraph("\n".join(lines)))
        elif kind:
            items = (match for line in lines if (match := _ITEM.match(line)))
            if kind == "ol":  # each keeps its own number: an empty line between two begins a new list
                blocks.append("<ol>" + "".join(f'<li value="{m[1]}">{escape(m[2])}</li>' for m in items) + "</ol>")
            else:
                blocks.append("<ul>" + "".join(f"<li>{escape(m[2])}</li>" for m in items) + "</ul>")
    return "".join(blocks)


def _kind(line: str) -> str:
    item = _ITEM.match(line)
    if item is None:
        return "p" if line.strip() else ""
    return "ol" if item[1] else "ul"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text.strip()).replace(chr(10), '<br>')}</p>"


def _clock(moment: dt.datetime) -> str:
    """Date and time in Gothenburg, written the same in every language."""
    return moment.astimezone(TIME_ZONE).strftime("%Y-%m-%d %H:%M")
