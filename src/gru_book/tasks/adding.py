"""The adding problem (Hochreiter and Schmidhuber, 1997)."""

from __future__ import annotations

import numpy as np

from gru_book.tasks.task import Task, check_at_least


def adding(num_sequences: int, num_steps: int, rng: np.random.Generator) -> Task:
    """Draw the adding task: two of many random numbers are marked; what is their sum?

    Every step brings a value, uniform in 0 to 1, and a marker, 0 or 1. Two steps are marked: one anywhere in the first
    half of the sequence (its first ``num_steps // 2`` steps), one anywhere in the rest. To answer after the last step,
    a network must carry the first marked value over half of the sequence on average and ignore all unmarked ones.

    Who knows nothing does best to answer 1 always, the mean of the target; the mean squared error is then the target's
    variance, 2 · 1/12 = 1/6. Hochreiter and Schmidhuber (1997, section 5.4) introduced the task, with values from −1 to
    1 and varying lengths; the form here is that of Arjovsky, Shah and Bengio (2016, section 4.2).

    Args:
        num_sequences: how many sequences; at least 1.
        num_steps: steps of a sequence; at least 2.
        rng: the source of all randomness.

    Returns:
        ``inputs``: value and marker, (num_sequences, num_steps, 2), float32. ``targets``: the sum of the two marked
        values, (num_sequences,), float32, between 0 and 2. ``chance``: mean squared error 1/6.

    Raises:
        ValueError: ``num_sequences`` is below 1 or ``num_steps`` below 2.
    """
    check_at_least("num_sequences", num_sequences, 1)
    check_at_least("num_steps", num_steps, 2)
    half = num_steps // 2
    inputs = np.zeros((num_sequences, num_steps, 2), np.float32)
    inputs[..., 0] = rng.random((num_sequences, num_steps), np.float32)
    rows = np.arange(num_sequences)
    inputs[rows, rng.integers(0, half, num_sequences), 1] = 1
    inputs[rows, rng.integers(half, num_steps, num_sequences), 1] = 1
    return Task(inputs, inputs.prod(axis=2).sum(axis=1), 1 / 6)
