"""The figures of page 31, on the reviews. Each function draws on an `ax` and returns it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Arc, Rectangle
from matplotlib.patheffects import Normal, Stroke
from matplotlib.ticker import FuncFormatter, PercentFormatter

from gru_book.plotting import style

PARTS = {"train": (style.TRAIN, "s"), "validation": (style.VALIDATION, "^"), "test": (style.TEST, "o")}
WITHIN = "#c4c4c4"  # arcs within a part


def plot_links(ax: Axes, parts: Sequence[str], pairs: np.ndarray) -> Axes:
    """Draw reviews side by side, each with the look of its part, and an arc over every pair that is alike.

    parts: of each review. pairs: (pairs, 2), numbers of reviews. Arcs between different parts are dark, others faint.
    """
    parts = np.asarray(parts)
    apart = parts[pairs[:, 0]] != parts[pairs[:, 1]]
    for (left, right), crosses in zip(pairs, apart, strict=True):
        color = style.BLACK if crosses else WITHIN
        place = ((left + right) / 2, 0)
        order = 2 + crosses
        ax.add_patch(Arc(place, right - left, right - left, theta2=180, color=color, linewidth=1.1, zorder=order))
    for name, (color, marker) in PARTS.items():
        rows = np.flatnonzero(parts == name)
        ax.plot(rows, np.full(len(rows), -0.7), marker, color=color, markersize=4.5, mew=0, label=name)
    ax.plot([], [], color=style.BLACK, linewidth=1.1, label="alike, in two parts")
    ax.plot([], [], color=WITHIN, linewidth=1.1, label="alike, in one part")
    tallest = max((pairs[:, 1] - pairs[:, 0]).max(initial=2), 2)
    ax.set(xlim=(-1, len(parts)), ylim=(-1.6, tallest / 2 + 0.5), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.grid(False)
    return ax


def plot_lengths(ax: Axes, lengths: np.ndarray, maxlen: int) -> Axes:
    """Draw how many reviews have which length.

    lengths: int array of shape (reviews,), in ids. maxlen: where longer reviews are cut, drawn as a line.
    The few lengths beyond the 99.5% quantile are counted in the last bar.
    """
    end = max(np.quantile(lengths, 0.995), maxlen + 1)
    ax.hist(np.minimum(lengths, end), bins=np.linspace(0, end, 60), color=style.TRAIN)
    ax.axvline(maxlen, color=style.HIGHLIGHT, linestyle="--")
    ax.annotate(
        f" cut at {maxlen}:\n longer ones lose\n their beginning",
        (maxlen, 0.6),
        xycoords=("data", "axes fraction"),
        color=style.HIGHLIGHT,
    )
    ax.set(xlabel="length (ids)", ylabel="training reviews", xlim=(0, end))
    return ax


def plot_coverage(ax: Axes, sizes: Sequence[int], rates: Mapping[str, Sequence[float]], max_features: int) -> Axes:
    """Draw the out-of-vocabulary rate against the size of the vocabulary (logarithmic).

    rates: for "train" and "validation" the rate (0 to 1) at each of the sizes. max_features: the size chosen, marked.
    """
    labels = {"train": "training reviews", "validation": "validation reviews"}
    for part, values in rates.items():
        color, marker = PARTS[part]
        ax.semilogx(sizes, values, color=color, marker=marker, markersize=5, label=labels[part])
    ax.axvline(max_features, color=style.REFERENCE, linestyle="--")
    ax.annotate(
        f" {max_features:,} ids", (max_features, 0.9), xycoords=("data", "axes fraction"), color=style.REFERENCE
    )
    ax.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:,.0f}"))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set(xlabel="vocabulary size (ids)", ylabel="words missed", ylim=(0, None))
    ax.legend(loc="lower left")
    return ax


def plot_distances(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw how similar reviews are against how many rows they stand apart (both logarithmic), one line a column."""
    looks = {"positive": (style.POSITIVE, "o"), "negative": (style.NEGATIVE, "s")}
    for name, values in table.items():
        color, marker = looks[name]
        ax.loglog(values, color=color, marker=marker, markersize=5, label=name)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda gap, _: f"{gap:,.0f}"))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set(xlabel="rows apart", ylabel="mean similarity")
    ax.legend(loc="upper right")
    return ax


def plot_similarity(ax: Axes, similarity: np.ndarray, frames: Mapping[str, tuple]) -> Axes:
    """Draw how similar blocks of positive and of negative reviews are, both in the file's order.

    similarity: float array of shape (positive blocks, negative blocks), cosine similarity.
    frames: by name, the range among the negatives, the range among the positives (both 0 to 1), and a colour.
    """
    top = np.quantile(similarity, 0.995)  # a few blocks of nearly the same films would leave the rest dark
    image = ax.imshow(similarity, origin="lower", aspect="auto", extent=(0, 1, 0, 1), vmax=top, cmap=style.SEQUENTIAL)
    ax.figure.colorbar(image, ax=ax, label="similarity", extend="max")
    for name, ((left, right), (bottom, top), color) in frames.items():
        ax.add_patch(Rectangle((left, bottom), right - left, top - bottom, fill=False, edgecolor=color, linewidth=2))
        label = ax.text(right + 0.015, (bottom + top) / 2, name, color="white", va="center")
        label.set_path_effects([Stroke(linewidth=3, foreground="black"), Normal()])
    ax.grid(False)
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set(xlabel="position among the negatives", ylabel="position among the positives")
    return ax


def plot_flattery(ax: Axes, by_film: Sequence[float], at_random: Sequence[float]) -> Axes:
    """Draw the accuracy on the same reviews when their films are unknown and when they are known.

    by_film, at_random: the accuracy (0 to 1) on each block of reviews, predicted by models that were trained without
    and with other reviews of their films.
    """
    rows = np.arange(1, len(by_film) + 1)
    ax.hlines(rows, by_film, at_random, color=style.REFERENCE, linewidth=1)
    ax.scatter(by_film, rows, color=style.TEST, marker="o", zorder=3, label="films kept apart")
    ax.scatter(at_random, rows, color=style.HIGHLIGHT, marker="D", zorder=3, label="random folds")
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    ax.set(xlabel="accuracy on the block", ylabel="block of films", yticks=rows, ylim=(len(rows) + 0.6, 0.4))
    ax.figure.legend(loc="outside upper left", ncols=2)
    return ax
