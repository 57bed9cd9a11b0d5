"""Calls of another desk's API: JSON both ways, and faults told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from bot.delivery.calls import send_request
from bot.delivery.contract import OutcomeUnknown, PermanentFailure

TIMEOUT = httpx.Timeout(15.0, connect=5.0)


class Refused(PermanentFailure):
    """The other desk refuses the call. The text is its status alone: a body may quote a citizen."""

    def __init__(self, status: int, call: str) -> None:
        super().__init__(f"{call}: {status}")
        self.status = status


class Api:
    """One API under one address.

    Args:
        base: address, without a slash at the end.
        headers: with the credentials.
    """

    def __init__(self, base: str, headers: Mapping[str, str]) -> None:
        self._base = base
        self._http = httpx.AsyncClient(timeout=TIMEOUT, headers=dict(headers), limits=httpx.Limits(max_connections=20))

    async def call(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **kwargs: Any) -> Any:
        """The answer's JSON; None when it has no body.

        Raises:
            Refused: a status of 4xx.
            TemporaryFailure, OutcomeUnknown: see `bot.delivery.contract`.
        """
        response = await send_request(self._http, method, self._base + path, headers=headers, **kwargs)
        if response.status_code >= 300:
            raise Refused(response.status_code, f"{method} {path.split('?')[0]}")
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError:  # a proxy's page, or cut off: whether it was done is not known
            raise OutcomeUnknown("the answer is no JSON") from None

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()
