"""The figures of the page on the cell: what is lit at which stage, no text over another, values where they belong."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import FancyBboxPatch

from drawing import overlapping
from gru_book.plotting import cell


def colours_of_boxes(ax) -> list[str]:
    boxes = [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    return [plt.matplotlib.colors.to_hex(box.get_edgecolor()) for box in boxes]


@pytest.mark.parametrize(
    ("stage", "wanted"),
    [  # update gate, reset gate, candidate
        ("candidate", [cell.UNLIT, cell.UNLIT, cell.CANDIDATE_STATE]),
        ("update gate", [cell.UPDATE_GATE, cell.UNLIT, cell.BLACK]),
        ("reset gate", [cell.BLACK, cell.RESET_GATE, cell.BLACK]),
        ("whole", [cell.UPDATE_GATE, cell.RESET_GATE, cell.CANDIDATE_STATE]),
    ],
)
def test_a_stage_lights_what_it_adds_and_darkens_what_was_there(stage, wanted):
    ax = cell.plot_stage(plt.subplots()[1], stage)
    assert colours_of_boxes(ax) == wanted


def test_no_two_texts_of_the_stages_overlap():
    fig, axes = plt.subplots(len(cell.STAGES), 1, figsize=(4.9, 8))
    for ax, stage in zip(axes, cell.STAGES, strict=True):
        assert cell.plot_stage(ax, stage) is ax
    fig.canvas.draw()
    renderer, whole = fig.canvas.get_renderer(), fig.get_window_extent()
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for ax in axes for t in ax.texts if t.get_text()]
    assert overlapping(*axes) == []
    assert all(whole.x0 <= box.x0 and box.x1 <= whole.x1 for _, box in boxes)


def test_a_stage_that_is_none_is_refused():
    with pytest.raises(ValueError, match="'forget gate' is not in list"):
        cell.plot_stage(plt.subplots()[1], "forget gate")


def test_what_is_read_has_a_word_under_each_step():
    words, state = ["good", ",", "bad"], np.array([0.5, 0.0, -0.5])
    ax = cell.plot_reading(plt.subplots()[1], words, state, np.zeros(3))
    assert [label.get_text() for label in ax.get_xticklabels()] == words
    assert ax.lines[1].get_ydata().tolist() == state.tolist()


def test_gates_stand_side_by_side_at_their_word():
    z, r = np.array([0.0, 1.0]), np.array([1.0, 0.0])
    ax = cell.plot_gates(plt.subplots()[1], {"z": z, "r": r})
    heights = [bar.get_height() for bar in ax.patches]
    middles = [bar.get_x() + bar.get_width() / 2 for bar in ax.patches]
    assert heights == [*z, *r]
    assert middles == pytest.approx([-0.2, 0.8, 0.2, 1.2])


def test_fits_are_rows_from_the_top_and_the_best_is_named():
    errors = {"one": [0.5, 7.0], "two": [0.1, 0.2]}
    ax = cell.plot_fits(plt.subplots()[1], errors, {"one": 0.5, "two": 0.1})
    assert [label.get_text() for label in ax.get_yticklabels()] == ["two", "one"]
    assert [text.get_text() for text in ax.texts] == ["10%", "50%"]
    assert max(x for line in ax.lines for x in line.get_xdata()) == 1  # what is worse is drawn at the edge


def test_repeated_states_are_two_lines():
    ax = cell.plot_repeated(plt.subplots()[1], "tanh", np.array([0.5, 0.6]), np.array([-0.5, -0.6]))
    assert [line.get_ydata().tolist() for line in ax.lines[:2]] == [[0.5, 0.6], [-0.5, -0.6]]
    assert ax.get_title(loc="left") == "tanh"
