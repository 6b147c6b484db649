"""The GRU layer in plain NumPy, forward and backward, in the book's convention.

One step of the gated recurrent unit, for an input ``x`` and the hidden state ``h`` that the step before left::

    r  = sigmoid(W_xr x + W_hr h + b_r)           reset gate
    z  = sigmoid(W_xz x + W_hz h + b_z)           update gate
    h~ = tanh(W_xh x + r * (W_hh h) + b_h)        candidate state
    h' = (1 - z) * h + z * h~                     hidden state

The update gate ``z`` weighs the *new* state (the sign of Chung et al. 2014, arXiv:1412.3555), the reset gate acts
after the recurrent projection (Cho et al. 2014, arXiv:1406.1078, first version) and every gate has one bias.
The chapter on the cell (``21_cell``) explains every symbol.

``gru_step`` and ``gru_forward`` are these equations and nothing else. The layer `GRU` adds initial states, masks, the
other conventions and gradients (so do `RNN` and `LSTM` in modules of their own, without other conventions)::

    layer = GRU(GRUWeights.random(input_dim, units, rng))
    trace = layer.forward(x, lengths=lengths)              # gates and states of every step
    gradients = layer.backward(trace, d_last=d_last)       # from the loss's gradient to those of weights, x, state

``22_from_scratch`` builds the forward pass, ``23_backpropagation`` derives the backward pass. Arrays have the batch
first; inside a layer time comes first, so that one step is one block of memory. Nothing here is random but
``random``, and nothing is changed in place that a caller handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gru_book.layers.activations import sigmoid, sigmoid_in_place
from gru_book.layers.passes import (
    Gradients,
    Product,
    batch_first,
    begin_backward,
    collect_gradients,
    prepare,
    project_inputs,
    stack_blocks,
    time_first,
)
from gru_book.layers.weights import GRUWeights, check_finite, checked


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
    x = checked("x", x, ("batch", weights.input_dim))
    h = checked("h", h, (len(x), weights.units))
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
            object.__setattr__(self, "c_h", checked("c_h", self.c_h, (self.weights.units,)))
            check_finite("c_h", self.c_h)

    def forward(self, x, initial_state=None, *, mask=None, lengths=None) -> GRUTrace:
        """Run over a batch of sequences.

        A masked step leaves the state as it was, and its ``hidden_state`` is that state: past a sequence's length the
        last state is repeated, and a sequence of length 0 ends in its initial state. Keras agrees, but returns zeros as
        the outputs before a sequence's first unmasked step, whatever the initial state. PyTorch and ONNX Runtime return
        zeros past the length (``hidden_state * mask[..., None]`` here); at length 0 PyTorch refuses, and ONNX Runtime's
        last state is zero whatever the initial state.

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
        (x, (h,), mask), (W_x, W_h, b) = prepare(weights, x, {"initial_state": initial_state}, mask, lengths)
        initial_state, skipped = h, None if mask is None else ~mask
        gates = project_inputs(x, W_x[:, : 2 * u], b[: 2 * u])  # (num_steps, batch, 2 units): r, z, made in place
        candidates = project_inputs(x, W_x[:, 2 * u :], b[2 * u :])  # (num_steps, batch, units)
        hidden = np.empty_like(candidates)
        projected = np.empty_like(hidden) if self.reset_after else None
        c_h = None if self.c_h is None else self.c_h.astype(gates.dtype)
        parts = [W_h] if self.reset_after else [W_h[:, : 2 * u], W_h[:, 2 * u :]]
        products = [Product(part, x.shape[1]) for part in parts]
        for t, (a, candidate) in enumerate(zip(gates, candidates, strict=True)):
            r, z = a[:, :u], a[:, u:]  # views: (batch, units)
            if self.reset_after:
                from_state = products[0](h)  # (batch, 3 units): one product for all three blocks
                a += from_state[:, : 2 * u]
                sigmoid_in_place(a)
                projected[t] = from_state[:, 2 * u :]
                if c_h is not None:
                    projected[t] += c_h
                candidate += r * projected[t]
            else:
                a += products[0](h)
                sigmoid_in_place(a)
                candidate += products[1](r * h)
            np.tanh(candidate, out=candidate)
            if skipped is not None:
                z[skipped[t]] = 0 if self.z_weighs == "new" else 1  # shut: the state is copied
            old, new = (1 - z, z) if self.z_weighs == "new" else (z, 1 - z)
            np.multiply(old, h, out=hidden[t])
            hidden[t] += new * candidate
            h = hidden[t]
        parts = [batch_first(part) for part in (*np.split(gates, 2, axis=2), candidates, hidden)]
        parts += [h.copy(), batch_first(x), initial_state, batch_first(mask), batch_first(projected)]
        return GRUTrace(*parts)

    def backward(self, trace: GRUTrace, d_hidden=None, d_last=None) -> Gradients:
        """Go back through all steps (backpropagation through time, Werbos 1990; derived in ``23_backpropagation``).

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
        before, d_hidden, d_h = begin_backward(trace, d_hidden, d_last)
        r, z, candidate = (time_first(part) for part in trace[:3])  # each (num_steps, batch, units)
        u, dtype = self.weights.units, before.dtype
        W_h = stack_blocks(self.weights, "W_h", dtype)  # (3 units, units)
        old, new, sign = (1 - z, z, 1) if self.z_weighs == "new" else (z, 1 - z, -1)
        # What does not depend on the gradient from above, for all steps at once: how it is passed on to the inside of
        # the tanh and of the two sigmoids.
        to_candidate = new * (1 - candidate**2)
        to_z = sign * (candidate - before) * z * (1 - z)
        to_r = r * (1 - r) * (time_first(trace.projected_state) if self.reset_after else before)
        d_a = np.empty((*r.shape[:2], 3 * u), dtype)  # of the pre-activations, as the inputs see them
        d_s = np.empty_like(d_a)  # the same, as the state sees them through W_h
        parts = [W_h] if self.reset_after else [W_h[: 2 * u], W_h[2 * u :]]
        products = [Product(part, r.shape[1]) for part in parts]
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
        gradients = collect_gradients(self.weights, trace, seen, d_a, d_s, d_h)
        if self.c_h is not None:
            gradients.weights["c_h"] = d_s[..., 2 * u :].sum((0, 1))
        return gradients
