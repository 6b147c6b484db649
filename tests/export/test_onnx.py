"""ONNX models of Keras layers, run by ONNX's own reference evaluator."""

import keras
import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

from gru_book.export import onnx
from gru_book.timing import peers

INPUTS, UNITS = 4, 5


def keras_layer(name, x):
    layer = {"RNN": keras.layers.SimpleRNN, "LSTM": keras.layers.LSTM, "GRU": keras.layers.GRU}[name](UNITS)
    layer.build(x.shape)
    rng = np.random.default_rng(3)
    weights = [rng.normal(0, 0.5, w.shape).astype("float32") for w in layer.get_weights()]
    layer.set_weights(weights)
    return layer, weights


@pytest.mark.parametrize("name", peers.LAYERS)
def test_the_onnx_model_is_keras_layer(name):
    x = np.random.default_rng(0).standard_normal((3, 9, INPUTS)).astype("float32")
    layer, weights = keras_layer(name, x)
    state = ReferenceEvaluator(onnx.onnx_model(name, weights, INPUTS)).run(None, {"x": x})[0]
    assert np.abs(state - np.asarray(layer(x))).max() < 1e-6
