"""The classifier over the articles (ADR 0012) of an index that is being edited.

Training it takes seconds, and it depends on every phrasing. So an edit is taken into use with the classifier of the index before,
trained a little further; the one trained from nothing, which is the same whatever came before, follows in the background.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.choice import BATCH, EPOCHS, Choice
from knowledge.index import folder as disk
from knowledge.index.centring import Floats
from knowledge.index.entries import Entry
from knowledge.index.folder import Index
from knowledge.settings import Settings

_STEPS = 24  # of training until an edit is in use: a new article is known by then, and the others stay what they are


@dataclasses.dataclass(frozen=True)
class Lessons:
    """What the classifier learns from.

    Attributes:
        phrasings: all phrasings and titles.
        vectors: theirs, centred, shape (n, d).
        strangers: vectors of the questions that are somebody else's, shape (m, d).
        classes: class of each phrasing and stranger, shape (n + m,).
        names: ids of the articles, then of the groups of `elsewhere/`.
    """

    phrasings: Sequence[Entry]
    vectors: Floats
    strangers: Floats
    classes: NDArray[np.int32]
    names: list[str]

    def train(self, start: Choice | None = None) -> Choice:
        """The classifier, from nothing or a little further from a start."""
        both = np.concatenate([self.vectors, self.strangers])
        if start is None:
            return Choice.train(both, self.classes, len(self.names))
        epochs = min(EPOCHS, math.ceil(_STEPS / math.ceil(len(both) / BATCH)))
        return Choice.train(both, self.classes, len(self.names), start, epochs)


def lessons_of(index: Index) -> Lessons:
    """What an index's classifier learns from."""
    classes = np.concatenate([index.phrasing_article, index.elsewhere_group + len(index.article_ids)]).astype(np.int32)
    return Lessons(
        index.phrasings, index.phrasing_vectors, index.elsewhere_vectors, classes, [*index.article_ids, *index.elsewhere]
    )


def choose(lessons: Lessons, before: Index | None) -> tuple[Choice, bool]:
    """The classifier of a new index, soon.

    Args:
        lessons: the new index's.
        before: the index in use; without one the classifier is trained in full.

    Returns:
        The classifier, and whether it is the final one.
    """
    if before is None or before.choice is None:
        return lessons.train(), True
    old = lessons_of(before)
    if (
        before.settled
        and old.names == lessons.names
        and old.phrasings == lessons.phrasings
        and np.array_equal(old.classes, lessons.classes)
        and np.array_equal(old.strangers, lessons.strangers)
    ):  # only answers were edited
        return before.choice, True
    row = {name: number for number, name in enumerate(old.names)}
    weights = np.zeros((len(lessons.names), before.choice.weights.shape[1]), np.float32)
    bias = np.zeros(len(lessons.names), np.float32)
    for number, name in enumerate(lessons.names):
        if name in row:
            weights[number], bias[number] = before.choice.weights[row[name]], before.choice.bias[row[name]]
    return lessons.train(Choice(weights, bias)), False


def settle(index: Index, settings: Settings) -> Index:
    """The index with its final classifier, which is stored with it.

    Args:
        index: any; a settled one is given back.
        settings: where it is stored.
    """
    if index.settled:
        return index
    choice = lessons_of(index).train()
    disk.store_choice(settings.index_dir / index.version, choice)
    return dataclasses.replace(index, choice=choice, settled=True)
