"""Talks with Rasa's REST channel and reads its custom payloads (docs/architecture.md, "Rasa → app")."""

from __future__ import annotations

from typing import Any, Literal

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.messages import Button, Reply
from bot.pipeline.context import TurnContext


class RasaUnavailable(Exception):
    """Rasa (or its action server) did not answer, or not with anything we can say."""


class _Button(BaseModel):
    model_config = ConfigDict(extra="ignore")
    payload: str
    title_key: str | None = None
    title: str | None = None
    params: dict[str, Any] = {}
    article_id: str | None = None


class _Link(BaseModel):
    model_config = ConfigDict(extra="ignore")
    url: str
    title: str


class _Custom(BaseModel):
    model_config = ConfigDict(extra="ignore")
    type: Literal["answer", "clarify", "text", "offer_human", "end"]
    key: str | None = None
    params: dict[str, Any] = {}
    article_ids: list[str] = []
    buttons: list[_Button] = []
    outcome: str | None = None
    probability: float | None = None
    links: list[_Link] = []


def as_rasa_text(text: str, action: str | None) -> str:
    """What Rasa gets: a button's action as it is, a citizen's text so that it can never be read as an action.

    Rasa takes a message that begins with "/" for an intent, so a typed "/restart" would fire it.
    """
    if action is not None:
        return action
    return text.lstrip("/ \t\n") or "?" if text.lstrip().startswith("/") else text


class RasaClient:
    """Rasa's REST channel, which listens on this machine only.

    Args:
        base_url: the setting RASA_URL.
        timeout: seconds for a whole turn.
        transport: for tests.
    """

    def __init__(self, base_url: str, timeout: float, transport: httpx.AsyncBaseTransport | None = None) -> None:
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        self._http = httpx.AsyncClient(
            base_url=base_url, timeout=httpx.Timeout(timeout, connect=1.0), limits=limits, transport=transport, trust_env=False
        )

    async def ask(self, ctx: TurnContext) -> list[Reply]:
        """Sends the citizen's message to Rasa.

        Raises:
            RasaUnavailable: no connection, an error, or an empty reply (its action server is down).
        """
        # A tracker of its own for every further try: the first may have left half a turn in Rasa's memory.
        sender = f"{ctx.conversation.id}:{ctx.conversation.episode}" + (f".{ctx.attempt}" if ctx.attempt > 1 else "")
        body = {
            "sender": sender,
            "message": as_rasa_text(ctx.text, ctx.action),
            "metadata": {
                "message_id": ctx.message_id,
                "language": ctx.language,
                "language_hint": ctx.conversation.language,  # what knowledge was asked with: Rasa's call is a cache hit
                "about": list(ctx.topic.articles),  # and this
                "page_url": ctx.conversation.page_url,
                "written_at": ctx.created_at.isoformat(),  # of the first try too, however late this one is
            }
            | ({"told": {"name": told.name, "text": told.text}} if (told := ctx.topic.told) else {}),
        }
        try:
            response = await self._http.post("/webhooks/rest/webhook", json=body)
            response.raise_for_status()
            customs = [item["custom"] for item in response.json() if item.get("custom")]
        except (httpx.HTTPError, ValueError, TypeError, AttributeError) as fault:
            raise RasaUnavailable(f"{type(fault).__name__}: {fault}") from fault
        if not customs:
            raise RasaUnavailable("empty reply")
        return to_replies(customs)

    async def is_ready(self) -> bool:
        """Whether Rasa answers."""
        try:
            return (await self._http.get("/", timeout=2.0)).status_code == 200
        except httpx.HTTPError:
            return False

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()


def to_replies(customs: list[dict[str, Any]]) -> list[Reply]:
    """Turns Rasa's payloads into replies.

    Raises:
        RasaUnavailable: a payload is not of the contract.
    """
    try:
        parsed = [_Custom.model_validate(custom) for custom in customs]
    except ValidationError as invalid:
        raise RasaUnavailable(f"payload outside the contract: {invalid.error_count()} faults") from invalid
    return [
        Reply(
            type=c.type,
            key=c.key,
            params=c.params,
            article_ids=tuple(c.article_ids),
            buttons=tuple(Button(b.payload, b.title_key, b.title, b.params, b.article_id) for b in c.buttons),
            outcome=c.outcome,
            probability=c.probability,
            links=tuple(link.model_dump() for link in c.links),
        )
        for c in parsed
    ]
