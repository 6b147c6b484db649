"""Figures of the page on limits (27). Each function draws on an `ax` and returns it."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gru_book.plotting.style import GREY, GRU, LSTM, REFERENCE, RNN

LOOKS = {"LSTM": (LSTM, "s"), "GRU": (GRU, "o"), "GRU, 12 units": (GRU, "D"), "RNN": (RNN, "^")}


def plot_disturbed(ax: Axes, reach: pd.DataFrame, limit: int) -> Axes:
    """Draw how far counters set by hand count when their weights are disturbed.

    Args:
        ax: where to draw.
        reach: columns ``size`` (of the disturbance), ``cell`` ("LSTM", "GRU") and ``largest_n``; several rows a pair.
        limit: the largest n that was tried.
    """
    for cell, rows in reach.groupby("cell"):
        color, marker = LOOKS[cell]
        median = rows.groupby("size")["largest_n"].median()
        ax.plot(rows["size"], rows["largest_n"], marker, color=color, alpha=0.25, markersize=4, mew=0)
        ax.plot(median.index, median, f"{marker}-", color=color, label=cell)
    ax.axhline(limit, color=REFERENCE, linestyle=":")
    ax.text(reach["size"].min(), limit * 0.97, "no larger n was tried", color=GREY, va="top")
    ax.set(xscale="log", xlabel="size of the disturbance of each weight", ylabel="counts up to n =")
    ax.legend(loc="center right")
    return ax


def plot_ends(ax: Axes, ends: pd.DataFrame, max_n: int) -> Axes:
    """Draw after how many b's a network first says "end", against the number of a's (the table's index).

    Args:
        ax: where to draw.
        ends: one column a network ("LSTM", "GRU"); NaN where it never says so.
        max_n: the largest n of training, whose range is shaded.
    """
    ax.axvspan(0, max_n, color=REFERENCE, alpha=0.15, linewidth=0)
    ax.text(max_n / 2, 0.97, "training", color=GREY, ha="center", va="top", transform=ax.get_xaxis_transform())
    ax.plot(ends.index, ends.index, color=REFERENCE, linewidth=6, alpha=0.35, label="right: as many as a's")
    for cell in ends:
        color, marker = LOOKS[cell]
        ax.plot(ends.index, ends[cell], marker, color=color, markersize=3, label=cell)
    ax.set(xlabel="a's that it has read", ylabel='b\'s after which it says "end"', xlim=(0, ends.index.max() + 1))
    ax.set_ylim(0, None)
    ax.legend(loc="upper left", bbox_to_anchor=(max_n / (ends.index.max() + 1), 1))
    return ax


def plot_states(ax: Axes, states: np.ndarray, n: int, unit: int, color: str, name: str) -> Axes:
    """Draw the state of every unit along a^n b^n, one unit in colour.

    Args:
        ax: where to draw.
        states: (num_steps, units).
        n: how many a's; a line marks where the b's begin.
        unit: which unit is drawn in ``color``.
        color: of that unit.
        name: of the state, for the axis.
    """
    steps = np.arange(1, len(states) + 1)
    ax.plot(steps, np.delete(states, unit, axis=1), color=GREY, linewidth=0.9, alpha=0.6)
    ax.plot(steps, states[:, unit], color=color, linewidth=2.2)
    ax.axvline(n + 0.5, color=GREY, linewidth=1, linestyle=":")
    for place, letter in ((n / 2, "a"), (1.5 * n, "b")):
        ax.text(place, 1.01, letter, color=GREY, ha="center", va="bottom", transform=ax.get_xaxis_transform())
    ax.set(ylabel=name, xlim=(0, len(states) + 1))
    return ax


def plot_largest_n(ax: Axes, runs: pd.DataFrame, medians: pd.DataFrame, max_n: int, success: int) -> Axes:
    """Draw how far every run counts, one row a model, with the median and its interval.

    Args:
        ax: where to draw.
        runs: columns ``model`` and ``largest_n``, one row a run.
        medians: index ``model`` in the order of drawing from top; columns ``median``, ``low``, ``high``.
        max_n: the largest n of training.
        success: the n from which on a run counts as going on.
    """
    ax.axvspan(1, max_n, color=REFERENCE, alpha=0.15, linewidth=0)
    ax.axvline(success, color=REFERENCE, linestyle="--", linewidth=1)
    for row, (model, interval) in enumerate(medians.iterrows()):
        color, marker = LOOKS[model]
        values = np.sort(runs.loc[runs["model"] == model, "largest_n"])
        heights = row + 0.3 * np.linspace(-1, 1, len(values))  # apart, since many runs share a value
        ax.plot(values.clip(1), heights, marker, color=color, alpha=0.45, markersize=5, mew=0)
        low, high = max(interval["low"], 1), interval["high"]
        ax.plot([low, high], [row, row], color="black", linewidth=2.2)
        ax.plot(max(interval["median"], 1), row, marker, color=color, markersize=9, mec="black", mew=1.5)
    for place, text, side in ((max_n, "training ", "right"), (success, " goes on counting", "left")):
        ax.text(place, 1.01, text, color=GREY, ha=side, va="bottom", transform=ax.get_xaxis_transform())
    ticks = [1, 2, 5, 10, 20, 50, 100, 200, 500]
    ax.set(xscale="log", xlabel="counts up to n =")
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.minorticks_off()
    ax.set_yticks(range(len(medians)), medians.index)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    return ax
