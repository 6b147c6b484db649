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


def difference_interval(first: np.ndarray, second: np.ndarray, level: float = 0.95) -> tuple[float, float, float]:
    """Return accuracy of the first minus that of the second on the same texts, in points: difference, low, high.

    first, second: bool arrays (texts,), whether each is right. The interval is that of Agresti and Min (2005) for
    matched proportions: half a text is added to each of the four cells, which keeps it honest in small slices.
    """
    pair, n = mcnemar(first, second), len(first)
    if not n:
        raise ValueError("first and second are empty; expected at least one text")
    b, c, more = pair.only_first + 0.5, pair.only_second + 0.5, n + 2
    middle = (b - c) / more
    half = stats.norm.ppf((1 + level) / 2) * np.sqrt(((b + c) / more - middle**2) / more)
    points = 100 * (pair.only_first - pair.only_second) / n
    return points, float(100 * (middle - half)), float(100 * (middle + half))


def lead_inside(first: np.ndarray, second: np.ndarray, rows: np.ndarray) -> tuple[float, float, float, float]:
    """Return by how many points the first's lead over the second is larger inside of `rows` than outside of them.

    first, second: bool arrays (texts,), whether each is right; rows: bool array (texts,), with at least two texts on
    either side. Returns the difference of the two leads with its 95% interval and the p value of its being zero
    (Welch's t): points, low, high, p.
    """
    lead = 100.0 * (np.asarray(first, float) - np.asarray(second, float))
    rows = np.asarray(rows, bool)
    if min(rows.sum(), (~rows).sum()) < 2:
        raise ValueError(f"rows hold {rows.sum()} of {len(rows)} texts; expected at least two inside and two outside")
    if not (lead[rows].std() or lead[~rows].std()):
        points = float(lead[rows].mean() - lead[~rows].mean())
        return points, points, points, float(points == 0)
    test = stats.ttest_ind(lead[rows], lead[~rows], equal_var=False)
    low, high = test.confidence_interval(0.95)
    return float(lead[rows].mean() - lead[~rows].mean()), float(low), float(high), float(test.pvalue)


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
