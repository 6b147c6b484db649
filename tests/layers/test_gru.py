"""The equations of the GRU: by hand, step by step, at their limits, and as Keras computes them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_book.layers.gru import GRU, GRUStates, gru_forward, gru_step
from gru_book.layers.weights import GRUWeights

SIZES = st.integers(1, 7)


def random_weights(input_dim: int, units: int, seed: int, scale: float = 1.0) -> GRUWeights:
    """All arrays drawn, biases too."""
    rng = np.random.default_rng(seed)
    return GRUWeights(*(scale * rng.standard_normal(s) for s in [(units, input_dim), (units, units), (units,)] * 3))


def test_one_step_by_hand():
    one = [[1.0]]
    weights = GRUWeights([[0.0]], [[2.0]], [0.0], one, [[0.0]], [0.0], [[2.0]], [[-1.0]], [0.5])
    r, z, candidate, h = (part.item() for part in gru_step(np.array([[1.0]]), np.array([[0.5]]), weights))
    assert r == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert z == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert candidate == pytest.approx(np.tanh(2.0 - 0.5 * r + 0.5))
    assert h == pytest.approx((1 - z) * 0.5 + z * candidate)


@settings(deadline=None, max_examples=60)
@given(batch=st.integers(0, 4), steps=st.integers(0, 5), input_dim=SIZES, units=SIZES, seed=st.integers(0, 99))
def test_forward_is_the_step_repeated(batch, steps, input_dim, units, seed):
    weights = random_weights(input_dim, units, seed)
    rng = np.random.default_rng(seed)
    x, h = rng.standard_normal((batch, steps, input_dim)), rng.uniform(-1, 1, (batch, units))
    states = gru_forward(x, weights, initial_state=h)
    assert all(part.shape == (batch, steps, units) for part in states)
    for t in range(steps):
        step = gru_step(x[:, t], h, weights)
        for name in GRUStates._fields:
            np.testing.assert_allclose(getattr(states, name)[:, t], getattr(step, name), atol=1e-12)
        h = step.hidden_state


@settings(deadline=None, max_examples=60)
@given(input_dim=SIZES, units=SIZES, seed=st.integers(0, 99), scale=st.sampled_from([0.1, 1.0, 1e3, 1e150, 1e300]))
def test_the_state_stays_within_one_and_between_old_and_candidate(input_dim, units, seed, scale):
    weights = random_weights(input_dim, units, seed, scale=min(scale, 1e150))
    x = np.random.default_rng(seed).standard_normal((2, 9, input_dim)) * min(scale, 1e150)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        states = gru_forward(x, weights)
    assert np.isfinite(states.hidden_state).all()
    before = np.concatenate([np.zeros((2, 1, units)), states.hidden_state[:, :-1]], axis=1)
    low, high = np.minimum(before, states.candidate_state), np.maximum(before, states.candidate_state)
    assert (low - 1e-12 <= states.hidden_state).all()
    assert (states.hidden_state <= high + 1e-12).all()
    assert (np.abs(states.hidden_state) <= 1).all()


@pytest.fixture
def setting():
    """Weights whose gates see neither input nor state, inputs, and a state."""
    weights, rng = random_weights(3, 4, seed=0), np.random.default_rng(1)
    zero_x, zero_h = np.zeros((4, 3)), np.zeros((4, 4))
    weights = replace(weights, W_xr=zero_x, W_xz=zero_x, W_hr=zero_h, W_hz=zero_h, b_r=np.zeros(4), b_z=np.zeros(4))
    return weights, rng.standard_normal((2, 6, 3)), rng.uniform(-1, 1, (2, 4))


def test_open_gates_make_a_plain_rnn(setting):
    weights, x, h = setting
    states = gru_forward(x, replace(weights, b_r=np.full(4, 50.0), b_z=np.full(4, 50.0)), h)
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ weights.W_xh.T + h @ weights.W_hh.T + weights.b_h)
        np.testing.assert_allclose(states.hidden_state[:, t], h, atol=1e-12)


def test_a_closed_update_gate_copies_the_state(setting):
    weights, x, h = setting
    states = gru_forward(x, replace(weights, b_z=np.full(4, -50.0)), h)
    np.testing.assert_allclose(states.hidden_state[:, -1], h, atol=1e-12)


def test_a_closed_reset_gate_and_an_open_update_gate_forget_everything(setting):
    weights, x, h = setting
    states = gru_forward(x, replace(weights, b_r=np.full(4, -50.0), b_z=np.full(4, 50.0)), h)
    np.testing.assert_allclose(states.hidden_state, np.tanh(x @ weights.W_xh.T + weights.b_h), atol=1e-12)


def test_float32_stays_float32_and_integers_become_float64():
    weights = GRUWeights.random(2, 3, np.random.default_rng(0), dtype=np.float32)
    x = np.zeros((1, 4, 2), np.float32)
    assert {part.dtype for part in gru_forward(x, weights)} == {np.dtype(np.float32)}
    assert gru_forward(x.astype(int), weights).hidden_state.dtype == np.float64
    assert replace(weights, b_r=[0, 0, 0]).b_r.dtype == np.float64


def test_wrong_shapes_name_the_argument_and_what_was_expected():
    weights = random_weights(3, 4, seed=0)
    with pytest.raises(ValueError, match=r"x has shape \(2, 5\); expected \(batch, num_steps, 3\)"):
        gru_forward(np.zeros((2, 5)), weights)
    with pytest.raises(ValueError, match=r"x has shape \(2, 5, 4\); expected \(batch, num_steps, 3\)"):
        gru_forward(np.zeros((2, 5, 4)), weights)
    with pytest.raises(ValueError, match=r"initial_state has shape \(1, 4\); expected \(2, 4\)"):
        gru_forward(np.zeros((2, 5, 3)), weights, initial_state=np.zeros((1, 4)))
    with pytest.raises(ValueError, match=r"x has shape \(3,\); expected \(batch, 3\)"):
        gru_step(np.zeros(3), np.zeros((1, 4)), weights)
    with pytest.raises(ValueError, match=r"h has shape \(3, 4\); expected \(2, 4\)"):
        gru_step(np.zeros((2, 3)), np.zeros((3, 4)), weights)


@pytest.mark.parametrize(
    ("batch", "steps", "input_dim", "units"), [(1, 1, 1, 1), (3, 7, 5, 4), (2, 40, 8, 16), (4, 3, 1, 33)]
)
def test_equals_keras_with_the_update_gate_negated(batch, steps, input_dim, units):
    import keras

    rng = np.random.default_rng(units)
    layer = keras.layers.GRU(units, return_sequences=True, reset_after=True)
    layer.build((batch, steps, input_dim))
    arrays = [rng.standard_normal(array.shape).astype(np.float32) * 0.5 for array in layer.get_weights()]
    arrays[2][1] = 0  # no recurrent biases: the book's convention has one bias for each gate
    layer.set_weights(arrays)
    (W_xz, W_xr, W_xh), (W_hz, W_hr, W_hh) = (np.split(array.T, 3) for array in arrays[:2])
    b_z, b_r, b_h = np.split(arrays[2][0], 3)
    weights = GRUWeights(W_xr, W_hr, b_r, -W_xz, -W_hz, -b_z, W_xh, W_hh, b_h)
    x = rng.standard_normal((batch, steps, input_dim)).astype(np.float32)
    h = rng.uniform(-1, 1, (batch, units)).astype(np.float32)
    expected = keras.ops.convert_to_numpy(layer(x, initial_state=h))
    ours = gru_forward(x, weights, initial_state=h).hidden_state
    assert ours.dtype == np.float32
    assert np.abs(ours - expected).max() < 1e-6


def test_the_options_of_a_gru_are_checked():
    weights = random_weights(3, 4, seed=0)
    with pytest.raises(ValueError, match="z_weighs = 'both'; expected 'new' or 'old'"):
        GRU(weights, z_weighs="both")
    with pytest.raises(ValueError, match=r"c_h has shape \(3,\); expected \(4\)"):
        GRU(weights, c_h=np.zeros(3))
    with pytest.raises(ValueError, match="c_h holds values that are not finite"):
        GRU(weights, c_h=np.full(4, np.inf))
    with pytest.raises(ValueError, match="c_h is for reset_after=True only"):
        GRU(weights, reset_after=False, c_h=np.zeros(4))
