"""Asking for a human being works in any words, in many languages, without any model: with Rasa and knowledge down too."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import yaml

from bot.safety.phrases import PhraseBook, words

SIGNAL: Final = "ask_human"
DEFAULT_THRESHOLD: Final = 0.5
"""The human is asked for consent first, so a wrong guess costs one question; a missed one costs the citizen's trust."""


@cache
def _books() -> tuple[PhraseBook, PhraseBook]:
    loaded = yaml.safe_load(Path(__file__).with_name("human.yml").read_text(encoding="utf-8"))

    def book(name: str) -> PhraseBook:
        not_typos = ("handla", "handlar", "personer", "personen", "humor", "kahvila", "ihmiset", "agenda", "mensen")
        return PhraseBook([(name, phrase) for phrases in loaded[name].values() for phrase in phrases], not_typos=not_typos)

    return book("asks"), book("everyday")


def wants_human(text: str) -> bool:
    """Whether the citizen asks to be served by a human being.

    A question about where humans can be met ("får man prata med en människa på medborgarkontoret?") counts too; a word
    that only contains one ("mänskliga rättigheter") does not.

    Args:
        text: The citizen's message, in any language.

    Returns:
        True if it does.
    """
    asks, everyday = _books()
    tokens = words(text)
    remaining = list(tokens)
    for _, _, start, end in everyday.find(tokens):
        remaining[start:end] = [""] * (end - start)
    return bool(asks.find(remaining))


def decide_human(rule_hit: bool, signals: Mapping[str, float], threshold: float = DEFAULT_THRESHOLD) -> bool:
    """Merges the rules with the classifier. Either is enough.

    Args:
        rule_hit: What `wants_human` gave.
        signals: Probabilities by signal; `ask_human` (or `human`) is read.
        threshold: Lowest probability that counts.

    Returns:
        True if the way to a human is to be shown.
    """
    return rule_hit or max(signals.get(SIGNAL, 0.0), signals.get("human", 0.0)) >= threshold
