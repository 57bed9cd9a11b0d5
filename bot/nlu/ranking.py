"""Last word on the intent: the classifier's ranking and what retrieval found, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY
from rasa.shared.nlu.training_data.message import Message

SETTINGS = Path(__file__).resolve().parents[2] / "knowledge" / "settings.yml"
DANGER = "emergency_"
ASK_FAQ = "ask_faq"
FALLBACK = "nlu_fallback"


@dataclass(frozen=True)
class Thresholds:
    """Probabilities, 0 to 1."""

    intent: float = 0.45  # an ordinary chat intent counts from here
    careful: float = 0.35  # so does one of `careful_intents`: missing it is worse than a needless telephone number
    danger: float = 0.5  # so does danger of several kinds together
    found: float = 0.20  # retrieval has something to say from here
    sure: float = 0.62  # retrieval is sure
    careful_intents: tuple[str, ...] = ("emergency_", "ask_human", "protected_identity")
    # An article alone would be the wrong answer to these; their actions show it together with what must be said.
    firm_intents: tuple[str, ...] = ("ask_assessment", "ask_political_opinion", "declare_", "choose_language")

    def is_careful(self, intent: str) -> bool:
        """Whether the intent is one whose miss is worse than a false alarm."""
        # A crime that is over puts nobody in danger: retrieval may know better ("report a broken street lamp").
        return intent.startswith(self.careful_intents) and intent != "emergency_crime_not_ongoing"


def decide(
    ranking: Sequence[Mapping[str, Any]], candidates: Sequence[Mapping[str, Any]], limits: Thresholds, follows: bool = False
) -> tuple[str, float]:
    """Chooses the intent.

    Args:
        ranking: `{name, confidence}`, best first, from the classifier.
        candidates: `{article_id, probability, ...}`, best first, from retrieval.
        limits: where the borders are.
        follows: retrieval read the message with the answer before it. The classifier reads it alone, and to it "how long does
            that take?" is small talk.

    Returns:
        Name and confidence. `ask_faq` when the citizen asks for something the knowledge base may hold (the action
        then answers or asks back), `nlu_fallback` when nobody has an idea.
    """
    found = float(candidates[0]["probability"]) if candidates else 0.0
    name, confidence = (str(ranking[0]["name"]), float(ranking[0]["confidence"])) if ranking else (FALLBACK, 0.0)
    for entry in ranking:
        if limits.is_careful(str(entry["name"])) and float(entry["confidence"]) >= limits.careful:
            return str(entry["name"]), float(entry["confidence"])
    danger = [entry for entry in ranking if str(entry["name"]).startswith(DANGER) and limits.is_careful(str(entry["name"]))]
    if sum(float(entry["confidence"]) for entry in danger) >= limits.danger:
        # Unsure which danger, not that there is one: every emergency text begins with 112.
        return str(danger[0]["name"]), sum(float(entry["confidence"]) for entry in danger)
    is_chat = name not in (ASK_FAQ, FALLBACK) and confidence >= limits.intent
    is_firm = name.startswith(limits.firm_intents)
    # "Out of scope" is only the classifier's guess; an article that fits says it was wrong.
    retrieval_wins = not is_firm and found >= limits.sure and (found > confidence or name == "out_of_scope")
    retrieval_wins = retrieval_wins or (not is_firm and follows and found >= limits.found)
    if is_chat and not retrieval_wins:
        return name, confidence
    if found >= limits.found or (name == ASK_FAQ and confidence >= limits.intent):
        return ASK_FAQ, max(found, confidence if name == ASK_FAQ else 0.0)
    return FALLBACK, 1.0 - max(found, confidence)


def retrieval_thresholds(path: Path) -> dict[str, float]:
    """Retrieval's thresholds, so that they are chosen in one place and a new calibration needs no training.

    Args:
        path: knowledge/settings.yml.

    Returns:
        `found` and `sure`, as far as the file has them.
    """
    settings = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    names = {"found": "clarify", "sure": "answer"}
    return {ours: float(settings[theirs]) for ours, theirs in names.items() if theirs in settings}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class KnowledgeIntentRanker(GraphComponent, IntentClassifier):
    """Merges the classifier's intents with retrieval's candidates; with the service down, every text is a fallback."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Something must have ranked the intents before."""
        return [IntentClassifier]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The thresholds; see `Thresholds`. `found` and `sure` come from the knowledge room unless they are set."""
        defaults = Thresholds()
        return {
            "intent": defaults.intent,
            "careful": defaults.careful,
            "danger": defaults.danger,
            "careful_intents": list(defaults.careful_intents),
            "firm_intents": list(defaults.firm_intents),
        }

    def __init__(self, config: dict[str, Any]) -> None:
        """Makes the component.

        Args:
            config: the settings.
        """
        config = {**self.get_default_config(), **retrieval_thresholds(SETTINGS), **config}
        self._limits = Thresholds(
            intent=config["intent"],
            careful=config["careful"],
            danger=config["danger"],
            found=config.get("found", Thresholds.found),
            sure=config.get("sure", Thresholds.sure),
            careful_intents=tuple(config["careful_intents"]),
            firm_intents=tuple(config["firm_intents"]),
        )

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> KnowledgeIntentRanker:
        """Called by Rasa."""
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the intent and puts it first in the ranking."""
        for message in messages:
            ranking = message.get(INTENT_RANKING_KEY) or []
            if message.get("knowledge_down"):
                name, confidence = FALLBACK, 1.0
            else:
                name, confidence = decide(ranking, message.get("candidates") or [], self._limits, bool(message.get("follows")))
            intent = {"name": name, "confidence": confidence}
            others = [entry for entry in ranking if entry["name"] != name]
            message.set(INTENT, intent, add_to_output=True)
            message.set(INTENT_RANKING_KEY, [intent, *others], add_to_output=True)
        return messages
