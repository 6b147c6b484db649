"""The figures of the page that looks inside a GRU: words fit their lines, colours and marks say what numbers say."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from drawing import overlapping
from gru_book.plotting import inside

TEXT = "[start] it is not a bad film at all but the end was dull and far too long for me"
TOKENS = TEXT.split(" ")


def test_words_are_set_in_lines_that_are_full_and_not_too_long():
    lines = inside.lines_of(TOKENS)
    assert sum(lines, []) == list(range(len(TOKENS)))
    texts = [" ".join(TOKENS[number] for number in line) for line in lines]
    assert len(lines) > 1
    assert all(len(text) <= inside.LINE for text in texts)
    for text, after in zip(texts, texts[1:], strict=False):
        assert len(text) + 1 + len(after.split()[0]) > inside.LINE
    assert inside.lines_of(["x" * 100, "y"]) == [[0], [1]]


def test_words_stand_on_the_colour_of_their_value_and_not_on_each_other():
    values = np.zeros(len(TOKENS))
    values[3], values[5] = -2, 1
    fig, ax = plt.subplots(figsize=(4.9, 1.2))
    assert inside.plot_words(ax, TOKENS, values) is ax
    assert [text.get_text() for text in ax.texts] == TOKENS
    red, blue, pale = (np.array(ax.patches[n].get_facecolor()) for n in (3, 5, 0))
    assert red[0] > red[2] + 0.2
    assert blue[2] > blue[0] + 0.1
    assert pale[:3].min() > 0.9
    assert overlapping(ax) == []
    width = ax.get_window_extent().x1
    assert all(text.get_window_extent().x1 <= width for text in ax.texts)


def test_words_of_a_text_that_moves_nothing_are_white():
    ax = inside.plot_words(plt.subplots()[1], ["a", "b"], np.zeros(2))
    assert all(min(patch.get_facecolor()) > 0.9 for patch in ax.patches)


@pytest.mark.parametrize("signed", [False, True])
def test_a_map_has_a_column_a_step_and_a_line_a_unit(signed):
    ax = inside.plot_units(plt.subplots()[1], np.arange(6).reshape(2, 3) / 6, signed)
    image = ax.images[0]
    assert image.get_array().shape == (3, 2)
    assert image.get_clim() == (-1 if signed else 0, 1)


def test_the_running_probability_is_marked_on_both_sides_of_one_half():
    ax = inside.plot_running(plt.subplots()[1], np.array([0.2, 0.7, 0.9]))
    _, line, above, below = ax.lines
    assert line.get_ydata().tolist() == [0.2, 0.7, 0.9]
    assert (above.get_xdata().tolist(), below.get_xdata().tolist()) == ([1, 2], [0])


def test_changes_are_bars_beside_their_ratios_in_the_order_given():
    words = pd.DataFrame({"change": [1.5, -2.0], "ratio": [1.0, -2.5]}, ["superb", "worst"])
    ax = inside.plot_changes(plt.subplots()[1], words)
    assert [bar.get_width() for bar in ax.patches] == [1.5, -2.0]
    assert ax.lines[0].get_xdata().tolist() == [1.0, -2.5]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["superb", "worst"]
    assert ax.yaxis_inverted()


def test_every_word_is_drawn_with_its_kind_and_some_are_named():
    columns = {"ratio": [0.0, -2.0, 0.1], "update gate": [0.2, 0.5, 0.3], "kind": ["frequent", "sentiment", "other"]}
    words = pd.DataFrame(columns, ["the", "worst", "film"])
    ax = inside.plot_gate_by_tone(plt.subplots()[1], words, ["worst"])
    drawn = {points.get_label(): points.get_offsets().tolist() for points in ax.collections}
    assert drawn == {"other": [[0.1, 0.3]], "frequent": [[0.0, 0.2]], "sentiment": [[-2.0, 0.5]]}
    assert [text.get_text() for text in ax.texts] == ["worst"]


def test_negation_is_a_line_an_adjective_and_their_mean():
    forms = {"plain": [1.0, 2.0], "not": [0.0, -1.0]}
    scores = {"positive": pd.DataFrame(forms, ["good", "great"]), "negative": -pd.DataFrame(forms, ["bad", "dull"])}
    ax = inside.plot_negation(plt.subplots()[1], scores)
    first = [line.get_ydata().tolist() for line in ax.lines[:3]]
    assert first == [[1.0, 0.0], [2.0, -1.0], [1.5, -0.5]]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["plain", "not"]


def test_units_are_points_coloured_by_the_sign_of_their_weight():
    table = pd.DataFrame({"half-life": [1.0, 8.0], "correlation": [0.5, -0.9], "weight": [0.3, -0.4]})
    ax = inside.plot_unit_roles(plt.subplots()[1], table)
    places = [points.get_offsets().tolist() for points in ax.collections if len(points.get_offsets())]
    assert places == [[[1.0, 0.5]], [[8.0, -0.9]]]


def test_what_was_taught_is_a_mark_a_model_on_the_line_of_its_kind():
    shares = pd.DataFrame({"reviews alone": [10.0, 90.0], "taught": [80.0, 70.0]}, ["not", "plain"])
    ax = inside.plot_taught(plt.subplots()[1], shares)
    marks = {line.get_label(): list(line.get_xdata()) for line in ax.lines}
    assert marks["reviews alone"] == [10, 90]
    assert marks["taught"] == [80, 70]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["not", "plain"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first kind above
