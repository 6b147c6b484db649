"""The GRU with parts taken out: against a GRU whose weights do the same, masks, equal sizes."""

import keras
import numpy as np
import pytest

from gru_book.conversion.canonical import CanonicalWeights
from gru_book.layers import ablated
from gru_book.layers.ablated import LAYERS, PartialGRU

INPUTS, UNITS = 4, 5
z, r, h = (slice(k * UNITS, (k + 1) * UNITS) for k in range(3))


@pytest.fixture
def x():
    return np.random.default_rng(0).standard_normal((3, 9, INPUTS)).astype("float32")


@pytest.fixture
def weights():
    """Weights of a Keras GRU, all different from zero."""
    rng = np.random.default_rng(1)
    return [rng.normal(0, 0.5, shape).astype("float32") for shape in ((4, 15), (5, 15), (2, 15))]


def run(layer, weights, x):
    layer.build(x.shape)
    layer.set_weights(weights)
    return np.asarray(layer(x))


def keras_gru(weights, x):
    return run(keras.layers.GRU(UNITS, return_sequences=True), weights, x)


def partial_gru(options, weights, x):
    return run(keras.layers.RNN(PartialGRU(UNITS, **options), return_sequences=True), weights, x)


def test_with_all_parts_it_is_keras_gru_and_the_books(x, weights):
    kernel, recurrent_kernel, bias = weights
    states = partial_gru({}, [kernel, recurrent_kernel, *bias], x)
    assert np.abs(states - keras_gru(weights, x)).max() < 1e-6
    assert np.abs(states - CanonicalWeights.from_keras(*weights).to_cell().forward(x).hidden_state).max() < 1e-6


def test_without_the_reset_gate_it_is_a_gru_whose_reset_gate_is_open(x, weights):
    kernel, recurrent_kernel, bias = weights
    kept = np.r_[z, h]
    states = partial_gru({"reset_gate": False}, [kernel[:, kept], recurrent_kernel[:, kept], *bias[:, kept]], x)
    bias[:, r] = 1e3
    assert np.abs(states - keras_gru(weights, x)).max() < 1e-6


def test_a_constant_update_gate_is_a_gru_whose_update_gate_sees_nothing(x, weights):
    kernel, recurrent_kernel, bias = weights
    kept, logit = np.r_[r, h], np.linspace(-2, 2, UNITS).astype("float32")
    parts = [kernel[:, kept], recurrent_kernel[:, kept], *bias[:, kept], logit]
    states = partial_gru({"update_gate": "constant"}, parts, x)
    kernel[:, z] = recurrent_kernel[:, z] = bias[1, z] = 0
    bias[0, z] = logit
    assert np.abs(states - keras_gru(weights, x)).max() < 1e-6


def test_gates_that_see_the_input_only_are_a_gru_without_their_recurrent_weights(x, weights):
    kernel, recurrent_kernel, bias = weights
    parts = [kernel, recurrent_kernel[:, h], bias[0], bias[1, h]]
    states = partial_gru({"gates_see_state": False}, parts, x)
    recurrent_kernel[:, np.r_[z, r]] = bias[1, np.r_[z, r]] = 0
    assert np.abs(states - keras_gru(weights, x)).max() < 1e-6


@pytest.mark.parametrize("name", LAYERS)
def test_every_arm_obeys_a_mask(name, x):
    layer = LAYERS[name](UNITS)
    mask = np.arange(9) < np.array([[9], [4], [6]])
    states = np.asarray(layer(x, mask=mask))
    for row, length in enumerate((9, 4, 6)):
        assert np.abs(states[row] - np.asarray(layer(x[row : row + 1, :length]))[0]).max() < 1e-6


def test_an_update_gate_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="update_gate is 'fixed'; allowed"):
        PartialGRU(3, update_gate="fixed")


@pytest.mark.parametrize("name", LAYERS)
def test_equal_units_are_the_nearest(name):
    counts = {units: ablated.num_parameters(LAYERS[name], units, 6) for units in range(1, 80)}
    found = ablated.equal_units(LAYERS[name], 900, 6)
    assert abs(counts[found] - 900) == min(abs(count - 900) for count in counts.values())
