"""A classifier of texts: what every recipe of `gru_book.recipes` can do, and what their fits share.

Importing this module imports neither TensorFlow nor scikit-learn.
"""

from __future__ import annotations

import json
import math
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from gru_book.files import sha256

FORMAT = 1  # of a saved folder

MANIFEST = "model.json"

HELD_BACK = 0.1  # share of the texts on which a recipe chooses, where no validation texts are given

FEWEST_HELD_BACK = 20  # with fewer there is nothing to choose by: the default is taken


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
        texts = checked_texts(texts)
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
        content |= {"chosen": self.chosen, "files": {file.name: sha256(file) for file in sorted(partial.iterdir())}}
        content["sha256"] = sha256(json.dumps(content))
        (partial / MANIFEST).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(path, ignore_errors=True)
        partial.rename(path)


def held_back(labels: np.ndarray, seed: int) -> np.ndarray:
    """Return which rows to choose by, bool array of shape (rows,): a tenth of each label, none if that is too few."""
    rng = np.random.default_rng(seed)
    held = np.zeros(len(labels), dtype=bool)
    for label in (0, 1):
        rows = np.flatnonzero(labels == label)
        held[rng.permutation(rows)[: round(HELD_BACK * len(rows))]] = True
    enough = held.sum() >= FEWEST_HELD_BACK and len(set(labels[held].tolist())) == 2
    return held if enough else np.zeros_like(held)


def checked_texts(texts: Iterable[str], of: str = "") -> list[str]:
    """Return texts as a list, or raise ValueError where they are no strings; `of` stands before the argument's name."""
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
