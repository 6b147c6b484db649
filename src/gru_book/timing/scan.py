"""Time of a GRU's loop, of minGRU's loop and of minGRU's scan in NumPy, by the length of a sequence (page 56)."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from gru_book.layers.activations import sigmoid
from gru_book.layers.scan import linear_loop, parallel_scan
from gru_book.layers.weights import GRUWeights
from gru_book.timing.layers import take_turns


def gru_states(x: np.ndarray, weights: GRUWeights) -> np.ndarray:
    """Return a GRU's states, (batch, num_steps, units), from a state of zero, and keep nothing for gradients.

    x: (batch, num_steps, input_dim). Products with the inputs come before the loop, and the three with the state are
    one, so that the loop is as short as a GRU's can be.
    """
    w, u = weights, weights.units
    W_x, b = np.concatenate([w.W_xr, w.W_xz, w.W_xh]).T, np.concatenate([w.b_r, w.b_z, w.b_h])
    W_h = np.ascontiguousarray(np.concatenate([w.W_hr, w.W_hz, w.W_hh]).T)
    from_x = x @ W_x + b  # (batch, num_steps, 3 units)
    h = np.zeros((len(x), u), from_x.dtype)
    states = np.empty((*x.shape[:2], u), from_x.dtype)
    for t in range(x.shape[1]):
        from_h = h @ W_h
        gates = sigmoid(from_x[:, t, : 2 * u] + from_h[:, : 2 * u])
        candidate = np.tanh(from_x[:, t, 2 * u :] + gates[:, :u] * from_h[:, 2 * u :])
        h = h + gates[:, u:] * (candidate - h)
        states[:, t] = h
    return states


def as_line(x: np.ndarray, weights: GRUWeights) -> tuple[np.ndarray, np.ndarray]:
    """Return a and v of minGRU's h_t = a_t h_{t-1} + v_t, each (batch, num_steps, units), for all steps at once."""
    z = sigmoid(x @ weights.W_xz.T + weights.b_z)
    return 1 - z, z * (x @ weights.W_xh.T + weights.b_h)


def seconds_by_length(
    weights: GRUWeights, batch_size: int, lengths: Sequence[int], rounds: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return for each way to run a batch the seconds of the processor, (lengths, rounds), taken in turns."""
    taken = {"GRU, loop": [], "minGRU, loop": [], "minGRU, scan": []}
    for num_steps in lengths:
        x = rng.standard_normal((batch_size, num_steps, weights.W_xz.shape[1])).astype(weights.dtype)
        ways = (
            lambda x=x: gru_states(x, weights),
            lambda x=x: linear_loop(*as_line(x, weights)),
            lambda x=x: parallel_scan(*as_line(x, weights)),
        )
        turns = take_turns(dict(zip(taken, ways, strict=True)), rounds, clock=time.process_time)
        for name, seconds in turns.items():
            taken[name].append(seconds)
    return {name: np.array(seconds) for name, seconds in taken.items()}
