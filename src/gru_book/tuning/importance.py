"""Which hyperparameters matter: shares of variance, and their spread over seeds."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from gru_book.tuning.search import OBJECTIVE
from gru_book.tuning.tabular import Table


def score_after(table: Table, epochs: int) -> np.ndarray:
    """Return the score of every model as a trial of so many epochs has it, on all folds: (seeds, models).

    It is the accuracy of the best epoch.
    """
    return table.accuracy[:, :, :epochs].mean(-1).max(-1)


def anova_effects(scores: np.ndarray) -> dict[tuple[int, ...], np.ndarray]:
    """Return the effects of a full factorial, by the axes that they depend on: main effects, then interactions.

    scores: one axis a hyperparameter. The effects and the grand mean add up to the scores; each has mean 0 along each
    of its axes, and length 1 along the others. Source: functional ANOVA as in Hutter, Hoos and Leyton-Brown 2014,
    exact here because every score is known and none has to be predicted.
    """
    axes = range(scores.ndim)
    effects: dict[tuple[int, ...], np.ndarray] = {}
    for size in range(1, scores.ndim + 1):
        for term in combinations(axes, size):
            mean = scores.mean(axis=tuple(axis for axis in axes if axis not in term), keepdims=True)
            smaller = (effect for other, effect in effects.items() if set(other) < set(term))
            effects[term] = mean - scores.mean() - sum(smaller)
    return effects


def variance_shares(scores: np.ndarray) -> dict[tuple[int, ...], float]:
    """Return each effect's share of the variance of a full factorial; they add up to 1.

    scores: one axis a hyperparameter. Raises ValueError where all are equal.
    """
    variance = scores.var()
    if not variance > 0:
        raise ValueError("all scores are equal: there is no variance to divide")
    return {term: float(np.mean(effect**2) / variance) for term, effect in anova_effects(scores).items()}


def repeated_shares(scores: np.ndarray) -> dict[tuple[int, ...], float]:
    """Return each effect's share of the variance that comes back with another seed.

    scores: (seeds, one axis a hyperparameter), at least two seeds. Chance alone gives every effect some variance within
    a seed. Here the effects of different seeds are multiplied instead, for each pair, so that chance has mean 0; what
    the shares lack of 1 is what does not come back, and a share can be slightly negative. Raises ValueError for one
    seed.
    """
    count = len(scores)
    if count < 2:
        raise ValueError(f"{count} seed; expected at least two")
    by_seed = [anova_effects(of_seed) for of_seed in scores]
    variance = np.mean([of_seed.var() for of_seed in scores])
    shares = {}
    for term in by_seed[0]:
        effects = np.stack([of_seed[term] for of_seed in by_seed])
        of_pairs = effects.sum(0) ** 2 - (effects**2).sum(0)  # each pair of different seeds twice
        shares[term] = float(of_pairs.mean() / (count * (count - 1)) / variance)
    return shares


def importance(table: Table, epochs: Sequence[int]) -> pd.DataFrame:
    """Return what the scores depend on: shares of variance, for trials of so many epochs each.

    Returns:
        Columns ``epochs``, ``term`` (a hyperparameter, or several joined by " × "), ``repeated`` (see
        `repeated_shares`; NaN with one seed), and one a seed (its `variance_shares`).
    """
    rows = []
    for count in epochs:
        scores = score_after(table, count).reshape(len(table.seeds), *table.shape)
        by_seed = [variance_shares(of_seed) for of_seed in scores]
        repeated = repeated_shares(scores) if len(scores) > 1 else {}
        for term in by_seed[0]:
            shares = {seed: shares[term] for seed, shares in zip(table.seeds, by_seed, strict=True)}
            name = " × ".join(table.models.columns[axis] for axis in term)
            rows.append({"epochs": count, "term": name, "repeated": repeated.get(term, np.nan), **shares})
    return pd.DataFrame(rows)


def spread_of_means(scores: pd.Series, groups: pd.Series) -> float:
    """Return the largest minus the smallest mean of `scores` among the groups of equal values of `groups`."""
    means = scores.groupby(groups.to_numpy()).mean()
    return float(means.max() - means.min())


def first_rung_spreads(trials: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    """Return for each hyperparameter how far apart its values' mean scores lie among candidates drawn at random.

    trials: columns ``bracket``, ``rung``, the hyperparameters and the score; rungs above the first are chosen, not
    drawn, and left out. Brackets train their first rungs for different times: scores count from their bracket's mean.
    """
    drawn = trials[trials["rung"] == 0]
    scores = drawn[OBJECTIVE] - drawn.groupby("bracket")[OBJECTIVE].transform("mean")
    return pd.Series({name: spread_of_means(scores, drawn[name]) for name in names})
