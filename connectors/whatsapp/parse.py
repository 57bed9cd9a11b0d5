"""From a delivery of the WhatsApp Business Platform to what a citizen did, and what became of our messages.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import structlog

from bot.delivery.contract import DeliveryState
from connectors.contract import Inbound, Request, Unsupported
from connectors.meta.graph import read_error
from connectors.meta.webhook import child, dicts, entries, is_ours, kept_id, text

_log = structlog.get_logger(__name__)
_KINDS: dict[str, Unsupported] = {"image": "image", "video": "file", "audio": "voice", "document": "file", "location": "location",
                                  "contacts": "contact", "sticker": "sticker"}  # fmt: skip
# Nothing to answer: an emoji on a message of ours, a changed number, an edit or deletion of what was said.
_SILENT = ("reaction", "system", "edit", "revoke")
_STATES: dict[str, DeliveryState] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}


def parse(request: Request, phone_number_id: str, account: str) -> list[Inbound]:
    """Everything in a delivery that concerns this number, in its order.

    Raises:
        Unreadable: not of the documented form.
    """
    found: list[Inbound] = []
    for entry in entries(request, "whatsapp_business_account"):
        for change in dicts(entry.get("changes")):
            if change.get("field") != "messages":
                continue
            value = child(change, "value")
            if text(child(value, "metadata"), "phone_number_id") != phone_number_id:  # a business account may have several
                _log.warning("whatsapp_other_number", account=account)
                continue
            found += _value(value, account)
    return found


def _value(value: dict[str, Any], account: str) -> Iterator[Inbound]:
    contacts = list(dicts(value.get("contacts")))
    for message in dicts(value.get("messages")):
        yield from _message(message, _address(message, contacts))
    for status in dicts(value.get("statuses")):
        yield from _status(status)
    for error in dicts(value.get("errors")):
        _log.error("whatsapp_account_error", account=account, error=_meaning(error)[0])


def _address(message: dict[str, Any], contacts: list[dict[str, Any]]) -> str:
    """Who wrote: Meta's id of the citizen for this business, else the phone number.

    The id comes with every message, the number only while the citizen shows it; it reveals less, and one citizen stays one
    address.
    """
    number = text(message, "from")
    if user_id := text(message, "from_user_id"):
        return user_id
    for contact in contacts:
        if (text(contact, "wa_id") == number or len(contacts) == 1) and (user_id := text(contact, "user_id")):
            return user_id
    return number


def _message(message: dict[str, Any], address: str) -> Iterator[Inbound]:
    wamid, kind = text(message, "id"), text(message, "type")
    if kind in _SILENT or text(message, "group_id"):
        return
    if not wamid or not address:
        _log.warning("meta_item_unreadable", found="message without id or sender")
        return
    kept, extra = kept_id(wamid), {"wamid": wamid}
    if kind == "text":
        yield Inbound("text", kept, address, text=text(child(message, "text"), "body"), extra=extra)
    elif kind == "interactive":
        interactive = child(message, "interactive")
        reply = child(interactive, text(interactive, "type"))
        if pressed := text(reply, "id"):
            yield Inbound("press", kept, address, text=text(reply, "title"), payload=pressed, extra=extra)
        else:
            yield Inbound("unsupported", kept, address, extra=extra)
    elif kind == "button":  # of a template: what it says, unless the payload is one of ours
        button = child(message, "button")
        pressed, said = text(button, "payload"), text(button, "text")
        if is_ours(pressed):
            yield Inbound("press", kept, address, text=said, payload=pressed, extra=extra)
        else:
            yield Inbound("text", kept, address, text=said, extra=extra)
    elif kind == "request_welcome":
        yield Inbound("start", kept, address, extra=extra)
    else:
        caption = text(child(message, kind), "caption")
        yield Inbound("unsupported", kept, address, text=caption, what=_KINDS.get(kind, "other"), extra=extra)


def _status(status: dict[str, Any]) -> Iterator[Inbound]:
    wamid, state = text(status, "id"), _STATES.get(text(status, "status"))
    if not wamid or state is None:
        return
    error, unreachable = None, False
    if state == "failed":
        error, unreachable = next((_meaning(e) for e in dicts(status.get("errors"))), ("failed without a reason", False))
    key = text(status, "biz_opaque_callback_data")
    yield Inbound("status", kept_id(wamid), state=state, error=error, unreachable=unreachable, key=key)


def _meaning(error: dict[str, Any]) -> tuple[str, bool]:
    """Words for an error, and whether the address will never be reached."""
    code = error.get("code")
    if not isinstance(code, int):
        return "failed without a code", False
    meant = read_error(code, None)
    return meant.text, meant.kind == "unreachable"
