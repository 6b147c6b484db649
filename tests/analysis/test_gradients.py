"""How far gradients reach: Jacobians against difference quotients and Keras, and half-lives."""

import numpy as np
import pytest

from gru_book.analysis.gradients import carry_back, gradient_norms, half_life, rms, state_jacobian
from gru_book.layers.gru import GRU
from gru_book.layers.lstm import LSTM
from gru_book.layers.rnn import RNN
from gru_book.layers.weights import GRUWeights, LSTMWeights, RNNWeights

KINDS = {"RNN": (RNN, RNNWeights), "LSTM": (LSTM, LSTMWeights), "GRU": (GRU, GRUWeights)}


def layer_of(kind, input_dim=3, units=5, seed=0):
    cell, weights = KINDS[kind]
    return cell(weights.random(input_dim, units, np.random.default_rng(seed)))


# --- Jacobians ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_jacobian_equals_central_differences(kind):
    rng = np.random.default_rng(1)
    layer, x = layer_of(kind), rng.standard_normal((4, 3))
    parts = 2 if kind == "LSTM" else 1
    state = rng.uniform(-1, 1, 5 * parts)

    def after(state):
        trace = layer.forward(x[None], tuple(part[None] for part in np.split(state, 2)) if parts == 2 else state[None])
        return np.concatenate([trace.last_state[0], trace.last_cell_state[0]]) if parts == 2 else trace.last_state[0]

    step = 1e-6
    columns = [(after(state + step * e) - after(state - step * e)) / (2 * step) for e in np.eye(5 * parts)]
    given = tuple(np.split(state, 2)) if parts == 2 else state
    np.testing.assert_allclose(state_jacobian(layer, x, given), np.stack(columns, axis=1), atol=1e-8)


@pytest.mark.parametrize("kind", ["RNN", "GRU"])
def test_gradient_norms_are_those_of_the_jacobian(kind):
    layer, rng = layer_of(kind), np.random.default_rng(2)
    x = np.repeat(rng.standard_normal((1, 7, 3)), 4000, axis=0)  # one sequence, many directions
    left = rms(gradient_norms(layer, x, [1, 4, 7], rng))
    states = np.concatenate([np.zeros((1, 5)), layer.forward(x[:1]).hidden_state[0]])
    for k, measured in zip((1, 4, 7), left, strict=True):
        exact = np.linalg.norm(state_jacobian(layer, x[0, 7 - k :], states[7 - k])) / np.sqrt(5)
        assert measured == pytest.approx(exact, rel=0.05)


def test_the_lstm_is_measured_from_its_cell_state():
    layer, rng = layer_of("LSTM"), np.random.default_rng(2)
    x = np.repeat(rng.standard_normal((1, 6, 3)), 4000, axis=0)
    trace = layer.forward(x[:1])
    left = rms(gradient_norms(layer, x, [4], rng))[0]
    jacobian = state_jacobian(layer, x[0, 2:], (trace.hidden_state[0, 1], trace.cell_state[0, 1]))
    assert left == pytest.approx(np.linalg.norm(jacobian[:5, 5:]) / np.sqrt(5), rel=0.05)


def test_a_layer_that_copies_keeps_all_and_one_that_halves_keeps_half():
    zeros = {name: np.zeros_like(value) for name, value in vars(layer_of("GRU").weights).items()}
    x, rng = np.zeros((2, 10, 3)), np.random.default_rng(0)
    copier = GRU(GRUWeights(**zeros | {"b_z": np.full(5, -60.0)}))
    np.testing.assert_allclose(gradient_norms(copier, x, [1, 10], rng), 1)
    np.testing.assert_allclose(gradient_norms(GRU(GRUWeights(**zeros)), x, [1, 10], rng)[:, 0], [0.5, 0.5**10])


@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU", "GRU before"])
def test_a_keras_layer_is_measured_like_its_own_tape_says(kind):
    import keras
    import tensorflow as tf

    options = {"reset_after": False} if kind == "GRU before" else {}
    layer = getattr(keras.layers, kind.split()[0])(4, dtype="float64", return_state=True, **options)
    layer.build((None, None, 3))
    rng = np.random.default_rng(3)
    layer.set_weights([rng.normal(0, 0.5, array.shape) for array in layer.get_weights()])
    x = rng.standard_normal((2, 6, 3))
    number = 2 if kind == "LSTM" else 1
    starts = [tf.zeros((2, 4), "float64") for _ in range(number)]
    v = np.random.default_rng(5).standard_normal((2, 4))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    with tf.GradientTape() as tape:
        tape.watch(starts)
        loss = tf.reduce_sum(layer(x, initial_state=starts)[0] * v)
    by_tape = np.linalg.norm(tape.gradient(loss, starts)[-1].numpy(), axis=1)
    np.testing.assert_allclose(gradient_norms(layer, x, [6], np.random.default_rng(5))[0], by_tape, rtol=1e-10)


@pytest.mark.parametrize("distances", [[0], [8], [-1], [1.5], 3])
def test_wrong_distances_are_refused(distances):
    with pytest.raises(ValueError, match="distances"):
        gradient_norms(layer_of("GRU"), np.zeros((1, 7, 3)), distances, np.random.default_rng(0))


def test_carrying_back_is_the_product_with_the_transposed_jacobian():
    layer, rng = layer_of("GRU"), np.random.default_rng(3)
    x, start, v = rng.standard_normal((2, 6, 3)), rng.uniform(-1, 1, (2, 5)), rng.standard_normal(5)
    carried = carry_back(layer, x, v, [2, 6], start)[1]
    for sequence, state, arrived in zip(x, start, carried, strict=True):
        np.testing.assert_allclose(arrived, state_jacobian(layer, sequence, state).T @ v, atol=1e-14)


@pytest.mark.parametrize("distances", [[], [0], [7], [2, 1], [1, 1], [1.5], 3])
def test_distances_that_do_not_increase_are_refused(distances):
    with pytest.raises(ValueError, match="distances"):
        carry_back(layer_of("GRU"), np.zeros((1, 6, 3)), np.ones(5), distances)


def test_a_wrong_gradient_is_refused():
    with pytest.raises(ValueError, match=r"gradient has shape \(4,\); expected \(5,\) or \(1, 5\)"):
        carry_back(layer_of("GRU"), np.zeros((1, 6, 3)), np.ones(4), [1])


# --- half-life ------------------------------------------------------------------------------------------------------


def test_the_half_life_of_a_decay_is_found_between_the_distances():
    distances = np.array([1, 10, 50, 100])
    assert half_life(distances, 0.5 ** (distances / 30)) == pytest.approx(30)
    assert half_life([1], [0.25]) == pytest.approx(0.5)
    assert half_life(distances, np.ones(4)) == np.inf
    assert half_life([1, 2], [0, 0]) < 0.01


@pytest.mark.parametrize(
    ("distances", "left", "message"),
    [
        ([1, 2], [1], "equal lengths"),
        ([2, 1], [1, 1], "increasing"),
        ([0], [1], "increasing"),
        ([1], [-1], "at least 0"),
    ],
)
def test_a_half_life_of_nonsense_is_refused(distances, left, message):
    with pytest.raises(ValueError, match=message):
        half_life(distances, left)
