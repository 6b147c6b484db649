"""Figures of the page on the gradients of a GRU (23). Each draws on an `ax` and returns it."""

import pandas as pd
from matplotlib.axes import Axes

from gru_book.plotting.style import BLUE, GREEN, GREY, VERMILION


def plot_step_sizes(ax: Axes, errors: pd.DataFrame) -> Axes:
    """Draw the relative error of a difference quotient against its step (the table's index), one line a column.

    Columns: "one-sided", "central", "complex step", "a wrong gradient".
    """
    looks = {"one-sided": (VERMILION, "o-"), "central": (BLUE, "s-"), "complex step": (GREEN, "^-")}
    looks["a wrong gradient"] = (GREY, "--")
    shown = errors.clip(lower=1e-17)  # an error of exactly zero has no place on a logarithmic axis
    for name, (color, style) in looks.items():
        ax.plot(shown.index, shown[name], style, color=color, markersize=5, mfc="white", label=name)
    ax.set(xscale="log", yscale="log", xlabel="step ε", ylabel="relative error of the gradient")
    ax.legend()
    return ax
