"""Figures of the page on better GRUs for text (34). Each function draws on an `ax` and returns it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from gru_book.plotting.style import BLACK, BLUE, GREY, MODELS, NEGATIVE, POSITIVE, REFERENCE, VERMILION

LOOKS = MODELS | {"blend": (VERMILION, "-", "P"), "web": (BLACK, ":", "*")}  # name: colour, line, mark

# Where a recipe's name stands beside its mark: offset in points, and which end of the name is nearer. Else to the left.
PLACES = {
    "nbsvm": ((0, 12), "center"),
    "linear": ((0, 10), "right"),
    "web": ((9, -4), "left"),
    "blend": ((0, -18), "center"),
}


def plot_accuracy_and_time(ax: Axes, runs: pd.DataFrame) -> Axes:
    """Draw accuracy in percent against seconds of training (logarithmic): a faint mark a seed, a full one their mean.

    runs: columns recipe, seconds and accuracy (a share of 1), one row a seed.
    """
    for name, of in runs.groupby("recipe", sort=False):
        color, _, marker = LOOKS[name]
        seconds, accuracy = of["seconds"].median(), 100 * of["accuracy"].mean()
        ax.plot(of["seconds"], 100 * of["accuracy"], marker, color=color, alpha=0.35, markersize=5, mew=0)
        ax.plot(seconds, accuracy, marker, color=color, markersize=9)
        offset, side = PLACES.get(name, ((-9, -4), "right"))
        ax.annotate(name, (seconds, accuracy), offset, textcoords="offset points", ha=side, color=color)
    ax.set(xscale="log", xlabel="seconds of training", ylabel="test accuracy, %")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlim(runs["seconds"].min() / 3.5, runs["seconds"].max() * 1.4)
    return ax


def plot_log_odds(ax: Axes, odds: Mapping[str, float]) -> Axes:
    """Draw the log-odds of words and runs of words as bars from zero, first above; None leaves a gap."""
    places = np.arange(len(odds))
    values = np.array([np.nan if value is None else value for value in odds.values()], float)
    colors = [POSITIVE if value > 0 else NEGATIVE for value in values]
    ax.barh(places, np.nan_to_num(values), color=colors, height=0.65)
    ax.axvline(0, color=REFERENCE, linewidth=1)
    ax.set_yticks(places, ["" if value is None else name for name, value in odds.items()])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(odds) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    ax.set(xlabel="log-odds: negative ← 0 → positive")
    return ax


def plot_leak(ax: Axes, areas: Mapping[str, Mapping[str, float]]) -> Axes:
    """Draw the area under the ROC curve of each reading, by kind of labels; 0.5 is chance.

    areas: by kind of labels, then by reading, first above.
    """
    looks = ((BLUE, "o", -0.14), (VERMILION, "D", 0.14))  # one above the other: both may be equal
    for (kind, of), (color, marker, shift) in zip(areas.items(), looks, strict=False):
        ax.plot(list(of.values()), np.arange(len(of)) + shift, marker, color=color, markersize=9, label=kind)
    rows = max(areas.values(), key=len)  # new texts have true labels only
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.axvline(0.5, color=REFERENCE, linewidth=1, linestyle=":")
    ax.set(xlim=(0.4, 1.03), xlabel="area under the curve (0.5: chance)")
    ax.figure.legend(loc="outside upper left", ncols=2)
    return ax


def plot_leads(ax: Axes, leads: Mapping[str, tuple[float, float, float]], over: str) -> Axes:
    """Draw differences of accuracy in points with their intervals, one row a name, beside a line at zero."""
    for place, (name, (middle, low, high)) in enumerate(leads.items()):
        color, _, marker = LOOKS.get(name, (GREY, "-", "o"))
        ax.plot([low, high], [place, place], color=color, linewidth=2.5, solid_capstyle="butt")
        ax.plot(middle, place, marker, color=color, markersize=8)
    ax.axvline(0, color=REFERENCE, linewidth=1)
    ax.set_yticks(range(len(leads)), list(leads))
    ax.set_ylim(len(leads) - 0.5, -0.5)
    ax.set(xlabel=f"points of accuracy, minus {over}")
    return ax
