"""Figures of the page on errors (37). Each function draws on an `ax` and returns it."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from gru_book.plotting.style import BASELINE, BLUE, GREEN, GREY, GRU, HIGHLIGHT, MODELS, ORANGE, REFERENCE


def plot_slices(ax: Axes, table: pd.DataFrame, overall: float) -> Axes:
    """Draw paired differences with their intervals, one row a slice, a gap between groups.

    table: from `slices.compare_slices`, its index (group, slice). overall: the difference on all texts, a dashed line.
    A filled mark is a difference that stands after Holm's correction.
    """
    place, places, before = 0.0, [], None
    for group, _ in table.index:
        place += 1.0 if before in (None, group) else 1.7
        before = group
        places.append(place)
    stands = (table["p_holm"] < 0.05).to_numpy()
    for at, row, filled in zip(places, table.itertuples(), stands, strict=True):
        ax.plot([row.points_low, row.points_high], [at, at], color=GRU, linewidth=2.5, solid_capstyle="butt")
        ax.plot(row.points, at, "D", color=GRU, mfc=GRU if filled else "white", markersize=6.5, mew=1.6)
    ax.axvline(0, color=REFERENCE, linewidth=1)
    ax.axvline(overall, color=HIGHLIGHT, linewidth=1, linestyle="--")
    ax.set_yticks(places, [f"{group}: {name}" for group, name in table.index])
    ax.set_ylim(places[-1] + 0.7, places[0] - 0.7)
    ax.grid(axis="y", visible=False)
    ax.set(xlabel="accuracy of the GRU minus that of NB-SVM, in points")
    return ax


def plot_reliability(ax: Axes, table: pd.DataFrame, model: str) -> Axes:
    """Draw the share of positives in each bin, with its interval, against the mean predicted probability.

    table: from `evaluation.calibration.reliability`. The areas of the marks grow with the number of texts in the bin.
    """
    color = MODELS[model][0] if model in MODELS else BLUE
    ax.plot([0, 1], [0, 1], color=REFERENCE, linewidth=1, linestyle="--")
    error = [table["positive"] - table["low"], table["high"] - table["positive"]]
    ax.errorbar(table["predicted"], table["positive"], yerr=error, color=color, linewidth=1.2, capsize=2)
    ax.scatter(table["predicted"], table["positive"], s=8 + 90 * table["texts"] / table["texts"].sum(), color=color)
    ax.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), title=model, aspect="equal")
    ax.set_xticks([0, 0.5, 1])
    ax.set_yticks([0, 0.5, 1])
    return ax


def plot_shift(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw accuracies with intervals on several kinds of text, one mark a model, from left to right.

    table: one row a kind of text and model; columns kind, model, accuracy, low, high (shares of 1).
    """
    looks = zip((GRU, BASELINE, HIGHLIGHT, ORANGE, GREEN), "DXos^", strict=True)
    models, kinds = table["model"].unique(), list(table["kind"].unique())
    for number, (model, (color, marker)) in enumerate(zip(models, looks, strict=False)):
        rows = table[table["model"] == model]
        shift = 0.16 * (number - (len(models) - 1) / 2)
        error = [rows["accuracy"] - rows["low"], rows["high"] - rows["accuracy"]]
        at = [kinds.index(kind) + shift for kind in rows["kind"]]
        ax.errorbar(at, rows["accuracy"], yerr=error, fmt=marker, color=color, markersize=6, capsize=3, label=model)
    ax.axhline(0.5, color=GREY, linewidth=1, linestyle="--")
    ax.set_xticks(range(len(kinds)), kinds)
    ax.set_xlim(-0.5, len(kinds) - 0.5)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set(ylabel="accuracy")
    ax.grid(axis="x", visible=False)
    ax.legend(loc="upper right", fontsize=9)
    return ax
