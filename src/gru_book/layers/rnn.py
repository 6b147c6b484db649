"""The plain recurrent layer (Elman, 1990), forward and backward, in NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

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
from gru_book.layers.weights import RNNWeights


class RNNTrace(NamedTuple):
    """What `RNN.forward` computed; ``hidden_state`` is (batch, num_steps, units), ``last_state`` (batch, units)."""

    hidden_state: np.ndarray
    last_state: np.ndarray
    x: np.ndarray  # as the layer used it: floating, zero at masked steps
    initial_state: np.ndarray
    mask: np.ndarray | None


@dataclass(frozen=True, eq=False)
class RNN:
    """The plain recurrent layer, h' = tanh(W_xh x + W_hh h + b_h) (Elman 1990)."""

    weights: RNNWeights

    def forward(self, x, initial_state=None, *, mask=None, lengths=None) -> RNNTrace:
        """Run over a batch of sequences; arguments and errors as in `GRU.forward`."""
        weights = self.weights
        (x, (h,), mask), (W_x, W_h, b) = prepare(weights, x, {"initial_state": initial_state}, mask, lengths)
        initial_state, skipped = h, None if mask is None else ~mask
        hidden = project_inputs(x, W_x, b)  # (num_steps, batch, units), turned into states in place
        from_state = Product(W_h, x.shape[1])
        for t, new in enumerate(hidden):
            new += from_state(h)
            np.tanh(new, out=new)
            if skipped is not None:
                np.copyto(new, h, where=skipped[t, :, None])
            h = new
        return RNNTrace(batch_first(hidden), h.copy(), batch_first(x), initial_state, batch_first(mask))

    def backward(self, trace: RNNTrace, d_hidden=None, d_last=None) -> Gradients:
        """Go back through all steps; arguments and errors as in `GRU.backward`."""
        before, d_hidden, d_h = begin_backward(trace, d_hidden, d_last)
        hidden = time_first(trace.hidden_state)
        W_h = stack_blocks(self.weights, "W_h", hidden.dtype)  # (units, units)
        slope = 1 - hidden**2
        kept = None if trace.mask is None else time_first(~trace.mask)[..., None]
        if kept is not None:
            slope[kept[..., 0]] = 0
        d_a = np.empty_like(hidden)  # of the pre-activations
        to_state = Product(W_h, hidden.shape[1])
        for t in reversed(range(len(hidden))):
            d_h = d_h + d_hidden[t]
            np.multiply(d_h, slope[t], out=d_a[t])
            d_h = to_state(d_a[t]) if kept is None else to_state(d_a[t]) + d_h * kept[t]
        return collect_gradients(self.weights, trace, before, d_a, d_a, d_h)
