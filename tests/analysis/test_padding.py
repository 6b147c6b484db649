"""The spread that pads leave."""

import numpy as np
import pytest

from gru_book.analysis.padding import read_pads, spread, survival
from gru_book.layers.gru import GRU
from gru_book.layers.rnn import RNN
from gru_book.layers.weights import GRUWeights, RNNWeights


def test_the_spread_is_that_of_the_definition():
    assert spread([[0.0, 0.0], [6.0, 8.0]]) == pytest.approx(5)
    assert spread(np.ones((3, 2))) == 0
    with pytest.raises(ValueError, match="at least two texts"):
        spread(np.ones((1, 2)))


@pytest.mark.parametrize(("kind", "weights"), [(GRU, GRUWeights), (RNN, RNNWeights)])
def test_survival_goes_on_from_the_states(kind, weights):
    rng = np.random.default_rng(0)
    cell, pad = kind(weights.random(3, 4, rng)), rng.normal(size=3)
    x = rng.normal(size=(5, 6, 3))
    states = cell.forward(x).last_state
    longer = np.concatenate([x, np.broadcast_to(pad, (5, 2, 3))], axis=1)
    after = cell.forward(longer).last_state
    assert np.allclose(read_pads(cell, states, pad, 2)[-1], after)
    assert survival(cell, states, pad, [0, 2]) == pytest.approx([1, spread(after) / spread(states)])
    with pytest.raises(ValueError, match="num_pads"):
        survival(cell, states, pad, [-1])
    with pytest.raises(ValueError, match="num_pads"):
        read_pads(cell, states, pad, 0)


def test_a_shut_update_gate_keeps_what_its_value_says():
    rng = np.random.default_rng(0)
    zero = {name: np.zeros_like(a) for name, a in vars(GRUWeights.random(3, 4, rng)).items()}
    cell = GRU(GRUWeights(**(zero | {"b_z": np.full(4, -2.0)})))
    z = 1 / (1 + np.exp(2.0))
    assert survival(cell, rng.normal(size=(5, 4)), np.zeros(3), [7])[0] == pytest.approx((1 - z) ** 7)
