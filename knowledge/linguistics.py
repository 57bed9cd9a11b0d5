"""Tokens, lemmas and the names a message mentions: parts of the city, departments, services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from knowledge.settings import ROOM
from knowledge.text_forms import stem

# The languages spaCy splits by its own rules; the rest go through the language-neutral tokenizer. More of them would have to be
# loaded at the first message in that language, while others wait (French: 4 s), for tokens that nothing depends on.
_SPACY = ("sv", "en", "fi", "ar")
_NEUTRAL = "xx"
# Its other tables take seconds each to load (Finnish 6, Polish 8): there the stem stands in for the base form.
_SIMPLEMMA = frozenset({"sv", "en"})


@dataclass(frozen=True)
class Token:
    """A word with its base form; start and end are offsets in characters."""

    text: str
    lemma: str
    start: int
    end: int


@dataclass(frozen=True)
class Entity:
    """A name the message mentions: `value` is the name's own form, `entity` its kind."""

    entity: str
    value: str
    start: int
    end: int


@dataclass(frozen=True)
class Reading:
    """What was read from a message."""

    tokens: list[Token]
    entities: list[Entity]


class Linguist:
    """Reads messages with spaCy's blank pipelines and an entity ruler over `entities.yml`.

    Args:
        patterns: per kind and value, the forms it is written in; see `load_patterns`.
    """

    def __init__(self, patterns: dict[str, dict[str, list[str]]]) -> None:
        self._patterns = [
            {"label": kind, "id": value, "pattern": form}
            for kind, values in patterns.items()
            for value, forms in values.items()
            for form in [value, *forms]
        ]
        self._pipelines: dict[str, Any] = {}

    def read(self, text: str, language: str) -> Reading:
        """Splits a message into tokens with lemmas and finds the names in it.

        Args:
            text: the message, at most a few thousand characters.
            language: its language.
        """
        pipeline = self._pipeline(language if language in _SPACY else _NEUTRAL)
        document = pipeline(text)
        tokens = [
            Token(token.text, lemma_of(token.text, language), token.idx, token.idx + len(token.text))
            for token in document
            if not token.is_space
        ]
        entities = [Entity(span.label_, span.ent_id_, span.start_char, span.end_char) for span in document.ents]
        return Reading(tokens, entities)

    def _pipeline(self, language: str) -> Any:
        if language not in self._pipelines:
            import spacy

            pipeline = spacy.blank(language)
            # Lower case decides: people write "hisingen" and "bankid".
            ruler: Any = pipeline.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
            ruler.add_patterns(self._patterns)
            self._pipelines[language] = pipeline
        return self._pipelines[language]


def load_patterns() -> dict[str, dict[str, list[str]]]:
    """The names of `entities.yml`: kind → value → other forms."""
    from knowledge.article import read_yaml

    loaded: dict[str, dict[str, list[str]]] = read_yaml(ROOM / "entities.yml")
    return loaded


@lru_cache(maxsize=50_000)
def lemma_of(word: str, language: str) -> str:
    """Base form of a word, its stem in languages without a table: `soptunnor` → `soptunna`."""
    if language not in _SIMPLEMMA:
        return stem(word, language) or word.lower()
    lemmatize: Callable[..., str] = _lemmatizer()
    return lemmatize(word, lang=language)


@lru_cache(maxsize=1)
def _lemmatizer() -> Callable[..., str]:
    import simplemma

    lemmatize: Callable[..., str] = simplemma.lemmatize
    return lemmatize
