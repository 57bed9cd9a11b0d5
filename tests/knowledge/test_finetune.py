"""What the encoder is taught: batches of articles with their neighbours, from the articles alone, the same each time."""

import random

import numpy as np
import torch

from knowledge.finetune import Lesson, Recipe, data_hash, draw, lessons_of, losses
from knowledge.settings import Settings

LESSONS = [Lesson(f"a{n}", {"sv": [f"query: {n}{k}" for k in range(5)], "so": [f"query: so{n}"]}, {}) for n in range(12)]
NEAR = np.array([[(n + k) % 12 for k in range(1, 9)] for n in range(12)])


def test_a_batch_holds_whole_articles_and_is_drawn_the_same_again() -> None:
    recipe = Recipe(articles=6, texts=3)
    texts, labels = draw(LESSONS, NEAR, recipe, random.Random(1))
    assert (texts, labels) == draw(LESSONS, NEAR, recipe, random.Random(1))
    assert len(texts) == 18 and sorted(set(labels)) == sorted({labels[0], *labels}) and all(labels.count(n) == 3 for n in labels)
    assert all(text in [t for side in LESSONS[n].questions.values() for t in side] for text, n in zip(texts, labels, strict=True))


def test_the_lessons_are_the_published_articles_and_the_hash_tells_them_apart(settings: Settings) -> None:
    lessons, strangers = lessons_of(settings)
    assert [lesson.id for lesson in lessons] == sorted(lesson.id for lesson in lessons) and len(lessons) == 3
    assert all(text.startswith("query: ") for lesson in lessons for texts in lesson.questions.values() for text in texts)
    assert all(text.startswith("passage: ") for lesson in lessons for texts in lesson.answers.values() for text in texts)
    assert strangers == []
    assert data_hash(lessons, []) != data_hash(lessons[1:], [])


def test_texts_of_one_article_close_together_cost_less() -> None:
    labels = torch.tensor([0, 0, 1, 1])
    proxies = torch.eye(2, 4)
    good = torch.tensor([[1.0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    bad = good[[0, 2, 1, 3, 0]]
    assert losses(good, labels, proxies, Recipe()) < losses(bad, labels, proxies, Recipe())
