"""What Zammad tells: the signature, and which ticket it is about. A webhook that comes twice only makes us look twice."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from handover.desks.contract import Hint, Rejected, Unreadable

SIGNATURE = "x-hub-signature"
_REFERENCE = re.compile(r"\[([0-9a-f]{12})\]")


def verify(headers: Mapping[str, str], body: bytes, secret: str) -> None:
    """Checks the signature over the raw body, in constant time. (HMAC with SHA-1 is what Zammad has.)

    Raises:
        Rejected: it is missing or wrong.
    """
    given = headers.get(SIGNATURE, "")
    expected = "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    if not hmac.compare_digest(given.encode(errors="replace"), expected.encode()):
        raise Rejected("unsigned or forged" if given else "unsigned")


def read(body: bytes) -> Hint:
    """Which ticket a delivery is about.

    Raises:
        Unreadable: not of the documented form.
    """
    try:
        ticket: dict[str, Any] = json.loads(body)["ticket"]
        return Hint(str(int(ticket["id"])), reference_in(str(ticket.get("title") or "")))
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise Unreadable(type(fault).__name__) from None


def reference_in(title: str) -> str | None:
    """Our reference in a ticket's title."""
    found = _REFERENCE.search(title)
    return found[1] if found else None
