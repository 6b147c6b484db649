"""The figures of the page on baselines: each model in its place, names apart."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from gru_book.plotting import baselines


def test_models_stand_at_their_time_and_accuracy():
    results = pd.DataFrame({"seconds": [10.0, 60.0], "test": [0.87, 0.9]}, index=["one", "other"])
    results["low"], results["high"] = results["test"] - 0.01, results["test"] + 0.02
    ax = baselines.plot_accuracy_and_time(plt.subplots()[1], results)
    marks = [bar.lines[0].get_xydata()[0].tolist() for bar in ax.containers]
    assert marks == [[10, 0.87], [60, 0.9]]
    assert [bar.get_label() for bar in ax.containers] == ["one", "other"]
    assert ax.get_xlim()[0] == 0


def test_named_words_are_named_with_their_negation():
    alone, negated = np.array([0.5, -1.0, 2.0]), np.array([-0.5, -2.0, 1.0])
    ax = baselines.plot_negation(plt.subplots()[1], alone, negated, ["good", "bad", "great"], ["bad"])
    assert [text.get_text() for text in ax.texts] == ["not bad"]
    assert baselines.plot_negation(plt.subplots()[1], np.array([]), np.array([]), [], []).texts[:] == []


def test_a_curve_goes_through_the_means_of_its_subsets():
    curves = pd.DataFrame(
        {"model": "NB-SVM", "reviews": [250, 250, 500, 500], "accuracy": [0.7, 0.8, 0.8, 0.9], "subset": [0, 1, 0, 1]}
    )
    ax = baselines.plot_sizes(plt.subplots()[1], curves)
    assert ax.lines[0].get_ydata() == pytest.approx([0.75, 0.85])
    assert ax.lines[0].get_label() == "NB-SVM"
