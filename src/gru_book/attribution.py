"""What a trained GRU does word by word, and which words its answer rests on.

`Reader` holds an embedding, a GRU and a dense unit on the GRU's last state: the network of the recipe "web", in NumPy,
so that gates, states and gradients can be looked at. An attribution gives every step of a text a number: how much it
adds to the network's *score*, the log-odds of label 1. Three are here:

- `occlusion`: leave the step out and see by how much the score falls (Li et al. 2016, "Understanding Neural Networks
  through Representation Erasure");
- `gradient_input`: the score's gradient at the step's vector, times the vector (Shrikumar et al. 2016);
- `integrated_gradients`: the same with the gradient averaged on the way from zero to the vectors (Sundararajan et al.
  2017). These add up to the difference of the two scores.

``36_inside`` uses and explains them. Nothing here loads TensorFlow.

>>> reader = Reader.fresh(num_ids=10, input_dim=3, units=4, rng=np.random.default_rng(0))
>>> ids = np.array([1, 5, 7, 5])
>>> parts = integrated_gradients(reader, ids)
>>> bool(np.isclose(parts.sum(), reader.score(ids) - reader.score_of_vectors(np.zeros((4, 3)))))
True
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from gru_book.cells import GRU, GRUTrace, GRUWeights
from gru_book.memory import numpy_cell

__all__ = [
    "Reader",
    "Reading",
    "agreement",
    "bootstrap_agreement",
    "bootstrap_difference",
    "bootstrap_mean",
    "gradient_input",
    "integrated_gradients",
    "occlusion",
    "overlap",
    "read_all",
    "scores_without",
]

PAD = 0  # the id that `gru_book.reviews.Vocabulary` keeps for padding
BLOCK = 32  # steps that `occlusion` leaves out in one run; only speed depends on it
MOST_STEPS = 40_000  # sequences times steps in one run, for memory


@dataclass(frozen=True, eq=False)
class Reader:
    """An embedding, a GRU and a dense unit with a sigmoid on its last state.

    table: the vector of each id, (num_ids, input_dim). cell: the GRU. w: the dense unit's weights, (units,), and
    b: its bias.
    """

    table: np.ndarray
    cell: GRU
    w: np.ndarray
    b: float

    @classmethod
    def from_keras(cls, model) -> Reader:
        """Take the weights of a Keras model with one Embedding, one GRU and one Dense(1), in float64.

        Raises ValueError where the model has other layers with weights, or not one of each.
        """
        with_weights = [layer for layer in model.layers if layer.weights]
        found = {type(layer).__name__: layer for layer in with_weights}
        if len(with_weights) != 3 or set(found) != {"Embedding", "GRU", "Dense"} or found["Dense"].units != 1:
            kinds = ", ".join(type(layer).__name__ for layer in with_weights)
            raise ValueError(f"model has the layers {kinds}; expected one Embedding, one GRU and one Dense(1)")
        if found["GRU"].return_sequences:
            raise ValueError("model's GRU has return_sequences=True; expected one whose last state decides")
        w, b = found["Dense"].get_weights()
        table = np.asarray(found["Embedding"].get_weights()[0], np.float64)
        return cls(table, numpy_cell(found["GRU"]), np.asarray(w[:, 0], np.float64), float(b[0]))

    @classmethod
    def fresh(cls, num_ids: int, input_dim: int, units: int, rng: np.random.Generator) -> Reader:
        """Return an untrained network, its weights drawn as Keras draws them."""
        table = rng.uniform(-0.05, 0.05, (num_ids, input_dim))
        cell = GRU(GRUWeights.random(input_dim, units, rng))
        return cls(table, cell, rng.uniform(-1, 1, units) * np.sqrt(6 / (units + 1)), 0.0)

    def trace(self, ids: np.ndarray) -> GRUTrace:
        """Return gates and states for texts: ids (batch, steps), padding (id 0) behind and masked."""
        ids = np.asarray(ids)
        return self.cell.forward(self.table[ids], mask=ids != PAD)

    def log_odds(self, states: np.ndarray) -> np.ndarray:
        """Return the score that the dense unit gives to states, (..., units) to (...); its sigmoid is P(1)."""
        return states @ self.w + self.b

    def score(self, ids: np.ndarray) -> float:
        """Return the score of one text, ids (steps,)."""
        return self.score_of_vectors(self.table[np.asarray(ids)])

    def score_of_vectors(self, x: np.ndarray) -> float:
        """Return the score of one sequence of vectors, (steps, input_dim)."""
        return float(self.log_odds(self.cell.forward(x[None]).last_state)[0])

    def without_unit(self, unit: int) -> Reader:
        """Return the network with one unit frozen at zero, its first state: its update gate never opens."""
        W = self.cell.weights
        off = {name: getattr(W, name).copy() for name in ("W_xz", "W_hz", "b_z")}
        off["W_xz"][unit], off["W_hz"][unit] = 0, 0
        off["b_z"][unit] = -60 if self.cell.z_weighs == "new" else 60  # sigmoid(-60) is 1e-26
        return replace(self, cell=replace(self.cell, weights=replace(W, **off)))


# --- attributions ---------------------------------------------------------------------------------------------------


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


# --- whole collections ----------------------------------------------------------------------------------------------


class Reading(NamedTuple):
    """What a network did with many texts, one row a word: all texts one after another, in their order.

    text, place: which text, and which step of it. id: of the word. update_gate, reset_gate: means over units.
    score: log-odds after this step. moved: length of the change of the state. last_state: one row a text, (texts,
    units). unit_copies: for each unit the mean of -log2(1 - z) over all steps, (units,): the halvings in a step of
    what is merely copied.
    """

    text: np.ndarray
    place: np.ndarray
    id: np.ndarray
    update_gate: np.ndarray
    reset_gate: np.ndarray
    score: np.ndarray
    moved: np.ndarray
    last_state: np.ndarray
    unit_copies: np.ndarray


def read_all(reader: Reader, encoded: Sequence[np.ndarray]) -> Reading:
    """Read texts (each ids (steps,), at least one) in batches of similar length and note what happened at each step."""
    rows, states = [None] * len(encoded), np.empty((len(encoded), len(reader.w)))
    halvings = np.zeros(len(reader.w))
    for members in _batches([len(ids) for ids in encoded]):
        ids = np.full((len(members), max(len(encoded[n]) for n in members)), PAD)
        for line, n in zip(ids, members, strict=True):
            line[: len(encoded[n])] = encoded[n]
        trace = reader.trace(ids)
        opened = trace.update_gate if reader.cell.z_weighs == "new" else 1 - trace.update_gate
        score, (update, reset) = reader.log_odds(trace.hidden_state), (a.mean(2) for a in (opened, trace.reset_gate))
        before = np.concatenate([trace.initial_state[:, None], trace.hidden_state], axis=1)[:, :-1]
        moved = np.linalg.norm(trace.hidden_state - before, axis=2)
        halvings -= np.log2(np.maximum(1 - opened[ids != PAD], 1e-300)).sum(axis=0)
        states[members] = trace.last_state
        for line, n in enumerate(members):
            steps = len(encoded[n])
            columns = [np.full(steps, n), np.arange(steps), ids[line, :steps]]
            rows[n] = columns + [a[line, :steps] for a in (update, reset, score, moved)]
    columns = [np.concatenate(parts) for parts in zip(*rows, strict=True)]
    return Reading(*columns, states, halvings / len(columns[0]))


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield row numbers in groups of similar length, each of at most `MOST_STEPS` steps with its padding."""
    members = []
    for n in np.argsort(lengths, kind="stable"):
        if members and (len(members) + 1) * lengths[n] > MOST_STEPS:
            yield members
            members = []
        members.append(int(n))
    if members:
        yield members


