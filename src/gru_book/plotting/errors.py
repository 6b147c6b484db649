"""Figures of the page on errors (39). Each function draws on an `ax` and returns it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gru_book.plotting.style import BLUE, GREEN, GREY, HIGHLIGHT, MODELS, PURPLE, REFERENCE

NAMES = {"best": "GRU", "nbsvm": "NB-SVM"}
LOOKS = {"GRU": (BLUE, "v"), "fast": (GREEN, "^"), "linear": (PURPLE, "s"), "NB-SVM": (GREY, "X")}  # colour, mark


def plot_error_rates(ax: Axes, table: pd.DataFrame, overall: float) -> Axes:
    """Draw which share of each slice two models get wrong, in percent, one row a slice, a gap between groups.

    table: from `slices.compare_slices`, GRU first, NB-SVM second. overall: the GRU's share of all texts, a dashed line.
    """
    places = _rows(ax, table)
    for name, column, shift in (("GRU", "first", -0.17), ("NB-SVM", "second", 0.17)):
        color, marker = LOOKS[name]
        ax.hlines(places + shift, table[f"{column}_low"], table[f"{column}_high"], color=color, linewidth=2)
        ax.plot(table[column], places + shift, marker, color=color, markersize=7, label=name)
    ax.axvline(overall, color=HIGHLIGHT, linewidth=1, linestyle="--")
    ax.set(xlabel="% judged wrongly")
    ax.figure.legend(loc="outside upper left", ncols=2)
    return ax


def plot_leads(ax: Axes, table: pd.DataFrame, overall: float) -> Axes:
    """Draw by how many points the GRU is more accurate than NB-SVM, one row a slice, a gap between groups.

    table: from `slices.compare_slices`. overall: the lead on all texts, a dashed line.
    """
    places = _rows(ax, table)
    color, marker = LOOKS["GRU"]
    ax.hlines(places, table["points_low"], table["points_high"], color=color, linewidth=2.5)
    ax.plot(table["points"], places, marker, color=color, markersize=7)
    ax.axvline(0, color=REFERENCE, linewidth=1)
    ax.axvline(overall, color=HIGHLIGHT, linewidth=1, linestyle="--")
    ax.set(xlabel="GRU − NB-SVM, points")
    return ax


def _rows(ax: Axes, table: pd.DataFrame) -> np.ndarray:
    """Name one row for each slice, from above, and return their places."""
    groups = table.index.get_level_values(0)
    places = np.arange(len(table)) + 0.6 * np.cumsum([0, *(groups[1:] != groups[:-1])])
    ax.set_yticks(places, [f"{group}: {name}" for group, name in table.index])
    ax.set_ylim(places[-1] + 0.6, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    return places


def plot_gaps(ax: Axes, tables: Mapping[str, pd.DataFrame]) -> Axes:
    """Draw, for each bin of predicted probabilities, the share of positives minus the mean probability, in points.

    tables: by the names of recipes, from `evaluation.calibration.reliability`; vertical lines are its intervals.
    """
    for (recipe, table), shift in zip(tables.items(), (-0.006, 0.006), strict=False):  # lines beside each other
        name, p = NAMES[recipe], table["predicted"]
        color, marker = LOOKS[name]
        at, gaps = p + shift, 100 * (table["positive"] - p)
        ax.vlines(at, 100 * (table["low"] - p), 100 * (table["high"] - p), color=color, linewidth=1.5)
        ax.plot(at, gaps, color=color, linestyle=MODELS[recipe][1], marker=marker, markersize=7, label=name)
    ax.axhline(0, color=REFERENCE, linewidth=1)
    ax.set(xlabel="predicted probability of positive", ylabel="share − prediction, points")
    ax.figure.legend(loc="outside upper left", ncols=2)
    return ax


def plot_shift(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw accuracies in percent with intervals on several kinds of text, one mark a model, from left to right.

    table: one row a kind of text and model; columns kind, model, accuracy, low, high (shares of 1).
    """
    models, kinds = list(table["model"].unique()), list(table["kind"].unique())
    for number, model in enumerate(models):
        color, marker = LOOKS[model]
        rows = table[table["model"] == model]
        at = np.array([kinds.index(kind) for kind in rows["kind"]]) + 0.18 * (number - (len(models) - 1) / 2)
        ax.vlines(at, 100 * rows["low"], 100 * rows["high"], color=color, linewidth=2)
        ax.plot(at, 100 * rows["accuracy"], marker, color=color, markersize=8, label=model)
    ax.axhline(50, color=REFERENCE, linewidth=1, linestyle=":")
    ax.set_xticks(range(len(kinds)), kinds)
    ax.set_xlim(-0.5, len(kinds) - 0.5)
    ax.grid(axis="x", visible=False)
    ax.set(ylabel="accuracy, %")
    ax.figure.legend(loc="outside upper left", ncols=3)
    return ax
