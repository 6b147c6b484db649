"""Paired comparisons: McNemar's test, and many at once."""

import numpy as np
import pytest

from gru_book.evaluation.paired import holm, mcnemar


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


def test_holm_by_hand_and_against_scipy(rng):
    assert holm([0.01, 0.04, 0.03]).round(6).tolist() == [0.03, 0.06, 0.06]
    assert holm([0.6, 0.7]).tolist() == [1, 1]
    assert holm([]).tolist() == []
    null = rng.random((4000, 10))
    assert abs(np.mean([holm(row).min() < 0.05 for row in null]) - 0.05) < 0.012
