"""Numbers with their uncertainty: shares, means over seeds, and whatever else by the bootstrap.

Reviews of one film stand side by side and are alike, so their resamples draw whole blocks of neighbours. Importing this
module imports SciPy, and neither TensorFlow nor pandas. Pages 33, 34 and 39 explain the intervals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats


def proportion_interval(count: int, total: int, level: float = 0.95) -> tuple[float, float, float]:
    """Return `count` / `total` with its Wilson score interval (Wilson 1927): share, low, high."""
    interval = stats.binomtest(int(count), int(total)).proportion_ci(confidence_level=level, method="wilson")
    return count / total, float(interval.low), float(interval.high)


def accuracy_interval(right: np.ndarray, level: float = 0.95) -> tuple[float, float, float]:
    """Return an accuracy with its Wilson score interval: share, low, high.

    right: bool array (texts,), whether each answer was right; at least one. Raises ValueError where it is empty.
    """
    right = np.asarray(right, bool)
    if right.ndim != 1 or not len(right):
        raise ValueError(f"right has shape {right.shape}; expected (texts,) with at least one text")
    return proportion_interval(int(right.sum()), len(right), level)


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


def bootstrap(
    statistic: Callable,
    *samples: np.ndarray,
    rng: np.random.Generator,
    draws: int = 2000,
    level: float = 0.95,
    paired: bool = False,
    method: str = "percentile",
) -> tuple[float, float, float]:
    """Return statistic(*samples) with its bootstrap interval (Efron 1979), by SciPy: value, low, high.

    statistic: of the samples; where it takes `axis`, as `np.mean` does, it is asked for all resamples at once.
    samples: arrays (n,) of what could have been others: texts, words, or the numbers of rows where these hold more.
    paired: whether the samples are of the same things and are drawn together. method: "percentile", or "basic": the
    quantiles reflected at the value, for a statistic that grows when noise is added, as an error of calibration does.
    Raises ValueError where a sample is empty.
    """
    samples = tuple(map(np.asarray, samples))
    for values in samples:
        if values.ndim != 1 or not len(values):
            raise ValueError(f"a sample has shape {values.shape}; expected (n,) with at least one number")
    value = float(statistic(*samples))
    if max(map(len, samples)) == 1:
        return value, value, value
    interval = stats.bootstrap(
        samples, statistic, n_resamples=draws, confidence_level=level, paired=paired, method=method, rng=rng
    ).confidence_interval
    return value, float(interval.low), float(interval.high)


def block_interval(
    values: np.ndarray, labels: np.ndarray, rng: np.random.Generator, size: int = 40, level: float = 0.95
) -> tuple[float, float, float]:
    """Return the mean of `values` with its bootstrap interval over blocks of neighbours: mean, low, high.

    Texts that stand side by side are not independent where a list goes film by film; whole blocks of them are.
    values: one number a text, such as whether an answer was right, or by how much more often than another; labels: of
    the texts, whose blocks are apart; both (texts,), in the order of the list. size: texts in a block, at most.
    Raises ValueError where the shapes differ or there is no text.
    """
    values, labels = np.asarray(values, float), np.asarray(labels)
    if values.shape != labels.shape:
        raise ValueError(f"values and labels have shapes {values.shape} and {labels.shape}; expected (texts,) twice")
    return Blocks.resample(labels, rng, size=size).interval(values, level=level)


@dataclass(frozen=True, eq=False)
class Blocks:
    """Resamples of a list of texts.

    number: (texts,), the block of each text; counts: (resamples, blocks), how often a resample holds each block.
    """

    number: np.ndarray
    counts: np.ndarray

    @classmethod
    def resample(cls, labels: np.ndarray, rng: np.random.Generator, draws: int = 2000, size: int = 40) -> Blocks:
        """Draw, for each label by itself, as many blocks as it has, with repetition, `draws` times.

        So a resample has about the shares of the labels that the list has by design. labels: (texts,), in the order of
        the list; blocks of `size` neighbours of one label, the last one of a label smaller.
        Raises ValueError where there is no text.
        """
        labels = np.asarray(labels)
        if labels.ndim != 1 or not len(labels):
            raise ValueError(f"labels has shape {labels.shape}; expected (texts,) with at least one text")
        number, counts, begin = np.empty(len(labels), int), [], 0
        for label in np.unique(labels):
            rows = np.flatnonzero(labels == label)
            number[rows] = begin + np.arange(len(rows)) // size
            blocks = -(-len(rows) // size)
            counts.append(rng.multinomial(blocks, np.full(blocks, 1 / blocks), size=draws))
            begin += blocks
        return cls(number, np.concatenate(counts, axis=1))

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Return the sum of `values`, one number a text, in each resample: (resamples,)."""
        return self.counts @ np.bincount(self.number, values, minlength=self.counts.shape[1])

    def means(self, values: np.ndarray, where: np.ndarray | None = None) -> np.ndarray:
        """Return the mean of `values`, of the texts at `where` if given, in each resample; nan where it holds none."""
        inside = np.ones(len(self.number)) if where is None else np.asarray(where, float)
        with np.errstate(invalid="ignore"):
            return self.sums(values * inside) / self.sums(inside)

    def interval(
        self, values: np.ndarray, where: np.ndarray | None = None, level: float = 0.95
    ) -> tuple[float, float, float]:
        """Return the mean of `values`, of the texts at `where` if given, with its interval: mean, low, high.

        values: (texts,), or (seeds, texts) for models that differ in their seed only. Then the half-widths of the
        interval over texts (their mean over seeds) and of Student's over seeds are added as squares.
        """
        values = np.atleast_2d(np.asarray(values, float))
        inside = np.ones(len(self.number), bool) if where is None else np.asarray(where, bool)
        of_text, of_seed = values.mean(axis=0), values[:, inside].mean(axis=1)
        mean, (low, high) = float(of_seed.mean()), spread(self.means(of_text, inside), level)
        if len(values) == 1:
            return mean, low, high
        by_seed = stats.t.ppf((1 + level) / 2, len(values) - 1) * stats.sem(of_seed)
        return mean, mean - float(np.hypot(mean - low, by_seed)), mean + float(np.hypot(high - mean, by_seed))


def spread(resampled: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Return between which numbers the middle `level` of the resampled values lies."""
    low, high = np.nanquantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
