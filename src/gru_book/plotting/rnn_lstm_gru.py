"""Figures of the page that compares RNN, LSTM and GRU (36). Each function draws on an `ax` and returns it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from gru_book.plotting.style import BLUE, GREY, LSTM, ORANGE, REFERENCE, SEQUENTIAL, SKY_BLUE, VERMILION


def plot_glance(ax: Axes, ratios: pd.DataFrame) -> Axes:
    """Draw ratios of LSTM to GRU with their ranges beside a line at 1: one row a name, one mark a size.

    Columns: ``name``, ``size``, ``ratio``, ``low``, ``high``; rows and sizes in their order, first above.
    """
    names = list(dict.fromkeys(ratios["name"]))
    looks = ((BLUE, "o"), (VERMILION, "s"))
    sizes = ratios.groupby("size", sort=False)
    for shift, (size, of), (color, marker) in zip((-0.16, 0.16), sizes, looks, strict=False):
        place = [names.index(name) + shift for name in of["name"]]
        ax.hlines(place, of["low"], of["high"], color=color, linewidth=2.5)
        ax.plot(of["ratio"], place, marker, color=color, mfc="white", markersize=7.5, mew=1.8, label=size)
    ax.axvline(1, color=REFERENCE, linewidth=1)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set(xlim=(0, None), xlabel="LSTM over GRU\n← LSTM less    GRU less →")
    ax.figure.legend(loc="outside upper center", ncols=2)
    return ax


def plot_parts(ax: Axes, parts: pd.DataFrame) -> Axes:
    """Draw the time of each layer as a bar of two parts, first above: matrix products, and all the rest.

    parts: columns ``products`` and ``gates``, one row a bar, named by the index.
    """
    place, left = np.arange(len(parts)), np.zeros(len(parts))
    for name, color in (("products", SKY_BLUE), ("gates", ORANGE)):
        ax.barh(place, parts[name], left=left, color=color, label=name, height=0.62)
        for row, (start, width) in enumerate(zip(left, parts[name], strict=True)):
            ax.text(start + width / 2, row, f"{width:.2f}", ha="center", va="center")
        left = left + parts[name].to_numpy()
    ax.set_yticks(place, list(parts.index))
    ax.set_ylim(len(parts) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    ax.set(xlabel="time of the GRU = 1")
    ax.figure.legend(loc="outside upper center", ncols=2)
    return ax


def plot_widths(ax: Axes, table: pd.DataFrame, layers: Mapping[str, str], parameters: float) -> Axes:
    """Draw time ratios to the GRU against the number of units, one line a layer.

    Columns of the table: ``layer``, ``units``, ``ratio``, ``low``, ``high``. layers: the label of each layer's line.
    """
    looks: Sequence[tuple[str, str]] = ((LSTM, "o-"), (ORANGE, "s--"))
    for (layer, label), (color, style) in zip(layers.items(), looks, strict=False):
        rows = table[table["layer"] == layer].sort_values("units")
        ax.fill_between(rows["units"], rows["low"], rows["high"], color=color, alpha=0.2, linewidth=0)
        ax.plot(rows["units"], rows["ratio"], style, color=color, mfc="white", markersize=6, label=label)
    ax.axhline(1, color=REFERENCE, linewidth=1)
    ax.axhline(parameters, color=REFERENCE, linewidth=1, linestyle="--")
    ax.annotate("ratio of the weights", (0, parameters), (3, -4), xycoords=("axes fraction", "data"),
                textcoords="offset points", va="top", color=GREY)  # fmt: skip
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_locator(FixedLocator(sorted(set(table["units"]))))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    ax.set(xlabel="units (and inputs)", ylabel="time / time of the GRU")
    ax.figure.legend(loc="outside upper center", ncols=2)
    return ax


def plot_trials(ax: Axes, scores: pd.DataFrame, chosen: Mapping[str, float]) -> Axes:
    """Draw a map of mean accuracies (0 to 1), layers in rows and learning rates in columns; frame the chosen rates."""
    values = 100 * scores.to_numpy()
    ax.imshow(values, cmap=SEQUENTIAL, aspect="auto")
    middle = (values.min() + values.max()) / 2
    for (row, column), value in np.ndenumerate(values):
        ax.text(column, row, f"{value:.0f}", ha="center", va="center", color="white" if value < middle else "black")
    for name, rate in chosen.items():
        place = scores.columns.get_loc(rate) - 0.5, scores.index.get_loc(name) - 0.5
        ax.add_patch(Rectangle(place, 1, 1, fill=False, ec=VERMILION, lw=2.6, zorder=3, clip_on=False))
    ax.set_xticks(range(scores.shape[1]), [f"{rate:g}" for rate in scores.columns])
    ax.set_yticks(range(scores.shape[0]), list(scores.index))
    ax.grid(False)
    ax.tick_params(length=0)
    ax.set(xlabel="learning rate")
    return ax


def plot_differences(ax: Axes, ways: Mapping[str, Mapping[str, tuple[float, float, float]]]) -> Axes:
    """Draw differences with their intervals beside zero: one row an arm, one mark for each way to compare.

    ways: by the name of a way, then by arm, mean, low and high, in points.
    """
    looks = ((BLUE, "D", -0.15), (ORANGE, "s", 0.15))
    for (way, intervals), (color, marker, shift) in zip(ways.items(), looks, strict=False):
        place = np.arange(len(intervals)) + shift
        middle, low, high = np.array(list(intervals.values())).T
        ax.hlines(place, low, high, color=color, linewidth=2.5)
        ax.plot(middle, place, marker, color=color, mfc="white", markersize=7, mew=1.8, label=way)
    ax.axvline(0, color=REFERENCE, linewidth=1)
    arms = list(next(iter(ways.values())))
    ax.set_yticks(range(len(arms)), arms)
    ax.set_ylim(len(arms) - 0.5, -0.5)
    return ax
