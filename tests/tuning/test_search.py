"""A search: what is allowed, and what is refused."""

import pytest

from gru_book.errors import TuningError
from gru_book.tuning import catalogue
from gru_book.tuning.search import Search
from toy_search import empty, toy


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"method": "hyperbnd"},
            "method is 'hyperbnd' (did you mean 'hyperband'?); allowed: hyperband, random, bayesian",
        ),
        ({"max_epochs": 0}, "max_epochs is 0; allowed: whole numbers from 1"),
        ({"max_epochs": 2.5}, "max_epochs is 2.5; allowed: whole numbers from 1"),
        ({"factor": 1}, "factor is 1; allowed: whole numbers from 2"),
        ({"max_trials": 0}, "max_trials is 0; allowed: whole numbers from 1"),
        ({"patience": -1}, "patience is -1; allowed: whole numbers from 0"),
        ({"seed": True}, "seed is True; allowed: whole numbers from 0"),
    ],
)
def test_what_is_not_allowed_is_named(options, message):
    with pytest.raises(TuningError) as caught:
        toy(**options)
    assert str(caught.value) == message


def test_an_empty_space_is_refused():
    with pytest.raises(TuningError, match="the space of search 'empty' is empty"):
        empty()


def test_recipes_without_epochs_and_unknown_ones_are_refused():
    choose = lambda hp: {"longest": hp.Choice("longest", [1, 2])}  # noqa: E731
    with pytest.raises(TuningError, match="method is 'hyperband', but linear has no epochs; allowed: random, bayes"):
        Search("texts", catalogue.RecipeModel("linear", choose), dict)
    with pytest.raises(TuningError, match="recipe is 'linera'; allowed: original, fast"):
        catalogue.RecipeModel("linera", choose)
