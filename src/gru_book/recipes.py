"""Named recipes: train a classifier of texts in one line, use it, save it, load it.

Every recipe takes raw texts with labels 0 and 1 and gives a classifier with the same three methods:

>>> from gru_book import recipes
>>> texts = ["good, a joy", "a joy to watch", "dull and bad", "bad, a bore"] * 5
>>> model = recipes.fit("linear", texts, [1, 1, 0, 0] * 5)
>>> (model.predict_proba(["what a joy", "how bad"]) > 0.5).tolist()
[True, False]

`model.save(folder)` writes JSON and arrays, no pickle, and `recipes.load(folder)` checks their SHA-256 before it reads
them. `RECIPES` lists the names. Page 32 explains the two linear recipes step by step, page 33 those that train a
GRU; `fit(..., settings={...})` changes a recipe.

Importing this module imports neither TensorFlow nor scikit-learn. A further recipe is an entry in RECIPES whose
`maker` is a subclass of `Classifier`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gru_book.data.tokens import tokenize
from gru_book.errors import did_you_mean
from gru_book.files import sha256
from gru_book.models.classifier import FORMAT, MANIFEST, Classifier, checked_texts
from gru_book.models.ngrams import LINEAR, NBSVM, NGramClassifier
from gru_book.models.settings import ORIGINAL, PLAIN_GRU


@dataclass(frozen=True)
class Recipe:
    """What a name stands for: one line of description, the class that does it, and what the class needs to know."""

    description: str
    maker: Callable[..., Classifier]
    settings: dict = field(default_factory=dict)


def _original(*arguments) -> Classifier:
    from gru_book.models.original import OriginalClassifier

    return OriginalClassifier(*arguments)


def _gru(*arguments) -> Classifier:
    from gru_book.models.gru_classifier import GRUClassifier

    return GRUClassifier(*arguments)


def _best(*arguments) -> Classifier:
    from gru_book.models.ensemble import BestClassifier

    return BestClassifier(*arguments)


RECIPES = {
    "original": Recipe(
        "the original: Embedding 128, GRU 128, its last state; fixed length, padding in front, five epochs",
        _original,
        ORIGINAL,
    ),
    "fast": Recipe(
        "a GRU of 16 units on tokens and pairs that reads windows in parallel and pools its states, one epoch",
        _gru,
        PLAIN_GRU
        | {
            "longest": 2,
            "fewest": 5,
            "embedding_dim": 16,
            "units": 16,
            "window": 25,
            "word_dropout": 0.1,
        },
    ),
    "best": Recipe(
        "a GRU in both directions on tokens, pairs and triples, trained against an adversary, beside an NB-SVM",
        _best,
        PLAIN_GRU
        | {
            "max_words": 30_000,
            "longest": 3,
            "maxlen": 600,
            "embedding_dim": 64,
            "units": 64,
            "window": 50,
            "bidirectional": True,
            "word_dropout": 0.2,
            "embedding_dropout": 0.3,
            "dropout": 0.5,
            "epochs": 2,
            "learning_rate": 0.003,
            "adversary": 1.0,
            "vectors": 0.5,
            "linear": NBSVM,
            "even": [0.5, 0.5, 0.0],
        },
    ),
    "web": Recipe(
        "a small GRU whose last state decides, masked, for the browser",
        _gru,
        PLAIN_GRU
        | {
            "reading": "keras",
            "max_words": 10_000,
            "mask": True,
            "pooling": "last",
            "word_dropout": 0.1,
            "epochs": 3,
            "learning_rate": 0.005,
            "vectors": 0.5,
        },
    ),
    "linear": Recipe(
        "TF-IDF of words and word pairs, logistic regression",
        NGramClassifier,
        LINEAR,
    ),
    "nbsvm": Recipe(
        "NB-SVM with the logistic loss on words, word pairs and triples",
        NGramClassifier,
        NBSVM,
    ),
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

    texts: raw texts, of any length and alphabet; labels: as many 0s and 1s, both at least once.
    validation: (texts, labels) on which the recipe makes its choices, and from which it learns nothing else. Without
      it a tenth of the texts, drawn at random, is held back for them; `chosen` of the classifier says what came out.
      Where texts come in groups (reviews of one film), give validation texts of other groups: page 31 shows why.
    seed: of every random choice, 0 to 2**32 - 1; the same seed and the same texts give the same classifier (of a
      network for certain only with TensorFlow's op determinism, which `training.seeding.set_seed` turns on; where
      the setting `vectors` is not 0, also only on as many threads, since their factorisation rounds by threads).
    settings: changes to the recipe, such as {"units": 64}; `RECIPES[name].settings` has all names and values.

    Raises ValueError, naming argument, value and what is allowed, where one of them cannot be used.
    """
    if not isinstance(name, str) or name not in RECIPES:
        raise ValueError(f"name is {name!r}{did_you_mean(name, RECIPES)}; allowed: {', '.join(map(repr, RECIPES))}")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed!r}; allowed: whole numbers from 0 to {2**32 - 1}")
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
    recipe = RECIPES[name]
    for setting in settings or {}:
        if setting not in recipe.settings:
            known = ", ".join(map(repr, recipe.settings))
            raise ValueError(f"settings has {setting!r}{did_you_mean(setting, recipe.settings)}; allowed: {known}")
    classifier = recipe.maker(name, copy.deepcopy(recipe.settings | (settings or {})), int(seed))
    classifier._fit(texts, labels, validation)
    return classifier


