"""The figures of the page on padding and masking."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from gru_book.plotting import padding_masking


def test_what_is_retained_is_a_line_with_a_band_and_the_prediction_stands_beside_it():
    table = pd.DataFrame({0: [1.0, 0.1], 1: [1.0, 0.001]}, index=[0, 5])
    ax = padding_masking.plot_survival(plt.subplots()[1], {"behind": table}, {1.07: 0.5})
    line, crosses = ax.lines
    assert list(line.get_ydata()) == pytest.approx([1, 0.01])
    assert crosses.get_xydata().tolist() == [[1.07, 0.5]]
    assert len(ax.collections) == 1


@pytest.mark.parametrize(("side", "row"), [("front", ["0", "0", "a"]), ("behind", ["a", "0", "0"])])
def test_short_texts_are_filled_on_their_side(side, row):
    ax = padding_masking.plot_filling(plt.subplots()[1], [["a"], ["b", "c", "d"]], 3, side)
    assert [text.get_text() for text in ax.texts] == [*row, "b", "c", "d"]
    faces = [patch.get_facecolor() for patch in ax.patches]
    assert len(set(faces)) == 2


def test_every_arm_has_its_mean_and_its_seeds():
    rows = [("back", seed, epoch, 0.5 + 0.1 * seed) for seed in (0, 1) for epoch in (0, 1)]
    table = pd.DataFrame(rows, columns=["arm", "seed", "epoch", "value"])
    ax = padding_masking.plot_arms(plt.subplots()[1], table)
    labelled = [line for line in ax.lines if line.get_label() == "behind"]
    assert list(labelled[0].get_ydata()) == pytest.approx([0.55, 0.55])
    assert len(ax.lines) == 2 + 1 + 1  # seeds, mean, chance


def test_the_drift_has_one_line_a_precision():
    apart = {"float32": np.array([1e-6, 1e-3]), "float64": np.array([1e-15, 1e-12])}
    ax = padding_masking.plot_drift(plt.subplots()[1], [10, 20], apart)
    assert [line.get_label() for line in ax.lines] == ["float32", "float64"]
    assert ax.get_yscale() == "log"


def test_batches_are_sorted_by_their_steps():
    ax = padding_masking.plot_batches(plt.subplots()[1], np.array([5.0, 2.0, 3.0]), np.array([8, 3, 3]))
    assert list(ax.lines[0].get_ydata()) == [3, 3, 8]
