"""Weights in a small file, and back."""

import keras
import numpy as np
import pytest

from gru_book.export import arrays
from gru_book.training import seeding


def small_model(units=3):
    layers = [keras.Input((5,)), keras.layers.Embedding(20, 4), keras.layers.GRU(units), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(optimizer="sgd", loss="mse")
    return model


def test_weights_are_kept_small_and_come_back(tmp_path):
    seeding.set_seed(0)
    model, other = small_model(), small_model()
    x = np.arange(20).reshape(4, 5)
    arrays.save_weights(tmp_path / "a.npz", model)
    arrays.save_weights(tmp_path / "b.npz", model)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert not np.allclose(other.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-3)
    arrays.load_weights(tmp_path / "a.npz", other)
    assert np.allclose(other.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-3)
    with pytest.raises(ValueError, match="the model expects"):
        arrays.load_weights(tmp_path / "a.npz", small_model(units=2))
