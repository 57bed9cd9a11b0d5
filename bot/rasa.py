"""Talks with Rasa's REST channel and reads its custom payloads (docs/architecture.md, "Rasa → app")."""

from __future__ import annotations

from typing import Any, Literal

import httpx
import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.messages import Button, Reply
from bot.pipeline.context import TurnContext
from bot.settings import Settings

_log = structlog.get_logger(__name__)
_client: httpx.AsyncClient | None = None


class RasaUnavailable(Exception):
    """Rasa (or its action server) did not answer, or not with anything we can say."""


class _Button(BaseModel):
    model_config = ConfigDict(extra="ignore")
    payload: str
    title_key: str | None = None
    title: str | None = None
    params: dict[str, Any] = {}
    article_id: str | None = None


class _Custom(BaseModel):
    model_config = ConfigDict(extra="ignore")
    type: Literal["answer", "clarify", "text", "offer_human", "end"]
    key: str | None = None
    params: dict[str, Any] = {}
    article_ids: list[str] = []
    buttons: list[_Button] = []
    outcome: str | None = None
    probability: float | None = None


def as_rasa_text(text: str, action: str | None) -> str:
    """What Rasa gets: a button's action as it is, a citizen's text so that it can never be read as an action.

    Rasa takes a message that begins with "/" for an intent, so a typed "/restart" would fire it.
    """
    if action is not None:
        return action
    return text.lstrip("/ \t\n") or "?" if text.lstrip().startswith("/") else text


async def ask(settings: Settings, ctx: TurnContext) -> list[dict[str, Any]]:
    """Sends the citizen's message to Rasa.

    Returns:
        The custom payloads of Rasa's reply, in order.

    Raises:
        RasaUnavailable: no connection, an error, or an empty reply (its action server is down).
    """
    global _client
    if _client is None:
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        _client = httpx.AsyncClient(timeout=settings.rasa_timeout_seconds, limits=limits)
    # A tracker of its own for every further try: the first may have left half a turn in Rasa's memory.
    sender = f"{ctx.conversation.id}:{ctx.conversation.episode}" + (f".{ctx.attempt}" if ctx.attempt > 1 else "")
    body = {
        "sender": sender,
        "message": as_rasa_text(ctx.text, ctx.action),
        "metadata": {"message_id": ctx.message_id, "language": ctx.language, "page_url": ctx.conversation.page_url},
    }
    try:
        response = await _client.post(f"{settings.rasa_url}/webhooks/rest/webhook", json=body)
        response.raise_for_status()
        customs = [item["custom"] for item in response.json() if item.get("custom")]
    except (httpx.HTTPError, ValueError, TypeError, AttributeError) as fault:
        raise RasaUnavailable(f"{type(fault).__name__}: {fault}") from fault
    if not customs:
        raise RasaUnavailable("empty reply")
    return customs


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
        )
        for c in parsed
    ]
