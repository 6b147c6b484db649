"""The figures of the page on gradients: the same graph both ways, no text over another, values where they belong."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Rectangle

from drawing import overlapping
from gru_book.plotting import backpropagation


def arrows(ax) -> list[tuple]:
    """Return the arrows of a drawing, (from, to)."""
    return [(note.xyann, note.xy) for note in ax.texts if getattr(note, "arrow_patch", None)]


def test_backward_every_way_is_gone_the_other_way():
    drawn = [backpropagation.plot_graph(plt.subplots()[1], backward) for backward in (False, True)]
    forward, backward = (arrows(ax) for ax in drawn)
    assert len(forward) == len(backward) > 10
    # The first pieces of the ways forward are the last ones backward.
    starts = {way[1][0] for way in backpropagation.WAYS}
    assert starts <= {end for _, end in backward}
    assert {way[1][-1] for way in backpropagation.WAYS} <= {end for _, end in forward}


@pytest.mark.parametrize("backward", [False, True])
def test_no_two_texts_of_the_graph_overlap(backward):
    fig, ax = plt.subplots(figsize=(4.9, 3.3))
    backpropagation.plot_graph(ax, backward)
    assert overlapping(ax) == []


def test_a_training_is_drawn_as_means_of_its_updates():
    losses = {"by hand": np.arange(10.0), "by Keras": np.arange(10.0) + 1}
    ax = backpropagation.plot_training(plt.subplots()[1], losses, 5)
    first, second = ax.lines
    assert first.get_xdata().tolist() == [2.5, 7.5]
    assert first.get_ydata().tolist() == [2, 7]
    assert second.get_ydata().tolist() == [3, 8]


def test_what_is_likelier_is_darker_and_each_guess_stands_below_its_symbol():
    guesses = [[("a", 0.9), (" ", 0.1)], [("\n", 0.4), ("b", 0.3)]]
    ax = backpropagation.plot_next(plt.subplots()[1], "a\n", guesses)
    squares = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert [square.get_alpha() for square in squares] == [0.9, 0.1, 0.4, 0.3]
    assert [(t.get_text(), t.get_position()) for t in ax.texts] == [
        *[("a", (0, 0.15)), ("a", (0, -1)), ("␣", (0, -2))],
        *[("↵", (1, 0.15)), ("↵", (1, -1)), ("b", (1, -2))],
    ]
