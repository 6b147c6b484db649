"""As many others, equally frequent, each once."""

import numpy as np
import pytest

from gru_book.evaluation.matching import equally_frequent


def test_matches_are_others_as_many_and_as_frequent():
    rng = np.random.default_rng(0)
    frequency = rng.geometric(0.2, 5000)
    chosen = rng.random(5000) < 0.05
    matched = equally_frequent(frequency, chosen, ~chosen, rng)
    assert matched.sum() == chosen.sum()
    assert not (matched & chosen).any()
    assert np.mean(np.sort(frequency[matched]) == np.sort(frequency[chosen])) > 0.95
    assert not np.array_equal(matched, equally_frequent(frequency, chosen, ~chosen, rng))


@pytest.mark.parametrize("frequent", [1, 100])
def test_where_none_is_as_frequent_the_nearest_are_taken(frequent):
    frequency = np.array([frequent, frequent, 9, 10, 11])
    chosen = np.array([True, True, False, False, False])
    matched = equally_frequent(frequency, chosen, ~chosen, np.random.default_rng(0))
    assert frequency[matched].tolist() == ([9, 10] if frequent == 1 else [10, 11])


def test_too_few_others_are_refused():
    chosen = np.array([True, True, False])
    with pytest.raises(ValueError, match="2 things are chosen, 1 are others, 0 are both"):
        equally_frequent(np.ones(3), chosen, ~chosen, np.random.default_rng(0))
