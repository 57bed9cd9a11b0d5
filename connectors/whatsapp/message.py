"""What goes out on WhatsApp: text, reply buttons, a list, a template.

https://developers.facebook.com/documentation/business-messaging/whatsapp/messages
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from connectors.contract import Choice, Outgoing
from connectors.rendering.split import split

MAX_TEXT = 4096
MAX_BODY = 1024  # of a message with buttons or a list
MAX_BUTTONS = 3
MAX_BUTTON_TITLE = 20
MAX_ROWS = 10
MAX_ROW_TITLE = 24
MAX_ROW_DESCRIPTION = 72
# Meta's id of a citizen for one business (BSUID), or for a group of businesses: country, perhaps ENT, a long id.
_USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")


def fit_body(parts: list[Outgoing]) -> list[Outgoing]:
    """Choices stand under a body that is much shorter than a text: what is over goes before, as parts of its own."""
    if not parts or not parts[-1].choices or len(parts[-1].text) <= MAX_BODY:
        return parts
    *before, last = parts
    pieces = _cut(last.text)
    made = [
        replace(last, text=piece, choices=last.choices if number == len(pieces) else (),
                extra=last.extra if number == len(pieces) else {})
        for number, piece in enumerate(pieces, 1)
    ]  # fmt: skip
    return [replace(part, key=f"{part.reply.message_id}.{number}") for number, part in enumerate([*before, *made])]


def _cut(text: str) -> list[str]:
    """In two between paragraphs, with as much under the cut as a body takes; a single long paragraph in more."""
    paragraphs = text.split("\n\n")
    for first in range(1, len(paragraphs)):
        tail = "\n\n".join(paragraphs[first:])
        if len(tail) <= MAX_BODY:
            return ["\n\n".join(paragraphs[:first]), tail]
    return split(text, lambda piece: len(piece) <= MAX_BODY)


def recipient(address: str) -> dict[str, str]:
    """To whom: a citizen's id or a phone number."""
    to = "recipient" if _USER_ID.fullmatch(address) else "to"
    return {"messaging_product": "whatsapp", "recipient_type": "individual", to: address}


def body(outgoing: Outgoing, open_list: str) -> dict[str, Any]:
    """The request for one part.

    Args:
        open_list: title of the button that opens a list.
    """
    common = {**recipient(outgoing.address), "biz_opaque_callback_data": outgoing.key}
    if not outgoing.choices:
        return {**common, "type": "text", "text": {"preview_url": False, "body": outgoing.text}}
    interactive = {"body": {"text": outgoing.text}, **_choices(outgoing.choices, open_list)}
    return {**common, "type": "interactive", "interactive": interactive}


def template(address: str, name: str, language: str, key: str) -> dict[str, Any]:
    """The request for an approved template without parameters."""
    return {**recipient(address), "biz_opaque_callback_data": key, "type": "template",
            "template": {"name": name, "language": {"code": language}}}  # fmt: skip


def _choices(choices: Sequence[Choice], open_list: str) -> dict[str, Any]:
    titles = [choice.title for choice in choices]
    short = all(len(title) <= MAX_BUTTON_TITLE for title in titles)
    if len(choices) <= MAX_BUTTONS and short and len(set(titles)) == len(titles):  # two buttons alike are refused
        buttons = [{"type": "reply", "reply": {"id": choice.payload, "title": choice.title}} for choice in choices]
        return {"type": "button", "action": {"buttons": buttons}}
    rows = [_row(choice) for choice in choices]
    return {"type": "list", "action": {"button": open_list[:MAX_BUTTON_TITLE], "sections": [{"rows": rows}]}}


def _row(choice: Choice) -> dict[str, str]:
    """A row; a long title is shortened, and stands whole under it."""
    if len(choice.title) <= MAX_ROW_TITLE:
        return {"id": choice.payload, "title": choice.title}
    whole = choice.title[:MAX_ROW_DESCRIPTION]
    shortened = choice.title[: MAX_ROW_TITLE - 1]
    if not choice.title[MAX_ROW_TITLE - 1].isspace() and " " in shortened:
        shortened = shortened.rsplit(" ", 1)[0]
    return {"id": choice.payload, "title": shortened.rstrip(" ,;:–-(") + "…", "description": whole}
