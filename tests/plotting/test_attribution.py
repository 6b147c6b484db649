"""The figures of the page on attributions: intervals, marks and lines stand where the numbers say."""

import matplotlib.pyplot as plt
import pandas as pd

from gru_book.plotting import attribution


def test_pairs_are_intervals_in_their_order_beside_the_threshold():
    pairs = {
        ("occlusion", "integrated gradients"): (0.9, 0.88, 0.92),
        ("gradient × input", "tone"): (0.5, 0.4, 0.6),
    }
    ax = attribution.plot_agreement(plt.subplots()[1], pairs, 0.7)
    assert ax.lines[0].get_xydata().tolist() == [[0.88, 0], [0.92, 0]]
    assert ax.lines[3].get_xydata().tolist() == [[0.5, 1]]
    assert set(ax.lines[-1].get_xdata()) == {0.7}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["occlusion – integrated", "gradient – tone"]
    assert ax.yaxis_inverted()
    assert ax.lines[0].get_color() != ax.lines[2].get_color()  # a pair of methods, and one with the tone


def test_each_untrained_network_is_a_mark_in_the_row_of_its_kind():
    ax = attribution.plot_likeness(plt.subplots()[1], {"fresh network": [0.1, -0.1], "fresh GRU": [0.4]}, 0.25)
    assert [line.get_xydata().tolist() for line in ax.lines] == [[[0.1, 0], [-0.1, 0]], [[0.4, 1]]]
    band = ax.patches[0].get_bbox()
    assert (band.x0, band.x1) == (-0.25, 0.25)


def test_every_way_has_a_line_and_a_look_of_its_own():
    rows = [(1.0, 0.5, 1.5), (2.0, 1.0, 3.0)]
    curves = pd.DataFrame({way: rows for way in attribution.LOOKS}, index=[1, 5])
    ax = attribution.plot_deletion(plt.subplots()[1], curves)
    assert [line.get_ydata().tolist() for line in ax.lines] == [[1.0, 2.0]] * len(attribution.LOOKS)
    assert [line.get_label() for line in ax.lines] == list(attribution.LOOKS)
    assert len({(line.get_color(), line.get_marker()) for line in ax.lines}) == len(attribution.LOOKS)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "5"]
