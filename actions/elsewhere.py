"""Questions that are somebody else's: a pointer to where they belong."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from actions import keys
from actions.payload import Payload, reply
from actions.thresholds import Thresholds
from actions.turn import Elsewhere

FOLDER = Path(__file__).resolve().parent.parent / "knowledge" / "elsewhere"


@dataclass(frozen=True)
class Place:
    """An authority's own name and site; a company or another city has no site we could name."""

    name: str
    url: str | None


@lru_cache(maxsize=1)
def places() -> dict[str, Place]:
    """The groups of knowledge/elsewhere/ that there is something to say about, by id; a change is read at the next start."""
    found = {}
    for path in sorted(FOLDER.glob("*.yml")):
        # The questions below the head are hundreds of lines that only knowledge needs.
        head = yaml.safe_load(path.read_text(encoding="utf-8").partition("\nquestions:")[0])
        if head.get("name"):
            found[str(head["id"])] = Place(str(head["name"]), head.get("url"))
    return found


def pointer(whose: Elsewhere | None, limits: Thresholds) -> Payload | None:
    """The reply that says whose question it is; nothing when that is not known well enough.

    Args:
        whose: what retrieval says.
        limits: the thresholds.
    """
    if whose is None or whose.probability < limits.elsewhere or whose.id not in places():
        return None
    place = places()[whose.id]
    links = [{"url": place.url, "title": place.name}] if place.url else []
    return reply("text", keys.ELSEWHERE + whose.id, outcome="out_of_scope", probability=whose.probability, links=links)
