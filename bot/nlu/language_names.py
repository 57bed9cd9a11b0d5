"""Names of languages in a message: "pratar du arabiska?" → the entity `language` with the value `ar`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

ENTITY = "language"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class LanguageNames(GraphComponent, EntityExtractorMixin):
    """Finds the training data's synonyms (name → code) as whole words.

    Rasa's RegexEntityExtractor could do it with a lookup table, but then warns at each training that nothing learns
    from the table, which is meant.
    """

    def __init__(self, model_storage: ModelStorage, resource: Resource, names: Mapping[str, str]) -> None:
        """Makes the component.

        Args:
            model_storage: where Rasa keeps trained parts.
            resource: which of them is this one's.
            names: lower-case name → code.
        """
        self._model_storage = model_storage
        self._resource = resource
        self._names = dict(names)
        self._pattern = pattern(self._names)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LanguageNames:
        """Called by Rasa before training."""
        return cls(model_storage, resource, {})

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LanguageNames:
        """Called by Rasa with a trained model."""
        with model_storage.read_from(resource) as folder:
            names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
        return cls(model_storage, resource, names)

    def train(self, training_data: TrainingData) -> Resource:
        """Keeps the synonyms."""
        names = {name.lower(): code for name, code in training_data.entity_synonyms.items()}
        with self._model_storage.write_to(self._resource) as folder:
            (folder / "names.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the entities."""
        for message in messages:
            found = find(message.get(TEXT) or "", self._names, self._pattern)
            if found:
                entities = self.add_extractor_name(found)
                message.set(ENTITIES, list(message.get(ENTITIES, [])) + entities, add_to_output=True)
        return messages


def pattern(names: Mapping[str, str]) -> re.Pattern[str]:
    """A pattern for whole words, the longest name first; without names one that matches nothing."""
    words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{words})(?![\w-])" if words else r"(?!)", re.IGNORECASE)


def find(text: str, names: Mapping[str, str], words: re.Pattern[str]) -> list[dict[str, Any]]:
    """The language names in a text.

    Args:
        text: the message.
        names: lower-case name → code.
        words: from `pattern`.

    Returns:
        Rasa entities `{entity, value, start, end}`, offsets in characters.
    """
    return [
        {"entity": ENTITY, "value": names[match.group().lower()], "start": match.start(), "end": match.end()}
        for match in words.finditer(text)
        if match.group().lower() in names
    ]
