"""The figures of the page on vanishing gradients: what they draw, and what they leave out."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from gru_book.plotting import vanishing_gradients


@pytest.fixture
def ax():
    return plt.subplots(figsize=(4.9, 4))[1]


def line(ax, name: str):
    return next(line for line in ax.lines if line.get_label() == name)


def test_every_kind_of_layer_has_a_look_of_its_own(ax):
    curve = pd.DataFrame({"middle": [0.5, 1e-3], "low": [0.4, 1e-4], "high": [0.6, 1e-2]}, [1, 20])
    assert vanishing_gradients.plot_reach(ax, dict.fromkeys(vanishing_gradients.LOOKS, curve)) is ax
    looks = {(one.get_color(), one.get_marker(), one.get_linestyle()) for one in ax.lines}
    assert len(looks) == len(ax.lines) == len(ax.collections) == 5
    assert line(ax, "GRU").get_xydata().tolist() == [[1, 0.5], [20, 1e-3]]
    assert (ax.get_yscale(), ax.get_ylim()[0]) == ("log", 1e-23)


def test_scales_are_drawn_with_their_intervals(ax):
    rows = {"layer": ["RNN", "RNN", "GRU"], "scale": [0.1, 1, 1], "middle": [0.9, 0.5, 0.2]}
    table = pd.DataFrame(rows | {"low": [0.8, 0.4, 0.1], "high": [1.0, 0.7, 0.3]})
    assert vanishing_gradients.plot_scales(ax, table, 20) is ax
    (ends,) = ax.containers[0].lines[2]
    assert np.allclose(ends.get_segments(), [[[0.1, 0.8], [0.1, 1.0]], [[1, 0.4], [1, 0.7]]])
    assert ax.get_ylabel() == "retained after 20 steps"


def test_lengths_take_four_columns_and_mark_one_half(ax):
    table = pd.DataFrame({name: [0.5, 0.25] for name in ("default", "up to 10", "up to 50", "up to 500")}, [1, 2])
    vanishing_gradients.plot_lengths(ax, table)
    assert len(ax.lines) == 5
    assert ax.lines[-1].get_ydata() == [0.5, 0.5]
    with pytest.raises(ValueError, match="longer"):
        vanishing_gradients.plot_lengths(ax, table.iloc[:, :3])


def test_a_term_that_is_zero_is_not_drawn_and_a_sum_is_level(ax):
    vanishing_gradients.plot_terms(ax, {"h": np.array([1, 0.5]), "W": np.array([0.1, 0.0])}, {"W": 0.2})
    assert np.isnan(line(ax, "W").get_ydata()[1])
    assert [list(one.get_ydata()) for one in ax.lines if one.get_linestyle() == "--"] == [[0.2, 0.2]]


def test_an_error_of_nothing_is_left_out(ax):
    vanishing_gradients.plot_truncation(ax, {"GRU": np.array([0.5, 0.01, 0.0])}, [1, 10, 100])
    drawn = line(ax, "GRU").get_ydata()
    assert drawn[:2].tolist() == [0.5, 0.01]
    assert np.isnan(drawn[2])
    assert [text.get_text() for text in ax.get_xticklabels()] == ["1", "10", "100"]


def test_each_training_is_a_line_and_each_kind_has_one_label():
    _, axes = plt.subplots(2, 1)
    runs = np.array([[1.0, 0.5], [1.0, 0.1], [0.9, 0.2]])
    vanishing_gradients.plot_trainings(axes, {"a": (runs, 1e-3 * runs), "b": (runs[:2], runs[:2])})
    for ax in axes:
        assert len(ax.lines) == 5
        assert ax.get_legend_handles_labels()[1] == ["a", "b"]
    assert [ax.get_yscale() for ax in axes] == ["linear", "log"]
    assert axes[1].lines[1].get_ydata().tolist() == [1e-3, 1e-4]
