"""The counting task, a^n b^n and its kin, in plain NumPy: the languages that tell a counter from a memory.

Nothing is left to chance: sequences are given by their n.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class CountingTask(NamedTuple):
    """Sequences such as a^n b^n, and after every letter the set of the symbols that may come next.

    Sequence i has ``letters * counts[i]`` steps; where ``mask`` is False it has ended, and ``inputs`` and ``targets``
    are zero. ``chance`` is the share of sequences that a model without any counting can get right.
    """

    inputs: np.ndarray
    targets: np.ndarray
    mask: np.ndarray
    counts: np.ndarray
    chance: float


def anbn(counts, letters: int = 2) -> CountingTask:
    """Write down a^n b^n (or a^n b^n c^n ...) for each n in ``counts``, and what may come after each of its letters.

    How many a's will come, nobody can know: after each of them another a or the first b may follow. From the first b
    on everything is determined: after the n-th b comes a c, or, where b is the last letter, the end; before it,
    another b. The targets hold the whole set, so that a model which counts can be right at every step (the criterion of
    Gers and Schmidhuber 2001). A sequence is its n and nothing else, so there is nothing to draw here; for random
    ones hand in ``rng.integers(1, max_n + 1, num_sequences)``.

    A model that does not count has one answer to each letter. It can be right about "b or end?" in one case only,
    n = 1, where the end follows every b: hence ``chance``. More steps do not help it, but hide the failure: it is
    right at all steps of a^n b^n but one. Judge whole sequences, with `anbn_right`.

    Args:
        counts: n of each sequence, (num_sequences,), integers of at least 1.
        letters: how many different letters; 2 for a^n b^n, 3 for a^n b^n c^n.

    Returns:
        ``inputs``: one-hot letters, (num_sequences, num_steps, letters), float32, with num_steps = letters * max n.
        ``targets``: 1 for each symbol that may come next, (num_sequences, num_steps, letters + 1), float32; the last
        symbol is the end. ``mask``: which steps belong to the sequence, (num_sequences, num_steps), bool.
        ``counts``: as handed in, int64. ``chance``: the share of sequences with n = 1.

    Raises:
        ValueError: ``counts`` is empty, not one-dimensional, or holds anything but integers of at least 1, or
            ``letters`` is no integer of at least 2.
    """
    counts = np.asarray(counts)
    if counts.ndim != 1 or not counts.size or counts.dtype.kind not in "iu":
        raise ValueError(
            f"counts has shape {counts.shape} and dtype {counts.dtype}; expected (num_sequences,), one or more integers"
        )
    if counts.min() < 1:
        raise ValueError(f"counts holds {counts.min()}; expected at least 1")
    if not isinstance(letters, (int, np.integer)) or isinstance(letters, bool) or letters < 2:
        raise ValueError(f"letters = {letters!r}; expected an integer of at least 2")
    n = counts.astype(np.int64)[:, None]
    steps = np.arange(letters * n.max())
    mask = steps < letters * n  # (num_sequences, num_steps)
    symbols = np.arange(letters + 1)
    letter = steps // n  # of each step: 0 for a, 1 for b, ...
    following = (steps + 1) // n  # the same one step later; ``letters`` is the end
    inputs = (letter[..., None] == symbols[:-1]).astype(np.float32)
    targets = following[..., None] == symbols
    targets |= (letter == 0)[..., None] & (symbols < 2)  # after any a: another one, or the first b
    return CountingTask(inputs, (targets & mask[..., None]).astype(np.float32), mask, n[:, 0], float((n == 1).mean()))


def anbn_right(task: CountingTask, predicted: np.ndarray) -> np.ndarray:
    """Tell for each sequence of `anbn` whether the whole of it is predicted, all symbols at all of its steps.

    Args:
        task: what `anbn` returned.
        predicted: which symbols the model takes for possible next, (num_sequences, num_steps, letters + 1), bool
            (for instance: probability above one half). What it says after the end of a sequence does not count.

    Returns:
        (num_sequences,), bool.

    Raises:
        ValueError: ``predicted`` has another shape than the targets, or is not boolean.
    """
    predicted = np.asarray(predicted)
    if predicted.shape != task.targets.shape or predicted.dtype != bool:
        raise ValueError(
            f"predicted has shape {predicted.shape} and dtype {predicted.dtype}; expected {task.targets.shape} and bool"
        )
    return ((predicted == (task.targets > 0)).all(axis=2) | ~task.mask).all(axis=1)
