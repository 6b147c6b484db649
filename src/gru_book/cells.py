"""Recurrent layers in plain NumPy, forward and backward, in the book's convention.

One step of the gated recurrent unit, for an input ``x`` and the hidden state ``h`` that the step before left::

    r  = sigmoid(W_xr x + W_hr h + b_r)           reset gate
    z  = sigmoid(W_xz x + W_hz h + b_z)           update gate
    h~ = tanh(W_xh x + r * (W_hh h) + b_h)        candidate state
    h' = (1 - z) * h + z * h~                     hidden state

The update gate ``z`` weighs the *new* state (the sign of Chung et al. 2014, arXiv:1412.3555), the reset gate acts
after the recurrent projection (Cho et al. 2014, arXiv:1406.1078, first version) and every gate has one bias.
The chapter on the cell (``21_cell``) explains every symbol.

``gru_step`` and ``gru_forward`` are these equations and nothing else. The layers `RNN`, `LSTM` and `GRU` add
initial states, masks, the other conventions (`GRU` only) and gradients::

    layer = GRU(GRUWeights.random(input_dim, units, rng))
    trace = layer.forward(x, lengths=lengths)              # gates and states of every step
    gradients = layer.backward(trace, d_last=d_last)       # from the loss's gradient to those of weights, x, state

``23_from_scratch`` builds the forward pass, ``24_backpropagation`` derives the backward pass. Arrays have the batch
first; inside a layer time comes first, so that one step is one block of memory. Nothing here is random but
``random``, and nothing is changed in place that a caller handed in.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "GRUStates",
    "GRUTrace",
    "GRUWeights",
    "Gradients",
    "LSTMTrace",
    "LSTMWeights",
    "RNNTrace",
    "RNNWeights",
    "gru_forward",
    "gru_step",
    "sigmoid",
]


def sigmoid(a: np.ndarray | float) -> np.ndarray:
    """Return 1 / (1 + exp(-a)) elementwise, without overflow for any finite or infinite ``a``.

    Only ``exp(-|a|)`` is ever computed: it lies between 0 and 1. The shape is kept, and so is a floating dtype.
    """
    a = np.asarray(a)
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1, e) / (1 + e)


# --- weights --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Weights:
    """What the weights of all cells share: three arrays a block, named ``W_x?``, ``W_h?``, ``b_?``."""

    def __post_init__(self):
        """Turn every field into a floating array and check it."""
        for field in fields(self):
            object.__setattr__(self, field.name, _floating(field.name, getattr(self, field.name)))
        first = fields(self)[0].name
        shape = getattr(self, first).shape
        if len(shape) != 2 or 0 in shape:
            raise ValueError(f"{first} has shape {shape}; expected (units, input_dim), both at least 1")
        units, input_dim = shape
        expected_shapes = {"W_x": (units, input_dim), "W_h": (units, units), "b_": (units,)}
        for field in fields(self):
            array, expected = getattr(self, field.name), expected_shapes[field.name[:-1]]
            if array.shape != expected:
                raise ValueError(f"{field.name} has shape {array.shape}; expected {expected}")
            _check_finite(field.name, array)

    @property
    def units(self) -> int:
        """Length of the hidden state."""
        return getattr(self, fields(self)[0].name).shape[0]

    @property
    def input_dim(self) -> int:
        """Length of one input vector."""
        return getattr(self, fields(self)[0].name).shape[1]

    @property
    def dtype(self) -> np.dtype:
        """The floating dtype that all arrays promote to."""
        return np.result_type(*(getattr(self, field.name) for field in fields(self)))

    @property
    def num_parameters(self) -> int:
        """Numbers held in the arrays: blocks (input_dim * units + units**2 + units)."""
        return sum(getattr(self, field.name).size for field in fields(self))

    @classmethod
    def random(cls, input_dim: int, units: int, rng: np.random.Generator, dtype=np.float64):
        """Draw weights the way Keras initialises the layer.

        Input matrices: Glorot-uniform over the blocks together, that is uniform within
        ``sqrt(6 / (input_dim + blocks * units))`` (Glorot and Bengio 2010, equation 16). Recurrent matrices: the
        transposed blocks of one (units, blocks * units) matrix with orthonormal rows (Saxe et al. 2014). Biases: zero;
        the LSTM's forget gate 1.

        Raises:
            ValueError: ``input_dim`` or ``units`` is not a positive integer.
        """
        for name, value in (("input_dim", input_dim), ("units", units)):
            if not isinstance(value, (int, np.integer)) or value < 1:
                raise ValueError(f"{name} = {value!r}; expected a positive integer")
        blocks = len(fields(cls)) // 3
        limit = np.sqrt(6 / (input_dim + blocks * units))
        inputs = rng.uniform(-limit, limit, (blocks, units, input_dim)).astype(dtype)
        q, upper = np.linalg.qr(rng.standard_normal((blocks * units, units)))  # orthonormal columns
        q = q * np.sign(np.diag(upper))  # without this the draw would not be uniform over orthonormal frames
        recurrent = q.reshape(blocks, units, units).astype(dtype)  # the transposed blocks of Keras's matrix
        arrays = {}
        for field in fields(cls):
            block = len(arrays) // 3
            bias = np.full(units, 1 if field.name == "b_f" else 0, dtype)
            arrays[field.name] = {"W_x": inputs[block], "W_h": recurrent[block], "b_": bias}[field.name[:-1]]
        return cls(**arrays)


@dataclass(frozen=True, eq=False)
class RNNWeights(_Weights):
    """The three weight arrays of a plain recurrent layer (Elman 1990).

    ``W_xh``: (units, input_dim), ``W_hh``: (units, units), ``b_h``: (units,). Accepted and refused as in `GRUWeights`.
    """

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray


@dataclass(frozen=True, eq=False)
class LSTMWeights(_Weights):
    """The twelve weight arrays of an LSTM layer: input gate, forget gate, candidate, output gate (Keras's order).

    ``W_x?``: (units, input_dim), ``W_h?``: (units, units), ``b_?``: (units,). Accepted and refused as in `GRUWeights`.
    """

    W_xi: np.ndarray
    W_hi: np.ndarray
    b_i: np.ndarray
    W_xf: np.ndarray
    W_hf: np.ndarray
    b_f: np.ndarray
    W_xc: np.ndarray
    W_hc: np.ndarray
    b_c: np.ndarray
    W_xo: np.ndarray
    W_ho: np.ndarray
    b_o: np.ndarray


@dataclass(frozen=True, eq=False)
class GRUWeights(_Weights):
    """The nine weight arrays of one GRU layer, shaped as in the equations (``W @ column``).

    Matrices from the input, ``W_xr``, ``W_xz``, ``W_xh``: (units, input_dim). Matrices from the hidden state,
    ``W_hr``, ``W_hz``, ``W_hh``: (units, units). Biases ``b_r``, ``b_z``, ``b_h``: (units,). Anything that
    ``np.asarray`` takes is accepted if it holds real numbers; integers become float64.

    Raises:
        ValueError: an array has the wrong shape or dtype, or holds a value that is not finite. The message names the
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


# --- the equations, step by step ------------------------------------------------------------------------------------


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
    reset_gate = sigmoid(x @ weights.W_xr.T + h @ weights.W_hr.T + weights.b_r)  # (batch, units)
    update_gate = sigmoid(x @ weights.W_xz.T + h @ weights.W_hz.T + weights.b_z)  # (batch, units)
    candidate_state = np.tanh(x @ weights.W_xh.T + reset_gate * (h @ weights.W_hh.T) + weights.b_h)  # (batch, units)
    hidden_state = (1 - update_gate) * h + update_gate * candidate_state  # (batch, units)
    return GRUStates(reset_gate, update_gate, candidate_state, hidden_state)


def gru_forward(x: np.ndarray, weights: GRUWeights, initial_state: np.ndarray | None = None) -> GRUStates:
    """Run a GRU over a batch of sequences of one length: ``gru_step`` repeated.

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
    trace = GRU(weights).forward(x, initial_state)
    return GRUStates(trace.reset_gate, trace.update_gate, trace.candidate_state, trace.hidden_state)


# --- layers ---------------------------------------------------------------------------------------------------------


class Gradients(NamedTuple):
    """The gradients of a loss: by name and in the shape of the weights, of ``x``, and of the initial state.

    ``weights`` holds one entry for each weight array. ``initial_state`` is (batch, units); for an `LSTM` a pair,
    hidden state and cell state.
    """

    weights: dict[str, np.ndarray]
    x: np.ndarray
    initial_state: np.ndarray | tuple[np.ndarray, np.ndarray]


class RNNTrace(NamedTuple):
    """What `RNN.forward` computed; ``hidden_state`` is (batch, num_steps, units), ``last_state`` (batch, units)."""

    hidden_state: np.ndarray
    last_state: np.ndarray
    x: np.ndarray  # as the layer used it: floating, zero at masked steps
    initial_state: np.ndarray
    mask: np.ndarray | None


class LSTMTrace(NamedTuple):
    """What `LSTM.forward` computed: gates and states (batch, num_steps, units), last states (batch, units)."""

    input_gate: np.ndarray
    forget_gate: np.ndarray
    candidate_state: np.ndarray
    output_gate: np.ndarray
    cell_state: np.ndarray
    hidden_state: np.ndarray
    last_state: np.ndarray
    last_cell_state: np.ndarray
    x: np.ndarray
    initial_state: tuple[np.ndarray, np.ndarray]
    mask: np.ndarray | None


class GRUTrace(NamedTuple):
    """What `GRU.forward` computed: gates and states (batch, num_steps, units), ``last_state`` (batch, units).

    At a masked step the update gate is shut, so that it copies the state; the other gate and the candidate are what
    the cell computes from an input of zeros, and have no effect.
    """

    reset_gate: np.ndarray
    update_gate: np.ndarray
    candidate_state: np.ndarray
    hidden_state: np.ndarray
    last_state: np.ndarray
    x: np.ndarray
    initial_state: np.ndarray
    mask: np.ndarray | None
    projected_state: np.ndarray | None  # W_hh h + c_h before the reset gate; None where the gate acts on h itself


@dataclass(frozen=True, eq=False)
class RNN:
    """The plain recurrent layer, h' = tanh(W_xh x + W_hh h + b_h) (Elman 1990)."""

    weights: RNNWeights

    def forward(self, x, initial_state=None, *, mask=None, lengths=None) -> RNNTrace:
        """Run over a batch of sequences; arguments and errors as in `GRU.forward`."""
        weights = self.weights
        (x, (h,), mask), (W_x, W_h, b) = _prepare(weights, x, {"initial_state": initial_state}, mask, lengths)
        initial_state, skipped = h, None if mask is None else ~mask
        hidden = _project(x, W_x, b)  # (num_steps, batch, units), turned into states in place
        from_state = _Product(W_h, x.shape[1])
        for t, new in enumerate(hidden):
            new += from_state(h)
            np.tanh(new, out=new)
            if skipped is not None:
                np.copyto(new, h, where=skipped[t, :, None])
            h = new
        return RNNTrace(_batch_first(hidden), h.copy(), _batch_first(x), initial_state, _batch_first(mask))

    def backward(self, trace: RNNTrace, d_hidden=None, d_last=None) -> Gradients:
        """Go back through all steps; arguments and errors as in `GRU.backward`."""
        before, d_hidden, d_h = _begin_backward(trace, d_hidden, d_last)
        hidden = _time_first(trace.hidden_state)
        W_h = _stack(self.weights, "W_h", hidden.dtype)  # (units, units)
        slope = 1 - hidden**2
        kept = None if trace.mask is None else _time_first(~trace.mask)[..., None]
        if kept is not None:
            slope[kept[..., 0]] = 0
        d_a = np.empty_like(hidden)  # of the pre-activations
        to_state = _Product(W_h, hidden.shape[1])
        for t in reversed(range(len(hidden))):
            d_h = d_h + d_hidden[t]
            np.multiply(d_h, slope[t], out=d_a[t])
            d_h = to_state(d_a[t]) if kept is None else to_state(d_a[t]) + d_h * kept[t]
        return _gradients(self.weights, trace, before, d_a, d_a, d_h)


@dataclass(frozen=True, eq=False)
class LSTM:
    """The long short-term memory with a forget gate (Hochreiter and Schmidhuber 1997; Gers et al. 2000).

    c' = f * c + i * tanh(...), h' = o * tanh(c'), with the gates i, f, o computed from x and h as in a GRU.
    """

    weights: LSTMWeights

    def forward(self, x, initial_state=None, *, mask=None, lengths=None) -> LSTMTrace:
        """Run over a batch of sequences.

        ``initial_state`` is a pair, hidden state and cell state, each (batch, units); for the rest see `GRU.forward`.
        """
        weights, u = self.weights, self.weights.units
        if initial_state is not None and len(initial_state) != 2:
            raise ValueError(f"initial_state has {len(initial_state)} parts; expected a pair: hidden state, cell state")
        h, c = (None, None) if initial_state is None else initial_state
        given = {"initial_state[0]": h, "initial_state[1]": c}
        (x, (h, c), mask), (W_x, W_h, b) = _prepare(weights, x, given, mask, lengths)
        initial_state, skipped = (h, c), None if mask is None else ~mask
        gates = _project(x, W_x, b)  # (num_steps, batch, 4 units): i, f, candidate, o
        cells, hidden = (np.empty((*gates.shape[:2], u), gates.dtype) for _ in range(2))
        from_state = _Product(W_h, x.shape[1])
        for t, a in enumerate(gates):
            a += from_state(h)
            _sigmoid_in_place(a[:, : 2 * u])
            np.tanh(a[:, 2 * u : 3 * u], out=a[:, 2 * u : 3 * u])
            _sigmoid_in_place(a[:, 3 * u :])
            i, f, candidate, o = np.split(a, 4, axis=1)
            np.multiply(f, c, out=cells[t])
            cells[t] += i * candidate
            np.multiply(o, np.tanh(cells[t]), out=hidden[t])
            if skipped is not None:
                np.copyto(cells[t], c, where=skipped[t, :, None])
                np.copyto(hidden[t], h, where=skipped[t, :, None])
            h, c = hidden[t], cells[t]
        parts = [_batch_first(part) for part in (*np.split(gates, 4, axis=2), cells, hidden)]
        return LSTMTrace(*parts, h.copy(), c.copy(), _batch_first(x), initial_state, _batch_first(mask))

    def backward(self, trace: LSTMTrace, d_hidden=None, d_last=None, d_last_cell=None) -> Gradients:
        """Go back through all steps; ``d_last_cell`` is the loss's gradient at ``last_cell_state``, (batch, units)."""
        if d_last_cell is not None and d_hidden is None and d_last is None:
            d_last = np.zeros_like(trace.last_state)
        before, d_hidden, d_h = _begin_backward(trace, d_hidden, d_last)
        i, f, g, o, c = (_time_first(part) for part in trace[:5])  # each (num_steps, batch, units)
        W_h = _stack(self.weights, "W_h", c.dtype)  # (4 units, units)
        d_c = _outer_gradient("d_last_cell", d_last_cell, trace.last_cell_state.shape, c.dtype)
        c_before = np.concatenate([trace.initial_state[1][None].astype(c.dtype), c])[:-1]
        tanh_c = np.tanh(c)
        # What multiplies the gradient at c to give those at i, f and the candidate; and at h, to give that at o and c.
        to_ifg = np.concatenate([g * i * (1 - i), c_before * f * (1 - f), i * (1 - g**2)], axis=2)
        to_o, to_c = tanh_c * o * (1 - o), o * (1 - tanh_c**2)
        kept = None if trace.mask is None else _time_first(~trace.mask)[..., None]
        if kept is not None:
            for part in (to_ifg, to_o, to_c):
                part[kept[..., 0]] = 0
            f = np.where(kept, 1, f)
        d_a = np.empty((*c.shape[:2], 4 * self.weights.units), c.dtype)
        to_state = _Product(W_h, c.shape[1])
        for t in reversed(range(len(c))):
            d_h = d_h + d_hidden[t]
            d_c = d_c + d_h * to_c[t]
            np.multiply(np.tile(d_c, 3), to_ifg[t], out=d_a[t, :, : to_ifg.shape[2]])
            np.multiply(d_h, to_o[t], out=d_a[t, :, to_ifg.shape[2] :])
            d_h = to_state(d_a[t]) if kept is None else to_state(d_a[t]) + d_h * kept[t]
            d_c = d_c * f[t]
        return _gradients(self.weights, trace, before, d_a, d_a, (d_h, d_c))


@dataclass(frozen=True, eq=False)
class GRU:
    """The gated recurrent unit, in the book's convention unless told otherwise.

    Args:
        weights: nine arrays.
        reset_after: whether the reset gate acts after the projection, r * (W_hh h + c_h), as in the book and in
            Keras's default, or before it, W_hh (r * h) (Cho et al. 2014, arXiv v3; Keras's ``reset_after=False``).
        z_weighs: "new": h' = (1 - z) h + z h~, as in the book; "old": h' = z h + (1 - z) h~, as in Cho et al.,
            Keras, PyTorch and ONNX.
        c_h: a second bias of the candidate, (units,), inside the reset gate; the book has none, Keras and PyTorch have
            one. Their other second biases can be added to the first ones without changing anything.

    Raises:
        ValueError: ``z_weighs`` is neither word; ``c_h`` has the wrong shape or dtype, or is not finite, or comes
            with ``reset_after=False``, where it belongs into ``b_h``.
    """

    weights: GRUWeights
    reset_after: bool = True
    z_weighs: str = "new"
    c_h: np.ndarray | None = None

    def __post_init__(self):
        """Check the options."""
        if self.z_weighs not in ("new", "old"):
            raise ValueError(f"z_weighs = {self.z_weighs!r}; expected 'new' or 'old'")
        if self.c_h is not None:
            if not self.reset_after:
                raise ValueError("c_h is for reset_after=True only; with reset_after=False add it to b_h")
            object.__setattr__(self, "c_h", _checked("c_h", self.c_h, (self.weights.units,)))
            _check_finite("c_h", self.c_h)

    def forward(self, x, initial_state=None, *, mask=None, lengths=None) -> GRUTrace:
        """Run over a batch of sequences.

        A masked step leaves the state as it was, and its ``hidden_state`` is that state. (Keras agrees, but returns
        zeros as the outputs before a sequence's first unmasked step, whatever the initial state.)

        Args:
            x: inputs, (batch, num_steps, input_dim); ``num_steps`` may be 0. Masked inputs may hold anything.
            initial_state: hidden state before the first step, (batch, units); zeros when it is not given.
            mask: which steps count, (batch, num_steps), boolean.
            lengths: instead of a mask the number of steps that count, from the first, (batch,), integers.

        Returns:
            Gates and states in the dtype that ``x``, the weights and the initial state promote to.

        Raises:
            ValueError: an argument has the wrong shape or dtype, a length is negative or beyond the sequence, or both
                ``mask`` and ``lengths`` are given.
        """
        weights, u = self.weights, self.weights.units
        (x, (h,), mask), (W_x, W_h, b) = _prepare(weights, x, {"initial_state": initial_state}, mask, lengths)
        initial_state, skipped = h, None if mask is None else ~mask
        gates = _project(x, W_x[:, : 2 * u], b[: 2 * u])  # (num_steps, batch, 2 units): r, z, made in place
        candidates = _project(x, W_x[:, 2 * u :], b[2 * u :])  # (num_steps, batch, units)
        hidden = np.empty_like(candidates)
        projected = np.empty_like(hidden) if self.reset_after else None
        c_h = None if self.c_h is None else self.c_h.astype(gates.dtype)
        parts = [W_h] if self.reset_after else [W_h[:, : 2 * u], W_h[:, 2 * u :]]
        products = [_Product(part, x.shape[1]) for part in parts]
        for t, (a, candidate) in enumerate(zip(gates, candidates, strict=True)):
            r, z = a[:, :u], a[:, u:]  # views: (batch, units)
            if self.reset_after:
                from_state = products[0](h)  # (batch, 3 units): one product for all three blocks
                a += from_state[:, : 2 * u]
                _sigmoid_in_place(a)
                projected[t] = from_state[:, 2 * u :]
                if c_h is not None:
                    projected[t] += c_h
                candidate += r * projected[t]
            else:
                a += products[0](h)
                _sigmoid_in_place(a)
                candidate += products[1](r * h)
            np.tanh(candidate, out=candidate)
            if skipped is not None:
                z[skipped[t]] = 0 if self.z_weighs == "new" else 1  # shut: the state is copied
            old, new = (1 - z, z) if self.z_weighs == "new" else (z, 1 - z)
            np.multiply(old, h, out=hidden[t])
            hidden[t] += new * candidate
            h = hidden[t]
        parts = [_batch_first(part) for part in (*np.split(gates, 2, axis=2), candidates, hidden)]
        parts += [h.copy(), _batch_first(x), initial_state, _batch_first(mask), _batch_first(projected)]
        return GRUTrace(*parts)

    def backward(self, trace: GRUTrace, d_hidden=None, d_last=None) -> Gradients:
        """Go back through all steps (backpropagation through time, Werbos 1990; derived in ``24_backpropagation``).

        Args:
            trace: what `forward` returned.
            d_hidden: the loss's gradient at ``hidden_state``, (batch, num_steps, units).
            d_last: the loss's gradient at ``last_state``, (batch, units). At least one of the two is needed; where
                both are given, the loss depends on both.

        Returns:
            The loss's gradients at the weights (and at ``c_h`` if the layer has one), at ``x`` (zero where masked) and
            at the initial state.

        Raises:
            ValueError: neither gradient is given, or one has the wrong shape or dtype.
        """
        before, d_hidden, d_h = _begin_backward(trace, d_hidden, d_last)
        r, z, candidate = (_time_first(part) for part in trace[:3])  # each (num_steps, batch, units)
        u, dtype = self.weights.units, before.dtype
        W_h = _stack(self.weights, "W_h", dtype)  # (3 units, units)
        old, new, sign = (1 - z, z, 1) if self.z_weighs == "new" else (z, 1 - z, -1)
        # What does not depend on the gradient from above, for all steps at once: how it is passed on to the inside of
        # the tanh and of the two sigmoids.
        to_candidate = new * (1 - candidate**2)
        to_z = sign * (candidate - before) * z * (1 - z)
        to_r = r * (1 - r) * (_time_first(trace.projected_state) if self.reset_after else before)
        d_a = np.empty((*r.shape[:2], 3 * u), dtype)  # of the pre-activations, as the inputs see them
        d_s = np.empty_like(d_a)  # the same, as the state sees them through W_h
        parts = [W_h] if self.reset_after else [W_h[: 2 * u], W_h[2 * u :]]
        products = [_Product(part, r.shape[1]) for part in parts]
        for t in reversed(range(len(r))):
            d_h = d_h + d_hidden[t]
            inside = d_a[t, :, 2 * u :]  # (batch, units), a view: gradient inside the candidate's tanh
            np.multiply(d_h, to_candidate[t], out=inside)
            np.multiply(d_h, to_z[t], out=d_a[t, :, u : 2 * u])
            if self.reset_after:
                np.multiply(inside, to_r[t], out=d_a[t, :, :u])
                d_s[t, :, : 2 * u] = d_a[t, :, : 2 * u]
                np.multiply(inside, r[t], out=d_s[t, :, 2 * u :])
                d_h = d_h * old[t] + products[0](d_s[t])
            else:
                through = products[1](inside)  # at r * h
                np.multiply(through, to_r[t], out=d_a[t, :, :u])
                d_h = d_h * old[t] + through * r[t] + products[0](d_a[t, :, : 2 * u])
        seen = before
        if not self.reset_after:  # the candidate saw r * h, not h
            d_s = d_a
            seen = np.concatenate([before, before, r * before], axis=2)
        gradients = _gradients(self.weights, trace, seen, d_a, d_s, d_h)
        if self.c_h is not None:
            gradients.weights["c_h"] = d_s[..., 2 * u :].sum((0, 1))
        return gradients


# --- what the layers share ------------------------------------------------------------------------------------------


class _Product:
    """``x @ W`` for one ``x`` of shape (batch, rows) after another, into one buffer that the next call overwrites.

    W's columns are multiplied in blocks so small that OpenBLAS computes each on one thread. For a product of (32, 128)
    with (128, 384) it would wake a second thread and wait for it. On an idle machine that gains a third; where another
    program holds the core it costs milliseconds a step, hundreds of times the product itself.
    """

    SINGLE = 2**18  # multiplications up to which OpenBLAS stays on one thread (65536 times GEMM_MULTITHREAD_THRESHOLD)
    NARROWEST = 16  # columns below which blocks cost more than they save; larger products may have their threads

    def __init__(self, W: np.ndarray, batch: int):
        rows, columns = W.shape
        fitting = [n for n in range(1, columns + 1) if columns % n == 0 and batch * rows * columns <= n * self.SINGLE]
        blocks = fitting[0] if fitting and columns >= fitting[0] * self.NARROWEST else 1
        self.W = np.ascontiguousarray(W.reshape(rows, blocks, columns // blocks).swapaxes(0, 1))
        self.result = np.empty((batch, columns), W.dtype)
        self.by_block = self.result.reshape(batch, blocks, columns // blocks).swapaxes(0, 1)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        np.matmul(x, self.W, out=self.by_block)
        return self.result


def _prepare(weights: _Weights, x, initial: dict, mask, lengths):
    """Check all arguments of a forward pass; return x, states and mask with time first, and the stacked weights."""
    x = _checked("x", x, ("batch", "num_steps", weights.input_dim))
    batch, num_steps, _ = x.shape
    given = {name: _checked(name, h, (batch, weights.units)) for name, h in initial.items() if h is not None}
    dtype = np.result_type(x, weights.dtype, *given.values())
    states = tuple(given.get(name, np.zeros((batch, weights.units))).astype(dtype) for name in initial)
    mask = _mask(mask, lengths, batch, num_steps)
    if mask is not None:
        x, mask = np.where(mask[..., None], x, 0), _time_first(mask)
    stacked = [_stack(weights, kind, dtype) for kind in ("W_x", "W_h", "b_")]
    x = np.ascontiguousarray(_time_first(x), dtype)
    return (x, states, mask), (stacked[0].T.copy(), stacked[1].T.copy(), stacked[2])


def _mask(mask, lengths, batch: int, num_steps: int) -> np.ndarray | None:
    """Return a checked boolean (batch, num_steps) from either way of saying which steps count; None for all."""
    if mask is not None and lengths is not None:
        raise ValueError("mask and lengths are both given; expected one of them")
    if mask is not None:
        mask = np.asarray(mask)
        if mask.shape != (batch, num_steps) or mask.dtype != bool:
            raise ValueError(
                f"mask has shape {mask.shape} and dtype {mask.dtype}; expected {(batch, num_steps)} and bool"
            )
    if lengths is not None:
        lengths = np.asarray(lengths)
        if lengths.shape != (batch,) or not np.issubdtype(lengths.dtype, np.integer):
            raise ValueError(
                f"lengths has shape {lengths.shape} and dtype {lengths.dtype}; expected {(batch,)} and integers"
            )
        for length in lengths[(lengths < 0) | (lengths > num_steps)][:1]:
            raise ValueError(
                f"lengths, of shape {lengths.shape}, holds {length}; expected 0 to num_steps = {num_steps}"
            )
        mask = np.arange(num_steps) < lengths[:, None]
    return mask


def _stack(weights: _Weights, kind: str, dtype) -> np.ndarray:
    """Return all arrays of one kind ("W_x", "W_h", "b_") below each other: (blocks * units, ...)."""
    names = [field.name for field in fields(weights) if field.name[:-1] == kind]
    return np.concatenate([getattr(weights, name) for name in names]).astype(dtype)


def _project(x: np.ndarray, W_x: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the inputs' part of all pre-activations: needs no state, so it is one product for all steps."""
    num_steps, batch, input_dim = x.shape
    projected = x.reshape(num_steps * batch, input_dim) @ W_x
    projected += b  # in place: these arrays are the largest that a layer makes
    return projected.reshape(num_steps, batch, len(b))


def _begin_backward(trace, d_hidden, d_last) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Check the loss's gradients; return the states before each step, d_hidden (both time first) and d_last."""
    if d_hidden is None and d_last is None:
        raise ValueError("d_hidden and d_last are both None; expected the loss's gradient at one of them at least")
    hidden = trace.hidden_state
    first = trace.initial_state[0] if isinstance(trace.initial_state, tuple) else trace.initial_state
    before = np.concatenate([first[None], _time_first(hidden)])[:-1]
    d_hidden = _outer_gradient("d_hidden", d_hidden, hidden.shape, hidden.dtype)
    return before, _time_first(d_hidden), _outer_gradient("d_last", d_last, trace.last_state.shape, hidden.dtype)


def _outer_gradient(name: str, array, shape: tuple[int, ...], dtype) -> np.ndarray:
    """Return a gradient that was handed in, checked; zeros where there is none."""
    return np.zeros(shape, dtype) if array is None else _checked(name, array, shape).astype(dtype)


def _gradients(weights: _Weights, trace, seen: np.ndarray, d_a: np.ndarray, d_s: np.ndarray, d_state) -> Gradients:
    """Sum over sequences and steps: each weight's gradient is (what came back) times (what went in).

    ``seen`` is the state that the recurrent matrices saw, (num_steps, batch, units), or one such block for each of
    them; ``d_a`` and ``d_s``, (num_steps, batch, blocks * units), are the gradients behind W_x and behind W_h.
    """
    rows = d_a.shape[0] * d_a.shape[1]
    x = _time_first(trace.x)
    flat_x, flat_h = x.reshape(rows, x.shape[2]), seen.reshape(rows, seen.shape[2])
    flat_a, flat_s = d_a.reshape(rows, d_a.shape[2]), d_s.reshape(rows, d_s.shape[2])
    W_x = _stack(weights, "W_x", d_a.dtype)
    u, names = weights.units, [field.name for field in fields(weights)]
    all_x, all_b = flat_a.T @ flat_x, flat_a.sum(0)
    all_h = flat_s.T @ flat_h if seen.shape[2] == u else None
    by_name = {}
    for block in range(len(names) // 3):
        rows_of_block = slice(block * u, (block + 1) * u)
        for name in names[3 * block : 3 * block + 3]:
            if name.startswith("W_x"):
                by_name[name] = all_x[rows_of_block]
            elif name.startswith("b_"):
                by_name[name] = all_b[rows_of_block]
            elif all_h is not None:
                by_name[name] = all_h[rows_of_block]
            else:
                by_name[name] = flat_s[:, rows_of_block].T @ flat_h[:, rows_of_block]
    return Gradients(by_name, _batch_first((flat_a @ W_x).reshape(x.shape)), d_state)


def _sigmoid_in_place(a: np.ndarray) -> None:
    """Overwrite ``a`` with its sigmoid: fewer passes than `sigmoid`, equal to it where that exceeds 1e-37 (float32)."""
    lowest = -0.99 * np.log(np.finfo(a.dtype).max)  # exp(-lowest) is still finite
    np.maximum(a, a.dtype.type(lowest), out=a)
    np.negative(a, out=a)
    np.exp(a, out=a)
    a += 1
    np.reciprocal(a, out=a)


def _time_first(array: np.ndarray) -> np.ndarray:
    """Return a view with the first two axes swapped."""
    return array.swapaxes(0, 1)


def _batch_first(array: np.ndarray | None) -> np.ndarray | None:
    """Return a view with the first two axes swapped; None stays None."""
    return None if array is None else array.swapaxes(0, 1)


def _floating(name: str, array) -> np.ndarray:
    """Return ``array`` as a floating array; integers and booleans become float64, everything else is refused."""
    array = np.asarray(array)
    if np.issubdtype(array.dtype, np.floating):
        return array
    if array.dtype.kind not in "biu":
        raise ValueError(f"{name} has dtype {array.dtype} and shape {array.shape}; expected real numbers")
    return array.astype(np.float64)


def _check_finite(name: str, array: np.ndarray) -> None:
    """Raise ValueError unless all entries are finite."""
    if not np.isfinite(array).all():
        raise ValueError(
            f"{name} holds values that are not finite; its shape is {array.shape} and all its entries must be finite"
        )


def _checked(name: str, array: np.ndarray, expected: tuple[int | str, ...]) -> np.ndarray:
    """Return ``array`` as a floating array if its shape fits; a word in ``expected`` stands for any size."""
    array = _floating(name, array)
    if array.ndim != len(expected) or any(
        isinstance(want, (int, np.integer)) and size != want for size, want in zip(array.shape, expected, strict=True)
    ):
        raise ValueError(f"{name} has shape {array.shape}; expected ({', '.join(map(str, expected))})")
    return array