def load(path: str | Path) -> Classifier:
    """Return the classifier that `Classifier.save` wrote to the folder `path`; it predicts what it did before.

    Raises ValueError, in one line, where a file is missing, altered, or of another version of this module.
    """
    path = Path(path)
    try:
        content = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        digest = content.pop("sha256")
        whole = digest == sha256(json.dumps(content))
    except OSError as error:
        raise ValueError(f"path is {str(path)!r}: no saved classifier, {MANIFEST} cannot be read") from error
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ValueError(f"{path / MANIFEST} is not what save wrote; save the classifier again") from error
    if not whole:
        raise ValueError(f"{path / MANIFEST} was altered: its SHA-256 differs; save the classifier again")
    if content["format"] != FORMAT:
        raise ValueError(f"{path / MANIFEST} has format {content['format']!r}; allowed: {FORMAT}")
    for name, digest in content["files"].items():
        if not (path / name).is_file():
            raise ValueError(f"{path / name} is missing; save the classifier again")
        if sha256(path / name) != digest:
            raise ValueError(f"{path / name} was altered: its SHA-256 differs; save the classifier again")
    if content["recipe"] not in RECIPES:
        raise ValueError(f"{path / MANIFEST} names the recipe {content['recipe']!r}; allowed: {', '.join(RECIPES)}")
    maker = RECIPES[content["recipe"]].maker
    classifier = maker(*(content[key] for key in ("recipe", "settings", "seed", "chosen")))
    classifier._read(path)
    return classifier


def _checked(texts: Iterable[str], labels: Sequence[int], of: str = "") -> tuple[list[str], np.ndarray]:
    """Return texts as a list and labels as an int array, or raise ValueError; `of` stands before the names."""
    texts = checked_texts(texts, of)
    if not texts:
        raise ValueError(f"{of}texts is empty; allowed: at least one text{'' if of else ' of each label'}")
    try:
        values = list(labels)
    except TypeError as error:
        raise ValueError(f"{of}labels is {labels!r}; allowed: a 0 or 1 for each text") from error
    if len(values) != len(texts):
        raise ValueError(f"{of}labels has {len(values)} entries; allowed: {len(texts)}, one for each text")
    for row, value in enumerate(values):
        # A NaN equals nothing, a text neither; True and 1.0 are taken for 1.
        if not isinstance(value, (bool, int, float, np.bool_, np.integer, np.floating)) or value not in (0, 1):
            raise ValueError(f"{of}labels[{row}] is {value!r}; allowed: 0 and 1")
    return texts, np.array(values).astype(int)
