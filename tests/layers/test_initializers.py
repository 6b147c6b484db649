"""ChronoBias inside everything that Keras builds from a layer, copied, saved and loaded, and refused in one line."""

import subprocess
import sys
from functools import partial

import keras
import numpy as np
import pytest

from gru_book.conversion.layers import numpy_cell
from gru_book.layers.initializers import ChronoBias, chrono_bias

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
