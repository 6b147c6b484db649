"""A linear recurrence h_t = a_t h_{t-1} + v_t over known a and v, as a loop and as a parallel scan (page 56)."""

import numpy as np


def linear_loop(a: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return all states of h_t = a_t h_{t-1} + v_t, step by step from zero.

    a and v: (batch, num_steps, units). Returns the states, in the same shape.
    """
    h, states = np.zeros_like(v[:, 0]), np.empty_like(v)
    for t in range(v.shape[1]):
        h = a[:, t] * h + v[:, t]
        states[:, t] = h
    return states


def parallel_scan(a: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return what `linear_loop` returns, in about log2(num_steps) rounds.

    Each round is over all steps at once (Hillis and Steele 1986).
    """
    a, v, reach = a.copy(), v.copy(), 1
    while reach < v.shape[1]:
        # v[:, t]: what the last `reach` steps make of a state of zero;
        # a[:, t]: what they keep of the state before them.
        v[:, reach:] += a[:, reach:] * v[:, :-reach]
        a[:, reach:] *= a[:, :-reach]
        reach *= 2
    return v
