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
        ({"max_epochs": 0}, "max_epochs = 0 is not allowed; allowed: [1..1000000]"),
        ({"max_epochs": 2.5}, "max_epochs must be of type int, not 2.5; allowed: [1..1000000]"),
        ({"factor": 1}, "factor = 1 is not allowed; allowed: [2..1000]"),
        ({"max_trials": 0}, "max_trials = 0 is not allowed; allowed: [1..1000000]"),
        ({"patience": -1}, "patience = -1 is not allowed; allowed: [0..1000000]"),
        ({"seed": True}, "seed must be of type int, not True; allowed: [0..4294967295]"),
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
    with pytest.raises(TuningError, match="recipe is 'linera' .did you mean 'linear'.*; allowed: original, fast"):
        catalogue.RecipeModel("linera", choose)
