"""Shares with intervals."""

import pytest

from benchmarks.shares import share_of, share_of_groups, sign_test


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


def test_the_same_sentence_in_more_languages_narrows_nothing():
    one = share_of_groups([[True], [False]] * 50)
    nine = share_of_groups([[True] * 9, [False] * 9] * 50)

    assert (one.share, nine.share, nine.n) == (0.5, 0.5, 900)
    assert nine.high - nine.low == pytest.approx(one.high - one.low)
    assert nine.high - nine.low == pytest.approx(share_of([True, False] * 50).high - share_of([True, False] * 50).low, abs=0.01)


def test_thousands_of_rows_have_a_probability_too() -> None:
    assert 0 < sign_test([True] * 1500 + [False] * 1000, [False] * 1500 + [True] * 1000) < 1e-20
