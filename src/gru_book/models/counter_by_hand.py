"""Counters whose weights are set by hand: what an LSTM and a GRU can express, whatever they learn (26_limits)."""

from __future__ import annotations

import numpy as np

from gru_book.layers.gru import GRU
from gru_book.layers.lstm import LSTM
from gru_book.layers.weights import GRUWeights, LSTMWeights
from gru_book.models.counter import Counter

OPEN, SHUT = 40.0, -40.0  # pre-activations at which a float64 sigmoid is 1, or so small that adding it changes nothing

FULL = 20.0  # a pre-activation at which a float64 tanh is 1


def lstm_by_hand(dtype=np.float32) -> Counter:
    """Return an LSTM of two units that counts a^n b^n: one adds 1 for each a and -1 for each b, one notes the letter.

    The counting unit has all gates open, so that c' = c + tanh(20) or c - tanh(20), which is c + 1 or c - 1 in floating
    point, without any error up to 2^24 in float32 and 2^53 in float64. The other has its forget gate shut: h is
    tanh(1) after an a and -tanh(1) after a b. "End" is said where tanh(c) falls below one half of tanh(1).
    """
    letters = np.array([[FULL, -FULL], [FULL, -FULL]])  # (units, letters): + for a, - for b
    none, both_open = np.zeros((2, 2)), np.full(2, OPEN)
    candidate = (letters, none, np.zeros(2))
    input_gate, forget_gate = (none, none, both_open), (none, none, [OPEN, SHUT])
    output_gate = (none, none, both_open)
    layer = LSTM(_cast(LSTMWeights, dtype, *input_gate, *forget_gate, *candidate, *output_gate))
    half = np.tanh(1) / 2
    V, c = np.array([[0, 1], [1, 0], [-1, 0]]), np.array([0, -half, half])
    return Counter(layer, (10 * V).astype(dtype), (10 * c).astype(dtype))


def gru_by_hand(step: float = 0.5, dtype=np.float32) -> Counter:
    """Return a GRU of two units that counts a^n b^n: one shrinks by 1 - step with each a, and grows again with each b.

    The counting unit has z = step throughout. With an a its reset gate is shut, so that the candidate is 0 and
    h' = (1 - step) h. With a b it is open, and h' = (1 - step) h + step tanh(w h), which for small h is
    ((1 - step) + step w) h: w = (2 - step) / (1 - step) makes this h / (1 - step), the way back. For step = 1/2 an a
    halves, a b doubles, and w = 3. The number is kept in the exponent of h, until that underflows. The other unit notes
    the letter. "End" is said where h has come closer (by its logarithm) to the start than to one step below it. The
    initial state is not zero but small, so that tanh is nearly straight: one more unit could set it.

    Raises:
        ValueError: ``step`` does not lie between 0 and 1.
    """
    if not 0 < step < 1:
        raise ValueError(f"step = {step}; expected a number between 0 and 1")
    start = min(1 / 16, step / 8)
    shut_at_a, none, zero = np.array([[SHUT, OPEN], [0, 0]]), np.zeros((2, 2)), np.zeros(2)
    z_bias = [np.log(step / (1 - step)), OPEN]
    candidate = (np.array([[0, 0], [FULL, -FULL]]), np.diag([(2 - step) / (1 - step), 0]), zero)
    layer = GRU(_cast(GRUWeights, dtype, shut_at_a, none, zero, none, none, z_bias, *candidate))
    threshold = np.sqrt(1 - step)  # as a share of the start
    V, c = np.array([[0, 1], [-1 / start, 0], [1 / start, 0]]), np.array([0, threshold, -threshold])
    return Counter(layer, (10 * V).astype(dtype), (10 * c).astype(dtype), np.array([[start, 0]], dtype))


def disturbed(counter: Counter, size: float, rng: np.random.Generator) -> Counter:
    """Return the counter with normal noise, of standard deviation ``size``, added to every weight of its layer."""
    arrays = counter.arrays()
    for name, array in arrays.items():
        if name not in ("V", "c"):
            arrays[name] = (array + size * rng.standard_normal(array.shape)).astype(array.dtype)
    return counter.with_arrays(arrays)


def _cast(kind, dtype, *arrays):
    return kind(*(np.asarray(array, dtype) for array in arrays))
