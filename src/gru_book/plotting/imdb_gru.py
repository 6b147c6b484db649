"""Figures of the page on a GRU for the reviews (33): learning curves, ladder. Each draws on an `ax` and returns it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gru_book.plotting.style import BLUE, GREY, TRAIN, VALIDATION


def plot_history(ax: Axes, history: pd.DataFrame, measure: str) -> Axes:
    """Draw a measure of `history_table` by epoch: on the training rows and on the validation rows."""
    ax.plot(history["epoch"], history[measure], color=TRAIN, marker="o", label="training")
    ax.plot(
        history["epoch"], history[f"val_{measure}"], color=VALIDATION, marker="s", linestyle="--", label="validation"
    )
    ax.set(xlabel="epoch", ylabel=measure, xticks=history["epoch"])
    ax.legend()
    return ax


def plot_ladder(ax: Axes, runs: pd.DataFrame, intervals: Mapping[str, tuple[float, float, float]]) -> Axes:
    """Draw the accuracy of each row of a ladder, in percent: seeds as dots, mean and interval as a bar with a mark.

    runs: columns row, accuracy. intervals: mean, low, high by row, from above to below; rows that stand aside begin
    with "aside" and are drawn in grey.
    """
    for place, (row, (middle, low, high)) in enumerate(intervals.items()):
        color = GREY if row.startswith("aside") else BLUE
        seeds = 100 * runs.loc[runs["row"] == row, "accuracy"]
        ax.plot(seeds, np.full(len(seeds), place - 0.25), "o", color=color, alpha=0.45, markersize=3.5, mew=0)
        ax.plot([100 * low, 100 * high], [place, place], color=color, linewidth=2.5, solid_capstyle="butt")
        ax.plot(100 * middle, place, "D", color=color, mfc="white", markersize=5.5, mew=1.5)
    ax.set_yticks(range(len(intervals)), list(intervals))
    ax.set_ylim(len(intervals) - 0.5, -0.7)
    ax.set(xlabel="accuracy on the validation reviews, %")
    return ax
