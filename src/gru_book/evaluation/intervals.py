"""Comparisons with their uncertainty: an accuracy with its interval, two classifiers on the same texts, paired seeds.

Importing this module imports SciPy, and no TensorFlow.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from gru_book.analysis.probes import explained


def accuracy_interval(right: np.ndarray, level: float = 0.95) -> tuple[float, float, float]:
    """Return an accuracy with its Wilson score interval (Wilson 1927): share, low, high.

    right: bool array (texts,), whether each answer was right; at least one. Raises ValueError where it is empty.
    """
    right = np.asarray(right, bool)
    if right.ndim != 1 or not len(right):
        raise ValueError(f"right has shape {right.shape}; expected (texts,) with at least one text")
    interval = stats.binomtest(int(right.sum()), len(right)).proportion_ci(confidence_level=level, method="wilson")
    return float(right.mean()), float(interval.low), float(interval.high)


def mean_interval(values: np.ndarray, level: float = 0.95) -> tuple[float, float, float]:
    """Return a mean over seeds with Student's t interval: mean, low, high.

    values: one number a seed, at least two; for a paired comparison the differences. Where all are equal the interval
    is that one number. Raises ValueError where there are fewer than two.
    """
    values = np.asarray(values, float)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"values has shape {values.shape}; expected (seeds,) with at least two seeds")
    half = stats.t.ppf((1 + level) / 2, len(values) - 1) * stats.sem(values)
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)


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


def bootstrap(read: np.ndarray, wanted: np.ndarray, rng: np.random.Generator, draws: int = 1000) -> np.ndarray:
    """Return a 95% interval of what one unit explains: sequences are drawn again, with replacement, `draws` times.

    ``read`` and ``wanted`` are (batch, num_steps); the interval is (2,), low and high (percentile bootstrap).
    """
    chosen = rng.integers(len(wanted), size=(draws, len(wanted)))
    shares = [explained(read[rows][..., None], wanted[rows])[0] for rows in chosen]
    return np.percentile(shares, [2.5, 97.5])
