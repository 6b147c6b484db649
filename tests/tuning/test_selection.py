"""How far scores can be trusted: optimism and early verdicts."""

import numpy as np
import pytest
from scipy import stats

from gru_book.tuning.selection import early_verdicts, optimism
from gru_book.tuning.tabular import (
    Table,
)
from noise_table import FOLD_SIZE, noise_table


def test_the_best_of_many_equal_models_flatters_as_much_as_luck_does():
    table = noise_table(num_seeds=300, num_epochs=1, values=((1, 2, 4), (0.1, 0.2)))
    found = optimism(table, [1, 4], repeats=8)
    means = found.groupby(["folds", "models"])["optimism"].agg(["mean", "sem"])
    for (folds, models), row in means.iterrows():
        reviews = folds * FOLD_SIZE
        right = np.arange(reviews + 1)
        best = 1 - stats.binom.cdf(right, reviews, 0.7) ** models  # P(best of them > right)
        expected = best.sum() / reviews - 0.7
        assert abs(row["mean"] - expected) < 4 * row["sem"], (folds, models)
    assert abs(means.loc[(4, 1), "mean"]) < 4 * means.loc[(4, 1), "sem"]
    assert means["mean"].unstack("models").diff(axis=1).iloc[:, 1:].gt(0).all(axis=None)
    assert means.loc[(1, 6), "mean"] > means.loc[(4, 6), "mean"] > 0.01


@pytest.mark.parametrize(("early", "correlation", "kept"), [(1, 1, 1), (-1, -1, 0)])
def test_early_verdicts_are_right_or_wrong_as_the_table_is(early, correlation, kept):
    models = noise_table(1).models
    rank = np.arange(48) / 100
    curve = np.stack([0.2 + early * rank / 10, 0.5 + rank / 10], axis=1)  # (models, epochs)
    accuracy = np.broadcast_to(curve[None, :, :, None], (1, 48, 2, 4))
    table = Table(models, (0,), accuracy, np.zeros((1, 48, 2)), np.ones((1, 48, 2)))
    found = early_verdicts(table, [1, 2], num_choose=2, repeats=5).set_index("epochs")
    assert found.loc[1, "correlation"] == pytest.approx(correlation)
    assert found.loc[1, "best_kept"] == kept
    assert found.loc[2, ["correlation", "best_kept"]].tolist() == pytest.approx([1, 1])
