"""minGRU against its equation."""

import keras
import numpy as np

from gru_book.layers.min_gru import MinGRU

INPUTS, UNITS = 4, 5


def test_mingru_is_its_equation():
    rng = np.random.default_rng(2)
    x = rng.standard_normal((3, 9, INPUTS)).astype("float32")
    kernel, bias = rng.normal(size=(INPUTS, 2 * UNITS)), rng.normal(size=2 * UNITS)
    layer = keras.layers.RNN(MinGRU(UNITS), return_sequences=True)
    layer.build(x.shape)
    layer.set_weights([kernel, bias])
    states = np.asarray(layer(x))
    state = np.zeros((len(x), UNITS))
    for t in range(x.shape[1]):
        gate, candidate = np.split(x[:, t] @ kernel + bias, 2, axis=1)
        gate = 1 / (1 + np.exp(-gate))
        state = gate * state + (1 - gate) * candidate
        assert np.abs(states[:, t] - state).max() < 1e-6
