"""Danger to life is recognised without any model: this works with Rasa and the knowledge service both down.

The rules point to 112 and the right line. They never judge how urgent something is: the order of kinds below only
decides whose telephone number is shown, and every emergency text begins with 112.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

from bot.safety.phrases import PhraseBook, in_every_script, read_phrases, words

Kind = Literal["suicide", "child", "violence", "poison", "fire", "health", "danger", "crime"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""Most specific line first: a child beaten by a parent gets Bris, an overdose meant to kill gets the suicide line."""

_EVERYDAY: Final = "everyday"


@dataclass(frozen=True)
class Emergency:
    """A message that must be answered with an emergency card.

    Attributes:
        kind: Which card.
        also: Other kinds that were recognised, for the agent.
        source: `rules` or `classifier`.
        evidence: The phrase of `emergencies/` that matched, or the signal's name; never the citizen's own words.
    """

    kind: Kind
    also: tuple[Kind, ...] = ()
    source: Literal["rules", "classifier"] = "rules"
    evidence: str = ""


class Rules:
    """The phrases of `emergencies/`, compiled.

    Every language is tried on every message: an emergency must not wait for language detection. In doubt a phrase stays in.
    """

    def __init__(self, folder: Path) -> None:
        """Reads and compiles the rules.

        Args:
            folder: One YAML file per language, named by its code: phrases under each kind, under `everyday` harmless
                expressions that are taken out before the rest is looked at, and under `not_typos` real words that look
                like misspellings of a dangerous one.

        Raises:
            ValueError: If there is no file, a label is not a kind or a phrase is malformed.
        """
        rows: list[tuple[str, str]] = []
        not_typos: list[str] = []
        for path in sorted(folder.glob("*.yml")):
            loaded = read_phrases(path)
            not_typos += loaded.pop("not_typos", [])
            unknown = set(loaded) - {*KINDS, _EVERYDAY}
            if unknown:
                raise ValueError(f"{path.name}: {sorted(unknown)} are no kinds of emergency")
            rows += [(label, phrase) for label, phrases in loaded.items() for phrase in in_every_script(path.stem, phrases)]
        if not rows:
            raise ValueError(f"no rules in {folder}")
        self._everyday = PhraseBook([row for row in rows if row[0] == _EVERYDAY], not_typos=not_typos)
        self._dangerous = PhraseBook([row for row in rows if row[0] != _EVERYDAY], not_typos=not_typos)

    def detect(self, text: str) -> Emergency | None:
        """Looks for signs of danger to life, health or property.

        Everyday expressions ("dör av skratt") are taken out first, word by word, so that they never hide an
        emergency that stands beside them in the same message.

        Args:
            text: The citizen's message, in any language.

        Returns:
            The emergency, or None.
        """
        tokens = words(text)
        remaining = list(tokens)
        for _, _, start, end in self._everyday.find(tokens):
            remaining[start:end] = [""] * (end - start)
        hits = self._dangerous.find(remaining)
        if not hits:
            return None
        phrase_of = {label: phrase for label, phrase, _, _ in reversed(hits)}
        kinds = [kind for kind in KINDS if kind in phrase_of]
        return Emergency(kinds[0], tuple(kinds[1:]), "rules", phrase_of[kinds[0]])


@cache
def _rules() -> Rules:
    return Rules(Path(__file__).with_name("emergencies"))


def detect(text: str) -> Emergency | None:
    """Looks for signs of danger with the rules that come with the assistant.

    Args:
        text: The citizen's message, in any language.

    Returns:
        The emergency, or None.
    """
    return _rules().detect(text)


DEFAULT_THRESHOLDS: Final[Mapping[str, float]] = {"default": 0.35, "total": 0.5}
"""Deliberately low: an emergency card too many costs a glance, one too few may cost a life."""


def decide(
    rule_hit: Emergency | None,
    signals: Mapping[str, float],
    thresholds: Mapping[str, float] = DEFAULT_THRESHOLDS,
) -> Emergency | None:
    """Merges the rules with the classifier. Either is enough.

    Args:
        rule_hit: What `detect` gave.
        signals: Probabilities by signal, `emergency_<kind>` among them; others are ignored.
        thresholds: Lowest probability per kind, `default` for kinds not named, and `total` for the sum over all
            kinds: a classifier that hesitates between two emergencies is still sure that it is one.

    Returns:
        The emergency to show, or None.
    """
    probabilities = {kind: signals.get(f"emergency_{kind}", 0.0) for kind in KINDS}
    default = thresholds.get("default", DEFAULT_THRESHOLDS["default"])
    over = [kind for kind in KINDS if probabilities[kind] >= thresholds.get(kind, default)]
    if not over and sum(probabilities.values()) >= thresholds.get("total", DEFAULT_THRESHOLDS["total"]):
        over = [max(KINDS, key=lambda kind: probabilities[kind])]
    if rule_hit is not None:
        seen = {rule_hit.kind, *rule_hit.also}
        also = rule_hit.also + tuple(kind for kind in over if kind not in seen)
        return Emergency(rule_hit.kind, also, rule_hit.source, rule_hit.evidence)
    if not over:
        return None
    over.sort(key=lambda kind: -probabilities[kind])
    return Emergency(over[0], tuple(over[1:]), "classifier", f"emergency_{over[0]}")
