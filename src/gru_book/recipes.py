"""Named recipes: train a classifier of texts in one line, use it, save it, load it.

Every recipe takes raw texts with labels 0 and 1 and gives a classifier with the same three methods:

>>> from gru_book import recipes
>>> texts = ["good, a joy", "a joy to watch", "dull and bad", "bad, a bore"] * 5
>>> model = recipes.fit("linear", texts, [1, 1, 0, 0] * 5)
>>> (model.predict_proba(["what a joy", "how bad"]) > 0.5).tolist()
[True, False]

`model.save(folder)` writes JSON and arrays, no pickle, and `recipes.load(folder)` checks their SHA-256 before it reads
them. `RECIPES` lists the names. Page 32 explains the two recipes here, step by step, and measures them.

Importing this module imports neither TensorFlow nor scikit-learn. A further recipe is an entry in RECIPES whose
`maker` is a subclass of `Classifier`.
"""

from __future__ import annotations

import copy
import difflib
import hashlib
import json
import math
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

# A word, apostrophes inside included ("don't" is one), or one of the marks that carry mood or end a phrase.
TOKEN = r"[^\W_]+(?:'[^\W_]+)*|[!?.,;:()\"-]"

FORMAT = 1  # of a saved folder
MANIFEST = "model.json"
PROGRESS = "GRU_BOOK_PROGRESS"  # set by the pipeline: the file that takes progress, so that notebooks stay clean

HELD_BACK = 0.1  # share of the texts on which a recipe chooses, where no validation texts are given
FEWEST_HELD_BACK = 20  # with fewer there is nothing to choose by: the default is taken
FEW_TEXTS = 100  # up to here n-grams that occur in a single text are kept


@dataclass(frozen=True)
class Recipe:
    """What a name stands for: one line of description, the class that does it, and what the class needs to know."""

    description: str
    maker: type[Classifier]
    settings: dict = field(default_factory=dict)


class Classifier(ABC):
    """A fitted classifier of texts: `predict_proba`, `save`; `load` gives it back.

    recipe: its name in RECIPES. settings: what the recipe fixes. chosen: what validation chose, and by which score.
    seed: of every random choice in the fit.
    """

    def __init__(self, recipe: str, settings: dict, seed: int = 0, chosen: dict | None = None):
        self.recipe, self.settings, self.seed, self.chosen = recipe, settings, seed, chosen or {}

    @abstractmethod
    def _fit(self, texts: list[str], labels: np.ndarray, validation: tuple[list[str], np.ndarray] | None) -> None:
        """Fit on checked texts and labels of shape (texts,); choose on the validation pair or on rows held back."""

    @abstractmethod
    def _predict(self, texts: list[str]) -> np.ndarray:
        """Return P(label 1) of checked texts, float array of shape (texts,)."""

    @abstractmethod
    def _write(self, folder: Path) -> None:
        """Write what `_read` needs as files in `folder`: JSON, npz or .keras."""

    @abstractmethod
    def _read(self, folder: Path) -> None:
        """Read what `_write` wrote; the hashes have been checked."""

    def predict_proba(self, texts: Iterable[str]) -> np.ndarray:
        """Return the probability of label 1 for each text, float64 array of shape (len(texts),).

        A text without a known word gets what the model says of an empty one. Raises ValueError where `texts` is a
        single string or holds something else than strings.
        """
        texts = _checked_texts(texts)
        return self._predict(texts) if texts else np.zeros(0)

    def save(self, path: str | Path) -> None:
        """Write the classifier to the folder `path`, made anew; a classifier saved there before is replaced.

        Raises ValueError where `path` is a file, or a folder that holds anything but a saved classifier.
        """
        path = Path(path)
        if path.exists() and not (path.is_dir() and ((path / MANIFEST).is_file() or not any(path.iterdir()))):
            raise ValueError(f"path is {str(path)!r}, which exists and is no saved classifier; give a new folder")
        partial = path.with_name(path.name + ".partial")  # a save that dies leaves the old folder whole
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        self._write(partial)
        content = {"format": FORMAT, "recipe": self.recipe, "seed": self.seed, "settings": self.settings}
        content |= {"chosen": self.chosen, "files": {file.name: _digest(file) for file in sorted(partial.iterdir())}}
        content["sha256"] = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        (partial / MANIFEST).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(path, ignore_errors=True)
        partial.rename(path)


