"""The certificates that outgoing connections trust."""

from __future__ import annotations

import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """Read once: a client that reads them for itself takes some thirty milliseconds for it."""
    return httpx.create_ssl_context()
