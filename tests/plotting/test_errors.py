"""Figures of slices and calibration."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from gru_book.evaluation import calibration, slices
from gru_book.evaluation.intervals import Blocks
from gru_book.plotting import errors as plotting_errors


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_the_figures_take_and_return_an_axis(rng):
    first, second = rng.random(60) < 0.9, rng.random(60) < 0.5
    of = {("a", "x"): np.arange(60) < 30, ("b", "y"): np.arange(60) >= 30}
    table = slices.compare_slices(first, second, of, Blocks.resample(np.zeros(60), rng, draws=20, size=4))
    for draw in (plotting_errors.plot_error_rates, plotting_errors.plot_leads):
        _, ax = plt.subplots()
        assert draw(ax, table, 1.0) is ax
        assert [label.get_text() for label in ax.get_yticklabels()] == ["a: x", "b: y"]
    _, ax = plt.subplots()
    bins = calibration.reliability(first, rng.random(60))
    assert plotting_errors.plot_gaps(ax, {"best": bins, "nbsvm": bins}) is ax
    rows = pd.DataFrame([("whole", "GRU", 0.9, 0.8, 0.95)], columns=["kind", "model", "accuracy", "low", "high"])
    _, ax = plt.subplots()
    assert plotting_errors.plot_shift(ax, rows) is ax
    plt.close("all")
