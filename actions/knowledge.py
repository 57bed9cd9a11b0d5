"""The action server's line to the knowledge service, used only for messages with two questions."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from functools import lru_cache

from actions.turn import Candidate, candidates
from knowledge.client import KnowledgeClient, KnowledgeRefused, KnowledgeUnavailable

logger = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def _client() -> KnowledgeClient:
    return KnowledgeClient(os.environ.get("KNOWLEDGE_URL") or "http://127.0.0.1:8001")


async def ask(text: str, language: str | None) -> Sequence[Candidate]:
    """Candidates for a part of a message.

    Args:
        text: the part.
        language: of the whole message.

    Returns:
        Candidates, best first; none when the service does not answer, so that the whole message decides.
    """
    try:
        analysis = await _client().analyze(text, language_hint=language)
    except (KnowledgeUnavailable, KnowledgeRefused) as error:
        logger.warning("knowledge unavailable for a part of a message: %s", error)
        return ()
    return candidates(analysis["candidates"])
