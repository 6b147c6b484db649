"""Searches with a name, for `gru-book tune`, and recipes as something to tune.

A reader's own search is named as "module:function": a function with keyword arguments that returns a `Search`.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from functools import partial

import keras
import keras_tuner as kt

from gru_book.data.reviews import load_reviews
from gru_book.data.vocabulary import Vocabulary
from gru_book.errors import TuningError, did_you_mean
from gru_book.evaluation.metrics import log_loss
from gru_book.recipes import RECIPES, fit
from gru_book.tuning.search import ScoredModel, Search


def original_model(hp, *, maxlen: int, max_features: int, embedding_dim: int, seed: int) -> keras.Model:
    """Return the original's network with what `hp` chooses: ids (batch, maxlen) to P(positive), (batch, 1)."""
    keras.utils.set_random_seed(seed)  # a trial gives the same score in whichever order and process it runs
    layers = [
        keras.Input((maxlen,)),
        keras.layers.Embedding(max_features, embedding_dim),
        keras.layers.GRU(hp.Int("units", min_value=32, max_value=512, step=32)),
        keras.layers.Dropout(hp.Choice("dropout", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5])),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
    model = keras.Sequential(layers)
    optimizer = keras.optimizers.Adam(hp.Choice("learning_rate", [1e-2, 1e-3, 1e-4]))
    model.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["accuracy"])
    return model


def original_search(
    *,
    source: str = "package",
    max_features: int = 10_000,
    maxlen: int = 80,
    train_rows: int = 1000,
    validation_rows: int = 800,
    embedding_dim: int = 128,
    batch_size: int = 32,
    seed: int = 0,
    **search,
) -> Search:
    """Return the original's search, with the dropout that it promises, on reviews of `source`.

    train_rows, validation_rows: reviews, half of each label; 0 takes all. maxlen: words of a review that the model
    reads. `search` goes to `Search`: method, max_epochs, factor, max_trials, patience.
    """
    settings = {"source": source, "max_features": max_features, "maxlen": maxlen, "train_rows": train_rows}
    settings |= {"validation_rows": validation_rows, "embedding_dim": embedding_dim, "batch_size": batch_size}

    def data() -> dict:
        reviews = load_reviews(source)
        train = reviews.train.sample(train_rows, seed) if train_rows else reviews.train
        held = reviews.validation.sample(validation_rows, seed) if validation_rows else reviews.validation
        vocabulary = Vocabulary.fit(reviews.train.texts, max_features=max_features)
        x, held_x = (keras.utils.pad_sequences(vocabulary.encode(part.texts), maxlen=maxlen) for part in (train, held))
        return {"x": x, "y": train.labels, "validation_data": (held_x, held.labels), "batch_size": batch_size}

    sizes = {"maxlen": maxlen, "max_features": max_features, "embedding_dim": embedding_dim}
    model = partial(original_model, **sizes, seed=seed)
    return Search("original", model, data, settings, seed=seed, **search)


class RecipeModel(ScoredModel):
    """A recipe of `gru_book.recipes` as something to tune: each trial fits it anew and scores it on validation texts.

    recipe: a name in RECIPES. choose: asks `hp` for hyperparameters and returns settings of the recipe. Hyperband
    varies the setting `epochs`; a recipe without one is tuned by "random" or "bayesian". Raises TuningError for an
    unknown recipe.
    """

    def __init__(self, recipe: str, choose: Callable[[kt.HyperParameters], dict], seed: int = 0):
        super().__init__(name=recipe)
        if recipe not in RECIPES:
            raise TuningError(f"recipe is {recipe!r}; allowed: {', '.join(RECIPES)}")
        self.recipe, self.choose, self.seed = recipe, choose, seed
        self.epochs = "epochs" in RECIPES[recipe].settings

    def build(self, hp):
        """Ask `hp` for the hyperparameters; there is no model before the fit."""
        self.choose(hp)

    def fit(self, hp, model, texts, labels, validation_data, epochs=None, **_) -> dict[str, float]:
        """Fit the recipe on texts and labels; return accuracy and loss on the validation texts and labels."""
        settings = dict(self.choose(hp))
        if "tuner/epochs" in hp.values:
            settings["epochs"] = epochs
        fitted = fit(self.recipe, texts, labels, seed=self.seed, settings=settings)
        held_texts, held_labels = validation_data
        probability = fitted.predict_proba(held_texts)
        accuracy = float(((probability > 0.5) == held_labels).mean())
        return {"val_accuracy": accuracy, "val_loss": log_loss(held_labels, probability)}


def fast_search(
    *, source: str = "package", train_rows: int = 4000, validation_rows: int = 2000, seed: int = 0, **search
) -> Search:
    """Return a search for settings of the recipe "fast" on reviews of `source`, half of each label; 0 takes all."""

    def data() -> dict:
        reviews = load_reviews(source)
        train = reviews.train.sample(train_rows, seed) if train_rows else reviews.train
        held = reviews.validation.sample(validation_rows, seed) if validation_rows else reviews.validation
        return {"texts": train.texts, "labels": train.labels, "validation_data": (held.texts, held.labels)}

    settings = {"source": source, "train_rows": train_rows, "validation_rows": validation_rows}
    return Search("fast", RecipeModel("fast", _fast_settings, seed), data, settings, seed=seed, **search)


def _fast_settings(hp) -> dict:
    return {
        "units": hp.Choice("units", [8, 16, 32, 64]),
        "learning_rate": hp.Choice("learning_rate", [0.003, 0.01, 0.03]),
        "word_dropout": hp.Choice("word_dropout", [0.0, 0.1, 0.2, 0.4]),
    }


SEARCHES: dict[str, Callable[..., Search]] = {"original": original_search, "fast": fast_search}


def find_search(name: str) -> Callable[..., Search]:
    """Return the function that makes the search `name`: one of SEARCHES, or "module:function".

    Raises TuningError for an unknown name, naming the nearest.
    """
    if ":" in name:
        module, _, function = name.partition(":")
        try:
            return getattr(importlib.import_module(module), function)
        except (ImportError, AttributeError) as error:
            raise TuningError(f"search is {name!r}, which cannot be imported: {error}") from None
    if name not in SEARCHES:
        hint = did_you_mean(name, SEARCHES)
        raise TuningError(f"search is {name!r}{hint}; allowed: {', '.join(SEARCHES)}, or module:function")
    return SEARCHES[name]


def parse_options(function: Callable[..., Search], pairs: list[tuple[str, str]]) -> dict:
    """Return texts from a command line as values of the search function's arguments, in the types of their defaults.

    Raises TuningError for a name that the function does not take, and a text that is no such value.
    """
    arguments = {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind == parameter.KEYWORD_ONLY and name != "seed"
    }
    values = {}
    for name, text in pairs:
        if name not in arguments:
            hint = did_you_mean(name, arguments)
            raise TuningError(f"-p {name}{hint}: the search has no such argument; allowed: {', '.join(arguments)}")
        kind = type(arguments[name])
        try:
            values[name] = kind(text)
        except ValueError:
            raise TuningError(
                f"-p {name} is {text!r}; allowed: {kind.__name__}, for example {arguments[name]!r}"
            ) from None
    return values
