"""What Telegram accepts as a message: HTML markup and inline keyboards, refused in its own words."""

from __future__ import annotations

import html
import json
import re
from typing import Any

MOST_UNITS = 4096  # of a message, in UTF-16 units, after the markup is taken out
MOST_BYTES = 32_768  # before
MOST_BUTTONS = 100
MOST_DATA_BYTES = 64
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)([^<>]*)>")
_HREF = re.compile(r"""href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""")
_KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline", "s": "strikethrough",
    "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "code": "code", "pre": "pre",
    "blockquote": "blockquote", "a": "text_link", "span": "spoiler", "tg-emoji": "custom_emoji",
}  # fmt: skip


class Refused(Exception):
    """A 400; the text is what stands after "Bad Request: "."""


def units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def parse_html(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The plain text and its entities.

    Raises:
        Refused: the markup is not well-formed, or not Telegram's.
    """
    plain, entities, open_tags = "", [], list[tuple[str, str, int]]()
    at = 0
    while at < len(text):
        if text[at] == "&":
            match = re.compile(r"&(?:lt|gt|amp|quot|#[0-9]+|#x[0-9A-Fa-f]+);").match(text, at)
            plain += html.unescape(match[0]) if match else "&"
            at += len(match[0]) if match else 1
        elif text[at] != "<":
            plain += text[at]
            at += 1
        else:
            tag, where = _TAG.match(text, at), len(text[:at].encode())
            if tag is None:
                if ">" not in text[at:]:
                    raise _unparsable(f"Unclosed start tag at byte offset {where}")
                name = re.split(r"[ >]", text[at + 1 :])[0]
                raise _unparsable(f'Unsupported start tag "{name}" at byte offset {where}')
            name = tag[2].lower()
            if tag[1]:
                if not open_tags:
                    raise _unparsable(f"Unexpected end tag at byte offset {where}")
                opened, url, start = open_tags.pop()
                if opened != name:
                    raise _unparsable(f'Unmatched end tag at byte offset {where}, expected "</{opened}>", found "</{name}>"')
                entity = {"type": _KINDS[name], "offset": start, "length": units(plain) - start}
                if entity["length"] and (name != "a" or url):  # a link to nowhere is plain text
                    entities.append(entity | ({"url": url} if name == "a" else {}))
            elif name not in _KINDS:
                raise _unparsable(f'Unsupported start tag "{name}" at byte offset {where}')
            else:
                found = _HREF.search(tag[3])
                url = html.unescape(next((part for part in found.groups() if part is not None), "")) if found else ""
                open_tags.append((name, url if re.match(r"(https?|tg|mailto|tel):", url) else "", units(plain)))
            at = tag.end()
    if open_tags:
        raise _unparsable(f'Can\'t find end tag corresponding to start tag "{open_tags[-1][0]}"')
    return plain, sorted(entities, key=lambda entity: entity["offset"])


def _unparsable(why: str) -> Refused:
    return Refused(f"can't parse entities: {why}")


def read_text(text: str, parse_mode: str) -> tuple[str, list[dict[str, Any]]]:
    """A message's text and entities as they are shown.

    Raises:
        Refused: empty, too long, or its markup is wrong.
    """
    if len(text.encode()) > MOST_BYTES:
        raise Refused("text is too long")
    mode = parse_mode.lower()
    if mode not in ("", "none", "html"):  # Markdown exists; nothing of ours needs it
        raise Refused("unsupported parse_mode")
    plain, entities = parse_html(text) if mode == "html" else (text, [])
    if not plain.strip():
        raise Refused("message text is empty")
    if units(plain) > MOST_UNITS:
        raise Refused("message is too long")
    return plain, entities


def read_keyboard(markup: str | dict[str, Any] | None) -> list[list[dict[str, Any]]] | None:
    """The rows of an inline keyboard; None without one.

    Raises:
        Refused: not an inline keyboard, or a button that Telegram does not take.
    """
    if markup in (None, ""):
        return None
    if isinstance(markup, str):
        try:
            markup = json.loads(markup)
        except ValueError:
            raise Refused("can't parse reply keyboard markup JSON object") from None
    if not isinstance(markup, dict):
        raise Refused("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Refused('field "inline_keyboard" must be an Array of Arrays')
    buttons = [button for row in rows for button in row]
    if len(buttons) > MOST_BUTTONS:
        raise Refused("reply markup is too long")
    for button in buttons:
        if not isinstance(button, dict) or not str(button.get("text", "")).strip():
            raise Refused('can\'t parse inline keyboard button: Field "text" must be of type String')
        data = button.get("callback_data")
        if data is None and not button.get("url"):
            raise Refused("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
        if data is not None and not 1 <= len(str(data).encode()) <= MOST_DATA_BYTES:
            raise Refused("BUTTON_DATA_INVALID")
    return [row for row in rows if row]
