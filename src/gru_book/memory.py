"""How long a recurrent layer remembers: gradients across a distance, the half-life, and chrono biases.

The measure is the state's Jacobian across ``k`` steps, ``J_k = d h_T / d h_(T-k)``. Backpropagation multiplies by its
transpose, so that ``|J_k' v|`` for a direction ``v`` drawn at random says what share of a gradient at step ``T`` is
left ``k`` steps earlier (Bengio et al. 1994; Pascanu et al. 2013). `carry_back` does the same for a direction of
your choice, such as the gradient of a trained network's loss. All of it works on the NumPy layers of `gru_book.cells`
and on Keras's `SimpleRNN`, `LSTM` and `GRU`, trained or not::

    left = gradient_norms(model.get_layer("gru"), x, distances=[1, 10, 100], rng=rng)  # (3, batch)
    half_life([1, 10, 100], rms(left))

Keras's layers come in as their weights and are run by NumPy in float64: a share of 1e-40, which float32 cannot hold, is
an ordinary number then. Nothing here loads TensorFlow. ``25_vanishing_gradients`` uses and explains every function.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gru_book.cells import GRU, LSTM, RNN, GRUWeights, LSTMWeights, RNNWeights
from gru_book.conventions import CanonicalWeights

__all__ = [
    "ChronoBias",
    "carry_back",
    "chrono_bias",
    "gradient_norms",
    "half_life",
    "numpy_cell",
    "rms",
    "state_jacobian",
    "with_chrono",
]


# --- chrono initialisation ------------------------------------------------------------------------------------------


def chrono_bias(units: int, max_steps: float, rng: np.random.Generator) -> np.ndarray:
    """Draw the biases with which a gate forgets after 2 to ``max_steps`` steps (Tallec and Ollivier 2018, section 2).

    A unit that keeps the share ``1 - 1/n`` of its state at every step has forgotten after about ``n`` steps. With the
    other inputs of the gate at zero a bias of ``log(n - 1)`` keeps exactly that share. Here ``n - 1`` is uniform
    between 1 and ``max_steps - 1``.

    Args:
        units: how many biases.
        max_steps: the longest memory wanted, in steps; more than 2.
        rng: the source of all randomness.

    Returns:
        Biases of a gate that *keeps*, (units,), float64, all positive. They stand as they are in an LSTM's forget gate
        and in Keras's GRU; where the update gate weighs the new state, as in the book, their sign is reversed.

    Raises:
        ValueError: ``units`` is not a positive integer, or ``max_steps`` is not more than 2.
    """
    if not isinstance(units, (int, np.integer)) or units < 1:
        raise ValueError(f"units = {units!r}; expected a positive integer")
    if not (np.isfinite(max_steps) and max_steps > 2):
        raise ValueError(f"max_steps = {max_steps!r}; expected a finite number of steps, more than 2")
    return np.log(rng.uniform(1, max_steps - 1, units))


def with_chrono(
    weights: GRUWeights | LSTMWeights, max_steps: float, rng: np.random.Generator
) -> GRUWeights | LSTMWeights:
    """Return the weights with chrono biases.

    A GRU's ``b_z`` becomes minus `chrono_bias`; an LSTM's ``b_f`` becomes `chrono_bias` and its ``b_i`` minus that.

    Raises:
        ValueError: the weights have no such gate, or ``max_steps`` is not more than 2.
    """
    if not isinstance(weights, (GRUWeights, LSTMWeights)):
        raise ValueError(f"weights is a {type(weights).__name__}; expected GRUWeights or LSTMWeights")
    keep = chrono_bias(weights.units, max_steps, rng).astype(weights.dtype)
    return replace(weights, b_z=-keep) if isinstance(weights, GRUWeights) else replace(weights, b_f=keep, b_i=-keep)


class ChronoBias:
    """`chrono_bias` as ``bias_initializer`` of a Keras layer: a callable that draws the layer's whole bias.

    For a GRU (either ``reset_after``) the update gate gets the biases, positive since Keras's weighs the old state; all
    others are zero. For an LSTM, which needs ``unit_forget_bias=False``, the forget gate gets them and the input gate
    their negatives::

        keras.layers.GRU(32, bias_initializer=ChronoBias(max_steps=500, cell="gru", seed=0))
        keras.layers.LSTM(32, bias_initializer=ChronoBias(500, cell="lstm"), unit_forget_bias=False)

    Args:
        max_steps: the longest memory wanted, in steps; more than 2.
        cell: "gru" or "lstm".
        seed: fixes the biases: an initialiser called twice returns the same.

    Raises:
        ValueError: ``max_steps`` is not more than 2, or ``cell`` is neither word; when called: a shape that is not
            that of the whole bias.
    """

    def __init__(self, max_steps: float, cell: str = "gru", seed: int = 0):
        if cell not in ("gru", "lstm"):
            raise ValueError(f"cell = {cell!r}; expected 'gru' or 'lstm'")
        chrono_bias(
            1, max_steps, np.random.default_rng(seed)
        )  # refuses a wrong max_steps now, not when the layer is built
        self.max_steps, self.cell, self.seed = max_steps, cell, seed

    def __call__(self, shape, dtype=None) -> np.ndarray:
        """Return the bias: (3 units,) or (2, 3 units) for a GRU, (4 units,) for an LSTM."""
        shape, blocks = tuple(shape), {"gru": 3, "lstm": 4}[self.cell]
        rows = {"gru": [(), (2,)], "lstm": [()]}[self.cell]
        if not shape or shape[:-1] not in rows or shape[-1] % blocks:
            hint = "; an LSTM needs unit_forget_bias=False" if self.cell == "lstm" else ""
            raise ValueError(f"shape = {shape}; expected that of a whole {self.cell} bias, {blocks} * units long{hint}")
        units = shape[-1] // blocks
        keep = chrono_bias(units, self.max_steps, np.random.default_rng(self.seed))
        bias = np.zeros(shape, dtype or "float32")
        first = bias[0] if bias.ndim == 2 else bias  # beside the input; the row beside the state stays zero
        if self.cell == "gru":
            first[:units] = keep  # blocks z, r, h
        else:
            first[:units], first[units : 2 * units] = -keep, keep  # blocks i, f, candidate, o
        return bias

    def get_config(self) -> dict:
        """Return the arguments: Keras saves them with a model."""
        return {"max_steps": self.max_steps, "cell": self.cell, "seed": self.seed}

    @classmethod
    def from_config(cls, config: dict) -> ChronoBias:
        """Make the initialiser again: ``keras.models.load_model(path, custom_objects={"ChronoBias": ChronoBias})``."""
        return cls(**config)


# --- Jacobians ------------------------------------------------------------------------------------------------------


def numpy_cell(layer) -> RNN | LSTM | GRU:
    """Return a layer of `gru_book.cells` with the weights of ``layer``, which may be one already.

    Args:
        layer: a layer of `gru_book.cells`, or a built Keras ``SimpleRNN``, ``LSTM`` or ``GRU`` (any ``reset_after``)
            with Keras's default activations.

    Raises:
        ValueError: another kind of layer, other activations, or one without weights yet.
    """
    if isinstance(layer, (RNN, LSTM, GRU)):
        return layer
    kind = type(layer).__name__
    if kind not in ("SimpleRNN", "LSTM", "GRU"):
        raise ValueError(
            f"layer is a {kind}; expected an RNN, LSTM or GRU of gru_book.cells, or Keras's SimpleRNN, LSTM or GRU"
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


def carry_back(layer, x: np.ndarray, gradient: np.ndarray, distances, initial_state=None) -> np.ndarray:
    """Carry a gradient at the last hidden state back through the sequence, and note it at some distances.

    One way back serves all distances: what has arrived at one is sent on to the next.

    Args:
        layer: a layer of `gru_book.cells` or one of Keras's, see `numpy_cell`.
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
    cell, x = numpy_cell(layer), np.asarray(x, np.float64)
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
