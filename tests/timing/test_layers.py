"""Layers under a clock: what runs there computes what it says, and turns are fair."""

import keras
import numpy as np
import pytest

from gru_book.timing import layers
from gru_book.timing.layers import seconds_per_step

INPUTS, UNITS = 4, 5


@pytest.fixture
def x():
    return np.random.default_rng(0).standard_normal((3, 9, INPUTS)).astype("float32")


def test_the_lean_cell_is_keras_gru(x):
    full = keras.layers.GRU(UNITS, return_sequences=True)
    lean = keras.layers.RNN(layers.LeanGRUCell(UNITS), return_sequences=True)
    lean.build(x.shape)
    full.build(x.shape)
    rng = np.random.default_rng(1)
    weights = [rng.normal(0, 0.5, array.shape).astype("float32") for array in full.get_weights()]
    for layer in (full, lean):
        layer.set_weights(weights)
    assert np.abs(np.asarray(lean(x)) - np.asarray(full(x))).max() < 1e-6


def test_the_functions_under_the_clock_compute_what_they_say(x):
    layer = keras.layers.GRU(UNITS)
    assert np.abs(layers.forward(layer, x)() - np.asarray(layer(x))).max() < 1e-6
    found = layers.backward(layer, x)()
    assert [gradient.shape for gradient in found] == [w.shape for w in layer.get_weights()] + [x.shape]
    step = layers.training_step(keras.layers.GRU(UNITS), x)
    losses = [step() for _ in range(30)]
    assert losses[-1] < losses[0]


def test_operations_of_the_loop(x):
    def count(layer):
        return layers.loop_operations(layers.backward(layer, x).traced)

    forward, backward = count(keras.layers.LSTM(UNITS))
    assert (forward["MatMul"], forward["Sigmoid"], forward["Tanh"]) == (2, 3, 2)
    assert backward["MatMul"] == 4
    assert "Const" not in forward
    gru, lean = count(keras.layers.GRU(UNITS)), count(keras.layers.RNN(layers.LeanGRUCell(UNITS)))
    assert gru[0].total() > lean[0].total()
    assert gru[1].total() > lean[1].total()
    assert count(keras.layers.GRU(UNITS, reset_after=False))[0]["MatMul"] == 3


def test_cells_that_do_a_part_of_the_work(x):
    bare = keras.layers.RNN(layers.BareCell(UNITS))
    start = np.full((3, UNITS), 7, "float32")
    assert np.array_equal(np.asarray(bare(x, initial_state=start)), start)
    products = layers.forward(keras.layers.RNN(layers.ProductsCell(UNITS, 4)), x)
    assert not products().any()
    assert layers.loop_operations(products.traced)[0]["MatMul"] == 2


def test_turns_alternate_and_the_first_round_does_not_count():
    seen, ticks = [], iter(range(100))
    runs = {name: lambda name=name: seen.append(name) for name in "ab"}
    seconds = layers.take_turns(runs, 2, lambda: next(ticks))
    assert "".join(seen) == "ba" + "ab" + "ba"
    assert seconds == {"a": [1, 1], "b": [1, 1]}


def test_seconds_per_step_are_those_of_later_steps():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert 0 < seconds_per_step(model, np.zeros((4, 3)), np.zeros(4)) < 5
