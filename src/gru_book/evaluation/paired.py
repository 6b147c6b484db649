"""Two models on the same texts, and several comparisons at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats


class Pair(NamedTuple):
    """Two classifiers on the same texts: on how many only one of them is right, and how surprising that is."""

    only_first: int
    only_second: int
    p_value: float


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


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Return the p values of Holm (1979), corrected for their number: below 0.05 they hold together at 5%.

    The smallest of m is multiplied by m, the next by m − 1, and so on; none ends below the one before it, or above 1.
    """
    p_values = np.asarray(p_values, float)
    order = np.argsort(p_values, kind="stable")
    times = np.arange(len(p_values), 0, -1)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(np.maximum.accumulate(times * p_values[order]), 1.0)
    return corrected
