"""How long a recurrent layer remembers: gradients across a distance, the half-life, and chrono biases.

The measure is the state's Jacobian across ``k`` steps, ``J_k = d h_T / d h_(T-k)``. Backpropagation multiplies by its
transpose, so that ``|J_k' v|`` for a direction ``v`` drawn at random says what share of a gradient at step ``T`` is
left ``k`` steps earlier (Bengio et al. 1994; Pascanu et al. 2013). `carry_back` does the same for a direction of
your choice, such as the gradient of a trained network's loss. All of it works on the NumPy layers of `gru_book.layers`
and on Keras's `SimpleRNN`, `LSTM` and `GRU`, trained or not::

    left = gradient_norms(model.get_layer("gru"), x, distances=[1, 10, 100], rng=rng)  # (3, batch)
    half_life([1, 10, 100], rms(left))

Keras's layers come in as their weights and are run by NumPy in float64: a share of 1e-40, which float32 cannot hold, is
an ordinary number then. Nothing here loads TensorFlow. ``24_vanishing_gradients`` uses and explains every function.
"""

from __future__ import annotations

import numpy as np

from gru_book.conversion.layers import numpy_cell
from gru_book.layers.lstm import LSTM
from gru_book.layers.weights import as_floating


def carry_back(layer, x: np.ndarray, gradient: np.ndarray, distances, initial_state=None) -> np.ndarray:
    """Carry a gradient at the last hidden state back through the sequence, and note it at some distances.

    One way back serves all distances: what has arrived at one is sent on to the next.

    Args:
        layer: a layer of `gru_book.layers` or one of Keras's, see `numpy_cell`.
        x: inputs, (batch, num_steps, input_dim).
        gradient: the gradient at the last hidden state, (batch, units), or (units,) for all sequences alike.
        distances: numbers of steps, increasing, each from 1 to ``num_steps``.
        initial_state: as in the layer's ``forward``; zeros when not given.

    Returns:
        The gradient at the state so many steps earlier, (len(distances), batch, units), float64. For an LSTM "the
        state" is the cell state ``c``, the one made for carrying things.

    Raises:
        ValueError: the distances are not whole numbers that increase from 1 to at most ``num_steps``, or another
            argument has the wrong shape.
    """
    cell, x, distances = numpy_cell(layer), as_floating("x", x).astype(np.float64), np.asarray(distances)
    trace = cell.forward(x, initial_state)
    batch, num_steps = x.shape[:2]
    if distances.ndim != 1 or distances.dtype.kind not in "iu" or not len(distances):
        raise ValueError(f"distances = {distances!r}; expected a list of whole numbers")
    if distances[0] < 1 or distances[-1] > num_steps or (np.diff(distances) <= 0).any():
        raise ValueError(f"distances = {distances}; expected to increase within 1 to num_steps = {num_steps}")
    gradient, units = as_floating("gradient", gradient), cell.weights.units
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


def gradient_norms(layer, x: np.ndarray, distances, rng: np.random.Generator, initial_state=None) -> np.ndarray:
    """Measure what is left of a gradient at the last step of sequences after it has travelled back.

    For each sequence a direction ``v`` of length 1 is drawn at random. Its product with the transposed Jacobian of the
    last hidden state with respect to the state ``k`` steps earlier is what backpropagation would bring there
    (`carry_back`).

    Args:
        layer: see `numpy_cell`.
        x: inputs, (batch, num_steps, input_dim).
        distances: numbers of steps ``k``, increasing, each from 1 to ``num_steps``.
        rng: the source of the directions.
        initial_state: as in the layer's ``forward``; zeros when not given.

    Returns:
        The length of ``J_k' v`` for every distance and sequence, (len(distances), batch), float64. Its root mean square
        over sequences (`rms`) estimates ``|J_k| / sqrt(units)`` in the Frobenius norm: 1 where every direction
        passes unchanged.

    Raises:
        ValueError: as `carry_back`.
    """
    cell = numpy_cell(layer)
    v = rng.standard_normal((len(x), cell.weights.units))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    return np.linalg.norm(carry_back(cell, x, v, distances, initial_state), axis=2)


def state_jacobian(layer, x: np.ndarray, state) -> np.ndarray:
    """Return the Jacobian of the state after some steps with respect to the state before them, for one sequence.

    Args:
        layer: see `numpy_cell`.
        x: inputs, (num_steps, input_dim).
        state: hidden state before the first step, (units,); for an LSTM a pair, hidden state and cell state.

    Returns:
        ``J[i, j] = d after[i] / d before[j]``, (units, units), float64; for an LSTM (2 units, 2 units), hidden state
        before cell state.

    Raises:
        ValueError: as the layer's ``forward``.
    """
    cell, x = numpy_cell(layer), as_floating("x", x).astype(np.float64)
    u = cell.weights.units
    rows = 2 * u if isinstance(cell, LSTM) else u
    pick = np.eye(rows)  # one copy of the sequence for each row of the Jacobian

    def copies(array):
        return np.broadcast_to(np.asarray(array, np.float64), (rows, *np.shape(array)))

    if isinstance(cell, LSTM):
        trace = cell.forward(copies(x), tuple(copies(part) for part in state))
        back = cell.backward(trace, d_last=pick[:, :u], d_last_cell=pick[:, u:])
        return np.concatenate(back.initial_state, axis=1)
    return cell.backward(cell.forward(copies(x), copies(state)), d_last=pick).initial_state


def rms(norms: np.ndarray) -> np.ndarray:
    """Return the root mean square over the last axis."""
    return np.sqrt(np.mean(np.square(norms), axis=-1))


def half_life(distances, left) -> float:
    """Return the distance at which ``left`` first falls to one half, between two distances by its logarithm.

    Args:
        distances: numbers of steps, increasing, at least one.
        left: what is left at each, (len(distances),), not negative; 1 is taken at distance 0.

    Returns:
        Steps; ``inf`` where more than half is left at the longest distance.

    Raises:
        ValueError: the two differ in length, the distances do not increase from above 0, or ``left`` is negative or not
            a number.
    """
    distances, left = np.asarray(distances, float), np.asarray(left, float)
    if distances.ndim != 1 or distances.shape != left.shape or not len(left):
        raise ValueError(f"distances has shape {distances.shape}, left {left.shape}; expected two equal lengths from 1")
    if distances[0] <= 0 or (np.diff(distances) <= 0).any():
        raise ValueError(f"distances = {distances}; expected increasing numbers above 0")
    if not (left >= 0).all():
        raise ValueError(f"left = {left}; expected numbers of at least 0")
    distances, logs = np.concatenate([[0], distances]), np.log2(np.maximum(np.concatenate([[1], left]), 1e-300))
    below = np.flatnonzero(logs <= -1)
    if not len(below):
        return float("inf")
    after = below[0]
    share = (logs[after - 1] + 1) / (logs[after - 1] - logs[after])
    return float(distances[after - 1] + share * (distances[after] - distances[after - 1]))


def _state_before(cell, trace, step: int):
    """Return the state before ``step`` of a forward pass, in the form that ``forward`` takes."""
    if step == 0:
        return trace.initial_state
    if isinstance(cell, LSTM):
        return trace.hidden_state[:, step - 1], trace.cell_state[:, step - 1]
    return trace.hidden_state[:, step - 1]
