"""The figures of the page on several workers: bars and marks are where the numbers say."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from gru_book.plotting import distributed_tuning


def test_a_run_is_a_bar_in_its_workers_row_and_a_lost_one_is_hatched():
    rows = [("0", "1", 0.0, 4.0, "lost"), ("1", "2", 0.5, 5.0, "completed"), ("0", "1", 6.0, 9.0, "completed")]
    runs = pd.DataFrame(rows, columns=["trial", "worker", "start", "end", "outcome"])
    ax = distributed_tuning.plot_runs(plt.subplots()[1], runs)
    bars = {(bar.get_x(), bar.get_width(), round(bar.get_y() + bar.get_height() / 2)): bar for bar in ax.patches}
    assert set(bars) == {(0.0, 4.0, 0), (0.5, 4.5, 1), (6.0, 3.0, 0)}
    assert bars[0.0, 4.0, 0].get_hatch()
    assert not bars[6.0, 3.0, 0].get_hatch()
    assert [text.get_text() for text in ax.texts] == ["0", "1", "0"]


def test_computed_times_are_a_line_and_measured_ones_marks():
    ax = distributed_tuning.plot_wall_time(plt.subplots()[1], {1: 60.0, 2: 35.0}, {2: 41.0})
    line, marks = ax.lines
    assert line.get_xydata().tolist() == [[1, 60], [2, 35]]
    assert marks.get_xydata().tolist() == [pytest.approx([2, 41])]
    assert marks.get_linestyle() == "None"
    assert ax.get_ylim()[0] == 0
