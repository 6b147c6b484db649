"""Chrono biases: in NumPy, inside everything that Keras builds from a layer, copied, saved and loaded, and refused."""

import subprocess
import sys
from functools import partial

import keras
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
    layer = keras.layers.LSTM(16, bias_initializer=ChronoBias(100, "lstm", seed=4), unit_forget_bias=False)
    layer.build((None, None, 3))
    weights = numpy_cell(layer).weights
    expected = with_chrono(LSTMWeights.random(3, 16, np.random.default_rng(0)), 100, np.random.default_rng(4))
    for name in ("b_i", "b_f", "b_c", "b_o"):
        np.testing.assert_allclose(getattr(weights, name), getattr(expected, name), rtol=1e-6)
    with pytest.raises(ValueError, match="unit_forget_bias=False"):
        keras.layers.LSTM(15, bias_initializer=ChronoBias(100, "lstm")).build((None, None, 3))


def test_a_model_with_it_can_be_saved_and_loaded(tmp_path):
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


# --- inside what copies, saves and loads a layer ---------------------------------------------------------------------

layers = keras.layers

# Keras reads h5py's arrays in a way that NumPy 2 calls old.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

UNITS = 4
KEEP = chrono_bias(UNITS, 50, np.random.default_rng(3))


def gru(**options):
    return layers.GRU(UNITS, bias_initializer=ChronoBias(50, seed=3), **options)


def lstm(**options):
    return layers.LSTM(UNITS, bias_initializer=ChronoBias(50, "lstm", 3), unit_forget_bias=False, **options)


CELLS = {
    "GRU": gru,
    "GRU, reset before": partial(gru, reset_after=False),
    "LSTM": lstm,
}

WRAPPED = {
    "alone": lambda layer: layer(),
    "Bidirectional": lambda layer: layers.Bidirectional(layer()),
    "two layers of one Bidirectional": lambda layer: layers.Bidirectional(
        layer(), backward_layer=layer(go_backwards=True)
    ),
    "TimeDistributed": lambda layer: layers.TimeDistributed(layers.Bidirectional(layer())),
    "RNN of a cell": lambda layer: layers.RNN(layer().cell),
    "RNN of two cells": lambda layer: layers.RNN([layer().cell, layer().cell]),
}


def model_of(wrap, layer):
    shape = (2, 5, 3) if wrap == "TimeDistributed" else (5, 3)
    return keras.Sequential([keras.Input(shape), WRAPPED[wrap](layer)])


def biases(model) -> list[np.ndarray]:
    """All biases of a model, each as one row."""
    return [np.ravel(w.numpy()) for w in model.weights if w.path.endswith("bias")]


def expected(cell: str) -> np.ndarray:
    if cell == "LSTM":
        return np.concatenate([-KEEP, KEEP, np.zeros(2 * UNITS)])  # blocks i, f, candidate, o
    rows = 1 if cell == "GRU, reset before" else 2
    return np.concatenate([KEEP, np.zeros((3 * rows - 1) * UNITS)])  # blocks z, r, h, beside the input first


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("wrap", WRAPPED)
def test_it_works_inside_what_copies_a_layer(wrap, cell):
    found = biases(model_of(wrap, CELLS[cell]))
    assert len(found) == (1 if wrap in ("alone", "RNN of a cell") else 2)
    for bias in found:
        np.testing.assert_allclose(bias, expected(cell), rtol=1e-6)


def through_config(model, tmp_path):
    return type(model).from_config(model.get_config())


def through_json(model, tmp_path):
    return keras.models.model_from_json(model.to_json())


def through_clone(model, tmp_path):
    return keras.models.clone_model(model)


def through_file(model, tmp_path, name="m.keras"):
    model.save(tmp_path / name)
    return keras.models.load_model(tmp_path / name)


def through_old_file(model, tmp_path):
    return through_file(model, tmp_path, "m.h5")


WAYS = [(way, wrap) for way in (through_config, through_json, through_clone, through_file) for wrap in WRAPPED]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("way", "wrap"), [*WAYS, (through_old_file, "alone"), (through_old_file, "Bidirectional")])
def test_it_comes_back_with_a_model(way, wrap, cell, tmp_path):
    again = way(model_of(wrap, CELLS[cell]), tmp_path)
    for bias in biases(again):
        np.testing.assert_allclose(bias, expected(cell), rtol=1e-6)
    initialisers = [
        layer.bias_initializer
        for layer in again._flatten_layers()
        if isinstance(getattr(layer, "bias_initializer", None), ChronoBias)
    ]
    settings = {"max_steps": 50, "cell": "lstm" if cell == "LSTM" else "gru", "seed": 3}
    assert initialisers
    assert all(initialiser.get_config() == settings for initialiser in initialisers)


