"""Comparisons with their uncertainty: an accuracy with its interval, two classifiers on the same texts, paired seeds.

Importing this module imports SciPy, and no TensorFlow.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

__all__ = ["Pair", "accuracy_interval", "mcnemar", "mean_interval"]


class Pair(NamedTuple):
    """Two classifiers on the same texts: on how many only one of them is right, and how surprising that is."""

    only_first: int
    only_second: int
    p_value: float


def accuracy_interval(right: np.ndarray, level: float = 0.95) -> tuple[float, float, float]:
    """Return an accuracy with its Wilson score interval (Wilson 1927): share, low, high.

    right: bool array (texts,), whether each answer was right; at least one. Raises ValueError where it is empty.
    """
    right = np.asarray(right, bool)
    if right.ndim != 1 or not len(right):
        raise ValueError(f"right has shape {right.shape}; expected (texts,) with at least one text")
    interval = stats.binomtest(int(right.sum()), len(right)).proportion_ci(confidence_level=level, method="wilson")
    return float(right.mean()), float(interval.low), float(interval.high)


def mcnemar(first: np.ndarray, second: np.ndarray) -> Pair:
    """Return McNemar's exact test (McNemar 1947) of two bool arrays (texts,): whether each one is right on each text.

    Texts on which both are right, or neither, say nothing about which is better; could a fair coin have dealt out the
    others? Raises ValueError where the shapes differ.
    """
    first, second = np.asarray(first, bool), np.asarray(second, bool)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"first and second have shapes {first.shape} and {second.shape}; expected (texts,) twice")
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    apart = only_first + only_second
    return Pair(only_first, only_second, float(stats.binomtest(only_first, apart).pvalue) if apart else 1.0)


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
