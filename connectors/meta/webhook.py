"""Meta's webhooks: the signature, the question whether the address is ours, and the outermost form of a delivery.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from typing import Any

import structlog

from connectors.contract import Answer, Rejected, Request, Unreadable

_log = structlog.get_logger(__name__)
SIGNATURE_HEADER = "x-hub-signature-256"
LONGEST_ID = 100  # of a provider's id as we keep it: the store adds to it, and holds 128
_CHALLENGE = re.compile(r"[A-Za-z0-9_.\-]{1,200}")
_PLAIN_ID = re.compile(r"[!-~]+")
# What the store issues with a button, and the choice of a language that is always understood.
_OUR_PAYLOAD = re.compile(r"b[A-Za-z0-9_-]{16}|language:[a-z]{2,3}")


def verify(request: Request, app_secret: str) -> None:
    """Checks the signature over the raw body, in constant time.

    Raises:
        Rejected: it is missing or wrong.
    """
    expected = "sha256=" + hmac.new(app_secret.encode(), request.body, hashlib.sha256).hexdigest()
    given = request.headers.get(SIGNATURE_HEADER, "")
    if not hmac.compare_digest(given.encode(errors="replace"), expected.encode()):
        raise Rejected(401, "unsigned or forged" if given else "unsigned")


def handshake(request: Request, verify_token: str) -> Answer | None:
    """Answers the question Meta asks when an operator enters the address of the webhook.

    Raises:
        Rejected: the question has another token than the setting.
    """
    if request.query.get("hub.mode") != "subscribe":
        return None
    given, challenge = request.query.get("hub.verify_token", ""), request.query.get("hub.challenge", "")
    if not hmac.compare_digest(given.encode(errors="replace"), verify_token.encode()):
        raise Rejected(403, "hub.verify_token is not the one of the settings")
    if not _CHALLENGE.fullmatch(challenge):
        raise Rejected(403, "hub.challenge is not of the documented form")
    return Answer(200, challenge)


def entries(request: Request, subject: str) -> list[dict[str, Any]]:
    """The entries of a delivery about `subject` (`page`, `whatsapp_business_account`).

    Raises:
        Unreadable: not of the documented form.
    """
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Unreadable("the body is not JSON") from None
    if not isinstance(body, dict) or not isinstance(body.get("entry"), list):
        raise Unreadable("there is no list of entries")
    if body.get("object") != subject:
        raise Unreadable(f"the delivery is not about a {subject}")
    return list(dicts(body["entry"]))


def dicts(value: object) -> Iterator[dict[str, Any]]:
    """The objects of a list; what is none is passed over, so that one odd item of a batch does not cost the others."""
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item
        else:
            _log.warning("meta_item_unreadable", found=type(item).__name__)


def child(value: dict[str, Any], name: str) -> dict[str, Any]:
    """The object under a name; {} when there is none."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def text(value: dict[str, Any], name: str) -> str:
    """The text under a name; "" when there is none. Numbers (ids) are taken as text."""
    found = value.get(name)
    if isinstance(found, str):
        return found
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else ""


def kept_id(provider_id: str) -> str:
    """A provider's id as we keep it: the same every time, never longer than the store's column."""
    if len(provider_id) <= LONGEST_ID and (_PLAIN_ID.fullmatch(provider_id) or not provider_id):
        return provider_id
    return "sha256:" + hashlib.sha256(provider_id.encode(errors="replace")).hexdigest()


def is_ours(payload: str) -> bool:
    """Whether a button's payload can be one that the store issued."""
    return _OUR_PAYLOAD.fullmatch(payload) is not None


def at_milliseconds(value: object) -> dt.datetime | None:
    """A time in milliseconds since 1970, as a number or its digits."""
    try:
        return dt.datetime.fromtimestamp(int(value) / 1000, dt.UTC)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError, OSError):
        return None
