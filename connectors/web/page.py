"""Which page the chat was opened on, without anything that a form or a search has put into its address."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, unquote, urlsplit

from bot.pipeline.accept import clean
from bot.privacy.masking import mask

_MOST: Final = 500


def page_of(url: str) -> str | None:
    """What is kept of a page's address: scheme, host and path, the path masked. Query, fragment and login are dropped.

    Args:
        url: as the browser gives it.

    Returns:
        At most 500 characters; None when it is not the address of a web page.
    """
    try:
        parts = urlsplit(clean(url).strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    path = unquote(parts.path)
    # Part by part first: an address with an @ would else take the whole path with it.
    masked = mask("/".join(mask(part).text for part in path.split("/"))).text
    path = parts.path if masked == path else quote(masked, safe="/[]")
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}{path}"[:_MOST]
