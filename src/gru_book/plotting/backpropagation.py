"""Figures of the pages on a GRU from scratch and on its gradients (23, 24). Each draws on an `ax` and returns it."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from gru_book.plotting.style import BLUE, GREEN, GREY, GRU, LSTM, REFERENCE, RNN, VERMILION


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


def plot_error_histogram(ax: Axes, errors: dict[str, np.ndarray], limit: float = 1e-6) -> Axes:
    """Draw how often which difference occurs (as a share of all states), one outline for each layer, and the limit.

    Args:
        ax: where to draw.
        errors: absolute differences by layer, any shape; the names begin with RNN, LSTM or GRU.
        limit: the largest difference that the page allows.
    """
    bins = np.geomspace(1e-9, 10**-5.5, 29)
    colors = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
    for number, (name, values) in enumerate(errors.items()):
        values = np.clip(np.ravel(values), bins[0], bins[-1])  # the first bin holds all smaller ones too
        share = np.full(values.size, 1 / values.size)
        style = {"color": colors[name.split(",")[0]], "linestyle": "--" if number == len(errors) - 1 else "-"}
        ax.hist(values, bins, weights=share, histtype="step", linewidth=1.8, label=name, **style)
    ax.axvline(limit, color=REFERENCE, linestyle=":")
    ax.annotate("allowed ", (limit, 0.97), xycoords=("data", "axes fraction"), ha="right", va="top", color=GREY)
    ax.set(
        xscale="log",
        xlabel="difference from Keras (leftmost bar: no more than that)",
        ylabel="share of all states",
    )
    ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:.0%}"))
    ax.legend(loc="upper left", bbox_to_anchor=(0.06, 1))
    return ax


def plot_parameter_counts(ax: Axes, counts: pd.DataFrame) -> Axes:
    """Draw parameters against units (the table's index), one line a column: "RNN", "GRU", "LSTM"."""
    for name, (color, style) in {"LSTM": (LSTM, "s-"), "GRU": (GRU, "o-"), "RNN": (RNN, "^-")}.items():
        ax.plot(counts.index, counts[name], style, color=color, markersize=5, label=name)
    ax.set(xscale="log", yscale="log", xlabel="units", ylabel="parameters")
    ax.set_xticks(counts.index, [str(units) for units in counts.index])
    ax.minorticks_off()
    ax.legend()
    return ax
