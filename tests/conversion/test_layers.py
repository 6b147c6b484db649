"""Keras layers as layers of the book."""

import pytest

from gru_book.conversion.layers import numpy_cell


def test_other_layers_are_refused():
    import keras

    with pytest.raises(ValueError, match="layer is a Dense; expected"):
        numpy_cell(keras.layers.Dense(2))
    with pytest.raises(ValueError, match="no weights yet"):
        numpy_cell(keras.layers.GRU(2))
    relu = keras.layers.SimpleRNN(2, activation="relu")
    with pytest.raises(ValueError, match="activation = 'relu'; expected 'tanh'"):
        numpy_cell(relu)