# --- comparing attributions -----------------------------------------------------------------------------------------


def agreement(one: np.ndarray, other: np.ndarray) -> float:
    """Return Spearman's rank correlation of two attributions of one text; 0 where one of them is constant."""
    ranks = [_ranks(np.asarray(values, float)) for values in (one, other)]
    a, b = (r - r.mean() for r in ranks)
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size else 0.0


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks from 0, ties sharing their mean."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[place]


def overlap(one: np.ndarray, other: np.ndarray, k: int) -> float:
    """Return the share of the `k` highest entries (all where there are fewer) that two attributions have in common."""
    k = min(k, len(one))
    tops = [set(np.argsort(-np.asarray(values), kind="stable")[:k].tolist()) for values in (one, other)]
    return len(tops[0] & tops[1]) / k


def bootstrap_mean(
    values: np.ndarray, rng: np.random.Generator, draws: int = 2000, level: float = 0.95
) -> tuple[float, float, float]:
    """Return a mean with its percentile bootstrap interval: mean, low, high.

    values: one number for each thing that could have been another (a text, a word), (n,), at least one.
    """
    values = np.asarray(values, float)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"values has shape {values.shape}; expected (n,) with at least one number")
    means = values[rng.integers(0, len(values), (draws, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(values.mean()), float(low), float(high)


def bootstrap_difference(
    one: np.ndarray, other: np.ndarray, rng: np.random.Generator, draws: int = 2000, level: float = 0.95
) -> tuple[float, float, float]:
    """Return mean(one) - mean(other) of two separate groups with its percentile bootstrap interval: mean, low, high."""
    means = []
    for values in (np.asarray(one, float), np.asarray(other, float)):
        if values.ndim != 1 or not len(values):
            raise ValueError(f"a group has shape {values.shape}; expected (n,) with at least one number")
        means.append(values[rng.integers(0, len(values), (draws, len(values)))].mean(axis=1))
    low, high = np.quantile(means[0] - means[1], [(1 - level) / 2, (1 + level) / 2])
    return float(np.mean(one) - np.mean(other)), float(low), float(high)


def bootstrap_agreement(
    one: np.ndarray, other: np.ndarray, rng: np.random.Generator, draws: int = 1000, level: float = 0.95
) -> tuple[float, float, float]:
    """Return `agreement` of two arrays of pairs with its percentile bootstrap interval: value, low, high."""
    one, other = np.asarray(one, float), np.asarray(other, float)
    found = []
    for _ in range(draws):
        rows = rng.integers(0, len(one), len(one))
        found.append(agreement(one[rows], other[rows]))
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return agreement(one, other), float(low), float(high)
