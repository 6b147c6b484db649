"""Classifiers with a GRU: the epoch that is kept, the texts that are read, the settings."""

import numpy as np
import pytest

from gru_book import recipes
from gru_book.models.settings import PLAIN_GRU


def test_the_epoch_with_the_least_loss_is_kept(moods):
    model = recipes.fit("fast", *moods(40), validation=moods(10, 1), settings={"units": 4, "learning_rate": 0.05})
    losses = [epoch["loss"] for epoch in model.chosen["history"]]
    assert model.chosen["epoch"] == 1 + int(np.argmin(losses))
    texts, labels = moods(10, 1)
    p = model.predict_proba(texts)
    loss = -np.log(np.where(labels == 1, p, 1 - p)).mean()
    assert loss == pytest.approx(min(losses), rel=1e-4)


def test_a_recipe_takes_one_review_and_keeps_the_end_or_the_beginning(moods):
    model = recipes.fit("fast", *moods(20), settings={"units": 4, "maxlen": 3})
    assert model.predict_proba(["a joy"]).shape == (1,)
    assert len(model.encode(["a b c d e f"])[0]) == 4
    np.testing.assert_array_equal(model.encode(["dull dull joy joy joy"])[0], model.encode(["joy joy joy"])[0])
    first = recipes.fit("fast", *moods(20), settings={"units": 4, "maxlen": 3, "keep": "first"})
    np.testing.assert_array_equal(first.encode(["joy joy joy dull"])[0], first.encode(["joy joy joy"])[0])


def test_every_recipe_of_a_gru_knows_the_same_settings():
    for name in ("fast", "web", "best", "blend"):
        assert set(PLAIN_GRU) <= set(recipes.RECIPES[name].settings)
