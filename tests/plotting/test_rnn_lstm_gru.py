"""The figures of the page that compares RNN, LSTM and GRU."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from gru_book.plotting import rnn_lstm_gru


def test_ratios_stand_in_rows_with_one_mark_a_size():
    rows = [("weights", "big", 1.3, 1.3, 1.3), ("weights", "small", 1.2, 1.2, 1.2), ("time", "big", 0.9, 0.8, 1.1)]
    table = pd.DataFrame(rows, columns=["name", "size", "ratio", "low", "high"])
    ax = rnn_lstm_gru.plot_glance(plt.subplots()[1], table)
    big, small, one = ax.lines
    assert list(big.get_xdata()) == [1.3, 0.9]
    assert list(small.get_xdata()) == [1.2]
    assert set(one.get_xdata()) == {1}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["weights", "time"]
    assert ax.yaxis_inverted()


def test_parts_are_stacked():
    parts = pd.DataFrame({"products": [0.7, 0.8], "gates": [0.3, 0.1]}, index=["GRU", "LSTM"])
    ax = rnn_lstm_gru.plot_parts(plt.subplots()[1], parts)
    assert [bar.get_x() for bar in ax.patches] == pytest.approx([0, 0, 0.7, 0.8])
    assert [text.get_text() for text in ax.texts] == ["0.70", "0.80", "0.30", "0.10"]


def test_widths_have_a_line_a_layer_and_every_number_of_units_as_a_tick():
    rows = [(layer, units, 0.8, 0.7, 0.9) for layer in ("LSTM", "lean") for units in (16, 64)]
    table = pd.DataFrame(rows, columns=["layer", "units", "ratio", "low", "high"])
    ax = rnn_lstm_gru.plot_widths(plt.subplots()[1], table, {"LSTM": "LSTM", "lean": "lean GRU"}, 1.33)
    assert [line.get_label() for line in ax.lines[:2]] == ["LSTM", "lean GRU"]
    assert list(ax.get_xticks()) == [16, 64]


def test_the_rate_that_was_chosen_is_framed():
    scores = pd.DataFrame({0.001: [0.8, 0.7], 0.01: [0.6, 0.9]}, index=["RNN", "GRU"])
    ax = rnn_lstm_gru.plot_trials(plt.subplots()[1], scores, {"RNN": 0.001, "GRU": 0.01})
    assert [patch.get_xy() for patch in ax.patches if isinstance(patch, Rectangle)] == [(-0.5, -0.5), (0.5, 0.5)]
    assert [text.get_text() for text in ax.texts] == ["80", "60", "70", "90"]


def test_differences_have_a_mark_for_each_way():
    ways = {"own": {"RNN": (-1, -2, 0), "LSTM": (0, -1, 1)}, "common": {"RNN": (1, 0, 2), "LSTM": (2, 1, 3)}}
    ax = rnn_lstm_gru.plot_differences(plt.subplots()[1], ways)
    assert [line.get_label() for line in ax.lines[:2]] == ["own", "common"]
    assert list(ax.lines[1].get_xdata()) == [1, 2]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["RNN", "LSTM"]
