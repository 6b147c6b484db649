"""A small reader that is far from linear."""

import numpy as np
import pytest

from gru_book.models.reader import Reader


@pytest.fixture
def reader():
    fresh = Reader.fresh(12, 3, 4, np.random.default_rng(0))
    return Reader(20 * fresh.table, fresh.cell, 3 * fresh.w, 0.3)
