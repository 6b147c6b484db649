"""Named recipes: train a classifier of texts in one line, use it, save it, load it.

Every recipe takes raw texts with labels 0 and 1 and gives a classifier with the same three methods:

>>> from gru_book import recipes
>>> texts = ["good, a joy", "a joy to watch", "dull and bad", "bad, a bore"] * 5
>>> model = recipes.fit("linear", texts, [1, 1, 0, 0] * 5)
>>> (model.predict_proba(["what a joy", "how bad"]) > 0.5).tolist()
[True, False]

`model.save(folder)` writes JSON and arrays, no pickle, and `recipes.load(folder)` checks their SHA-256 before it reads
them. `RECIPES` lists the names. Page 32 explains the two linear recipes step by step, page 34 those that train a
GRU; `fit(..., settings={...})` changes a recipe. `RECIPES[name].settings` shows what can be changed, one line each:
its value, its meaning, and what is allowed.

Importing this module imports neither TensorFlow nor scikit-learn. A further recipe is an entry in RECIPES whose
`maker` is a subclass of `Classifier`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gru_book.allowed import plain, shown
from gru_book.data.tokens import tokenize
from gru_book.errors import ModelError, ParameterError, did_you_mean
from gru_book.files import sweep
from gru_book.models.classifier import Classifier
from gru_book.models.ngrams import NGramClassifier
from gru_book.models.saving import FORMAT, MANIFEST, check_files, read_manifest
from gru_book.models.settings import LINEAR, NBSVM, ORIGINAL, BlendSettings, GRUSettings, LogOddsSettings, Settings
from gru_book.models.texts import checked_labels, checked_texts


@dataclass(frozen=True)
class Recipe:
    """What a name stands for: one line of description, the class that does it, and what the class needs to know."""

    description: str
    maker: Callable[..., Classifier]
    settings: Settings


def _original(*arguments) -> Classifier:
    from gru_book.models.original import OriginalClassifier

    return OriginalClassifier(*arguments)


def _gru(*arguments) -> Classifier:
    from gru_book.models.gru_classifier import GRUClassifier

    return GRUClassifier(*arguments)


def _log_odds(*arguments) -> Classifier:
    from gru_book.models.log_odds_classifier import LogOddsClassifier

    return LogOddsClassifier(*arguments)


def _blend(*arguments) -> Classifier:
    from gru_book.models.ensemble import BlendClassifier

    return BlendClassifier(*arguments)


RECIPES = {
    "original": Recipe(
        "the original: Embedding 128, GRU 128, its last state; fixed length, padding in front, five epochs",
        _original,
        ORIGINAL,
    ),
    "fast": Recipe(
        "a GRU of 16 units on tokens and pairs that reads windows in parallel and pools its states, one epoch",
        _gru,
        GRUSettings(longest=2, fewest=5, embedding_dim=16, units=16, window=25, word_dropout=0.1),
    ),
    "best": Recipe(
        "a GRU in both directions that reads tokens, pairs and triples beside their cross-fitted log-odds",
        _log_odds,
        LogOddsSettings(
            max_words=30_000,
            longest=3,
            maxlen=600,
            embedding_dim=64,
            units=64,
            window=50,
            bidirectional=True,
            word_dropout=0.2,
            embedding_dropout=0.3,
            dropout=0.5,
            epochs=2,
            learning_rate=0.003,
            vectors=0.5,
        ),
    ),
    "blend": Recipe(
        "a GRU in both directions on tokens, pairs and triples, trained against an adversary, beside an NB-SVM",
        _blend,
        BlendSettings(
            max_words=30_000,
            longest=3,
            maxlen=600,
            embedding_dim=64,
            units=64,
            window=50,
            bidirectional=True,
            word_dropout=0.2,
            embedding_dropout=0.3,
            dropout=0.5,
            epochs=2,
            learning_rate=0.003,
            adversary=1.0,
            vectors=0.5,
        ),
    ),
    "web": Recipe(
        "a small GRU whose last state decides, for the browser, taught what *not* does on short pieces",
        _gru,
        GRUSettings(
            reading="keras",
            max_words=10_000,
            mask=True,
            pooling="last",
            word_dropout=0.1,
            epochs=3,
            learning_rate=0.005,
            vectors=0.5,
            opposites=0.7,
        ),
    ),
    "linear": Recipe("TF-IDF of words and word pairs, logistic regression", NGramClassifier, LINEAR),
    "nbsvm": Recipe("NB-SVM with the logistic loss on words, word pairs and triples", NGramClassifier, NBSVM),
}


def fit(
    name: str,
    texts: Iterable[str],
    labels: Sequence[int],
    *,
    seed: int = 0,
    validation: tuple[Iterable[str], Sequence[int]] | None = None,
    settings: dict | None = None,
) -> Classifier:
    """Return a classifier trained by the recipe `name` on texts with labels 0 and 1.

    texts: raw texts, of any length and alphabet, in a list, a column of a table, an array or whatever gives one after
      another; labels: as many 0s and 1s, both at least once.
    validation: (texts, labels) on which the recipe makes its choices, and from which it learns nothing else. Without
      it a tenth of the texts, drawn at random, is held back for them; `chosen` of the classifier says what came out.
      Where texts come in groups (reviews of one film), give validation texts of other groups: page 31 shows why. List
      the texts of a group side by side, too: "best" counts in folds, and so a group is in one.
    seed: of every random choice, 0 to 2**32 - 1; the same seed and the same texts give the same classifier (of a
      network for certain only with TensorFlow's op determinism, which `training.seeding.set_seed` turns on).
    settings: changes to the recipe, such as {"units": 64}; `RECIPES[name].settings` shows all names and values.

    Raises ValueError, naming argument, value and what is allowed, where one of them cannot be used, before any work.
    """
    if not isinstance(name, str) or name not in RECIPES:
        raise ValueError(f"name is {name!r}{did_you_mean(name, RECIPES)}; allowed: {', '.join(map(repr, RECIPES))}")
    seed = plain(seed)
    if type(seed) is not int or not 0 <= seed < 2**32:
        raise ValueError(f"seed is {shown(seed)}; allowed: whole numbers from 0 to {2**32 - 1}")
    recipe = RECIPES[name]
    chosen = recipe.settings if settings is None else recipe.settings | settings
    texts, labels = _checked(texts, labels)
    if len(set(labels.tolist())) < 2:
        raise ValueError(f"labels are all {labels[0]}; allowed: 0 and 1, each at least once")
    if not any(map(tokenize, texts)):
        raise ValueError(
            f"texts: the {len(texts)} texts share no word that could be counted; allowed: texts with words"
        )
    if validation is not None:
        if not isinstance(validation, (tuple, list)) or len(validation) != 2:
            raise ValueError(f"validation is a {type(validation).__name__}; allowed: None or a pair (texts, labels)")
        validation = _checked(*validation, of="validation ")
    classifier = recipe.maker(name, chosen, seed)
    classifier.fit(texts, labels, validation)
    return classifier


def load(path: str | Path) -> Classifier:
    """Return the classifier that `Classifier.save` wrote to the folder `path`; it predicts what it did before.

    Raises ValueError, in one line, where anything in it is missing, altered, not what a classifier of its recipe and
    settings must hold, or of another version of this module. ~ is the home folder.
    """
    try:
        folder = Path(os.path.expanduser(os.fspath(path)))
        if not os.path.lexists(folder):
            sweep(folder.parent)  # a save that was killed between two names has it beside
        content = read_manifest(folder)
    except (TypeError, OSError) as error:
        raise ModelError(f"path is {shown(path)}; allowed: the path of a saved classifier") from error
    manifest, name = folder / MANIFEST, content["recipe"]
    if content["format"] != FORMAT:
        raise ModelError(f"{manifest} has format {content['format']}; allowed: {FORMAT}; train the classifier again")
    if not isinstance(name, str) or name not in RECIPES:
        raise ModelError(f"{manifest} names the recipe {shown(name)}; allowed: {', '.join(RECIPES)}")
    if name == "best" and isinstance(content["settings"], dict) and "linear" in content["settings"]:
        name = "blend"  # saved when that was what "best" named
    try:
        settings = type(RECIPES[name].settings).from_plain(content["settings"])
    except ParameterError as error:
        raise ModelError(f"{manifest}: {error}") from error
    classifier = RECIPES[name].maker(name, settings, content["seed"], content["chosen"])
    if set(content["files"]) != classifier.files:
        raise ModelError(
            f"{manifest} names {', '.join(content['files'])}; allowed: {', '.join(sorted(classifier.files))}"
        )
    check_files(folder, content)
    classifier.read(folder)
    return classifier


def _checked(texts: Iterable[str], labels: Sequence[int], of: str = "") -> tuple[list[str], np.ndarray]:
    """Return texts as a list and labels as an int array, or raise ValueError; `of` stands before the names."""
    texts = checked_texts(texts, of)
    if not texts:
        raise ValueError(f"{of}texts is empty; allowed: at least one text{'' if of else ' of each label'}")
    return texts, checked_labels(labels, len(texts), of)
