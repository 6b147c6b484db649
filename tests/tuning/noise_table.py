"""A table of models that are all equally good, for the tests of replayed searches."""

from itertools import product

import numpy as np
import pandas as pd

from gru_book.tuning.tabular import Table

FOLD_SIZE = 100
NAMES = ["units", "learning_rate", "dropout"]
VALUES = ((32, 64, 128, 256), (0.01, 0.001, 0.0001), (0.0, 0.1, 0.3, 0.5))


def noise_table(num_seeds=2, num_epochs=10, num_folds=8, chance=0.7, values=VALUES):
    """A table of models that are all equally good: nothing but the luck of the reviews."""
    models = pd.DataFrame(sorted(product(*values)), columns=NAMES[: len(values)])
    rng = np.random.default_rng(3)
    cells = (num_seeds, len(models), num_epochs)
    accuracy = rng.binomial(FOLD_SIZE, chance, (*cells, num_folds)) / FOLD_SIZE
    return Table(models, tuple(range(num_seeds)), accuracy, rng.random(cells), 1 + rng.random(cells))
