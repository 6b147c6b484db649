"""How long a layer remembers: Jacobians against difference quotients and Keras, half-lives, chrono biases."""

import re
import subprocess
import sys

import numpy as np
import pytest

from gru_book.analysis.gradients import carry_back, gradient_norms, half_life, rms, state_jacobian
from gru_book.conversion.layers import numpy_cell
from gru_book.files import CHECKOUT
from gru_book.layers.activations import sigmoid
from gru_book.layers.gru import GRU
from gru_book.layers.initializers import ChronoBias, chrono_bias, with_chrono
from gru_book.layers.lstm import LSTM
from gru_book.layers.rnn import RNN
from gru_book.layers.weights import GRUWeights, LSTMWeights, RNNWeights

KINDS = {"RNN": (RNN, RNNWeights), "LSTM": (LSTM, LSTMWeights), "GRU": (GRU, GRUWeights)}


def layer_of(kind, input_dim=3, units=5, seed=0):
    cell, weights = KINDS[kind]
    return cell(weights.random(input_dim, units, np.random.default_rng(seed)))


def test_importing_it_loads_no_tensorflow():
    code = "import sys, gru_book.analysis.gradients; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


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


def test_other_layers_are_refused():
    import keras

    with pytest.raises(ValueError, match="layer is a Dense; expected"):
        numpy_cell(keras.layers.Dense(2))
    with pytest.raises(ValueError, match="no weights yet"):
        numpy_cell(keras.layers.GRU(2))
    relu = keras.layers.SimpleRNN(2, activation="relu")
    with pytest.raises(ValueError, match="activation = 'relu'; expected 'tanh'"):
        numpy_cell(relu)


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


# --- chrono ---------------------------------------------------------------------------------------------------------


def test_chrono_biases_forget_after_two_to_max_steps():
    keep = sigmoid(chrono_bias(100_000, 500, np.random.default_rng(0)))
    steps = 1 / (1 - keep)
    assert steps.min() >= 2
    assert steps.max() <= 500
    assert steps.mean() == pytest.approx(251, rel=0.01)  # uniform from 2 to 500


@pytest.mark.parametrize("reset_after", [True, False])
def test_keras_takes_it_for_a_gru(reset_after):
    import keras

    layer = keras.layers.GRU(16, reset_after=reset_after, bias_initializer=ChronoBias(100, seed=4))
    layer.build((None, None, 3))
    bias = np.atleast_2d(layer.get_weights()[2])
    assert (bias[0, :16] > 0).all()
    assert not bias[0, 16:].any()
    assert not bias[1:].any()
    weights = numpy_cell(layer).weights
    expected = with_chrono(GRUWeights.random(3, 16, np.random.default_rng(0)), 100, np.random.default_rng(4))
    np.testing.assert_allclose(weights.b_z, expected.b_z, rtol=1e-6)  # the book's sign is the other one


def test_keras_takes_it_for_an_lstm():
    import keras

    layer = keras.layers.LSTM(16, bias_initializer=ChronoBias(100, "lstm", seed=4), unit_forget_bias=False)
    layer.build((None, None, 3))
    weights = numpy_cell(layer).weights
    expected = with_chrono(LSTMWeights.random(3, 16, np.random.default_rng(0)), 100, np.random.default_rng(4))
    for name in ("b_i", "b_f", "b_c", "b_o"):
        np.testing.assert_allclose(getattr(weights, name), getattr(expected, name), rtol=1e-6)
    with pytest.raises(ValueError, match="unit_forget_bias=False"):
        keras.layers.LSTM(15, bias_initializer=ChronoBias(100, "lstm")).build((None, None, 3))


def test_a_model_with_it_can_be_saved_and_loaded(tmp_path):
    import keras

    layer = keras.layers.GRU(4, bias_initializer=ChronoBias(50, seed=3))
    keras.Sequential([keras.Input((5, 3)), layer]).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", custom_objects={"ChronoBias": ChronoBias})
    assert loaded.layers[0].bias_initializer.get_config() == {"max_steps": 50, "cell": "gru", "seed": 3}


def test_it_makes_a_gru_remember():
    rng = np.random.default_rng(0)
    fresh = GRUWeights.random(3, 64, rng)
    x = rng.standard_normal((4, 100, 3))
    left = {
        name: rms(gradient_norms(GRU(weights), x, [50], rng))[0]
        for name, weights in {"default": fresh, "chrono": with_chrono(fresh, 500, rng)}.items()
    }
    assert left["default"] < 1e-6
    assert left["chrono"] > 0.3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((2,), "max_steps = 2"), ((np.inf,), "max_steps = inf"), ((100, "rnn"), "cell = 'rnn'")],
)
def test_wrong_chrono_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ChronoBias(*arguments)
    with pytest.raises(ValueError, match="units = 0"):
        chrono_bias(0, 100, np.random.default_rng(0))
    with pytest.raises(ValueError, match="RNNWeights"):
        with_chrono(layer_of("RNN").weights, 100, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"shape = \(7,\)"):
        ChronoBias(100)((7,))


def test_the_example_of_how_to_use_runs(capsys):
    text = (CHECKOUT / "book/how_to_use.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]
    names = {}
    exec(code, names)
    shares = [float(share) for share in capsys.readouterr().out.strip("[] \n").split()]
    assert 1 > shares[0] > shares[1] > shares[2] > 0.1
    assert set(names["in_torch"]) == {"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"}
