"""Sinch's signature of a callback: over body, nonce and time, good for five minutes and once."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
from collections import OrderedDict

from connectors.contract import Rejected, Request

WINDOW = dt.timedelta(minutes=5)
_HEADER = "x-sinch-webhook-signature"
_ALGORITHM = "hmacsha256"
_MOST_NONCES = 20_000
_LONGEST_NONCE = 200


def check(request: Request, secret: bytes, now: dt.datetime) -> str:
    """Checks the raw body; returns the nonce.

    Raises:
        Rejected: the signature is missing or wrong, or older (or newer) than `WINDOW`.
    """
    headers = request.headers
    nonce, timestamp = headers.get(f"{_HEADER}-nonce", ""), headers.get(f"{_HEADER}-timestamp", "")
    if not nonce or not timestamp or len(nonce) > _LONGEST_NONCE:
        raise Rejected(401, "not signed")
    if headers.get(f"{_HEADER}-algorithm", _ALGORITHM).lower().replace("-", "") != _ALGORITHM:
        raise Rejected(401, "another algorithm")
    signed = request.body + f".{nonce}.{timestamp}".encode()
    wanted = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest())
    if not hmac.compare_digest(wanted, headers.get(_HEADER, "").encode()):
        raise Rejected(401, "signature")
    signed_at = _time(timestamp)
    if signed_at is None or abs(now - signed_at) > WINDOW:
        raise Rejected(401, "too old")
    return nonce


def _time(timestamp: str) -> dt.datetime | None:
    """Seconds since 1970, or ISO 8601: Sinch's APIs use both."""
    try:
        if timestamp.isdecimal():
            return dt.datetime.fromtimestamp(int(timestamp), dt.UTC)
        read = dt.datetime.fromisoformat(timestamp)
    except (ValueError, OverflowError, OSError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=dt.UTC)


class Nonces:
    """The nonces of what was taken, as long as their time would let them pass again.

    Memory of this process alone: behind it stands the store, which takes every message id once.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[str, dt.datetime] = OrderedDict()

    def __contains__(self, nonce: str) -> bool:
        return nonce in self._seen

    def add(self, nonce: str, now: dt.datetime) -> None:
        """Remembers one, and forgets those whose time is over."""
        self._seen[nonce] = now
        while self._seen:
            oldest, at = next(iter(self._seen.items()))
            if now - at <= 2 * WINDOW and len(self._seen) <= _MOST_NONCES:
                break
            del self._seen[oldest]
