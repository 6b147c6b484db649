"""The named searches, and any recipe as a search."""

import numpy as np
import pytest

from gru_book.models import keras_classifier
from gru_book.tuning import catalogue, lookup
from gru_book.tuning.catalogue import original_search
from gru_book.tuning.hyperband import hyperband_schedule
from gru_book.tuning.results import trials_table
from gru_book.tuning.search import Search
from gru_book.tuning.tuner import run_search
from toy_search import toy

TEXTS = ["good, a joy", "a joy to watch", "dull and bad", "bad, a bore"] * 10
LABELS = np.array([1, 1, 0, 0] * 10)


def test_the_originals_search():
    search = original_search()
    assert (search.trials(), search.epochs()) == (30, 120)
    values = {hp.name: list(hp.values) for hp in search.space().space}
    assert values["units"] == list(range(32, 513, 32))
    assert values["learning_rate"] == [1e-2, 1e-3, 1e-4]
    assert values["dropout"] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert original_search(method="random").trials() == 12
    with pytest.raises(ValueError, match="factor = 1"):
        hyperband_schedule(10, 1)


@pytest.mark.parametrize(
    ("recipe", "choose", "options"),
    [
        ("linear", lambda hp: {"longest": hp.Choice("longest", [1, 2])}, {"method": "random", "max_trials": 2}),
        ("fast", lambda hp: {"units": hp.Choice("units", [2, 4, 8])}, {"max_epochs": 2, "factor": 2}),
    ],
)
def test_any_recipe_can_be_tuned(recipe, choose, options, tmp_path, monkeypatch):
    monkeypatch.setenv("GRU_BOOK_PROGRESS", "/dev/null")
    monkeypatch.setattr(keras_classifier, "FEWEST_UPDATES", 3)
    data = {"texts": TEXTS, "labels": LABELS, "validation_data": (TEXTS[:8], LABELS[:8])}
    search = Search("texts", catalogue.RecipeModel(recipe, choose), lambda: data, **options)
    run_search(search, tmp_path / "search")
    table = trials_table(tmp_path / "search")
    assert set(table["status"]) == {"COMPLETED"}
    assert len(table) >= 2
    assert table["val_accuracy"].between(0, 1).all()
    if recipe == "fast":
        assert table["epochs"].max() == 2


def test_named_searches_can_be_made():
    for name in catalogue.SEARCHES:
        assert lookup.find_search(name)(max_epochs=2).space().space
    assert lookup.find_search("toy_search:toy") is toy
