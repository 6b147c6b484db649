"""What the scores depend on: effects, shares, spreads that are known beforehand."""

import numpy as np
import pandas as pd
import pytest

from gru_book.tuning.importance import anova_effects, first_rung_spreads, importance, repeated_shares, variance_shares
from gru_book.tuning.tabular import (
    Table,
)
from noise_table import noise_table


@pytest.fixture(scope="module")
def table():
    return noise_table()


def test_effects_and_the_mean_add_up_to_the_scores():
    scores = np.random.default_rng(0).random((4, 3, 2))
    effects = anova_effects(scores)
    assert np.allclose(scores.mean() + sum(effects.values()), scores)
    assert all(abs(effect.sum(axis)).max() < 1e-12 for term, effect in effects.items() for axis in term)
    assert sum(variance_shares(scores).values()) == pytest.approx(1)


def test_shares_are_exact_where_they_are_known():
    a, b, c = np.meshgrid([-1.0, 1], [-1.0, 0, 1], [-1.0, 1], indexing="ij")
    additive = variance_shares(3 * a + 2 * b)
    expected = {(0,): 9 / (9 + 8 / 3), (1,): 8 / 3 / (9 + 8 / 3)}
    assert additive == pytest.approx({term: expected.get(term, 0) for term in additive}, abs=1e-12)
    for scores, alone in ((a * c, (0, 2)), (a * b * c, (0, 1, 2))):
        shares = variance_shares(scores + 0.7)
        assert shares == pytest.approx({term: float(term == alone) for term in shares}, abs=1e-12)
    with pytest.raises(ValueError, match="no variance"):
        variance_shares(np.ones((2, 2)))


def test_what_comes_back_with_every_seed_is_all_and_noise_is_nothing():
    rng = np.random.default_rng(0)
    scores = rng.random((4, 3, 2))
    twice = repeated_shares(np.stack([scores, scores + 5]))
    assert twice == pytest.approx(variance_shares(scores))
    noise = repeated_shares(rng.random((300, 4, 3, 2)))
    assert max(abs(share) for share in noise.values()) < 0.01
    mixed = repeated_shares(scores + scores.std() * rng.standard_normal((600, 4, 3, 2)))
    assert sum(mixed.values()) == pytest.approx(1 / (1 + 23 / 24), abs=0.02)  # 24 scores: noise keeps 23/24
    with pytest.raises(ValueError, match="at least two"):
        repeated_shares(scores[None])


def test_importance_names_what_the_scores_depend_on(table):
    rate = table.models["learning_rate"].rank(method="dense").to_numpy()
    scores = np.broadcast_to(rate[:, None, None] / 10, table.accuracy.shape[1:])
    made = Table(table.models, (0, 1), np.stack([scores, scores]), table.loss, table.seconds)
    found = importance(made, [2, 10]).set_index(["epochs", "term"])
    assert np.allclose(found.xs("learning_rate", level="term"), 1)
    assert np.allclose(found.drop("learning_rate", level="term"), 0, atol=1e-12)


def test_spreads_count_from_the_mean_of_the_bracket():
    trials = pd.DataFrame({"bracket": [2, 2, 0, 0, 2], "rung": [0, 0, 0, 0, 1], "units": [1, 2, 1, 2, 9]})
    trials["val_accuracy"] = [0.5, 0.6, 0.8, 0.9, 1.0]
    assert first_rung_spreads(trials, ["units"])["units"] == pytest.approx(0.1)
