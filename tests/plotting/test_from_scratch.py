"""The figures of the page on a layer from scratch: the unrolled loop and the times."""

import matplotlib.pyplot as plt

from drawing import overlapping
from gru_book.plotting import from_scratch


def test_the_loop_is_drawn_over_a_padded_batch():
    fig, ax = plt.subplots(figsize=(4.9, 3))
    assert from_scratch.plot_unrolled(ax, [["not", "good"], ["great"], ["so", "so", "film"]]) is ax
    texts = [text.get_text() for text in ax.texts]
    assert texts.count("pad") == 1 + 2
    assert texts.count("$h_0$") == 3
    assert {"$h_1$", "$h_2$", "$h_3$"} <= set(texts)  # the last real state of each
    assert [f"$t = {t}$" in texts for t in (1, 2, 3, 4)] == [True, True, True, False]


def test_no_two_texts_of_the_loop_overlap():
    fig, ax = plt.subplots(figsize=(4.9, 3))
    from_scratch.plot_unrolled(ax, [s.split() for s in ("the film was not good", "never dull again", "great")])
    assert overlapping(ax) == []


def test_times_are_rows_from_the_top_and_all_are_seen():
    times = {"slow": (40.0, 30.0, 50.0), "batch": (1.0, 1.0, 1.0), "fast": (0.1, 0.05, 0.2)}
    ax = from_scratch.plot_times(plt.subplots()[1], times)
    assert [label.get_text() for label in ax.get_yticklabels()] == list(times)
    assert ax.yaxis_inverted()
    low, high = ax.get_xlim()
    assert low < 0.05 < 50 < high
    assert [text.get_text() for text in ax.texts] == ["40.00", "1.00", "0.10"]
