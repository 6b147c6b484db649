"""A Keras layer as the NumPy layer that computes the same."""

from __future__ import annotations

import numpy as np

from gru_book.conversion.canonical import CanonicalWeights
from gru_book.layers.gru import GRU
from gru_book.layers.lstm import LSTM
from gru_book.layers.rnn import RNN
from gru_book.layers.weights import LSTMWeights, RNNWeights


def numpy_cell(layer) -> RNN | LSTM | GRU:
    """Return a layer of `gru_book.layers` with the weights of ``layer``, which may be one already.

    Args:
        layer: a layer of `gru_book.layers`, or a built Keras ``SimpleRNN``, ``LSTM`` or ``GRU`` (any ``reset_after``)
            with Keras's default activations.

    Raises:
        ValueError: another kind of layer, other activations, or one without weights yet.
    """
    if isinstance(layer, (RNN, LSTM, GRU)):
        return layer
    kind = type(layer).__name__
    if kind not in ("SimpleRNN", "LSTM", "GRU"):
        raise ValueError(
            f"layer is a {kind}; expected an RNN, LSTM or GRU of gru_book.layers, or Keras's SimpleRNN, LSTM or GRU"
        )
    used = {
        name: getattr(layer, name).__name__ for name in ("activation", "recurrent_activation") if hasattr(layer, name)
    }
    usual = {"activation": "tanh", "recurrent_activation": "sigmoid"}
    for name, activation in used.items():
        if activation != usual[name]:
            raise ValueError(f"layer has {name} = {activation!r}; expected {usual[name]!r}")
    arrays = [np.asarray(array, np.float64) for array in layer.get_weights()]
    if not arrays:
        raise ValueError(
            "layer has no weights yet; expected a built layer: call it, or layer.build((None, None, input_dim))"
        )
    if kind == "GRU":
        return CanonicalWeights.from_keras(*arrays, reset_after=layer.reset_after).to_cell()
    kernel, recurrent, *bias = arrays
    units, blocks = recurrent.shape[0], recurrent.shape[1] // recurrent.shape[0]
    split = [np.split(a, blocks, axis=-1) for a in (kernel, recurrent, bias[0] if bias else np.zeros(blocks * units))]
    flat = [array for W_x, W_h, b in zip(*split, strict=True) for array in (W_x.T, W_h.T, b)]
    return LSTM(LSTMWeights(*flat)) if kind == "LSTM" else RNN(RNNWeights(*flat))
