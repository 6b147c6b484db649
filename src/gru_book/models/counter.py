"""Networks that predict a^n b^n: trained with the book's own layers and gradients, judged by how far they count.

A counter is a recurrent layer of `gru_book.layers` and, on each of its hidden states, one logistic output for each
symbol that may come next. NumPy only. The task is `gru_book.tasks.counting`; the page ``26_limits`` uses them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from gru_book.layers.activations import sigmoid
from gru_book.layers.gru import GRU
from gru_book.layers.lstm import LSTM
from gru_book.layers.rnn import RNN
from gru_book.layers.weights import GRUWeights, LSTMWeights, RNNWeights
from gru_book.tasks.counting import CountingTask, anbn, anbn_right

CELLS = {"RNN": (RNN, RNNWeights), "LSTM": (LSTM, LSTMWeights), "GRU": (GRU, GRUWeights)}

LARGEST_NORM = 1.0  # a longer gradient is cut to this length (Pascanu et al. 2013)


@dataclass(frozen=True, eq=False)
class Counter:
    """A recurrent layer and the outputs that read it.

    ``V``: (letters + 1, units), ``c``: (letters + 1,), the outputs' weights and biases. ``initial_state``: the hidden
    state that the layer (RNN or GRU) starts from, (1, units); None for zeros.
    """

    layer: RNN | LSTM | GRU
    V: np.ndarray
    c: np.ndarray
    initial_state: np.ndarray | None = None

    @property
    def num_parameters(self) -> int:
        """Numbers in the layer's weights and in the outputs'."""
        return self.layer.weights.num_parameters + self.V.size + self.c.size

    def run(self, x: np.ndarray):
        """Return the layer's trace for inputs (batch, num_steps, letters)."""
        start = self.initial_state
        return self.layer.forward(x, None if start is None else np.repeat(start, len(x), axis=0))

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Return the outputs before their sigmoid, (batch, num_steps, letters + 1): "possible next" where positive."""
        return self.run(x).hidden_state @ self.V.T + self.c

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all weights by name: the layer's, V and c."""
        weights = self.layer.weights
        return {field.name: getattr(weights, field.name) for field in fields(weights)} | {"V": self.V, "c": self.c}

    def with_arrays(self, arrays: dict[str, np.ndarray]) -> Counter:
        """Return the same counter with other weights, named as in `arrays`."""
        weights = type(self.layer.weights)(**{k: v for k, v in arrays.items() if k not in ("V", "c")})
        return replace(self, layer=replace(self.layer, weights=weights), V=arrays["V"], c=arrays["c"])


def new_counter(cell: str, units: int, rng: np.random.Generator, letters: int = 2, dtype=np.float32) -> Counter:
    """Return an untrained counter: the layer as Keras would initialise it, the outputs Glorot-uniform, their biases 0.

    Raises:
        ValueError: ``cell`` is none of `CELLS`, or ``units`` is not a positive integer.
    """
    if cell not in CELLS:
        raise ValueError(f"cell = {cell!r}; expected one of {', '.join(CELLS)}")
    layer, weights = CELLS[cell]
    recurrent = layer(weights.random(letters, units, rng, dtype))
    limit = np.sqrt(6 / (units + letters + 1))
    V = rng.uniform(-limit, limit, (letters + 1, units)).astype(dtype)
    return Counter(recurrent, V, np.zeros(letters + 1, dtype))


def loss(counter: Counter, task: CountingTask) -> float:
    """Return the mean binary cross-entropy (nats) over all symbols at all steps that belong to a sequence."""
    logits = counter.logits(task.inputs)
    return float((np.logaddexp(0, logits) - task.targets * logits)[task.mask].mean())


def train(counter: Counter, task: CountingTask, updates: int, learning_rate: float) -> Counter:
    """Return the counter after ``updates`` steps of Adam (Kingma and Ba 2015), each on all sequences of ``task``.

    The step size falls in a straight line from ``learning_rate`` to zero, and a gradient longer than 1 is shortened to
    1. There is no early stopping and no choice: the weights after the last update count. Nothing is random.

    Raises:
        ValueError: ``updates`` is below 0 or ``learning_rate`` is not positive.
    """
    if updates < 0 or not learning_rate > 0:
        raise ValueError(
            f"updates = {updates}, learning_rate = {learning_rate}; expected at least 0 and a positive number"
        )
    arrays = counter.arrays()
    mean, square = ({name: np.zeros_like(array) for name, array in arrays.items()} for _ in range(2))
    for t in range(1, updates + 1):
        gradients = _gradients(counter, task)
        norm = np.sqrt(sum(np.vdot(g, g) for g in gradients.values()))
        step = learning_rate * (1 - (t - 1) / updates) * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        for name, g in gradients.items():
            g = g * min(1, LARGEST_NORM / norm)
            mean[name] = 0.9 * mean[name] + 0.1 * g
            square[name] = 0.999 * square[name] + 0.001 * g**2
            change = step * mean[name] / (np.sqrt(square[name]) + 1e-8)
            arrays[name] = (arrays[name] - change).astype(arrays[name].dtype)
        counter = counter.with_arrays(arrays)
    return counter


def _gradients(counter: Counter, task: CountingTask) -> dict[str, np.ndarray]:
    """Return the gradient of `loss` at every array of the counter, by name."""
    trace = counter.run(task.inputs)
    hidden = trace.hidden_state  # (batch, num_steps, units)
    share = task.mask[..., None] / (task.mask.sum() * task.targets.shape[2])
    d_logits = ((sigmoid(hidden @ counter.V.T + counter.c) - task.targets) * share).astype(hidden.dtype)
    gradients = counter.layer.backward(trace, d_hidden=d_logits @ counter.V).weights
    gradients["V"] = np.tensordot(d_logits, hidden, ((0, 1), (0, 1)))
    gradients["c"] = d_logits.sum((0, 1))
    return gradients


def largest_n(counter: Counter, limit: int, letters: int = 2, block: int = 25) -> int:
    """Return how far a network counts: the largest n so that it is right about every n' from 1 to n, all steps.

    Looks no further than ``limit``; 0 means that it already fails at n = 1. ``block`` n's are looked at together.

    Raises:
        ValueError: ``limit`` or ``block`` is below 1.
    """
    if limit < 1 or block < 1:
        raise ValueError(f"limit = {limit}, block = {block}; expected at least 1")
    for first in range(1, limit + 1, block):
        task = anbn(range(first, min(first + block, limit + 1)), letters)
        right = anbn_right(task, counter.logits(task.inputs.astype(counter.V.dtype)) > 0)
        if not right.all():
            return first + int(np.argmin(right)) - 1
    return limit
