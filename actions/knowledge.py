"""The action server's line to the knowledge service, used only for messages with several questions."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from functools import lru_cache

from actions.questions import Reading
from actions.turn import Candidate, candidates
from knowledge.client import KnowledgeClient, KnowledgeRefused, KnowledgeUnavailable

logger = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def _client() -> KnowledgeClient:
    return KnowledgeClient(os.environ.get("KNOWLEDGE_URL") or "http://127.0.0.1:8001")


async def ask(readings: Sequence[Reading], language: str) -> Sequence[Sequence[Sequence[Candidate]]]:
    """Candidates for the parts of a message, in one call.

    Args:
        readings: the ways to divide the message.
        language: of the whole message.

    Returns:
        Per reading and part the candidates, best first; none when the service does not answer, so that the whole message
        decides.
    """
    try:
        found = await _client().parts(readings, language)
    except (KnowledgeUnavailable, KnowledgeRefused) as error:
        logger.warning("knowledge unavailable for the parts of a message: %s", error)
        return ()
    return [[candidates(part) for part in reading] for reading in found]
