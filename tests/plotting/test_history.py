"""The history's sketches and timeline, drawn without overlaps."""

import itertools

import matplotlib.pyplot as plt
import pytest

from gru_book.layers.history import CELLS, MILESTONES
from gru_book.plotting import history
from gru_book.plotting import style as plotting


def overlapping(ax) -> list[tuple[str, str]]:
    renderer = ax.figure.canvas.get_renderer()
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in ax.texts if text.get_text()]
    return [(one, two) for (one, a), (two, b) in itertools.combinations(boxes, 2) if a.overlaps(b)]


@pytest.fixture
def style():
    with plt.rc_context():
        plotting.use_book_style()
        yield
    plt.close("all")


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize(("input_dim", "units", "width"), [(2, 3, 4.6), (128, 128, 5.4)])
def test_no_two_texts_of_a_cell_overlap(style, name, input_dim, units, width):
    fig, ax = plt.subplots(figsize=(width, 2.7))
    assert history.plot_cell(ax, name, CELLS[name], input_dim, units) is ax
    fig.canvas.draw()
    assert overlapping(ax) == []
    right = fig.get_window_extent().x1
    assert all(0 <= text.get_window_extent().x0 and text.get_window_extent().x1 <= right for text in ax.texts)


def test_no_two_texts_of_the_timeline_overlap(style):
    fig, ax = plt.subplots(figsize=(4.6, 7.6))
    assert history.plot_timeline(ax, MILESTONES) is ax
    fig.canvas.draw()
    assert overlapping(ax) == []