ORDERS = {
    "Keras first": "import keras, gru_book.layers.initializers",
    "this module first": "import gru_book.layers.initializers, keras",
    "this class first": "from gru_book.layers.initializers import ChronoBias; import keras",
    "another of its functions first": "from gru_book.layers.initializers import with_chrono; import keras",
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    model_of("Bidirectional", gru).save(path)
    return path


@pytest.mark.parametrize("order", ORDERS)
def test_a_saved_model_loads_in_a_new_program_whichever_is_imported_first(order, saved):
    code = f"{ORDERS[order]}; print(keras.models.load_model({str(saved)!r}).count_params())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-500:]
    assert int(run.stdout) == model_of("Bidirectional", gru).count_params()


def test_the_module_and_its_numpy_part_load_no_tensorflow():
    code = (
        "import sys, numpy as np; from gru_book.layers.initializers import ChronoBias, chrono_bias; "
        "chrono_bias(3, 9, np.random.default_rng(0)); ChronoBias(9)((6,)); "
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16", "float64"])
@pytest.mark.parametrize("layer", [gru, lstm])
def test_it_takes_every_dtype_policy(policy, layer):
    made = layers.Bidirectional(layer(dtype=policy))
    made.build((None, 5, 3))
    x = np.ones((1, 5, 3), "float32")
    assert np.isfinite(np.asarray(made(x), np.float32)).all()
    bias = made.forward_layer.get_weights()[2]
    assert bias.dtype == ("float32" if policy.startswith("mixed") else policy)
    np.testing.assert_allclose(np.ravel(bias)[:UNITS], KEEP if layer is gru else -KEEP, rtol=2e-3)


def test_numpy_numbers_are_saved_like_others(tmp_path):
    layer = layers.GRU(UNITS, bias_initializer=ChronoBias(np.int64(50), seed=np.uint8(3)))
    model = keras.Sequential([keras.Input((5, 3)), layer])
    again = through_file(model, tmp_path)
    np.testing.assert_array_equal(biases(again)[0], biases(model)[0])
    np.testing.assert_allclose(numpy_cell(again.layers[0]).weights.b_z, -KEEP, rtol=1e-6)


WRONG = {
    "an LSTM with its own forget bias, units a multiple of four": (
        lambda: layers.LSTM(32, bias_initializer=ChronoBias(50, "lstm")),
        r"shape = \(32,\), asked for by a LSTMCell of 32 units; expected .* needs unit_forget_bias=False$",
    ),
    "an LSTM with its own forget bias, others": (
        lambda: layers.LSTM(15, bias_initializer=ChronoBias(50, "lstm")),
        "unit_forget_bias=False$",
    ),
    "a GRU's in an LSTM, units a multiple of three": (
        lambda: layers.LSTM(3, bias_initializer=ChronoBias(50), unit_forget_bias=False),
        r"shape = \(12,\), asked for by a LSTMCell of 3 units; expected that of a whole gru bias, 3 \* units long$",
    ),
    "an LSTM's in a GRU": (
        lambda: layers.GRU(4, reset_after=False, bias_initializer=ChronoBias(50, "lstm")),
        r"shape = \(12,\), asked for by a GRUCell of 4 units; expected that of a whole lstm bias",
    ),
    "a GRU's in a plain layer": (
        lambda: layers.SimpleRNN(6, bias_initializer=ChronoBias(50)),
        r"shape = \(6,\), asked for by a SimpleRNNCell of 6 units; expected that of a whole gru bias",
    ),
    "a GRU's in a dense layer": (lambda: layers.Dense(6, bias_initializer=ChronoBias(50)), "a Dense of 6 units"),
    "as a matrix's": (lambda: layers.GRU(4, kernel_initializer=ChronoBias(50)), r"shape = \(3, 12\); expected"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_bias_that_is_not_whole_is_refused_in_one_line(wrong):
    make, message = WRONG[wrong]
    with pytest.raises(ValueError, match=message) as refused:
        make().build((None, 5, 3))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("9",), r"^max_steps = '9'; expected a finite number"),
        ((None,), r"^max_steps = None; expected"),
        ((np.nan,), r"^max_steps = nan; expected"),
        ((2,), r"^max_steps = 2; expected"),
        ((9, "GRU"), r"^cell = 'GRU'; expected 'gru' or 'lstm'$"),
        ((9, "gru", None), r"^seed = None; expected a whole number from 0 up$"),
        ((9, "gru", -1), r"^seed = -1; expected"),
        ((9, "gru", 0.5), r"^seed = 0.5; expected"),
        ((9, "gru", True), r"^seed = True; expected"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ChronoBias(*arguments)


def test_a_saved_setting_that_is_not_allowed_is_refused():
    text = keras.Sequential([keras.Input((5, 3)), gru()]).to_json().replace('"max_steps": 50', '"max_steps": 1')
    with pytest.raises(ValueError, match=r"max_steps = 1; expected"):
        keras.models.model_from_json(text)
