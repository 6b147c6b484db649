"""Figures of the page on a GRU for the reviews (33). Each function draws on an `ax` and returns it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from sklearn.metrics import roc_curve

from gru_book.plotting.style import BLUE, GREY, MODELS, REFERENCE, TRAIN, VALIDATION


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


def plot_roc(ax: Axes, labels: np.ndarray, scores: Mapping[str, np.ndarray], corner: bool = False) -> Axes:
    """Draw the ROC curve of each named score, higher means more positive, labels 0 or 1; `corner`: its upper left."""
    for name, score in scores.items():
        color, line, _ = MODELS[name]
        false_positive, true_positive, _ = roc_curve(labels, score)
        ax.plot(100 * false_positive, 100 * true_positive, color=color, linestyle=line, label=name)
    if corner:
        ax.set(xlim=(0, 40), ylim=(60, 100.5))
    else:
        ax.plot([0, 100], [0, 100], color=REFERENCE, linewidth=1, linestyle=":", label="chance")
        ax.set_aspect("equal")
    ax.set(xlabel="% of negative reviews called positive", ylabel="% of positive reviews found")
    ax.legend(loc="lower right")
    return ax


def plot_calibration(ax: Axes, tables: Mapping[str, pd.DataFrame]) -> Axes:
    """Draw the share of positives against the mean predicted probability, from `evaluation.calibration.reliability`."""
    for name, table in tables.items():
        color, line, _ = MODELS[name]
        ax.plot(
            table["predicted"], table["positive"], color=color, linestyle=line, marker="o", markersize=4, label=name
        )
    ax.plot([0, 1], [0, 1], color=REFERENCE, linewidth=1)
    ax.set(xlabel="predicted probability of positive", ylabel="share that is positive", aspect="equal")
    ax.legend(loc="upper left", fontsize=9)
    return ax
