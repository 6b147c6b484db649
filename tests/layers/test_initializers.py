"""Chrono biases: in NumPy, in Keras, saved and loaded."""

import numpy as np
import pytest

from gru_book.analysis.gradients import gradient_norms, rms
from gru_book.conversion.layers import numpy_cell
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
