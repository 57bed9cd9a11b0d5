"""The classifier: learns what it is shown, the same each time, and its probabilities are probabilities."""

from pathlib import Path

import numpy as np
import pytest

from knowledge.choice import FLOOR, Choice


def clouds(count: int = 4, each: int = 30) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """Vectors of length 1 around `count` directions, and which."""
    dice = np.random.default_rng(3)
    labels = np.repeat(np.arange(count), each).astype(np.int32)
    vectors = np.eye(8, dtype=np.float32)[labels] + 0.2 * dice.normal(size=(count * each, 8)).astype(np.float32)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def test_it_learns_and_learns_the_same_again() -> None:
    vectors, labels = clouds()
    first, second = (Choice.train(vectors, labels, 4) for _ in range(2))
    assert np.array_equal(first.weights, second.weights)
    guessed = [int(first.log_probabilities(vector).argmax()) for vector in vectors]
    assert np.mean(guessed == labels) > 0.9


def test_probabilities_sum_to_one_above_the_floor() -> None:
    vectors, labels = clouds()
    logs = Choice.train(vectors, labels, 4).log_probabilities(vectors[0])
    assert np.exp(logs).sum() == pytest.approx(1.0, abs=1e-3) and logs.min() >= FLOOR


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    vectors, labels = clouds()
    choice = Choice.train(vectors, labels, 4)
    choice.save(tmp_path / "choice.npz")
    assert np.array_equal(
        Choice.load(tmp_path / "choice.npz").log_probabilities(vectors[5]), choice.log_probabilities(vectors[5])
    )


def test_a_little_further_learns_what_is_new_and_keeps_the_rest() -> None:
    vectors, labels = clouds(each=300)
    known = labels < 3
    before = Choice.train(vectors[known], labels[known], 4)
    further = Choice.train(vectors, labels, 4, before, epochs=10)
    guessed = np.array([int(further.log_probabilities(vector).argmax()) for vector in vectors])
    assert np.mean(guessed[~known] == 3) > 0.9 and np.mean(guessed[known] == labels[known]) > 0.9
