"""The figures of the history and of what came after: no two texts overlap, and what is drawn is what was given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from drawing import overlapping
from gru_book.layers.history import CELLS, MILESTONES
from gru_book.plotting import history


def inside(fig, ax) -> bool:
    right = fig.get_window_extent().x1
    return all(0 <= text.get_window_extent().x0 and text.get_window_extent().x1 <= right for text in ax.texts)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("width", [4.6, 4.9])
def test_no_two_texts_of_a_cell_overlap(name, width):
    fig, ax = plt.subplots(figsize=(width, 2.4))
    assert history.plot_cell(ax, name, CELLS[name]) is ax
    fig.canvas.draw()
    assert overlapping(ax) == []
    assert inside(fig, ax)


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_shows_its_states_and_one_box_for_each_block(name):
    sketch = CELLS[name]
    texts = [text.get_text() for text in history.plot_cell(plt.subplots()[1], name, sketch).texts]
    assert {f"${state}_t$" for state in sketch.states} <= set(texts)
    assert {f"${state}_{{t-1}}$" for state in sketch.states} <= set(texts)
    assert texts.count("gate") == len(sketch.gates)
    assert ("linear" in "".join(texts)) == (not sketch.sees_state)


def test_the_network_is_drawn_once_folded_and_once_a_word():
    fig, ax = plt.subplots(figsize=(4.9, 1.5))
    assert history.plot_unrolled(ax, ["the", "film", "was", "good"]) is ax
    texts = [text.get_text() for text in ax.texts]
    assert texts.count("cell") == 1 + 4
    assert {f"$h_{t}$" for t in range(5)} <= set(texts)
    fig.canvas.draw()
    assert overlapping(ax) == []
    assert inside(fig, ax)


def test_no_two_texts_of_the_timeline_overlap():
    fig, ax = plt.subplots(figsize=(4.9, 5.6))
    assert history.plot_timeline(ax, MILESTONES) is ax
    fig.canvas.draw()
    assert overlapping(ax) == []


def test_a_door_is_full_where_it_is_open():
    gates = {"i": np.array([0.9, 0.1, 0.1]), "o": np.array([0.1, 0.1, 0.9])}
    _, axes = plt.subplots(3, 1)
    history.plot_doors(axes, np.array([0.5, -0.2, 0.3]), gates, np.full(3, 0.5), np.array([0, 0, 0.5]))
    full = [line.get_fillstyle() == "full" for line in axes[1].lines]
    assert full == [True, False, False, False, False, True]
    colors = [bar.get_facecolor() for bar in axes[0].patches]
    assert colors[0] != colors[1] == colors[2]


@pytest.mark.parametrize(("num_steps", "rounds"), [(2, 1), (8, 3), (9, 4)])
def test_a_scan_is_drawn_until_all_steps_are_reached(num_steps, rounds):
    ax = history.plot_rounds(plt.subplots()[1], num_steps)
    assert [label.get_text() for label in ax.get_yticklabels()][-1] == f"round {rounds}"
    assert len(ax.get_yticks()) == rounds + 1


def test_times_are_drawn_in_milliseconds_at_their_lengths():
    times = {"GRU, loop": [(2, 1, 3), (8, 8, 8)], "minGRU, loop": [(1, 1, 1)] * 2, "minGRU, scan": [(0.5, 0.4, 1)] * 2}
    ax = history.plot_lengths(plt.subplots()[1], "one sequence", [10, 1000], times)
    lines = {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
    assert lines == {"GRU, loop": [2000, 8000], "minGRU, loop": [1000, 1000], "minGRU, scan": [500, 500]}
    assert [label.get_text() for label in ax.get_xticklabels()] == ["10", "1,000"]
