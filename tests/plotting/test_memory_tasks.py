"""The figures of the page on the adding and copy tasks."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from gru_book.plotting import memory_tasks, style


def test_the_map_has_a_number_for_what_was_tried_and_a_frame_for_what_was_chosen():
    solved = pd.DataFrame({25: [0, 5.0], 50: [np.nan, 4]}, index=[0.1, 0.01])
    ax = memory_tasks.plot_map(plt.subplots()[1], solved, 5, {25: 0.01, 50: 0.01})
    assert [text.get_text() for text in ax.texts] == ["0", "–", "5", "4"]
    frames = [patch.get_xy() for patch in ax.patches if isinstance(patch, Rectangle)]
    assert frames == [(-0.5, 0.5), (0.5, 0.5)]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0.1", "0.01"]


def test_a_run_that_failed_is_hollow():
    runs = pd.DataFrame(
        {"cell": "GRU", "T": [25, 25, 50], "updates": [300, 400, 4000], "solved": [1, 1, 0]}, index=[5, 1, 7]
    )
    ax = memory_tasks.plot_updates(plt.subplots()[1], runs, (25, 50), 4000)
    filled = [list(line.get_ydata()) for line in ax.lines if line.get_markerfacecolor() == style.GRU]
    hollow = [list(line.get_ydata()) for line in ax.lines if line.get_markerfacecolor() == "white"]
    assert [300, 400] in filled
    assert [4000] in hollow
    assert ax.get_ylim()[1] > 4000


def test_before_and_after_are_joined_and_nothing_leaves_the_figure():
    runs = pd.DataFrame({"cell": "LSTM", "T": [25], "left_before": [0.0], "left_after": [0.3]})
    ax = memory_tasks.plot_before_after(plt.subplots()[1], runs, (25, 50), lowest=1e-30)
    assert [1e-30, 0.3] in [list(line.get_ydata()) for line in ax.lines]
    assert ax.get_ylim()[0] < 1e-30


def test_the_first_updates_have_a_line_for_each_part_with_its_median():
    parts = {name: [1e-3, 1e-5, 1e-4] * 2 for name in memory_tasks.MOVED}
    left = pd.DataFrame({"updates": [0, 0, 0, 10, 10, 10], "seed": [0, 1, 2] * 2} | parts)
    ax = memory_tasks.plot_first_updates(plt.subplots()[1], left)
    assert [line.get_label() for line in ax.lines] == list(memory_tasks.MOVED)
    assert all(list(line.get_ydata()) == [1e-4, 1e-4] for line in ax.lines)


def test_sequences_are_rows_of_boxes():
    ax = memory_tasks.plot_tasks(plt.subplots()[1], {"read": ["a", "b"], "answer": [".", "a"]}, {(0, 0)})
    assert [text.get_text() for text in ax.texts] == ["read", "a", "b", "answer", ".", "a"]
    assert len({patch.get_facecolor() for patch in ax.patches}) == 2
