"""From a delivery of the Messenger Platform to what a citizen did.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import structlog

from connectors.contract import Inbound, Request, Unsupported
from connectors.meta.webhook import at_milliseconds, child, dicts, entries, is_ours, kept_id, text

_log = structlog.get_logger(__name__)
START_PAYLOADS = ("START", "GET_STARTED")  # of the Get Started button, as the operator sets it (docs/channels/messenger.md)
CODE_REF = "kod-"  # of the link that carries a code to continue here
_KINDS: dict[str, Unsupported] = {"image": "image", "audio": "voice", "video": "file", "file": "file", "location": "location",
                                  "sticker": "sticker"}  # fmt: skip


def parse(request: Request, page_id: str, account: str) -> list[Inbound]:
    """Everything in a delivery that concerns this page, in its order.

    Raises:
        Unreadable: not of the documented form.
    """
    found: list[Inbound] = []
    for entry in entries(request, "page"):
        if text(entry, "id") != page_id:  # one app may serve several pages, and calls one address for all
            _log.warning("messenger_other_page", account=account)
            continue
        # `standby` (another app has the word) and `changes` (the page's feed) are not ours to answer.
        for event in dicts(entry.get("messaging")):
            found += _event(event, page_id, account)
    return found


def _event(event: dict[str, Any], page_id: str, account: str) -> Iterator[Inbound]:
    sender = text(child(event, "sender"), "id")
    if "message" in event:
        message = child(event, "message")
        if message.get("is_echo") is True:
            yield from _echo(message)
        elif sender and sender != page_id and message.get("is_deleted") is not True:
            yield from _message(message, sender)
    elif "postback" in event and sender:
        yield _postback(event, child(event, "postback"), sender)
    elif "referral" in event and sender:
        yield from _continued(event, child(event, "referral"), sender)
    elif "delivery" in event or "read" in event:
        yield from _receipts(event, sender)
    elif "policy_enforcement" in event:
        action = text(child(event, "policy_enforcement"), "action")
        _log.error("messenger_policy_enforcement", account=account, action=action[:40])
    # Reactions, edits, opt-ins: nothing to answer.


def _echo(message: dict[str, Any]) -> Iterator[Inbound]:
    """What the page itself said. Ours carries the key we gave it: it tells that a send arrived of which we never heard."""
    mid, key = text(message, "mid"), text(message, "metadata")
    if mid and key:
        yield Inbound("status", kept_id(mid), state="sent", key=key)


def _message(message: dict[str, Any], sender: str) -> Iterator[Inbound]:
    mid = text(message, "mid")
    if not mid:
        _log.warning("meta_item_unreadable", found="message without mid")
        return
    said, pressed = text(message, "text"), text(child(message, "quick_reply"), "payload")
    if pressed and is_ours(pressed):
        yield Inbound("press", kept_id(mid), sender, text=said, payload=pressed)
        return
    kinds = [text(attachment, "type") for attachment in dicts(message.get("attachments"))]
    if "sticker_id" in message:
        kinds.insert(0, "sticker")
    # A `fallback` beside a text is the preview of a link in it.
    kinds = [kind for kind in kinds if not (kind == "fallback" and said)]
    if kinds or not said:
        what = _KINDS.get(kinds[0], "other") if kinds else "other"
        yield Inbound("unsupported", kept_id(mid), sender, text=said, what=what)
    else:
        yield Inbound("text", kept_id(mid), sender, text=said)


def _postback(event: dict[str, Any], postback: dict[str, Any], sender: str) -> Inbound:
    payload, title = text(postback, "payload"), text(postback, "title")
    for continued in _continued(event, child(postback, "referral"), sender):  # Get Started of a link with a code
        return continued
    # Older versions of the API give no mid.
    provider_id = kept_id(text(postback, "mid")) or _made_id("postback", sender, text(event, "timestamp"), payload)
    if payload.upper() in START_PAYLOADS:
        return Inbound("start", provider_id, sender)
    if is_ours(payload) or not title:
        return Inbound("press", provider_id, sender, text=title, payload=payload)
    return Inbound("text", provider_id, sender, text=title)  # an ice breaker or the menu: its title is the question


def _continued(event: dict[str, Any], referral: dict[str, Any], sender: str) -> Iterator[Inbound]:
    """A conversation from elsewhere goes on here: the link carried its code. Other links (m.me/…?ref=…) say nothing to us."""
    ref = text(referral, "ref")
    if ref.startswith(CODE_REF):
        yield Inbound("text", _made_id("referral", sender, text(event, "timestamp"), ref), sender, text=ref[len(CODE_REF) :])


def _made_id(*parts: str) -> str:
    """An id for an event that Meta gives none: the same at every delivery."""
    return f"{parts[0]}:" + hashlib.sha256("\n".join(parts).encode(errors="replace")).hexdigest()


def _receipts(event: dict[str, Any], sender: str) -> Iterator[Inbound]:
    delivery, read = child(event, "delivery"), child(event, "read")
    mids = delivery.get("mids")
    delivered = [mid for mid in mids if isinstance(mid, str) and mid] if isinstance(mids, list) else []
    for mid in delivered:
        yield Inbound("status", kept_id(mid), state="delivered")
    if not sender:
        return
    if not delivered and (until := at_milliseconds(delivery.get("watermark"))):
        yield Inbound("status", "", sender, state="delivered", until=until)
    if until := at_milliseconds(read.get("watermark")):
        yield Inbound("status", "", sender, state="read", until=until)
