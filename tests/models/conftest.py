"""Recipes that train without a word, and texts from which they can learn a mood."""

import numpy as np
import pytest

from gru_book import progress
from gru_book.models import keras_classifier


@pytest.fixture(autouse=True)
def _quiet_and_quick(monkeypatch, tmp_path):
    monkeypatch.setenv(progress.CHANNEL, str(tmp_path / "progress"))
    monkeypatch.setattr(keras_classifier, "FEWEST_UPDATES", 3)


@pytest.fixture
def moods():
    """Return a function that draws texts of three words of one mood and one neutral word, half of each label."""

    def draw(number: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
        rng = np.random.default_rng(seed)
        labels = np.arange(number) % 2
        words = {1: ["joy", "good", "lovely"], 0: ["dull", "bad", "awful"]}
        texts = [" ".join([*rng.choice(words[int(y)], 3), f"film{rng.integers(5)}"]) for y in labels]
        return texts, labels

    return draw
