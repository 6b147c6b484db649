"""Figures of the page on baselines (32). Each function draws on an `ax` and returns it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MultipleLocator, NullLocator, PercentFormatter

from gru_book.plotting.style import BLACK, BLUE, GREEN, GREY, NEGATIVE, ORANGE, POSITIVE, REFERENCE, VERMILION


def plot_accuracy_and_time(ax: Axes, results: pd.DataFrame) -> Axes:
    """Draw test accuracy with its interval against training time, one named mark a model.

    results: one row a model, its name in the index; columns seconds, test, low and high (shares of 1).
    """
    looks = zip((ORANGE, GREEN, BLUE, VERMILION, BLACK, GREY), "X^sDPo", strict=True)
    for (name, row), (color, marker) in zip(results.iterrows(), looks, strict=False):
        error = [[row["test"] - row["low"]], [row["high"] - row["test"]]]
        ax.errorbar(row["seconds"], row["test"], yerr=error, fmt=marker, color=color, capsize=3, label=name)
    ax.set(xlabel="seconds of training, choices included", ylabel="test accuracy")
    ax.set_xlim(0, 1.1 * results["seconds"].max())
    ax.yaxis.set_major_locator(MultipleLocator(0.01))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.legend(loc="lower right")
    return ax


def plot_negation(ax: Axes, alone: np.ndarray, negated: np.ndarray, words: Sequence[str], named: Sequence[str]) -> Axes:
    """Draw log-count ratios of words against those of "not" + word; `named` of them carry their name.

    alone, negated: float arrays of shape (words,). On the dashed line "not" would change nothing. Without a word the
    axes stay empty.
    """
    if not len(alone):
        return ax
    ends = [min(alone.min(), negated.min()) - 0.2, max(alone.max(), negated.max()) + 0.2]
    ax.plot(ends, ends, color=REFERENCE, linewidth=1, linestyle="--")
    ax.axhline(0, color=REFERENCE, linewidth=0.8)
    ax.axvline(0, color=REFERENCE, linewidth=0.8)
    ax.scatter(alone, negated, s=18, color=np.where(alone > 0, POSITIVE, NEGATIVE), alpha=0.7)
    for word in named:
        row = list(words).index(word)
        place = {"xytext": (-5, 2), "ha": "right"} if alone[row] > 0 else {"xytext": (5, 2)}
        ax.annotate(f"not {word}", (alone[row], negated[row]), textcoords="offset points", **place)
    ax.set(xlabel="log-count ratio of the word", ylabel='log-count ratio of "not" + word')
    return ax


def plot_sizes(ax: Axes, curves: pd.DataFrame) -> Axes:
    """Draw validation accuracy against the number of training reviews, one line a model: mean and lowest to highest.

    curves: columns model, reviews, accuracy; one row a model and subset.
    """
    looks = zip((GREY, ORANGE, BLUE, VERMILION, GREEN), "ox^sD", strict=True)
    for (model, rows), (color, marker) in zip(curves.groupby("model", sort=False), looks, strict=False):
        by_size = rows.groupby("reviews")["accuracy"]
        ax.plot(by_size.mean(), color=color, marker=marker, markersize=5, label=model)
        ax.fill_between(by_size.min().index, by_size.min(), by_size.max(), color=color, alpha=0.2, linewidth=0)
    ax.set(xscale="log", xlabel="training reviews", ylabel="validation accuracy")
    sizes = sorted(curves["reviews"].unique())
    ax.set_xticks(sizes, [f"{size:,.0f}" for size in sizes])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.legend(loc="lower right")
    return ax
