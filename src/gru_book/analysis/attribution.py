"""What a trained GRU does word by word, and which words its answer rests on.

`Reader` holds an embedding, a GRU and a dense unit on the GRU's last state: the network of the recipe "web", in NumPy,
so that gates, states and gradients can be looked at. An attribution gives every step of a text a number: how much it
adds to the network's *score*, the log-odds of label 1. Three are here:

- `occlusion`: leave the step out and see by how much the score falls (Li et al. 2016, "Understanding Neural Networks
  through Representation Erasure");
- `gradient_input`: the score's gradient at the step's vector, times the vector (Shrikumar et al. 2016);
- `integrated_gradients`: the same with the gradient averaged on the way from zero to the vectors (Sundararajan et al.
  2017). These add up to the difference of the two scores.

``38_attribution`` explains and uses them. Nothing here loads TensorFlow.

>>> reader = Reader.fresh(num_ids=10, input_dim=3, units=4, rng=np.random.default_rng(0))
>>> ids = np.array([1, 5, 7, 5])
>>> parts = integrated_gradients(reader, ids)
>>> bool(np.isclose(parts.sum(), reader.score(ids) - reader.score_of_vectors(np.zeros((4, 3)))))
True
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from gru_book.models.reader import PAD, Reader

BLOCK = 32  # steps that `occlusion` leaves out in one run; only speed depends on it

MOST_STEPS = 40_000  # sequences times steps in one run, for memory


def occlusion(reader: Reader, ids: np.ndarray) -> np.ndarray:
    """Return by how much the score falls when each step is left out of a text: score(all) - score(without it).

    A masked step copies the state, so that masking it is the same as leaving it out. ids: (steps,), without padding.
    Returns (steps,), float64.
    """
    ids = _checked(ids)
    x = reader.table[ids]  # (steps, input_dim)
    full = reader.cell.forward(x[None])
    left = np.empty(len(ids))
    for start in range(0, len(ids), BLOCK):  # what comes before the block is the same for all of its runs
        before = None if start == 0 else full.hidden_state[:, start - 1]
        rest = x[start:]
        runs = min(BLOCK, len(rest))
        kept = np.ones((runs, len(rest)), bool)
        kept[np.arange(runs), np.arange(runs)] = False
        states = None if before is None else np.repeat(before, runs, axis=0)
        last = reader.cell.forward(np.broadcast_to(rest, (runs, *rest.shape)), states, mask=kept).last_state
        left[start : start + runs] = reader.log_odds(last)
    return float(reader.log_odds(full.last_state)[0]) - left


def gradient_input(reader: Reader, ids: np.ndarray) -> np.ndarray:
    """Return for each step of a text the score's gradient at its vector times that vector: ids (steps,) to (steps,)."""
    x = reader.table[_checked(ids)]
    return (_gradients(reader, x[None])[0] * x).sum(axis=1)


def integrated_gradients(
    reader: Reader, ids: np.ndarray, num_points: int = 32, baseline: np.ndarray | None = None
) -> np.ndarray:
    """Return the integrated gradients of the score at each step of a text (Sundararajan et al. 2017, equation 1).

    All vectors go from `baseline` to their values along a straight line; the gradient is averaged over `num_points`
    places on it, by the Gauss-Legendre rule, and multiplied by the way. With enough points the sum over steps is
    score(text) - score(baseline).

    ids: (steps,). baseline: a vector for every step, (input_dim,) or (steps, input_dim); zeros when not given.
    Returns (steps,), float64. Raises ValueError where `num_points` is less than 1 or `baseline` has another shape.
    """
    if num_points < 1:
        raise ValueError(f"num_points is {num_points!r}; allowed: whole numbers from 1 up")
    x = reader.table[_checked(ids)]
    start = np.zeros_like(x) if baseline is None else np.asarray(baseline, np.float64)
    if start.shape not in (x.shape, x.shape[1:]):
        raise ValueError(f"baseline has shape {start.shape}; expected {x.shape[1:]} or {x.shape}")
    nodes, weights = np.polynomial.legendre.leggauss(num_points)  # for -1 to 1
    places, shares = (nodes + 1) / 2, weights / 2  # for 0 to 1
    mean = np.zeros_like(x)
    most = max(1, MOST_STEPS // len(x))
    for low in range(0, num_points, most):
        part = slice(low, low + most)
        gradients = _gradients(reader, start + places[part, None, None] * (x - start))
        mean += np.einsum("p,psd->sd", shares[part], gradients)
    return (mean * (x - start)).sum(axis=1)


def scores_without(reader: Reader, ids: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return the scores of versions of one text: ids (steps,), kept bool (versions, steps), to (versions,)."""
    ids, kept = _checked(ids), np.asarray(kept, bool)
    if kept.ndim != 2 or kept.shape[1] != len(ids):
        raise ValueError(f"kept has shape {kept.shape}; expected (versions, {len(ids)})")
    x = np.broadcast_to(reader.table[ids], (len(kept), len(ids), reader.table.shape[1]))
    return reader.log_odds(reader.cell.forward(x, mask=kept).last_state)


def _gradients(reader: Reader, x: np.ndarray) -> np.ndarray:
    """Return the gradients of the scores at the vectors, (batch, steps, input_dim), by backpropagation through time."""
    trace = reader.cell.forward(x)
    return reader.cell.backward(trace, d_last=np.broadcast_to(reader.w, trace.last_state.shape)).x


def _checked(ids) -> np.ndarray:
    ids = np.asarray(ids)
    if ids.ndim != 1 or not len(ids) or ids.dtype.kind not in "iu" or (ids == PAD).any():
        raise ValueError(f"ids has shape {ids.shape} and dtype {ids.dtype}; expected one text of at least one id, no 0")
    return ids


def agreement(one: np.ndarray, other: np.ndarray) -> float:
    """Return Spearman's rank correlation of two attributions of one text, by SciPy; 0 where one of them is constant."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(stats.spearmanr(one, other).statistic)


def overlap(one: np.ndarray, other: np.ndarray, k: int) -> float:
    """Return the share of the `k` highest entries (all where there are fewer) that two attributions have in common."""
    k = min(k, len(one))
    tops = [set(np.argsort(-np.asarray(values), kind="stable")[:k].tolist()) for values in (one, other)]
    return len(tops[0] & tops[1]) / k
