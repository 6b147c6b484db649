"""Intervals that resample blocks of neighbours, with the same resamples for every number.

Reviews of one film stand side by side and are alike, so a resample draws whole blocks of them. Importing this module
imports SciPy, and neither TensorFlow nor pandas. Page 39 uses it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats


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