class NGramClassifier(Classifier):
    """A logistic regression on n-grams, weighted by TF-IDF ("tfidf") or by naive Bayes' log-count ratios ("nbsvm").

    settings: `weighting`; `longest`, the tokens of the longest n-gram; `grid`, the values of C (the inverse strength
    of the L2 penalty) that validation chooses from; `default`, the C where there are too few texts to choose by.
    After the fit: `vocabulary` (n-grams in the order of the columns), `scale` (columns,), the factor of each column
    (idf, or log-count ratio), `weights` (columns,), `intercept`.

    "nbsvm" is the NB-SVM of Wang & Manning (2012), "Baselines and Bigrams", equations 3 and 4 with alpha = 1 on
    binarised counts, in the variant with the logistic loss in place of their squared hinge loss, so that it gives
    probabilities, and without their interpolation (beta = 1): as in the program of Mesnil et al. (2014).
    """

    def _fit(self, texts, labels, validation):
        reader = self._reader(min_df=2 if len(texts) > FEW_TEXTS else 1)
        try:
            counts = reader.fit_transform(_progress(texts, f"{self.recipe}: reading"))
        except ValueError as error:
            raise ValueError(
                f"texts: the {len(texts)} texts share no word that could be counted; allowed: texts with words"
            ) from error
        self.vocabulary = reader.get_feature_names_out().tolist()
        held, of_held = np.zeros(len(texts), dtype=bool), None
        if validation is not None:
            of_held, held_labels = reader.transform(validation[0]), validation[1]
        elif (held := _held_back(labels, self.seed)).any():
            of_held, held_labels = counts[held], labels[held]
        C = self.settings["default"]
        if of_held is not None:
            C, accuracy = self._choose(counts[~held], labels[~held], of_held, held_labels)
            self.chosen = {"validation_texts": len(held_labels), "validation_accuracy": accuracy}
        self.chosen["C"] = C
        self._fit_scale(counts, labels)  # what was held back inside is learnt from, too
        self._fit_weights(self._features(counts), labels, C)

    def _choose(self, counts, labels, of_held, held_labels):
        """Return the C of the grid that is best on the held texts, and the accuracy of each."""
        self._fit_scale(counts, labels)
        features, held_features = self._features(counts), self._features(of_held)
        accuracy = []
        for C in _progress(self.settings["grid"], f"{self.recipe}: choosing C"):
            self._fit_weights(features, labels, C)
            right = (held_features @ self.weights + self.intercept > 0) == held_labels
            accuracy.append(float(np.mean(right)))
        return self.settings["grid"][int(np.argmax(accuracy))], accuracy  # on a tie the smaller C: more regularised

    def _fit_scale(self, counts, labels):
        from sklearn.feature_extraction.text import TfidfTransformer

        if self.settings["weighting"] == "tfidf":
            self.scale = TfidfTransformer().fit(counts).idf_
            return
        present = counts > 0
        p = 1 + np.asarray(present[labels == 1].sum(axis=0)).ravel()
        q = 1 + np.asarray(present[labels == 0].sum(axis=0)).ravel()
        self.scale = np.log((p / p.sum()) / (q / q.sum()))

    def _fit_weights(self, features, labels, C):
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=C, solver="liblinear", dual=True, max_iter=1000, random_state=self.seed)
        model.fit(features, labels)
        self.weights, self.intercept = model.coef_[0], float(model.intercept_[0])

    def _features(self, counts):
        """Return the weighted counts, a sparse array of shape (texts, columns)."""
        from sklearn.preprocessing import normalize

        features = counts.astype(np.float64)
        features.data = 1 + np.log(features.data) if self.settings["weighting"] == "tfidf" else np.ones(features.nnz)
        features = features.multiply(self.scale).tocsr()
        return normalize(features) if self.settings["weighting"] == "tfidf" else features

    def _predict(self, texts):
        from scipy.special import expit

        counts = self._reader(vocabulary=self.vocabulary).transform(texts)
        return expit(self._features(counts) @ self.weights + self.intercept)

    def _reader(self, **settings):
        from sklearn.feature_extraction.text import CountVectorizer

        return CountVectorizer(
            preprocessor=_plain, token_pattern=TOKEN, ngram_range=(1, self.settings["longest"]), **settings
        )

    def _write(self, folder):
        (folder / "vocabulary.json").write_text(
            json.dumps(self.vocabulary, ensure_ascii=False, indent=0) + "\n", encoding="utf-8"
        )
        arrays = {"scale": self.scale, "weights": self.weights, "intercept": np.array(self.intercept)}
        np.savez_compressed(folder / "weights.npz", **arrays)

    def _read(self, folder):
        self.vocabulary = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
            self.scale, self.weights, self.intercept = arrays["scale"], arrays["weights"], float(arrays["intercept"])


