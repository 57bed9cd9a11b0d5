"""The app's way to the editing routes of the knowledge service. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

READ_SECONDS = 15.0
WRITE_SECONDS = 90.0  # a new index is built before the answer comes

Data = dict[str, Any]


class EditingUnavailable(RuntimeError):
    """The service does not answer, is loading, or has no KNOWLEDGE_TOKEN; nothing is known of what became of a write."""


class EditingRefused(Exception):
    """The service refuses: there is no such article, the file is another, the article has faults.

    Args:
        status: of HTTP.
        code: `unknown_article`, `changed`, `faults` …
        message: in English, for the log.
        details: what else the service says: `findings`, `hash`, `article`.
    """

    def __init__(self, status: int, code: str, message: str, details: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.status, self.code, self.details = status, code, details


class EditingClient:
    """Asks the editing routes.

    Args:
        base_url: `KNOWLEDGE_URL`.
        token: `KNOWLEDGE_TOKEN`.
        transport: for tests.
    """

    def __init__(self, base_url: str, token: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url, headers={"Authorization": f"Bearer {token}"}, transport=transport, trust_env=False,
            timeout=httpx.Timeout(READ_SECONDS, connect=1.0),
        )  # fmt: skip

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def listing(self, text: str = "") -> Data:
        """All articles in short that contain the words of a text."""
        return await self._send("GET", "/editing/articles", params={"q": text})

    async def article(self, article_id: str) -> Data:
        """One article whole."""
        return await self._send("GET", f"/editing/articles/{quote(article_id, safe='')}")

    async def version(self, article_id: str, version: str) -> Data:
        """An earlier version of an article."""
        return await self._send("GET", f"/editing/articles/{quote(article_id, safe='')}/versions/{quote(version, safe='')}")

    async def check(self, article: Mapping[str, Any], reviewed: Sequence[str] = (), exact: bool = False) -> Data:
        """What would come of writing an article."""
        body = {"article": dict(article), "reviewed": list(reviewed), "exact": exact}
        return await self._send("POST", "/editing/check", json=body)

    async def competition(
        self, article_id: str, language: str, phrasings: Sequence[str], article: Mapping[str, Any] | None = None
    ) -> Data:
        """How phrasings stand among their neighbours."""
        body = {"article_id": article_id, "language": language, "phrasings": list(phrasings), "article": article}
        return await self._send("POST", "/editing/competition", json=body, timeout=WRITE_SECONDS)

    async def write(
        self,
        article_id: str,
        article: Mapping[str, Any],
        *,
        base_hash: str | None,
        author: Mapping[str, str],
        approver: Mapping[str, str] | None,
        reason: str,
    ) -> Data:
        """Writes an article and takes it into use. Repeating it changes nothing more.

        Args:
            article_id: its id.
            article: as it was approved.
            base_hash: of the file that the change was made from; None for a new article.
            author: `{name, email}`.
            approver: `{name, email}`, None where one alone may decide.
            reason: for the record.

        Returns:
            `{hash, index_version, changed, git}`.
        """
        body = {"article": dict(article), "base_hash": base_hash, "author": author, "approver": approver, "reason": reason}
        path = f"/editing/articles/{quote(article_id, safe='')}"
        return await self._send("PUT", path, json=body, timeout=WRITE_SECONDS)

    async def _send(self, method: str, path: str, **arguments: Any) -> Data:
        """Sends a request.

        Raises:
            EditingUnavailable: no answer.
            EditingRefused: an answer that says no.
        """
        try:
            response = await self._http.request(method, path, **arguments)
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise EditingUnavailable(f"{method} {path}: {type(error).__name__}") from error
        if response.status_code == 200:
            return dict(answer)
        details = dict(answer.get("error") or {})
        code, message = str(details.pop("code", "unknown")), str(details.pop("message", ""))
        if response.status_code >= 500 or response.status_code == 401:
            raise EditingUnavailable(f"{code}: {message}")
        raise EditingRefused(response.status_code, code, message, details)
