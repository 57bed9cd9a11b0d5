"""Shares with intervals."""

import pytest

from benchmarks.shares import share_of, sign_test


def test_wilsons_interval_of_a_known_share():
    found = share_of([True] * 77 + [False] * 33)

    assert (found.hits, found.n, found.share) == (77, 110, 0.7)
    assert (found.low, found.high) == (pytest.approx(0.609, abs=0.001), pytest.approx(0.778, abs=0.001))
    assert str(found) == "0.700 [0.609–0.778]"


def test_no_rows_say_nothing():
    found = share_of([])

    assert (found.n, found.low, found.high) == (0, 0.0, 1.0)


def test_an_interval_stays_between_nought_and_one():
    assert share_of([True] * 5).high == 1.0
    assert share_of([False] * 5).low == 0.0


def test_equal_methods_do_not_differ():
    assert sign_test([True, False, True], [True, False, True]) == 1.0
    assert sign_test([True, False], [False, True]) == 1.0


def test_ten_wins_and_no_loss_are_no_chance():
    assert sign_test([True] * 10, [False] * 10) == pytest.approx(2 / 1024)
