"""The search for weights of one form that compute what another form computes."""

import numpy as np
import pytest

from gru_book.analysis.imitation import fit_step, gru_step_of_vector, num_weights
from gru_book.layers.gru import GRU
from gru_book.layers.weights import GRUWeights


def points(number, input_dim, units, rng):
    return rng.uniform(-2, 2, (number, input_dim)), rng.uniform(-1, 1, (number, units))


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize(("input_dim", "units"), [(1, 1), (3, 2), (2, 5)])
def test_the_step_is_the_cells(input_dim, units, reset_after):
    rng = np.random.default_rng(units)
    networks = rng.standard_normal((2, 3, num_weights(input_dim, units)))
    x, h = points(7, input_dim, units, rng)
    states = gru_step_of_vector(networks, x, h, reset_after)
    assert states.shape == (2, 3, 7, units)
    for index in np.ndindex(2, 3):
        arrays = []
        for block in np.split(networks[index], 3):
            W, U, b = np.split(block, [units * input_dim, units * input_dim + units**2])
            arrays += [W.reshape(units, input_dim), U.reshape(units, units), b]
        cell = GRU(GRUWeights(*arrays), reset_after=reset_after)
        expected = cell.forward(x[:, None], h).hidden_state[:, 0]
        np.testing.assert_allclose(states[index], expected, atol=1e-12)


@pytest.mark.parametrize("reset_after", [True, False])
def test_a_network_is_found_in_its_own_form_and_not_in_the_other(reset_after):
    rng = np.random.default_rng(0)
    network = rng.standard_normal(num_weights(2, 2))
    x, h = points(60, 2, 2, rng)
    wanted = gru_step_of_vector(network, x, h, reset_after)
    starts = network + 0.3 * rng.standard_normal((3, network.size))
    _, errors = fit_step(starts, x, h, wanted, reset_after, iterations=40)
    assert errors.min() < 1e-12
    fitted, errors = fit_step(starts, x, h, wanted, not reset_after, iterations=40)
    assert errors.min() > 1e-4
    found = gru_step_of_vector(fitted, x, h, not reset_after)
    np.testing.assert_allclose(errors, np.sqrt(((found - wanted) ** 2).mean((1, 2))), rtol=1e-9)


def test_one_unit_is_found_in_both_forms():
    rng = np.random.default_rng(1)
    network = rng.standard_normal(num_weights(2, 1))
    x, h = points(40, 2, 1, rng)
    np.testing.assert_allclose(
        gru_step_of_vector(network, x, h, True), gru_step_of_vector(network, x, h, False), atol=1e-14
    )
