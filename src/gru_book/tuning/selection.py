"""How much a chosen best score flatters, and how early a verdict can be trusted."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gru_book.tuning.tabular import Table, splits


def optimism(table: Table, num_choose: Sequence[int], repeats: int, seed: int = 0) -> pd.DataFrame:
    """Return by how much the best validation score flatters its model, by the number of models looked at.

    In every repeat the models come in a random order. After each, the best score so far is compared with the accuracy
    of the same model, after the same epoch, on the folds that chose nothing.

    Args:
        table: the table.
        num_choose: numbers of folds that choose.
        repeats: orders and choices of folds for each world and number.
        seed: of the random choices.

    Returns:
        Means over the repeats: columns ``seed``, ``folds``, ``models`` (from 1), ``score``, ``held``, ``optimism``
        (score minus held).
    """
    parts = []
    for folds in num_choose:
        found = {world_seed: [] for world_seed in table.seeds}
        for world_seed, _, world, number in splits(table, folds, repeats, seed):
            order = np.random.default_rng(number).permutation(len(world.models))
            epoch = world.chosen.argmax(1)[order]
            score, held = world.chosen[order, epoch], world.held[order, epoch]
            leader = np.maximum.accumulate(np.where(score > _before(score), np.arange(len(score)), 0))
            found[world_seed].append((score[leader], held[leader]))
        for world_seed, pairs in found.items():
            score, held = np.mean(pairs, axis=0)
            part = pd.DataFrame({"models": np.arange(1, len(score) + 1), "score": score, "held": held})
            parts.append(part.assign(seed=world_seed, folds=folds, optimism=score - held))
    return pd.concat(parts, ignore_index=True)


def _before(score: np.ndarray) -> np.ndarray:
    """Return the best of all scores before each one."""
    return np.concatenate([[-np.inf], np.maximum.accumulate(score)[:-1]])


def early_verdicts(
    table: Table,
    epochs: Sequence[int],
    *,
    num_choose: int = 4,
    repeats: int = 100,
    candidates: int = 12,
    kept: int = 4,
    seed: int = 0,
) -> pd.DataFrame:
    """Return how right an early rung is about what its candidates come to.

    Args:
        table: the table.
        epochs: after so many epochs the rung decides.
        num_choose: folds that choose.
        repeats: choices of folds and candidates for each world.
        candidates: models in the rung, drawn at random.
        kept: so many of them go on.
        seed: of the random choices.

    Returns:
        Means over the repeats: columns ``seed``, ``epochs``, ``correlation`` (Spearman's, over all models, of the
        score after these epochs with the accuracy on held folds after full training, at the epoch that the choosing
        folds like best), ``best_kept`` (how often the candidate that is best in the end, by the held folds, goes on).
    """
    rows = []
    for world_seed, _, world, number in splits(table, num_choose, repeats, seed):
        final = world.held[np.arange(len(world.models)), world.chosen.argmax(1)]
        drawn = np.random.default_rng(number).choice(len(world.models), candidates, replace=False)
        for count in epochs:
            score = world.chosen[:, :count].max(1)
            rank = np.argsort(np.argsort(-score[drawn], kind="stable"))
            row = {"seed": world_seed, "epochs": count, "best_kept": float(rank[final[drawn].argmax()] < kept)}
            rows.append(row | {"correlation": pd.Series(score).corr(pd.Series(final), method="spearman")})
    return pd.DataFrame(rows).groupby(["seed", "epochs"], as_index=False)[["correlation", "best_kept"]].mean()
