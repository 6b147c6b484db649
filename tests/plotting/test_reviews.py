"""The figures of the page on the reviews: arcs over pairs, dark where they cross, and texts apart."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb

from drawing import overlapping
from gru_book.plotting import reviews, style


def test_an_arc_is_dark_where_it_joins_two_parts():
    parts = ["train", "train", "test", "validation"]
    ax = reviews.plot_links(plt.subplots()[1], parts, np.array([[0, 1], [1, 2], [0, 3]]))
    dark = [arc.get_edgecolor()[:3] == to_rgb(style.BLACK) for arc in ax.patches]
    assert dark == [False, True, True]
    assert [arc.center[0] for arc in ax.patches] == [0.5, 1.5, 1.5]
    places = {line.get_label(): line.get_xdata().tolist() for line in ax.lines}
    no_place = {"alike, in two parts": [], "alike, in one part": []}
    assert places == {"train": [0, 1], "validation": [3], "test": [2]} | no_place


def test_no_pair_is_no_arc():
    ax = reviews.plot_links(plt.subplots()[1], ["test"], np.zeros((0, 2), int))
    assert len(ax.patches) == 0


def test_the_names_of_the_frames_are_apart():
    frames = {"validation": ((0.2, 0.25), (0.7, 0.8), style.VALIDATION), "test": ((0.25, 0.33), (0.8, 1), style.TEST)}
    fig, ax = plt.subplots(figsize=(4.9, 3.4))
    reviews.plot_similarity(ax, np.eye(50, 150), frames)
    assert [text.get_text() for text in ax.texts] == list(frames)
    assert overlapping(ax) == []


def test_points_of_a_block_stand_in_its_row():
    ax = reviews.plot_flattery(plt.subplots()[1], [0.8, 0.7], [0.9, 0.6])
    films, random = (marks.get_offsets().tolist() for marks in ax.collections[1:])
    assert films == [[0.8, 1], [0.7, 2]]
    assert random == [[0.9, 1], [0.6, 2]]
    assert ax.yaxis_inverted()