RECIPES = {
    "linear": Recipe(
        "TF-IDF of words and word pairs, logistic regression",
        NGramClassifier,
        {"weighting": "tfidf", "longest": 2, "grid": [1.0, 3.0, 10.0, 30.0, 100.0], "default": 10.0},
    ),
    "nbsvm": Recipe(
        "NB-SVM with the logistic loss on words, word pairs and triples",
        NGramClassifier,
        {"weighting": "nbsvm", "longest": 3, "grid": [0.01, 0.03, 0.1, 0.3, 1.0], "default": 0.3},
    ),
}


def fit(
    name: str,
    texts: Iterable[str],
    labels: Sequence[int],
    *,
    seed: int = 0,
    validation: tuple[Iterable[str], Sequence[int]] | None = None,
) -> Classifier:
    """Return a classifier trained by the recipe `name` on texts with labels 0 and 1.

    texts: raw texts, of any length and alphabet; labels: as many 0s and 1s, both at least once.
    validation: (texts, labels) on which the recipe makes its choices, and from which it learns nothing else. Without
      it a tenth of the texts, drawn at random, is held back for them; `chosen` of the classifier says what came out.
      Where texts come in groups (reviews of one film), give validation texts of other groups: page 31 shows why.
    seed: of every random choice, 0 to 2**32 - 1; the same seed and the same texts give the same classifier.

    Raises ValueError, naming argument, value and what is allowed, where one of them cannot be used.
    """
    if not isinstance(name, str) or name not in RECIPES:
        raise ValueError(f"name is {name!r}{_hint(name)}; allowed: {', '.join(map(repr, RECIPES))}")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed!r}; allowed: whole numbers from 0 to {2**32 - 1}")
    texts, labels = _checked(texts, labels)
    if len(set(labels.tolist())) < 2:
        raise ValueError(f"labels are all {labels[0]}; allowed: 0 and 1, each at least once")
    if validation is not None:
        if not isinstance(validation, (tuple, list)) or len(validation) != 2:
            raise ValueError(f"validation is a {type(validation).__name__}; allowed: None or a pair (texts, labels)")
        validation = _checked(*validation, of="validation ")
    recipe = RECIPES[name]
    classifier = recipe.maker(name, copy.deepcopy(recipe.settings), int(seed))
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
        whole = digest == hashlib.sha256(json.dumps(content).encode()).hexdigest()
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
        if _digest(path / name) != digest:
            raise ValueError(f"{path / name} was altered: its SHA-256 differs; save the classifier again")
    if content["recipe"] not in RECIPES:
        raise ValueError(f"{path / MANIFEST} names the recipe {content['recipe']!r}; allowed: {', '.join(RECIPES)}")
    maker = RECIPES[content["recipe"]].maker
    classifier = maker(*(content[key] for key in ("recipe", "settings", "seed", "chosen")))
    classifier._read(path)
    return classifier


def _plain(text: str) -> str:
    return text.replace("<br />", " ").lower()


def _held_back(labels: np.ndarray, seed: int) -> np.ndarray:
    """Return which rows to choose by, bool array of shape (rows,): a tenth of each label, none if that is too few."""
    rng = np.random.default_rng(seed)
    held = np.zeros(len(labels), dtype=bool)
    for label in (0, 1):
        rows = np.flatnonzero(labels == label)
        held[rng.permutation(rows)[: round(HELD_BACK * len(rows))]] = True
    enough = held.sum() >= FEWEST_HELD_BACK and len(set(labels[held].tolist())) == 2
    return held if enough else np.zeros_like(held)


def _checked(texts: Iterable[str], labels: Sequence[int], of: str = "") -> tuple[list[str], np.ndarray]:
    """Return texts as a list and labels as an int array, or raise ValueError; `of` stands before the names."""
    texts = _checked_texts(texts, of)
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


def _checked_texts(texts: Iterable[str], of: str = "") -> list[str]:
    if isinstance(texts, (str, bytes)):
        raise ValueError(f"{of}texts is one {type(texts).__name__}; allowed: a list of strings: write [text]")
    try:
        texts = list(texts)
    except TypeError as error:
        raise ValueError(f"{of}texts is {texts!r}; allowed: a list of strings") from error
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            shown = "NaN" if isinstance(text, float) and math.isnan(text) else repr(text)[:40]
            raise ValueError(f"{of}texts[{row}] is {shown} ({type(text).__name__}); allowed: strings")
    return texts


def _hint(name) -> str:
    near = difflib.get_close_matches(str(name).lower(), RECIPES, n=1, cutoff=0.4)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _progress(items: Sequence, what: str) -> Iterable:
    """Return `items` with a progress bar that goes when it is done; under the pipeline one line in its own channel."""
    if os.environ.get(PROGRESS):
        with open(os.environ[PROGRESS], "a", encoding="utf-8") as channel:
            channel.write(f"{what} ({len(items):,})\n")
        return items
    from tqdm import tqdm

    return tqdm(items, desc=what, leave=False)
