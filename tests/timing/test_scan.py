"""What is timed on page 56 computes what it is called."""

import numpy as np

from gru_book.layers.gru import GRU
from gru_book.layers.scan import linear_loop
from gru_book.layers.weights import GRUWeights
from gru_book.timing.scan import as_line, gru_states, seconds_by_length


def some_weights(rng) -> GRUWeights:
    weights = GRUWeights.random(5, 3, rng)
    return GRUWeights(**{name: array + 0.1 * rng.standard_normal(array.shape) for name, array in vars(weights).items()})


def test_the_loop_that_is_timed_is_the_gru():
    rng = np.random.default_rng(0)
    weights, x = some_weights(rng), rng.standard_normal((2, 7, 5))
    np.testing.assert_allclose(gru_states(x, weights), GRU(weights).forward(x).hidden_state, rtol=0, atol=1e-14)


def test_the_line_is_mingru():
    rng = np.random.default_rng(1)
    weights, x = some_weights(rng), rng.standard_normal((2, 7, 5))
    h = np.zeros((2, 3))
    for t, state in enumerate(linear_loop(*as_line(x, weights)).swapaxes(0, 1)):
        z = 1 / (1 + np.exp(-(x[:, t] @ weights.W_xz.T + weights.b_z)))
        h = (1 - z) * h + z * (x[:, t] @ weights.W_xh.T + weights.b_h)
        np.testing.assert_allclose(state, h, rtol=0, atol=1e-14)


def test_each_way_is_timed_at_each_length_in_each_round():
    rng = np.random.default_rng(2)
    taken = seconds_by_length(some_weights(rng), 2, [4, 8, 16], 5, rng)
    assert {name: seconds.shape for name, seconds in taken.items()} == dict.fromkeys(taken, (3, 5))
    assert list(taken) == ["GRU, loop", "minGRU, loop", "minGRU, scan"]
    assert all((seconds >= 0).all() for seconds in taken.values())
