"""A classifier of texts: what every recipe of `gru_book.recipes` can do, and what their fits share.

Importing this module imports neither TensorFlow nor scikit-learn.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from gru_book.files import replacing
from gru_book.models.saving import KIND, is_saved, write_manifest
from gru_book.models.settings import Settings
from gru_book.models.texts import checked_texts

HELD_BACK = 0.1  # share of the texts on which a recipe chooses, where no validation texts are given

FEWEST_HELD_BACK = 20  # with fewer there is nothing to choose by: the default is taken


class Classifier(ABC):
    """A fitted classifier of texts: `predict_proba`, `save`; `load` gives it back.

    recipe: its name in RECIPES. settings: what the recipe fixes. chosen: what validation chose, and by which score.
    seed: of every random choice in the fit.
    """

    def __init__(self, recipe: str, settings: Settings, seed: int = 0, chosen: dict | None = None):
        self.recipe, self.settings, self.seed, self.chosen = recipe, settings, seed, chosen or {}

    @abstractmethod
    def fit(self, texts: list[str], labels: np.ndarray, validation: tuple[list[str], np.ndarray] | None = None) -> None:
        """Fit on checked texts and labels of shape (texts,); choose on the validation pair or on rows held back."""

    @abstractmethod
    def _predict(self, texts: list[str]) -> np.ndarray:
        """Return P(label 1) of checked texts, float array of shape (texts,)."""

    @property
    @abstractmethod
    def files(self) -> set[str]:
        """Return the names of the files that `write` writes."""

    @abstractmethod
    def write(self, folder: Path) -> None:
        """Write what `read` needs as files in `folder`: JSON and arrays. Raises ValueError for weights not finite."""

    @abstractmethod
    def read(self, folder: Path) -> None:
        """Read what `write` wrote; ModelError where anything in it is not what it must be by `settings`."""

    def predict_proba(self, texts: Iterable[str]) -> np.ndarray:
        """Return the probability of label 1 for each text, float64 array of shape (len(texts),).

        A text without a known word gets what the model says of an empty one. Raises ValueError where `texts` is no
        list of strings; a table is none, its columns are.
        """
        texts = checked_texts(texts)
        return self._predict(texts) if texts else np.zeros(0)

    def save(self, path: str | Path) -> None:
        """Write the classifier to the folder `path`, made anew; ~ is the home folder.

        A classifier saved there before is replaced as a whole. Raises ValueError, and leaves all as it is, where
        `path` is a file, a link or a folder that holds anything else, or where it cannot be written.
        """
        with replacing(path, KIND, is_saved) as folder:
            folder.mkdir()
            self.write(folder)
            write_manifest(folder, self.recipe, self.seed, self.settings.plain(), self.chosen)


def held_back(labels: np.ndarray, seed: int) -> np.ndarray:
    """Return which rows to choose by, bool array of shape (rows,): a tenth of each label, none if that is too few."""
    rng = np.random.default_rng(seed)
    held = np.zeros(len(labels), dtype=bool)
    for label in (0, 1):
        rows = np.flatnonzero(labels == label)
        held[rng.permutation(rows)[: round(HELD_BACK * len(rows))]] = True
    enough = held.sum() >= FEWEST_HELD_BACK and len(set(labels[held].tolist())) == 2
    return held if enough else np.zeros_like(held)
