"""What the passes of all three layers share: masks, products, the order of axes, gradients of weights."""

from __future__ import annotations

from dataclasses import fields
from typing import NamedTuple

import numpy as np

from gru_book.layers.weights import Weights, checked


class Gradients(NamedTuple):
    """The gradients of a loss: by name and in the shape of the weights, of ``x``, and of the initial state.

    ``weights`` holds one entry for each weight array. ``initial_state`` is (batch, units); for an `LSTM` a pair,
    hidden state and cell state.
    """

    weights: dict[str, np.ndarray]
    x: np.ndarray
    initial_state: np.ndarray | tuple[np.ndarray, np.ndarray]


class Product:
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
        """Return the product, (batch, columns), in the shared buffer."""
        np.matmul(x, self.W, out=self.by_block)
        return self.result


def prepare(weights: Weights, x, initial: dict, mask, lengths):
    """Check all arguments of a forward pass; return x, states and mask with time first, and the stacked weights."""
    x = checked("x", x, ("batch", "num_steps", weights.input_dim))
    batch, num_steps, _ = x.shape
    given = {name: checked(name, h, (batch, weights.units)) for name, h in initial.items() if h is not None}
    dtype = np.result_type(x, weights.dtype, *given.values())
    states = tuple(given.get(name, np.zeros((batch, weights.units))).astype(dtype) for name in initial)
    mask = checked_mask(mask, lengths, batch, num_steps)
    if mask is not None:
        x, mask = np.where(mask[..., None], x, 0), time_first(mask)
    stacked = [stack_blocks(weights, kind, dtype) for kind in ("W_x", "W_h", "b_")]
    x = np.ascontiguousarray(time_first(x), dtype)
    return (x, states, mask), (stacked[0].T.copy(), stacked[1].T.copy(), stacked[2])


def checked_mask(mask, lengths, batch: int, num_steps: int) -> np.ndarray | None:
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


def stack_blocks(weights: Weights, kind: str, dtype) -> np.ndarray:
    """Return all arrays of one kind ("W_x", "W_h", "b_") below each other: (blocks * units, ...)."""
    names = [field.name for field in fields(weights) if field.name[:-1] == kind]
    return np.concatenate([getattr(weights, name) for name in names]).astype(dtype)


def project_inputs(x: np.ndarray, W_x: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the inputs' part of all pre-activations: needs no state, so it is one product for all steps."""
    num_steps, batch, input_dim = x.shape
    projected = x.reshape(num_steps * batch, input_dim) @ W_x
    projected += b  # in place: these arrays are the largest that a layer makes
    return projected.reshape(num_steps, batch, len(b))


def begin_backward(trace, d_hidden, d_last) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Check the loss's gradients; return the states before each step, d_hidden (both time first) and d_last."""
    if d_hidden is None and d_last is None:
        raise ValueError("d_hidden and d_last are both None; expected the loss's gradient at one of them at least")
    hidden = trace.hidden_state
    first = trace.initial_state[0] if isinstance(trace.initial_state, tuple) else trace.initial_state
    before = np.concatenate([first[None], time_first(hidden)])[:-1]
    d_hidden = outer_gradient("d_hidden", d_hidden, hidden.shape, hidden.dtype)
    return before, time_first(d_hidden), outer_gradient("d_last", d_last, trace.last_state.shape, hidden.dtype)


def outer_gradient(name: str, array, shape: tuple[int, ...], dtype) -> np.ndarray:
    """Return a gradient that was handed in, checked; zeros where there is none."""
    return np.zeros(shape, dtype) if array is None else checked(name, array, shape).astype(dtype)


def collect_gradients(
    weights: Weights, trace, seen: np.ndarray, d_a: np.ndarray, d_s: np.ndarray, d_state
) -> Gradients:
    """Sum over sequences and steps: each weight's gradient is (what came back) times (what went in).

    ``seen`` is the state that the recurrent matrices saw, (num_steps, batch, units), or one such block for each of
    them; ``d_a`` and ``d_s``, (num_steps, batch, blocks * units), are the gradients behind W_x and behind W_h.
    """
    rows = d_a.shape[0] * d_a.shape[1]
    x = time_first(trace.x)
    flat_x, flat_h = x.reshape(rows, x.shape[2]), seen.reshape(rows, seen.shape[2])
    flat_a, flat_s = d_a.reshape(rows, d_a.shape[2]), d_s.reshape(rows, d_s.shape[2])
    W_x = stack_blocks(weights, "W_x", d_a.dtype)
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
    return Gradients(by_name, batch_first((flat_a @ W_x).reshape(x.shape)), d_state)


def time_first(array: np.ndarray) -> np.ndarray:
    """Return a view with the first two axes swapped."""
    return array.swapaxes(0, 1)


def batch_first(array: np.ndarray | None) -> np.ndarray | None:
    """Return a view with the first two axes swapped; None stays None."""
    return None if array is None else array.swapaxes(0, 1)
