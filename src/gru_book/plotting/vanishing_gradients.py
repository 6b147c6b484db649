"""Figures of the page on vanishing gradients (24). Each draws on an `ax` and returns it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gru_book.plotting.style import BLACK, GREY, GRU, LSTM, ORANGE, PURPLE, REFERENCE, RNN, SKY_BLUE, VERMILION

LOOKS = {  # colour and marks of each kind of layer
    "RNN": (RNN, "^-"),
    "LSTM": (LSTM, "s-"),
    "GRU": (GRU, "o-"),
    "LSTM, chrono": (ORANGE, "s--"),
    "GRU, chrono": (PURPLE, "D--"),
}
RETAINED = "gradient retained"


def plot_reach(ax: Axes, curves: Mapping[str, pd.DataFrame], lowest: float = 1e-23) -> Axes:
    """Draw what is retained of a gradient against the distance, one line a layer with its interval as a band.

    Args:
        ax: where to draw.
        curves: by layer a table with the distance as its index and the columns ``middle``, ``low``, ``high``.
        lowest: where the vertical axis ends; what is less runs out of the figure.
    """
    for name, curve in curves.items():
        color, style = LOOKS[name]
        ax.fill_between(curve.index, curve["low"], curve["high"], color=color, alpha=0.25, linewidth=0)
        ax.plot(curve.index, curve["middle"], style, color=color, markersize=5, mfc="white", label=name)
    ax.set(yscale="log", ylim=(lowest, 30), ylabel=RETAINED)
    return ax


def plot_scales(ax: Axes, table: pd.DataFrame, distance: int) -> Axes:
    """Draw what is retained after `distance` steps against the size of the inputs, with intervals.

    Columns of the table: ``layer``, ``scale``, ``middle``, ``low``, ``high``.
    """
    for name, rows in table.groupby("layer", sort=False):
        color, style = LOOKS[name]
        error = [rows["middle"] - rows["low"], rows["high"] - rows["middle"]]
        ax.errorbar(rows["scale"], rows["middle"], error, fmt=style, color=color, markersize=5, mfc="white", label=name)
    ax.set(xscale="log", yscale="log", xlabel="standard deviation of the inputs")
    ax.set_ylabel(f"retained after {distance} steps")
    return ax


def plot_lengths(ax: Axes, table: pd.DataFrame, lowest: float = 1e-8) -> Axes:
    """Draw what is retained against the distance (the table's index), one line a column, and mark one half."""
    looks = (("o-", GRU), ("^-", GREY), ("s-", ORANGE), ("D-", PURPLE))
    for name, (style, color) in zip(table.columns, looks, strict=True):
        ax.plot(table.index, table[name], style, color=color, markersize=5, mfc="white", label=name)
    ax.axhline(0.5, color=REFERENCE, linewidth=0.8, linestyle=":")
    ax.set(yscale="log", ylim=(lowest, 3), xlabel="steps back", ylabel=RETAINED)
    return ax


def plot_terms(ax: Axes, terms: Mapping[str, np.ndarray], totals: Mapping[str, float], lowest: float = 1e-24) -> Axes:
    """Draw the size of something at every step back, one line a name; names in `totals` get their sum as a level.

    Args:
        ax: where to draw.
        terms: by name the sizes, (num_steps + 1,), entry k of the step k steps before the last.
        totals: by name the size of the sum over all steps, written at its line.
        lowest: where the vertical axis ends.
    """
    for (name, sizes), color in zip(terms.items(), (BLACK, SKY_BLUE, VERMILION), strict=False):
        sizes = np.where(sizes > 0, sizes, np.nan)  # the very first state is zero, and so is what it is multiplied by
        ax.plot(np.arange(len(sizes)), sizes, color=color, label=name)
        if name in totals:
            ax.axhline(totals[name], color=color, linewidth=1.2, linestyle="--")
    ax.set(yscale="log", ylim=(lowest, 30))
    return ax


def plot_truncation(ax: Axes, errors: Mapping[str, np.ndarray], distances, lowest: float = 1e-12) -> Axes:
    """Draw the relative error of the weights' gradient from the last k steps alone, one line a layer.

    Args:
        ax: where to draw.
        errors: by layer, (len(distances),); 0 means none.
        distances: numbers of steps k.
        lowest: where the vertical axis ends.
    """
    for name, error in errors.items():
        color, style = LOOKS[name]
        ax.plot(
            distances, np.where(error > 0, error, np.nan), style, color=color, markersize=5, mfc="white", label=name
        )
    ax.axhline(0.01, color=REFERENCE, linewidth=0.8, linestyle=":")
    ax.set(xscale="log", yscale="log", ylim=(lowest, 3), xlabel="steps used, from the last", ylabel="relative error")
    ax.set_xticks(distances, [str(k) for k in distances])
    ax.minorticks_off()
    return ax


def plot_trainings(axes: tuple[Axes, Axes], courses: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> tuple[Axes, Axes]:
    """Draw trainings, each a thin line: above the loss, below what is retained of a gradient over the whole sequence.

    Args:
        axes: where to draw, above and below.
        courses: by the name of a kind its losses and what is retained, each (trainings, updates).
    """
    above, below = axes
    for (name, parts), color, style in zip(courses.items(), (GRU, GREY, PURPLE), ("-", "-", "--"), strict=False):
        for ax, runs in zip(axes, parts, strict=True):
            for number, run in enumerate(runs):
                label = name if number == 0 else None
                ax.plot(np.arange(1, len(run) + 1), run, style, color=color, linewidth=0.9, alpha=0.8, label=label)
    above.set(ylabel="loss", ylim=(0, None))
    below.set(yscale="log", ylabel=RETAINED, xlabel="updates")
    return axes
