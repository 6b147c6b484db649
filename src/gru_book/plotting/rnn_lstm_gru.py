"""Figures of the page that compares RNN, LSTM and GRU (35). Each function draws on an `ax` and returns it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from gru_book.plotting.style import BLUE, GREEN, GREY, LSTM, ORANGE, PURPLE, REFERENCE, RNN, VERMILION

PROGRAM_LOOKS = {
    "Keras": (BLUE, "o"),
    "Keras, XLA": (PURPLE, "s"),
    "PyTorch": (VERMILION, "^"),
    "ONNX Runtime": (GREEN, "D"),
}


def plot_differences(ax: Axes, seeds: pd.DataFrame, intervals: Mapping[str, tuple[float, float, float]]) -> Axes:
    """Draw paired differences, one row an arm: the seeds as dots, mean and interval as a bar with a mark.

    seeds: points, one column an arm, one row a seed. intervals: mean, low and high by arm.
    """
    colors = {"RNN": RNN, "LSTM": LSTM}
    for place, (arm, (middle, low, high)) in enumerate(intervals.items()):
        color = colors.get(arm, BLUE)
        ax.plot(seeds[arm], np.full(len(seeds), place - 0.22), "o", color=color, alpha=0.45, markersize=4, mew=0)
        ax.plot([low, high], [place, place], color=color, linewidth=3, solid_capstyle="butt")
        ax.plot(middle, place, "D", color=color, mfc="white", markersize=7, mew=1.8)
    ax.axvline(0, color=REFERENCE, linewidth=1)
    ax.set_yticks(range(len(intervals)), list(intervals))
    ax.set_ylim(len(intervals) - 0.6, -0.6)
    ax.set(xlabel="accuracy minus that of the GRU, in points")
    return ax


def plot_ratios(ax: Axes, table: pd.DataFrame, parameters: float) -> Axes:
    """Draw time ratios with their spread, one row for each kind of work, one mark for each program.

    Columns of the table: ``work``, ``program``, ``ratio``, ``low``, ``high``. parameters: the ratio of the numbers of
    parameters, drawn as a dashed line beside the one at 1.
    """
    works = list(dict.fromkeys(table["work"]))
    programs = [name for name in PROGRAM_LOOKS if name in set(table["program"])]
    for shift, program in zip(np.linspace(-0.27, 0.27, len(programs)), programs, strict=True):
        rows = table[table["program"] == program].set_index("work")
        color, marker = PROGRAM_LOOKS[program]
        place = [works.index(work) + shift for work in rows.index]
        ax.hlines(place, rows["low"], rows["high"], color=color, linewidth=2.5)
        ax.plot(rows["ratio"], place, marker, color=color, mfc="white", markersize=6.5, mew=1.6, label=program)
    ax.axvline(1, color=REFERENCE, linewidth=1)
    ax.axvline(parameters, color=REFERENCE, linewidth=1, linestyle="--")
    ax.set_yticks(range(len(works)), works)
    ax.set_ylim(len(works) - 0.5, -0.5)
    ax.set(xlabel="time of the LSTM over time of the GRU")
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
    ax.annotate("ratio of the parameters", (1, parameters), (0, 3), xycoords=("axes fraction", "data"),
                textcoords="offset points", ha="right", color=GREY, fontsize=9)  # fmt: skip
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_locator(FixedLocator(sorted(set(table["units"]))))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    ax.set(xlabel="units (and inputs)", ylabel="time over that of the GRU")
    ax.legend(loc="upper left", bbox_to_anchor=(0, 0.9))
    return ax
