"""The figures of the page on counting."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import to_hex

from gru_book.plotting import limits, style


def test_one_unit_of_the_states_is_in_colour():
    states = np.arange(30.0).reshape(10, 3)
    ax = limits.plot_growth(plt.subplots()[1], states, 1, "GRU", 4)
    coloured = [line for line in ax.lines if to_hex(line.get_color()) == style.GRU]
    assert len(ax.lines) == 3
    assert [line.get_ydata().tolist() for line in coloured] == [states[:, 1].tolist()]


def test_averages_are_drawn_as_shares_of_their_largest():
    ax = limits.plot_averaging(plt.subplots()[1], {"LSTM": [1, 2, 1, 0], "GRU, z = 0.1": [-0.1, -0.2, 0.4, 0.1]}, 2)
    lines = {line.get_label(): line.get_ydata() for line in ax.lines}
    np.testing.assert_allclose(lines["LSTM"], [0, 0.5, 1, 0.5, 0])
    np.testing.assert_allclose(lines["GRU, z = 0.1"], [0, -0.25, -0.5, 1, 0.25])


def test_the_line_of_letters_a_digit_goes_through_the_middle_of_both():
    reach = pd.DataFrame({"rounded state": [3.0, 6, 9], "disturbed weights": [1.0, 4, 7]}, index=[2, 3, 4])
    ax = limits.plot_precision(plt.subplots()[1], reach, 3.0)
    np.testing.assert_allclose(ax.lines[-1].get_ydata(), [2, 5, 8])
