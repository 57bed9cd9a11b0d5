"""Follow-ups: "and for children?" after an answer is about that answer. Language-independent, because it works on embeddings.

Two questions are kept apart. Does the message lean on what was said before? A classifier on its embedding decides, trained on
`follow_ups.yml` against everything else citizens write. And what does it ask then? Message and topic are encoded together, and
only the articles around the last answer come into question.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from knowledge.article import KnowledgeBase, load_knowledge_base, localised, read_yaml
from knowledge.elsewhere import load_elsewhere
from knowledge.index import EncodesText, VectorCache, entries_of
from knowledge.search import Candidate, Searcher
from knowledge.settings import ROOM, Settings
from knowledge.signals import Signals

Floats = NDArray[np.float32]

FILE = ROOM / "follow_ups.yml"
FORMAT = 1  # raise when the training changes
MOST_OTHERS = 6000  # phrasings that stand for new questions: more change nothing and cost seconds
REGULARISATION = 5.0
AROUND = 50  # candidates among which those around the last answer are looked for

# A title begins with the topic; after a dash or a colon comes an aspect ("– what does it cost?"), which the message itself names.
_ASPECT = re.compile(r"\s+[–—-]\s+|[:：؛;]|\s*\(")


class FollowUpSettings(BaseModel):
    """The contents of `follow_ups.yml`.

    Attributes:
        leans: probability from which a message leans on the answer before it.
        sure: probability of an article from which it is the answer whatever was said before.
        examples: follow-ups per language.
    """

    model_config = ConfigDict(extra="forbid")

    leans: float = Field(ge=0, le=1)
    sure: float = Field(ge=0, le=1)
    examples: dict[str, list[str]]


@cache
def follow_up_settings() -> FollowUpSettings:
    """`follow_ups.yml`, read once."""
    return FollowUpSettings.model_validate(read_yaml(FILE))


@dataclass(frozen=True)
class LeaningModel:
    """A logistic regression on the embedding: how probable is it that a message leans on the one before?

    Attributes:
        weights: shape (dimension,).
        bias: the intercept.
    """

    weights: Floats
    bias: float

    def probability(self, vector: Floats) -> float:
        """P(leans) for one embedding of shape (dimension,), of length 1."""
        return float(1.0 / (1.0 + np.exp(-np.clip(self.weights @ vector + self.bias, -30.0, 30.0))))

    @classmethod
    def train(cls, follow_ups: Floats, others: Floats) -> LeaningModel:
        """Trains on embeddings; the same ones give the same model.

        Args:
            follow_ups: shape (n, dimension).
            others: new questions, thanks, greetings …, shape (m, dimension).
        """
        from sklearn.linear_model import LogisticRegression

        regression = LogisticRegression(C=REGULARISATION, class_weight="balanced", max_iter=300)
        regression.fit(np.concatenate([follow_ups, others]), np.repeat([1, 0], [len(follow_ups), len(others)]))
        return cls(regression.coef_[0].astype(np.float32), float(regression.intercept_[0]))


def _path(settings: Settings) -> Path:
    made_of = f"{FORMAT}|{settings.encoder_name}|{sorted(follow_up_settings().examples.items())}"
    return settings.index_dir / f"follow-ups-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}.npz"


def load_leaning_model(settings: Settings) -> LeaningModel | None:
    """The model that `build_leaning_model` made for this encoder; None without one: then every message stands alone."""
    path = _path(settings)
    if not path.exists():
        return None
    with np.load(path) as stored:
        return LeaningModel(stored["weights"], float(stored["bias"]))


def build_leaning_model(
    settings: Settings, encoder: Callable[[], EncodesText], today: dt.date, say: Callable[[str], None]
) -> LeaningModel:
    """Trains the model unless it is there, and keeps it beside the index.

    Args:
        settings: folders and model.
        encoder: called only if some text has no vector yet.
        today: only articles that may be shown then stand for new questions.
        say: receives one line.
    """
    if (made := load_leaning_model(settings)) is not None:
        return made
    vectors = VectorCache(settings.index_dir / f"vectors-{settings.encoder_slug}", settings.encoder_name)
    follow_ups = [text for texts in follow_up_settings().examples.values() for text in texts]
    others = _others(settings, today)
    trained = LeaningModel.train(vectors.vectors(encoder, follow_ups, "query"), vectors.vectors(encoder, others, "query"))
    path = _path(settings)
    temporary = path.with_name(f".{path.name}")  # ends in .npz, or numpy would add it
    np.savez(temporary, weights=trained.weights, bias=trained.bias)
    temporary.replace(path)
    say(f"follow-ups: {len(follow_ups)} examples against {len(others)} other messages")
    return trained


def _others(settings: Settings, today: dt.date) -> list[str]:
    """What is no follow-up: questions to us and to others, and the rest of what citizens say."""
    phrasings, _ = entries_of(load_knowledge_base(settings.articles_dir), today)
    asked = [entry.text for entry in phrasings if entry.kind == "phrasing"]
    if len(asked) > MOST_OTHERS:
        asked = [asked[row] for row in np.random.default_rng(2).choice(len(asked), MOST_OTHERS, replace=False)]
    strange = [text for group in load_elsewhere(settings.elsewhere_dir) for texts in group.questions.values() for text in texts]
    said = [text for texts in Signals.read_examples(settings.nlu_dir).values() for text in texts]
    return asked + strange + said


def topic_of(title: str) -> str:
    """The topic a title begins with: "Återvinningscentral (ÅVC) – vem får komma?" → "Återvinningscentral"."""
    return _ASPECT.split(title, maxsplit=1)[0].strip() or title


def with_topic(text: str, title: str) -> str:
    """A follow-up as a question of its own: "Vad kostar det? (Återvinningscentral)"."""
    return f"{text.strip()} ({topic_of(title)})"


def around(base: KnowledgeBase, article_id: str) -> frozenset[str]:
    """The articles a follow-up to this one may ask for: itself, those it names as next, and those of its area."""
    article = base.articles[article_id]
    area = (other.id for other in base.articles.values() if other.area == article.area)
    return frozenset({article_id, *article.next, *area})


@dataclass(frozen=True)
class Message:
    """A message that leans on the answer before it.

    Attributes:
        text: as written.
        language: its language.
        alone: its candidates as if nothing had been said before, best first.
    """

    text: str
    language: str
    alone: Sequence[Candidate]


def follow(
    searcher: Searcher, encode: Callable[[Sequence[str]], Floats], message: Message, about: Sequence[str], worth_asking: float
) -> list[Candidate]:
    """What a follow-up asks for.

    Args:
        searcher: the index.
        encode: embeds texts as queries.
        message: the follow-up.
        about: ids of the articles last shown; unknown ones are passed over.
        worth_asking: probability from which what the message says alone counts.

    Returns:
        Candidates around the shown article that fits best, best first; none when no id is known. A neighbour that the message
        names by itself ("what does it cost?" finds the fee) goes before the article that was just shown.
    """
    text, language = message.text, message.language
    base = searcher.index.knowledge_base
    known = [article_id for article_id in about if article_id in base.articles]
    if not known:
        return []
    asked = [with_topic(text, _title(base, article_id, language)) for article_id in known]
    found = []
    for article_id, question, vector in zip(known, asked, encode(asked), strict=True):
        near = around(base, article_id)
        candidates = [c for c in searcher.search(vector, question, language, AROUND) if c.article_id in near]
        first = message.alone[0] if message.alone and message.alone[0].article_id in near - {article_id} else None
        found.append(_put_first(candidates, first) if first and first.probability >= worth_asking else candidates)
    return max(found, key=lambda candidates: candidates[0].probability if candidates else -1.0)


def _put_first(candidates: Sequence[Candidate], first: Candidate) -> list[Candidate]:
    """`first` and then the others, none more probable than it."""
    others = (candidate for candidate in candidates if candidate.article_id != first.article_id)
    return [first, *(replace(other, probability=min(other.probability, first.probability)) for other in others)]


def _title(base: KnowledgeBase, article_id: str, language: str) -> str:
    titles: Mapping[str, str] = base.articles[article_id].title
    return localised(titles, language)
