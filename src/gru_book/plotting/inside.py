"""Figures of the page that looks inside a trained GRU (36). Each draws on an `ax` and returns it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gru_book.plotting.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    NEGATIVE,
    ORANGE,
    POSITIVE,
    PURPLE,
    REFERENCE,
    SEQUENTIAL,
    VERMILION,
)

DIVERGING = "RdBu"  # red for negative, blue for positive: the book's two colours

MARKS = ("o-", "s-", "^-", "D--", "x:")

COLORS = (BLUE, VERMILION, GREEN, PURPLE, GREY)


def plot_units(ax: Axes, values: np.ndarray, signed: bool = False) -> Axes:
    """Draw numbers (steps, units) as a map that is read downwards, with its scale below it.

    Colours go from 0 to 1, or from -1 to 1 where `signed`.
    """
    look = {"cmap": DIVERGING, "vmin": -1} if signed else {"cmap": SEQUENTIAL, "vmin": 0}
    image = ax.imshow(values, aspect="auto", interpolation="nearest", vmax=1, **look)
    ticks = [-1, 0, 1] if signed else [0, 0.5, 1]
    ax.figure.colorbar(image, ax=ax, location="bottom", ticks=ticks, pad=0.02, aspect=12)
    ax.grid(False)
    ax.tick_params(axis="y", length=0)
    ax.set(xticks=[])
    return ax


def plot_running(ax: Axes, probability: np.ndarray) -> Axes:
    """Draw the probability after every step, (steps,), as a line that is read downwards."""
    steps = np.arange(len(probability))
    ax.axvline(0.5, color=REFERENCE, linewidth=0.8, linestyle=":")
    ax.plot(probability, steps, color=BLACK, linewidth=1.2)
    for above, color in ((True, POSITIVE), (False, NEGATIVE)):
        rows = (probability > 0.5) == above
        ax.plot(probability[rows], steps[rows], "o", color=color, markersize=4)
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(-0.03, 1.03), ylim=(len(probability) - 0.5, -0.5))
    ax.set_xticks([0, 0.5, 1], ["0", "½", "1"])
    return ax


def label_steps(ax: Axes, tokens: Sequence[str]) -> Axes:
    """Write the tokens beside the steps of a figure that is read downwards."""
    ax.set_yticks(range(len(tokens)), tokens, fontsize=8)
    ax.tick_params(axis="y", length=0)
    return ax


def plot_negation(ax: Axes, scores: Mapping[str, pd.DataFrame], order: Sequence[str]) -> Axes:
    """Draw the log-odds of short sentences, one line an adjective, against the sentence's form.

    scores: by tone ("positive", "negative") a table with adjectives as index and forms as columns.
    """
    for tone, color in (("positive", POSITIVE), ("negative", NEGATIVE)):
        lines = scores[tone][list(order)].T.to_numpy()
        ax.plot(lines, color=color, linewidth=0.7, alpha=0.4)
        ax.plot(lines.mean(axis=1), "o-", color=color, label=f"{tone} adjectives")
    ax.axhline(0, color=REFERENCE, linewidth=0.8, linestyle=":")
    ax.set_xticks(range(len(order)), order)
    ax.set(ylabel="log-odds of positive")
    ax.legend()
    return ax


def plot_gate_by_tone(ax: Axes, words: pd.DataFrame, named: Sequence[str]) -> Axes:
    """Draw the mean update gate of each word against its log-count ratio; the frequent ones and some by name.

    words: index words; columns ``ratio``, ``update_gate``, ``kind`` ("toned", "frequent" or another).
    """
    looks = {"other": (GREY, 4, 0.3), "frequent": (ORANGE, 18, 0.9), "toned": (BLUE, 18, 0.9)}
    for kind, (color, size, alpha) in looks.items():
        rows = words[words["kind"] == kind]
        ax.scatter(rows["ratio"], rows["update_gate"], s=size, color=color, alpha=alpha, linewidth=0, label=kind)
    for word in named:
        place = words.loc[word, ["ratio", "update_gate"]]
        ax.annotate(word, place, xytext=(4, 3), textcoords="offset points", fontsize=8)
    ax.set(xlabel="log-count ratio of the word", ylabel="mean update gate")
    ax.legend(markerscale=1.5)
    return ax


def plot_attributions(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw attributions as a map that is read downwards: rows are steps, columns methods, each on its own scale."""
    scaled = table / table.abs().max()
    ax.imshow(scaled, aspect="auto", cmap=DIVERGING, vmin=-1, vmax=1, interpolation="nearest")
    ax.grid(False)
    ax.xaxis.tick_top()
    ax.set_xticks(range(len(table.columns)), [name.replace(" ", "\n", 1) for name in table.columns], fontsize=8)
    ax.tick_params(length=0)
    return label_steps(ax, list(table.index))


def plot_deletion(ax: Axes, curves: pd.DataFrame) -> Axes:
    """Draw by how much the answer's probability falls against the number of words left out, one line a way.

    curves: index number of words; columns by way a triple (mean, low, high).
    """
    places = np.arange(len(curves))
    for (name, column), mark, color in zip(curves.items(), MARKS, COLORS, strict=False):
        mean, low, high = np.array(column.tolist()).T
        ax.fill_between(places, low, high, color=color, alpha=0.2, linewidth=0)
        ax.plot(places, mean, mark, color=color, markersize=5, label=name)
    ax.set_xticks(places, curves.index)
    ax.set(xlabel="words left out", ylabel="fall of the probability", ylim=(0, None))
    ax.legend()
    return ax


def plot_unit_roles(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw each unit as a point: half-life of its copies against the correlation of its last state with the label.

    Columns: ``half-life``, ``correlation``, ``weight`` (in the dense layer; its sign gives the colour).
    """
    for sign, color, name in ((1, POSITIVE, "raises the score"), (-1, NEGATIVE, "lowers it")):
        rows = table[np.sign(table["weight"]) == sign]
        ax.scatter(rows["half-life"], rows["correlation"], 20 + 60 * rows["weight"].abs(), color=color, alpha=0.6)
        ax.scatter([], [], 40, color=color, alpha=0.6, label=name)
    ax.axhline(0, color=REFERENCE, linewidth=0.8, linestyle=":")
    ax.set(xscale="log", xlabel="half-life of what is copied, in words", ylabel="correlation with the label")
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    ax.legend(loc="center right")
    return ax
