"""What the knowledge service refuses or fails to say, in the words of the desk's API."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

from bot.http import ApiError
from handover.auth import Agent
from knowledge.editing.client import EditingRefused, EditingUnavailable


async def ask(question: Awaitable[Mapping[str, Any]]) -> dict[str, Any]:
    """The answer of the knowledge service.

    Raises:
        ApiError: what it refuses, 503 when it does not answer.
    """
    try:
        return dict(await question)
    except EditingRefused as refused:
        raise refused_by_knowledge(refused) from refused
    except EditingUnavailable as fault:
        raise unavailable(fault) from fault


def person(agent: Agent) -> dict[str, str]:
    """An agent as the author or approver of a change of a file."""
    return {"name": agent.name, "email": agent.email}


def moved() -> ApiError:
    """Somebody else did something with the change meanwhile."""
    return ApiError(409, "moved", "the change is no longer as it was shown; read it again")


def unavailable(fault: EditingUnavailable) -> ApiError:
    """What is said when the knowledge service is silent, or was given no token."""
    if "KNOWLEDGE_TOKEN" in str(fault) or "unauthorized" in str(fault):
        return ApiError(503, "editing_off", "editing is not set up: KNOWLEDGE_TOKEN differs between app and knowledge service")
    return ApiError(503, "knowledge_unavailable", "the knowledge service does not answer; try again in a moment")


def refused_by_knowledge(refused: EditingRefused) -> ApiError:
    """A refusal of the knowledge service in the words of the desk's API."""
    code = {"changed": "conflict", "unknown_article": "not_found", "unknown_version": "not_found"}.get(refused.code, refused.code)
    extra = {name: refused.details[name] for name in ("findings",) if name in refused.details}
    return ApiError(refused.status, code, str(refused), **extra)
