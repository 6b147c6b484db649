"""Recurrent cells in plain NumPy, in the book's convention.

One step of the gated recurrent unit, for an input ``x`` and the hidden state ``h`` that the step before left::

    r  = sigmoid(W_xr x + W_hr h + b_r)           reset gate
    z  = sigmoid(W_xz x + W_hz h + b_z)           update gate
    h~ = tanh(W_xh x + r * (W_hh h) + b_h)        candidate state
    h' = (1 - z) * h + z * h~                     hidden state

The update gate ``z`` weighs the *new* state (the sign of Chung et al. 2014, arXiv:1412.3555), the reset gate acts
after the recurrent projection (Cho et al. 2014, arXiv:1406.1078, first version) and every gate has one bias.
The chapter on the cell (``21_cell``) explains every symbol.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

__all__ = ["GRUStates", "GRUWeights", "gru_forward", "gru_step", "sigmoid"]


def sigmoid(a: np.ndarray | float) -> np.ndarray:
    """Return 1 / (1 + exp(-a)) elementwise, without overflow for any finite or infinite ``a``.

    Only ``exp(-|a|)`` is ever computed: it lies between 0 and 1. The shape is kept, and so is a floating dtype.
    """
    a = np.asarray(a)
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1, e) / (1 + e)


@dataclass(frozen=True, eq=False)
class GRUWeights:
    """The nine weight arrays of one GRU layer, shaped as in the equations (``W @ column``).

    Matrices from the input, ``W_xr``, ``W_xz``, ``W_xh``: (units, input_dim). Matrices from the hidden state,
    ``W_hr``, ``W_hz``, ``W_hh``: (units, units). Biases ``b_r``, ``b_z``, ``b_h``: (units,). Anything that
    ``np.asarray`` takes is accepted; integers become float64.

    Raises:
        ValueError: an array has the wrong shape or holds a value that is not finite. The message names the
            array, its shape and the expected one.
    """

    W_xr: np.ndarray
    W_hr: np.ndarray
    b_r: np.ndarray
    W_xz: np.ndarray
    W_hz: np.ndarray
    b_z: np.ndarray
    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray

    def __post_init__(self):
        """Turn every field into a floating array and check it."""
        for field in fields(self):
            array = np.asarray(getattr(self, field.name))
            if not np.issubdtype(array.dtype, np.floating):
                array = array.astype(np.float64)
            object.__setattr__(self, field.name, array)
        if self.W_xr.ndim != 2 or 0 in self.W_xr.shape:
            raise ValueError(f"W_xr has shape {self.W_xr.shape}; expected (units, input_dim), both at least 1")
        units, input_dim = self.W_xr.shape
        expected_shapes = {"W_x": (units, input_dim), "W_h": (units, units), "b_": (units,)}
        for field in fields(self):
            array, expected = getattr(self, field.name), expected_shapes[field.name[:-1]]
            if array.shape != expected:
                raise ValueError(f"{field.name} has shape {array.shape}; expected {expected}")
            if not np.isfinite(array).all():
                raise ValueError(f"{field.name} holds values that are not finite; all weights must be finite")

    @property
    def units(self) -> int:
        """Length of the hidden state."""
        return self.W_xr.shape[0]

    @property
    def input_dim(self) -> int:
        """Length of one input vector."""
        return self.W_xr.shape[1]

    @property
    def dtype(self) -> np.dtype:
        """The floating dtype that all nine arrays promote to."""
        return np.result_type(*(getattr(self, field.name) for field in fields(self)))

    @property
    def num_parameters(self) -> int:
        """Numbers held in the nine arrays: 3 (input_dim * units + units**2 + units)."""
        return sum(getattr(self, field.name).size for field in fields(self))

    @classmethod
    def random(cls, input_dim: int, units: int, rng: np.random.Generator, dtype=np.float64) -> GRUWeights:
        """Draw weights the way Keras initialises a GRU.

        Input matrices: Glorot-uniform over the three blocks together, that is uniform within
        ``sqrt(6 / (input_dim + 3 units))`` (Glorot and Bengio 2010, equation 16). Recurrent matrices: the three
        transposed blocks of one (units, 3 units) matrix with orthonormal rows (Saxe et al. 2014). Biases: zero.

        Raises:
            ValueError: ``input_dim`` or ``units`` is not a positive integer.
        """
        for name, value in (("input_dim", input_dim), ("units", units)):
            if not isinstance(value, (int, np.integer)) or value < 1:
                raise ValueError(f"{name} = {value!r}; expected a positive integer")
        limit = np.sqrt(6 / (input_dim + 3 * units))
        inputs = rng.uniform(-limit, limit, (3, units, input_dim)).astype(dtype)
        q, upper = np.linalg.qr(rng.standard_normal((3 * units, units)))  # orthonormal columns
        q = q * np.sign(np.diag(upper))  # without this the draw would not be uniform over orthonormal frames
        recurrent = q.reshape(3, units, units).astype(dtype)  # the transposed blocks of Keras's matrix
        bias = np.zeros(units, dtype)
        blocks = [array for gate in range(3) for array in (inputs[gate], recurrent[gate], bias)]
        return cls(*blocks)


class GRUStates(NamedTuple):
    """What a GRU computed: (batch, units) for one step, (batch, num_steps, units) for a sequence."""

    reset_gate: np.ndarray
    update_gate: np.ndarray
    candidate_state: np.ndarray
    hidden_state: np.ndarray


def gru_step(x: np.ndarray, h: np.ndarray, weights: GRUWeights) -> GRUStates:
    """Take one step of a GRU.

    Args:
        x: inputs of this step, (batch, input_dim).
        h: hidden state that the step before left, (batch, units).
        weights: the layer's weights.

    Returns:
        Gates, candidate and new hidden state, each (batch, units).

    Raises:
        ValueError: ``x`` or ``h`` has the wrong shape.
    """
    x = _checked("x", x, ("batch", weights.input_dim))
    h = _checked("h", h, (len(x), weights.units))
    return _step(_project(x, weights), h, weights)


def gru_forward(x: np.ndarray, weights: GRUWeights, initial_state: np.ndarray | None = None) -> GRUStates:
    """Run a GRU over a batch of sequences of one length.

    Args:
        x: inputs, (batch, num_steps, input_dim); ``num_steps`` may be 0.
        weights: the layer's weights.
        initial_state: hidden state before the first step, (batch, units); zeros when it is not given.

    Returns:
        Gates, candidates and hidden states of every step, each (batch, num_steps, units), in the dtype that
        ``x``, the weights and the initial state promote to.

    Raises:
        ValueError: ``x`` or ``initial_state`` has the wrong shape.
    """
    x = _checked("x", x, ("batch", "num_steps", weights.input_dim))
    batch, num_steps, _ = x.shape
    dtype = np.result_type(x, weights.dtype)
    if initial_state is None:
        h = np.zeros((batch, weights.units), dtype)
    else:
        h = _checked("initial_state", initial_state, (batch, weights.units))
        dtype = np.result_type(dtype, h)
    projected = _project(x, weights)  # three times (batch, num_steps, units): needs no state, so once for all steps
    states = GRUStates(*(np.empty((batch, num_steps, weights.units), dtype) for _ in GRUStates._fields))
    for t in range(num_steps):
        step = _step(tuple(part[:, t] for part in projected), h, weights)
        for all_steps, one_step in zip(states, step, strict=True):
            all_steps[:, t] = one_step
        h = step.hidden_state
    return states


def _project(x: np.ndarray, weights: GRUWeights) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the inputs' part of the three pre-activations: (..., input_dim) becomes three times (..., units)."""
    return (
        x @ weights.W_xr.T + weights.b_r,
        x @ weights.W_xz.T + weights.b_z,
        x @ weights.W_xh.T + weights.b_h,
    )


