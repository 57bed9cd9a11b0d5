"""What the Cloud API checks of a message before it takes it.

Limits: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages (text, interactive reply buttons,
interactive lists).
"""

from __future__ import annotations

from typing import Any

from connectors.simulator.meta import GraphFault

MAX_TEXT, MAX_BODY, MAX_CALLBACK_DATA = 4096, 1024, 512
MAX_BUTTONS, MAX_BUTTON_TITLE, MAX_BUTTON_ID = 3, 20, 256
MAX_ROWS, MAX_ROW_TITLE, MAX_ROW_DESCRIPTION, MAX_ROW_ID = 10, 24, 72, 200


def wrong(details: str, code: int = 131009) -> GraphFault:
    """An error about a parameter."""
    title = {131009: "Parameter value is not valid", 131008: "Required parameter is missing", 100: "Invalid parameter"}[code]
    return GraphFault(400, code, f"(#{code}) {title}", details=details)


def check(body: dict[str, Any], templates: frozenset[tuple[str, str]]) -> None:
    """The limits of each type of message.

    Raises:
        GraphFault: as Meta refuses it.
    """
    if len(str(body.get("biz_opaque_callback_data", ""))) > MAX_CALLBACK_DATA:
        raise wrong(f"biz_opaque_callback_data has at most {MAX_CALLBACK_DATA} characters")
    kind = body.get("type")
    content = body.get(kind) if isinstance(kind, str) else None
    if not isinstance(content, dict):
        raise wrong(f"Param {kind} is missing", 131008)
    if kind == "text":
        _length(content.get("body"), MAX_TEXT, "text['body']")
    elif kind == "interactive":
        _length((content.get("body") or {}).get("text"), MAX_BODY, "interactive['body']['text']")
        _check_interactive(content)
    elif kind == "template":
        key = (content.get("name"), (content.get("language") or {}).get("code"))
        if key not in templates:
            raise GraphFault(404, 132001, "(#132001) Template name does not exist in the translation",
                             details=f"template name ({key[0]}) does not exist in {key[1]}")  # fmt: skip
    else:
        raise wrong(f"Unsupported message type {kind}")


def _check_interactive(interactive: dict[str, Any]) -> None:
    action = interactive.get("action") or {}
    if interactive.get("type") == "button":
        replies = [button.get("reply") or {} for button in action.get("buttons", []) if button.get("type") == "reply"]
        if not 1 <= len(replies) <= MAX_BUTTONS or len(replies) != len(action.get("buttons", [])):
            raise wrong(f"Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: {MAX_BUTTONS}")
        for reply in replies:
            _length(reply.get("title"), MAX_BUTTON_TITLE, "button title")
            _length(reply.get("id"), MAX_BUTTON_ID, "button id")
        if len({reply["title"] for reply in replies}) < len(replies) or len({reply["id"] for reply in replies}) < len(replies):
            raise wrong("Duplicated title or id of buttons")
    elif interactive.get("type") == "list":
        _length(action.get("button"), MAX_BUTTON_TITLE, "list button")
        sections = action.get("sections") or []
        rows = [row for section in sections for row in section.get("rows", [])]
        if not 1 <= len(rows) <= MAX_ROWS:
            raise wrong(f"Total row count exceed max allowed count: {MAX_ROWS}")
        if len(sections) > 1 and not all(section.get("title") for section in sections):
            raise wrong("Section title is required with more than one section")
        for row in rows:
            _length(row.get("title"), MAX_ROW_TITLE, "row title")
            _length(row.get("id"), MAX_ROW_ID, "row id")
            if "description" in row:
                _length(row["description"], MAX_ROW_DESCRIPTION, "row description")
        if len({row["id"] for row in rows}) < len(rows):
            raise wrong("Duplicated row id")
    else:
        raise wrong("Unsupported interactive type")


def _length(value: object, most: int, what: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise wrong(f"{what} length invalid. Min length: 1, Max length: {most}")
    if len(value) > most:
        raise wrong(f"{what} length invalid. Min length: 1, Max length: {most}")
