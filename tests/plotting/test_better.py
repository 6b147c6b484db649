"""The figures of the page on better GRUs: each recipe has its mark, names are apart, values are in their place."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from drawing import overlapping
from gru_book import recipes
from gru_book.plotting import better


def test_every_recipe_has_a_look_of_its_own():
    looks = [better.LOOKS[name] for name in recipes.RECIPES]
    assert len({(color, mark) for color, _, mark in looks}) == len(looks)


def test_recipes_stand_at_their_mean_and_no_name_lies_on_another():
    seconds = {"original": 714, "fast": 9, "best": 180, "web": 36, "linear": 10, "nbsvm": 17}
    accuracy = {"original": 0.832, "fast": 0.881, "best": 0.915, "web": 0.883, "linear": 0.897, "nbsvm": 0.902}
    runs = [
        {"recipe": name, "seconds": seconds[name] * factor, "accuracy": accuracy[name] + shift}
        for name in seconds
        for factor, shift in ((1, -0.004), (1.1, 0.0), (0.9, 0.004))
    ]
    fig, ax = plt.subplots(figsize=(4.9, 3.6))
    assert better.plot_accuracy_and_time(ax, pd.DataFrame(runs)) is ax
    means = [line.get_xydata()[0].tolist() for line in ax.lines if len(line.get_xdata()) == 1]
    assert [pytest.approx([seconds[name], 100 * accuracy[name]]) for name in seconds] == means
    fig.canvas.draw()
    boxes = [(text.get_text(), text.get_window_extent(fig.canvas.get_renderer())) for text in ax.texts]
    assert [name for name, _ in boxes] == list(seconds)
    assert overlapping(ax) == []
    assert all(ax.get_window_extent().x0 < box.x0 for _, box in boxes)


def test_a_recipe_whose_time_is_not_known_for_a_seed_is_drawn_by_the_others():
    runs = pd.DataFrame(
        {"recipe": "original", "seconds": [700, 720, None], "accuracy": [0.82, 0.84, 0.86]},
    )
    ax = better.plot_accuracy_and_time(plt.subplots()[1], runs)
    assert ax.lines[-1].get_xydata()[0].tolist() == pytest.approx([710, 84])


def test_bars_of_log_odds_point_to_their_side_and_gaps_hold_no_bar():
    ax = better.plot_log_odds(plt.subplots()[1], {"good": 0.5, "not good": -1.25, "": None, "bad": -0.7})
    assert [bar.get_width() for bar in ax.patches] == [0.5, -1.25, 0, -0.7]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["good", "not good", "", "bad"]
    colors = [bar.get_facecolor() for bar in ax.patches]
    assert colors[0] != colors[1] == colors[3]
    assert ax.yaxis_inverted()


def test_the_leak_is_drawn_by_reading_beside_chance():
    areas = {"true labels": {"own": 0.99, "others": 0.9, "new": 0.91}, "shuffled labels": {"own": 0.98, "others": 0.5}}
    ax = better.plot_leak(plt.subplots()[1], areas)
    *marks, chance = ax.lines
    assert [mark.get_xdata().tolist() for mark in marks] == [[0.99, 0.9, 0.91], [0.98, 0.5]]
    assert set(chance.get_xdata()) == {0.5}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["own", "others", "new"]


def test_leads_are_intervals_beside_zero():
    ax = better.plot_leads(plt.subplots()[1], {"best": (1.0, 0.2, 1.9), "web": (-2.0, -3.0, -1.0)}, "NB-SVM")
    assert ax.lines[0].get_xydata().tolist() == [[0.2, 0], [1.9, 0]]
    assert ax.lines[3].get_xydata().tolist() == [[-2.0, 1]]
    assert "NB-SVM" in ax.get_xlabel()
    assert ax.yaxis_inverted()
