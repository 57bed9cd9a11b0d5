"""Calls of somebody else's API, with the network's faults told apart."""

from __future__ import annotations

from typing import Any

import httpx

from bot.delivery.contract import OutcomeUnknown, TemporaryFailure


async def send_request(
    http: httpx.AsyncClient, method: str, url: str, *, judge_status: bool = True, **kwargs: Any
) -> httpx.Response:
    """A call of a provider's API.

    Args:
        judge_status: false for a provider whose body says more than the status: the answer comes back whatever its status.

    Raises:
        TemporaryFailure: nothing went out, or the provider says 429 (with its `Retry-After`) or 5xx.
        OutcomeUnknown: the request went out and no answer came.
    """
    try:
        response = await http.request(method, url, **kwargs)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol) as fault:
        raise TemporaryFailure(type(fault).__name__) from None
    except httpx.HTTPError as fault:
        raise OutcomeUnknown(type(fault).__name__) from None
    if not judge_status:
        return response
    if response.status_code == 429:
        raise TemporaryFailure("429", retry_after_seconds(response.headers.get("retry-after")), whole_account=True)
    if response.status_code >= 500:
        raise TemporaryFailure(str(response.status_code))
    return response


def retry_after_seconds(header: str | None) -> float:
    """Seconds of a `Retry-After` header; 5 when it is missing or a date."""
    try:
        return max(0.0, float(header or ""))
    except ValueError:
        return 5.0
