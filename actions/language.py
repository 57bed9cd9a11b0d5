"""Which languages there are, and changing to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from actions import keys
from actions.flow import Flow
from actions.payload import Payload, intent_payload, reply
from actions.turn import Turn

LIST = Path(__file__).resolve().parent.parent / "texts" / "languages.yml"


@dataclass(frozen=True)
class Language:
    """A language we answer in; `name` is its own name for itself."""

    code: str
    name: str


@lru_cache(maxsize=1)
def served() -> tuple[Language, ...]:
    """The languages of texts/languages.yml, in the order they are offered."""
    entries = yaml.safe_load(LIST.read_text(encoding="utf-8"))
    return tuple(Language(str(entry["code"]), str(entry["name"])) for entry in entries)


def decide(turn: Turn, languages: Sequence[Language]) -> Payload:
    """Changes the language if one we have was named, else shows the choice.

    Args:
        turn: the turn; the entity `language` is a code (the synonyms in the training data see to that).
        languages: those we answer in.

    Returns:
        The reply.
    """
    named = turn.entities.get("language", "").lower()
    if named in {language.code for language in languages}:
        return reply("text", keys.LANGUAGE_CHANGED, outcome="flow", params={"language": named})
    buttons = [
        {"title": language.name, "payload": intent_payload("choose_language", language=language.code)} for language in languages
    ]
    if named or turn.intent == "ask_language":
        names = ", ".join(language.name for language in languages)
        return reply("text", keys.LANGUAGES, outcome="flow", params={"languages": names}, buttons=buttons)
    return reply("text", keys.LANGUAGE_CHOOSE, outcome="flow", buttons=buttons)


class ActionChooseLanguage(Flow):
    """For `choose_language` and `ask_language`: who asks "do you speak Finnish?" wants it spoken."""

    def name(self) -> str:
        """The name in the domain."""
        return "action_choose_language"

    async def decide(self, turn: Turn) -> Sequence[Payload]:
        """See `decide`."""
        return [decide(turn, served())]
