"""Paired comparisons: McNemar's test, differences with intervals, many at once."""

import numpy as np
import pytest

from gru_book.evaluation.paired import difference_interval, holm, lead_inside, mcnemar


def test_mcnemars_test_counts_where_answers_differ():
    right = np.array([True] * 90 + [False] * 10)
    assert mcnemar(right, ~right).only_first == 90
    assert mcnemar(right, right) == (0, 0, 1.0)
    pair = mcnemar(np.array([1, 1, 1, 0]), np.array([0, 0, 1, 1]))
    assert (pair.only_first, pair.only_second, pair.p_value) == (2, 1, 1.0)
    with pytest.raises(ValueError, match="shapes"):
        mcnemar([True], [True, False])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_the_interval_of_a_difference_covers_as_often_as_it_says(rng):
    both = np.array([0.75, 0.10, 0.05, 0.10])  # both right, only the first, only the second, neither
    covered = 0
    for cells in rng.multinomial(80, both, size=600):
        outcome = np.repeat([3, 1, 2, 0], cells)
        points, low, high = difference_interval((outcome & 1) > 0, (outcome & 2) > 0)
        assert points == pytest.approx(100 * (cells[1] - cells[2]) / 80)
        covered += low <= 5 <= high
    assert 0.93 < covered / 600 < 0.985


def test_the_interval_of_equal_answers_is_no_point():
    right = np.ones(10, bool)
    points, low, high = difference_interval(right, right)
    assert points == 0
    assert low < 0 < high
    with pytest.raises(ValueError, match="at least one text"):
        difference_interval(right[:0], right[:0])


def test_a_lead_that_is_inside_only_is_found(rng):
    rows = np.arange(4000) < 1500
    second = rng.random(4000) < 0.8
    first = second | (rows & (rng.random(4000) < 0.5))
    points, low, high, p = lead_inside(first, second, rows)
    assert low < points < high
    assert abs(points - 10) < 4
    assert p < 1e-6
    assert lead_inside(second, second, rows) == (0, 0, 0, 1)
    with pytest.raises(ValueError, match="at least two inside"):
        lead_inside(first, second, np.ones(4000, bool))


def test_holm_by_hand_and_against_scipy(rng):
    assert holm([0.01, 0.04, 0.03]).round(6).tolist() == [0.03, 0.06, 0.06]
    assert holm([0.6, 0.7]).tolist() == [1, 1]
    assert holm([]).tolist() == []
    null = rng.random((4000, 10))
    assert abs(np.mean([holm(row).min() < 0.05 for row in null]) - 0.05) < 0.012
