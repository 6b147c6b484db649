"""The LSTM (Hochreiter and Schmidhuber, 1997, with Gers' forget gate), forward and backward, in NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gru_book.layers.activations import sigmoid_in_place
from gru_book.layers.passes import (
    Gradients,
    Product,
    batch_first,
    begin_backward,
    collect_gradients,
    outer_gradient,
    prepare,
    project_inputs,
    stack_blocks,
    time_first,
)
from gru_book.layers.weights import LSTMWeights


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
        (x, (h, c), mask), (W_x, W_h, b) = prepare(weights, x, given, mask, lengths)
        initial_state, skipped = (h, c), None if mask is None else ~mask
        gates = project_inputs(x, W_x, b)  # (num_steps, batch, 4 units): i, f, candidate, o
        cells, hidden = (np.empty((*gates.shape[:2], u), gates.dtype) for _ in range(2))
        from_state = Product(W_h, x.shape[1])
        for t, a in enumerate(gates):
            a += from_state(h)
            sigmoid_in_place(a[:, : 2 * u])
            np.tanh(a[:, 2 * u : 3 * u], out=a[:, 2 * u : 3 * u])
            sigmoid_in_place(a[:, 3 * u :])
            i, f, candidate, o = np.split(a, 4, axis=1)
            np.multiply(f, c, out=cells[t])
            cells[t] += i * candidate
            np.multiply(o, np.tanh(cells[t]), out=hidden[t])
            if skipped is not None:
                np.copyto(cells[t], c, where=skipped[t, :, None])
                np.copyto(hidden[t], h, where=skipped[t, :, None])
            h, c = hidden[t], cells[t]
        parts = [batch_first(part) for part in (*np.split(gates, 4, axis=2), cells, hidden)]
        return LSTMTrace(*parts, h.copy(), c.copy(), batch_first(x), initial_state, batch_first(mask))

    def backward(self, trace: LSTMTrace, d_hidden=None, d_last=None, d_last_cell=None) -> Gradients:
        """Go back through all steps; ``d_last_cell`` is the loss's gradient at ``last_cell_state``, (batch, units)."""
        if d_last_cell is not None and d_hidden is None and d_last is None:
            d_last = np.zeros_like(trace.last_state)
        before, d_hidden, d_h = begin_backward(trace, d_hidden, d_last)
        i, f, g, o, c = (time_first(part) for part in trace[:5])  # each (num_steps, batch, units)
        W_h = stack_blocks(self.weights, "W_h", c.dtype)  # (4 units, units)
        d_c = outer_gradient("d_last_cell", d_last_cell, trace.last_cell_state.shape, c.dtype)
        c_before = np.concatenate([trace.initial_state[1][None].astype(c.dtype), c])[:-1]
        tanh_c = np.tanh(c)
        # What multiplies the gradient at c to give those at i, f and the candidate; and at h, to give that at o and c.
        to_ifg = np.concatenate([g * i * (1 - i), c_before * f * (1 - f), i * (1 - g**2)], axis=2)
        to_o, to_c = tanh_c * o * (1 - o), o * (1 - tanh_c**2)
        kept = None if trace.mask is None else time_first(~trace.mask)[..., None]
        if kept is not None:
            for part in (to_ifg, to_o, to_c):
                part[kept[..., 0]] = 0
            f = np.where(kept, 1, f)
        d_a = np.empty((*c.shape[:2], 4 * self.weights.units), c.dtype)
        to_state = Product(W_h, c.shape[1])
        for t in reversed(range(len(c))):
            d_h = d_h + d_hidden[t]
            d_c = d_c + d_h * to_c[t]
            np.multiply(np.tile(d_c, 3), to_ifg[t], out=d_a[t, :, : to_ifg.shape[2]])
            np.multiply(d_h, to_o[t], out=d_a[t, :, to_ifg.shape[2] :])
            d_h = to_state(d_a[t]) if kept is None else to_state(d_a[t]) + d_h * kept[t]
            d_c = d_c * f[t]
        return collect_gradients(self.weights, trace, before, d_a, d_a, (d_h, d_c))
