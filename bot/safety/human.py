"""Asking for a human being works in any words, in many languages, without any model: with Rasa and knowledge down too."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from bot.safety.phrases import PhraseBook, in_every_script, read_phrases, words

SIGNAL: Final = "ask_human"
DEFAULT_THRESHOLD: Final = 0.5
"""The human is asked for consent first, so a wrong guess costs one question; a missed one costs the citizen's trust."""


@dataclass(frozen=True)
class _Books:
    asks: PhraseBook
    alone: PhraseBook
    everyday: PhraseBook


@cache
def _books() -> _Books:
    loaded = read_phrases(Path(__file__).with_name("human.yml"))

    def book(name: str) -> PhraseBook:
        phrases = [(name, phrase) for language, own in loaded[name].items() for phrase in in_every_script(language, own)]
        return PhraseBook(phrases, not_typos=loaded["not_typos"])

    return _Books(book("asks"), book("alone"), book("everyday"))


def wants_human(text: str) -> bool:
    """Whether the citizen asks to be served by a human being.

    A question about where humans can be met ("får man prata med en människa på medborgarkontoret?") counts too; a word
    that only contains one ("mänskliga rättigheter") does not. The words that citizens are told to write ("persona", "osoba")
    are everyday words in many languages: they count when nothing else is written.

    Args:
        text: The citizen's message, in any language.

    Returns:
        True if it does.
    """
    books = _books()
    tokens = words(text)
    if any(end == len(tokens) for _, _, start, end in books.alone.find(tokens) if start == 0):
        return True
    remaining = list(tokens)
    for _, _, start, end in books.everyday.find(tokens):
        remaining[start:end] = [""] * (end - start)
    return bool(books.asks.find(remaining))


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
