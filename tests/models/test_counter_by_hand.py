"""Counters whose weights are set by hand."""

import numpy as np
import pytest

from gru_book.models import counter as counting
from gru_book.models import counter_by_hand
from gru_book.tasks.counting import anbn


def test_an_lstm_can_count_exactly():
    counter = counter_by_hand.lstm_by_hand()
    assert counting.largest_n(counter, 100) == 100
    cell_state = counter.run(anbn([100]).inputs).cell_state[0, :, 0]
    assert cell_state.tolist() == [*range(1, 101), *range(99, -1, -1)]
    for seed in range(3):
        assert counting.largest_n(counter_by_hand.disturbed(counter, 0.1, np.random.default_rng(seed)), 100) == 100


def test_a_gru_counts_as_far_as_its_exponent_goes_if_nothing_disturbs_it():
    counter = counter_by_hand.gru_by_hand()
    assert counting.largest_n(counter, 200) == 145  # 2^-4 halved 145 times is 2^-149, the smallest float32
    assert counting.largest_n(counter_by_hand.gru_by_hand(dtype=np.float64), 200) == 200
    assert counting.largest_n(counter_by_hand.gru_by_hand(step=0.25), 200) == 200
    hidden = counter.run(anbn([5]).inputs).hidden_state[0, :5, 0]
    assert hidden.tolist() == [2.0**-k for k in range(5, 10)]
    disturbed = [counter_by_hand.disturbed(counter, 1e-4, np.random.default_rng(seed)) for seed in range(3)]
    assert max(counting.largest_n(c, 50) for c in disturbed) < 20


@pytest.mark.parametrize("step", [0, 1, -0.5, float("nan")])
def test_a_step_outside_of_its_range_is_refused(step):
    with pytest.raises(ValueError, match="step"):
        counter_by_hand.gru_by_hand(step)
