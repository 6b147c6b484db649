"""Searches with a name, for `gru-book tune`, and recipes as something to tune."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras
import keras_tuner as kt

from gru_book.allowed import Parameter
from gru_book.data.reviews import load_reviews
from gru_book.data.vocabulary import Vocabulary
from gru_book.errors import TuningError, did_you_mean
from gru_book.evaluation.metrics import log_loss
from gru_book.recipes import RECIPES, fit
from gru_book.tuning.search import ScoredModel, Search, checked

SIZES = {  # what may be said of the named searches
    "source": Parameter("source", str, "package", "where the reviews come from", "[package | keras | folder]"),
    "max_features": Parameter("max_features", int, 10_000, "words that the model knows", "[4..1000000]"),
    "maxlen": Parameter("maxlen", int, 80, "words of a review that the model reads", "[1..100000]"),
    "train_rows": Parameter("train_rows", int, 1000, "training reviews; 0 takes all", "[0..1000000]"),
    "validation_rows": Parameter("validation_rows", int, 800, "validation reviews; 0 takes all", "[0..1000000]"),
    "embedding_dim": Parameter("embedding_dim", int, 128, "numbers that stand for a word", "[1..4096]"),
    "batch_size": Parameter("batch_size", int, 32, "reviews of a step", "[1..100000]"),
}


def _check_sizes(settings: dict) -> dict:
    """Return the settings in their types; raise TuningError for one that is not allowed."""
    return {name: checked(SIZES[name], value) for name, value in settings.items()}


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
    reads. `search` goes to `Search`: method, max_epochs, factor, max_trials, patience. Raises TuningError for a value
    that is not allowed.
    """
    settings = {"source": source, "max_features": max_features, "maxlen": maxlen, "train_rows": train_rows}
    settings |= {"validation_rows": validation_rows, "embedding_dim": embedding_dim, "batch_size": batch_size}
    settings = _check_sizes(settings)

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
        if not isinstance(recipe, str) or recipe not in RECIPES:
            hint = did_you_mean(recipe, RECIPES)
            raise TuningError(f"recipe is {recipe!r}{hint}; allowed: {', '.join(RECIPES)}")
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

    settings = _check_sizes({"source": source, "train_rows": train_rows, "validation_rows": validation_rows})
    return Search("fast", RecipeModel("fast", _fast_settings, seed), data, settings, seed=seed, **search)


def _fast_settings(hp) -> dict:
    return {
        "units": hp.Choice("units", [8, 16, 32, 64]),
        "learning_rate": hp.Choice("learning_rate", [0.003, 0.01, 0.03]),
        "word_dropout": hp.Choice("word_dropout", [0.0, 0.1, 0.2, 0.4]),
    }


SEARCHES: dict[str, Callable[..., Search]] = {"original": original_search, "fast": fast_search}
