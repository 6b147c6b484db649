"""A given gradient on its way back: what `gru_book.memory` does for directions drawn at random, for one of your choice.

A trained network sends back one gradient, that of its loss, and it can fare very differently from a random one::

    back = carry_back(model.get_layer("gru"), x, output_weights, distances=[1, 10, 100])  # (3, batch, units)
    np.linalg.norm(back, axis=2) / np.linalg.norm(output_weights)

Nothing here loads TensorFlow. ``25_vanishing_gradients`` uses it.
"""

from __future__ import annotations

import numpy as np

from gru_book.cells import LSTM
from gru_book.memory import numpy_cell

__all__ = ["carry_back"]


def carry_back(layer, x: np.ndarray, gradient: np.ndarray, distances, initial_state=None) -> np.ndarray:
    """Carry a gradient at the last hidden state back through the sequence, and note it at some distances.

    One way back serves all distances: what has arrived at one is sent on to the next.

    Args:
        layer: a layer of `gru_book.cells` or one of Keras's, see `gru_book.memory.numpy_cell`.
        x: inputs, (batch, num_steps, input_dim).
        gradient: the gradient at the last hidden state, (batch, units), or (units,) for all sequences alike.
        distances: numbers of steps, increasing, each from 1 to ``num_steps``.
        initial_state: as in the layer's ``forward``; zeros when not given.

    Returns:
        The gradient at the state so many steps earlier, (len(distances), batch, units), float64. For an LSTM that is
        the cell state, as in `gru_book.memory.gradient_norms`.

    Raises:
        ValueError: the distances are not whole numbers that increase from 1 to at most ``num_steps``, or another
            argument has the wrong shape.
    """
    cell, x, distances = numpy_cell(layer), np.asarray(x, np.float64), np.asarray(distances)
    trace = cell.forward(x, initial_state)
    batch, num_steps = x.shape[:2]
    if distances.ndim != 1 or distances.dtype.kind not in "iu" or not len(distances):
        raise ValueError(f"distances = {distances!r}; expected a list of whole numbers")
    if distances[0] < 1 or distances[-1] > num_steps or (np.diff(distances) <= 0).any():
        raise ValueError(f"distances = {distances}; expected to increase within 1 to num_steps = {num_steps}")
    gradient, units = np.asarray(gradient, np.float64), cell.weights.units
    if gradient.shape not in ((units,), (batch, units)):
        raise ValueError(f"gradient has shape {gradient.shape}; expected {(units,)} or {(batch, units)}")
    gradient, of_cell = np.broadcast_to(gradient, (batch, units)), None
    arrived = np.empty((len(distances), batch, units))
    stop = num_steps
    for row, distance in zip(arrived, distances, strict=True):
        start = num_steps - distance
        piece = cell.forward(x[:, start:stop], _state_before(cell, trace, start))
        if isinstance(cell, LSTM):
            gradient, of_cell = cell.backward(piece, d_last=gradient, d_last_cell=of_cell).initial_state
            row[:] = of_cell
        else:
            gradient = cell.backward(piece, d_last=gradient).initial_state
            row[:] = gradient
        stop = start
    return arrived


def _state_before(cell, trace, step: int):
    """Return the state before ``step`` of a forward pass, in the form that ``forward`` takes."""
    if step == 0:
        return trace.initial_state
    if isinstance(cell, LSTM):
        return trace.hidden_state[:, step - 1], trace.cell_state[:, step - 1]
    return trace.hidden_state[:, step - 1]
