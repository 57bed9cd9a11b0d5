"""What Chatwoot tells: the signature, and which conversation it is about.

The signature is over `<timestamp>.<raw body>` (agent bots and API inboxes sign since Chatwoot 4.13).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any

from handover.desks.contract import Hint, Rejected, Unreadable

SIGNATURE, TIMESTAMP = "x-chatwoot-signature", "x-chatwoot-timestamp"
OLDEST = dt.timedelta(minutes=5)
_CONVERSATION_EVENTS = frozenset({
    "conversation_opened", "conversation_resolved", "conversation_status_changed", "conversation_updated",
})  # fmt: skip


def verify(headers: Mapping[str, str], body: bytes, now: dt.datetime, secrets: Iterable[str]) -> None:
    """Checks the signature over the raw body, in constant time, and that it is not old.

    Raises:
        Rejected: it is missing, wrong or more than five minutes off.
    """
    given, stamp = headers.get(SIGNATURE, ""), headers.get(TIMESTAMP, "")
    signed = stamp.encode(errors="replace") + b"." + body
    genuine = False
    for secret in secrets:  # all of them: the time it takes does not say which one fits
        expected = "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        genuine |= hmac.compare_digest(given.encode(errors="replace"), expected.encode())
    if not genuine:
        raise Rejected("unsigned or forged" if given else "unsigned")
    if not (stamp.isascii() and stamp.isdigit()) or len(stamp) > 12 or abs(now.timestamp() - int(stamp)) > OLDEST.total_seconds():
        raise Rejected("too old")


def read(body: bytes, inbox_id: int) -> Hint | None:
    """Which conversation a delivery is about; None when no agent did anything in ours.

    Raises:
        Unreadable: not of the documented form.
    """
    try:
        told: dict[str, Any] = json.loads(body)
        event = told["event"]
        if event in _CONVERSATION_EVENTS:
            return Hint(str(int(told["id"]))) if told.get("inbox_id") == inbox_id else None
        if event != "message_created" or told.get("private") or told.get("message_type") not in ("outgoing", 1):
            return None
        if (told.get("sender") or {}).get("type") != "user":
            return None
        conversation = told["conversation"]
        return Hint(str(int(conversation["id"]))) if conversation.get("inbox_id", inbox_id) == inbox_id else None
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise Unreadable(type(fault).__name__) from None
