"""Figures of the page on baselines (32). Each function draws on an `ax` and returns it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MultipleLocator, NullLocator, PercentFormatter

from gru_book.plotting.style import BLUE, GREEN, MODELS, NEGATIVE, ORANGE, POSITIVE, REFERENCE

LOOKS = {  # name: colour, mark; the package's recipes look as on page 34
    "naive Bayes": (GREEN, "o"),
    "TF-IDF, words": (ORANGE, "D"),
    "TF-IDF, pairs": MODELS["linear"][::2],
    "NB-SVM, pairs": (BLUE, "^"),
    "NB-SVM, triples": MODELS["nbsvm"][::2],
    "TF-IDF": MODELS["linear"][::2],
    "NB-SVM": MODELS["nbsvm"][::2],
}


def plot_accuracy_and_time(ax: Axes, results: pd.DataFrame) -> Axes:
    """Draw test accuracy with its interval against training time, one named mark a model.

    results: one row a model, its name in the index; columns seconds, test, low and high (shares of 1).
    """
    for name, row in results.iterrows():
        color, marker = LOOKS[name]
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
        place = {"xytext": (5, -4)} if alone[row] > 0 else {"xytext": (-5, -4), "ha": "right"}
        ax.annotate(f"not {word}", (alone[row], negated[row]), textcoords="offset points", **place)
    ax.set_xlim(ends[0] - 0.2, ends[1] + 1.8)  # room for the names of words of praise
    ax.set(xlabel="log-count ratio of the word", ylabel='log-count ratio of "not" + word')
    return ax


def plot_sizes(ax: Axes, curves: pd.DataFrame) -> Axes:
    """Draw validation accuracy against the number of training reviews, one line a model: mean and lowest to highest.

    curves: columns model, reviews, accuracy; one row a model and subset.
    """
    for model, rows in curves.groupby("model", sort=False):
        color, marker = LOOKS[model]
        by_size = rows.groupby("reviews")["accuracy"]
        ax.plot(by_size.mean(), color=color, marker=marker, markersize=5, label=model)
        ax.fill_between(by_size.min().index, by_size.min(), by_size.max(), color=color, alpha=0.2, linewidth=0)
    ax.set(xscale="log", xlabel="training reviews", ylabel="validation accuracy")
    ax.set_xticks(sorted(set(curves["reviews"])))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:,.0f}"))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.legend(loc="lower right")
    return ax
