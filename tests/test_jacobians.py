"""A gradient of one's choice on its way back: equal to the random one's when it is the same, and to the Jacobian."""

import numpy as np
import pytest

from gru_book.cells import GRU, LSTM, RNN, GRUWeights, LSTMWeights, RNNWeights
from gru_book.jacobians import carry_back
from gru_book.memory import gradient_norms, state_jacobian

KINDS = {"RNN": (RNN, RNNWeights), "LSTM": (LSTM, LSTMWeights), "GRU": (GRU, GRUWeights)}


def layer_of(kind):
    cell, weights = KINDS[kind]
    return cell(weights.random(3, 5, np.random.default_rng(0)))


@pytest.mark.parametrize("kind", KINDS)
def test_it_carries_a_random_gradient_as_far_as_gradient_norms(kind):
    x = np.random.default_rng(1).standard_normal((4, 9, 3))
    v = np.random.default_rng(2).standard_normal((4, 5))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    norms = gradient_norms(layer_of(kind), x, [1, 4, 9], np.random.default_rng(2))
    carried = carry_back(layer_of(kind), x, v, [1, 4, 9])
    np.testing.assert_allclose(np.linalg.norm(carried, axis=2), norms, rtol=1e-12)


def test_it_is_the_product_with_the_transposed_jacobian():
    layer, rng = layer_of("GRU"), np.random.default_rng(3)
    x, start, v = rng.standard_normal((2, 6, 3)), rng.uniform(-1, 1, (2, 5)), rng.standard_normal(5)
    carried = carry_back(layer, x, v, [2, 6], start)[1]
    for sequence, state, arrived in zip(x, start, carried, strict=True):
        np.testing.assert_allclose(arrived, state_jacobian(layer, sequence, state).T @ v, atol=1e-14)


@pytest.mark.parametrize("distances", [[], [0], [7], [2, 1], [1, 1], [1.5], 3])
def test_wrong_distances_are_refused(distances):
    with pytest.raises(ValueError, match="distances"):
        carry_back(layer_of("GRU"), np.zeros((1, 6, 3)), np.ones(5), distances)


def test_a_wrong_gradient_is_refused():
    with pytest.raises(ValueError, match=r"gradient has shape \(4,\); expected \(5,\) or \(1, 5\)"):
        carry_back(layer_of("GRU"), np.zeros((1, 6, 3)), np.ones(4), [1])
