"""A Keras layer as the NumPy layer that computes the same."""

from __future__ import annotations

import numpy as np

from gru_book.conversion.canonical import CanonicalWeights
from gru_book.layers.activations import sigmoid
from gru_book.layers.gru import GRU
from gru_book.layers.lstm import LSTM
from gru_book.layers.rnn import RNN
from gru_book.layers.weights import LSTMWeights, RNNWeights


def numpy_cell(layer) -> RNN | LSTM | GRU:
    """Return a layer of `gru_book.layers` with the weights of ``layer``, which may be one already.

    The weights are computed with in float64, whatever the layer's own dtype; a state that a stateful layer keeps is not
    taken: hand it in as ``initial_state``.

    Args:
        layer: a layer of `gru_book.layers`, or a built Keras ``SimpleRNN``, ``LSTM`` or ``GRU`` (any ``reset_after``)
            whose activations compute what Keras's default ones do.

    Raises:
        ValueError: another kind of layer, other activations, one that reads backwards, one without weights yet, or
            weights that are not finite.
    """
    if isinstance(layer, (RNN, LSTM, GRU)):
        return layer
    kind, program = type(layer).__name__, type(layer).__module__.split(".")[0]
    known = kind in ("SimpleRNN", "LSTM", "GRU")
    if program != "keras" or not known:
        raise ValueError(
            f"layer is a {kind}{f' of {program}' if known else ''}; expected an RNN, LSTM or GRU of gru_book.layers, "
            f"or Keras's SimpleRNN, LSTM or GRU{HINTS.get((program, kind), '')}"
        )
    usual = {"activation": np.tanh, "recurrent_activation": sigmoid}
    for name in usual.keys() & vars(layer.cell).keys():
        activation = getattr(layer.cell, name)
        if not computes(activation, usual[name]):
            raise ValueError(f"layer has {name} = {name_of(activation)!r}; expected {usual[name].__name__!r}")
    if layer.go_backwards:
        raise ValueError(
            "layer has go_backwards=True; expected one that reads forwards: give its weights to a layer without it and "
            "turn the sequences round, x[:, ::-1]"
        )
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


def computes(activation, expected) -> bool:
    """Say whether one of Keras's activations is the function `expected` of NumPy, whatever its name is."""
    x = np.linspace(-9, 9, 37, dtype=np.float32)
    try:
        return bool(np.allclose(activation(x), expected(x), atol=1e-5))
    except Exception:  # a function of somebody else's, which may raise anything
        return False


def name_of(activation) -> str:
    """Return the name of a function, or the class of a layer that stands for one."""
    return getattr(activation, "__name__", type(activation).__name__)


HINTS = {
    ("keras", "Bidirectional"): "; one direction at a time: layer.forward_layer",
    ("torch", "GRU"): "; CanonicalWeights.from_torch(...).to_cell() takes PyTorch's",
}
