"""First in Rasa's pipeline: asks the knowledge service once, and puts what it says on the message."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.tokenizers.tokenizer import Token as RasaToken
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu import console, remote_action
from bot.nlu.analysis import Analysis, HttpSource, KnowledgeDown, Source
from bot.nlu.feature_cache import FeatureCache

logger = logging.getLogger(__name__)

# Two corrections to Rasa that need no fork. Whoever loads this component has them: training, server and shell.
remote_action.install()
console.install()

ANALYSIS = "analysis"
WORD = re.compile(r"\w+(?:['’\-]\w+)*", re.UNICODE)

# Training sends thousands of sentences at once; one may wait its turn. A citizen must not.
TRAINING_READ_SECONDS = 60.0

START_HINT = (
    "The knowledge service gives the features and must run. "
    'Start it with `make rasa CMD="train"` (which runs it beside Rasa), or `python -m knowledge serve`; '
    "its address is the setting KNOWLEDGE_URL, for example KNOWLEDGE_URL=http://127.0.0.1:8001."
)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class KnowledgeAnalyzer(Tokenizer):
    """Tokens, language, entities and FAQ candidates from one `/analyze` call.

    Sets on the message: its tokens; `language`, `language_probability`, `candidates`, `elsewhere`, `choices`
    and `knowledge_down` (all in the parse data, where the actions read them); `entities`; and the analysis itself for the
    embedding featurizer.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The settings and their defaults; see `config.yml` for what the assistant uses."""
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            # Entities the domain knows. Others that the service may send would only make Rasa warn at each message.
            "entities": [],
            "cache": "nlu/features.sqlite",
        }

    def __init__(self, config: dict[str, Any], source: Source | None = None) -> None:
        """Makes the component.

        Args:
            config: the settings.
            source: who analyzes; the running service when left out.
        """
        super().__init__({**self.get_default_config(), **config})
        self._source = source or HttpSource()
        self._training_source = source or HttpSource(read_seconds=TRAINING_READ_SECONDS)
        self._entities = set(self._config["entities"])

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> KnowledgeAnalyzer:
        """Called by Rasa."""
        return cls(config)

    def tokenize(self, message: Message, attribute: str) -> list[RasaToken]:
        """Splits a text that has not been analyzed (with the service down, or an attribute other than the text)."""
        return _words(str(message.get(attribute)))

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Analyzes every training sentence, the known ones from the cache on disk.

        Raises:
            RasaException: the knowledge service does not answer.
        """
        # What buttons send ("/human") is not language; see nlu_data/buttons.yml.
        training_data = training_data.filter_training_examples(lambda e: not _is_payload(e.get(TEXT)))
        examples = [e for e in training_data.training_examples if e.get(TEXT)]
        cache = FeatureCache(Path(os.environ.get("VAR_DIR") or "var") / self._config["cache"])
        try:
            analyses = cache.analyze_all((e.get(TEXT) for e in examples), self._training_source)
        except KnowledgeDown as error:
            raise RasaException(f"Cannot train: {error}. {START_HINT}") from error
        finally:
            cache.close()
        for example in examples:
            analysis = analyses[example.get(TEXT)]
            example.set(ANALYSIS, analysis)
            example.set(TOKENS_NAMES[TEXT], _tokens(analysis))
        # Intents, actions and responses are names, which Rasa's own way of splitting fits.
        texts = [e.get(TOKENS_NAMES[TEXT]) for e in examples]
        super().process_training_data(training_data)
        for example, tokens in zip(examples, texts, strict=True):
            example.set(TOKENS_NAMES[TEXT], tokens)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Analyzes incoming messages; with the service down they pass with a plain split and `knowledge_down`."""
        for message in messages:
            text = message.get(TEXT)
            if _is_payload(text):
                message.set(TOKENS_NAMES[TEXT], _words(text))
            elif text:
                self._analyze(message, text)
        return messages

    def _analyze(self, message: Message, text: str) -> None:
        metadata = message.get("metadata") or {}
        hint = metadata.get("language_hint") or metadata.get("language")
        try:
            analysis = self._source.analyze(text, hint, metadata.get("about") or ())
        except KnowledgeDown as error:
            logger.warning("%s; the message passes without features. %s", error, START_HINT)
            message.set("knowledge_down", True, add_to_output=True)
            message.set("language", hint, add_to_output=True)
            message.set("candidates", [], add_to_output=True)
            message.set("elsewhere", None, add_to_output=True)
            message.set("choices", [], add_to_output=True)
            message.set(TOKENS_NAMES[TEXT], _words(text))
            return
        console.remember(analysis.language)
        message.set(ANALYSIS, analysis)
        message.set("knowledge_down", False, add_to_output=True)
        message.set("language", analysis.language, add_to_output=True)
        message.set("language_probability", analysis.language_probability, add_to_output=True)
        message.set("candidates", list(analysis.candidates), add_to_output=True)
        message.set("elsewhere", analysis.elsewhere, add_to_output=True)
        message.set("choices", list(analysis.choices), add_to_output=True)
        message.set("follows", analysis.follows)
        entities = [
            {**entity, "extractor": type(self).__name__} for entity in analysis.entities if entity.get("entity") in self._entities
        ]
        message.set(ENTITIES, list(message.get(ENTITIES, [])) + entities, add_to_output=True)
        message.set(TOKENS_NAMES[TEXT], _tokens(analysis))


def _is_payload(text: str | None) -> bool:
    """Whether it is a pressed button; a citizen's own text never begins like that (`app` sees to it)."""
    return bool(text) and str(text).startswith(INTENT_MESSAGE_PREFIX)


def _tokens(analysis: Analysis) -> list[RasaToken]:
    if not analysis.tokens:
        return _words(analysis.text)
    return [RasaToken(t.text, t.start, t.end, lemma=t.lemma) for t in analysis.tokens]


def _words(text: str) -> list[RasaToken]:
    found = [RasaToken(match.group(), match.start(), match.end()) for match in WORD.finditer(text)]
    # Rasa's featurizers want at least one token, also for "?!" or an emoji.
    return found or [RasaToken(text, 0, len(text))]


__all__ = ["ANALYSIS", "KnowledgeAnalyzer"]