def _step(projected: tuple[np.ndarray, np.ndarray, np.ndarray], h: np.ndarray, weights: GRUWeights) -> GRUStates:
    """Take one step from the projected inputs, three times (batch, units); shapes are checked by the callers."""
    x_r, x_z, x_h = projected
    reset_gate = sigmoid(x_r + h @ weights.W_hr.T)  # (batch, units)
    update_gate = sigmoid(x_z + h @ weights.W_hz.T)  # (batch, units)
    candidate_state = np.tanh(x_h + reset_gate * (h @ weights.W_hh.T))  # (batch, units)
    hidden_state = (1 - update_gate) * h + update_gate * candidate_state  # (batch, units)
    return GRUStates(reset_gate, update_gate, candidate_state, hidden_state)


def _checked(name: str, array: np.ndarray, expected: tuple[int | str, ...]) -> np.ndarray:
    """Return ``array`` as a floating array if its shape fits; a word in ``expected`` stands for any size."""
    array = np.asarray(array)
    if array.ndim != len(expected) or any(
        isinstance(want, (int, np.integer)) and size != want for size, want in zip(array.shape, expected, strict=True)
    ):
        raise ValueError(f"{name} has shape {array.shape}; expected ({', '.join(map(str, expected))})")
    return array if np.issubdtype(array.dtype, np.floating) else array.astype(np.float64)
