"""Figures of the page on padding and masking (35). Each draws on an `ax` and returns it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from gru_book.plotting.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, REFERENCE, SKY_BLUE, VERMILION

ARM_LOOKS = {
    "front": (ORANGE, "^--"),
    "front, mask": (GREEN, "^-"),
    "back": (VERMILION, "o--"),
    "back, mask": (BLUE, "o-"),
    "back, mask, by length": (PURPLE, "s-"),
}


def plot_survival(ax: Axes, shares: Mapping[str, pd.DataFrame], predicted: Mapping[float, float]) -> Axes:
    """Draw what is retained of the states' differences against the number of pads.

    shares: by the name of a line a table with the number of pads as its index and one column a seed (mean of the
    logarithm as the line, all seeds as the band). predicted: share retained by distance, drawn as crosses.
    """
    looks = ((VERMILION, "o-", 5), (ORANGE, "^-", 11), (BLUE, "s--", 4))
    for (name, table), (color, style, size) in zip(shares.items(), looks, strict=False):
        middle = np.exp(np.log(table).mean(axis=1))
        ax.fill_between(table.index, table.min(axis=1), table.max(axis=1), color=color, alpha=0.25, linewidth=0)
        ax.plot(table.index, middle, style, color=color, markersize=size, mfc="white", label=name)
    ax.plot(list(predicted), list(predicted.values()), "x", color=BLACK, markersize=8, mew=2, label="a gradient")
    ax.set(yscale="log", xlabel="pads", ylabel="retained", xlim=(-1, None))
    ax.legend(loc="lower left")
    return ax


def plot_filling(ax: Axes, texts: Sequence[Sequence[str]], length: int, side: str) -> Axes:
    """Draw texts as rows of boxes, one a step, filled up to `length` with grey boxes on `side`: "front" or "behind"."""
    for row, words in enumerate(texts):
        missing = length - len(words)
        filled = ["0"] * missing + list(words) if side == "front" else list(words) + ["0"] * missing
        for step, word in enumerate(filled):
            is_pad = word == "0"
            face = "#e3e3e3" if is_pad else "#d9ebf7"
            ax.add_patch(Rectangle((step - 0.46, -row - 0.38), 0.92, 0.76, fc=face, ec=GREY, lw=1))
            ax.text(step, -row, word, ha="center", va="center", color=GREY if is_pad else BLACK)
    ax.set(xlim=(-0.6, length - 0.4), ylim=(-len(texts) + 0.5, 0.5))
    ax.set_axis_off()
    return ax


def plot_arms(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw a measure by epoch, one line an arm: the mean over seeds, and the seeds as thin lines.

    Columns of the table: ``arm``, ``seed``, ``epoch``, ``value`` (0 to 1).
    """
    for arm, (color, style) in ARM_LOOKS.items():
        by_seed = table[table["arm"] == arm].pivot(index="epoch", columns="seed", values="value")
        if len(by_seed):
            ax.plot(by_seed.index, by_seed, color=color, linewidth=0.7, alpha=0.45)
            label = arm.replace("front", "in front").replace("back", "behind")
            ax.plot(by_seed.index, by_seed.mean(axis=1), style, color=color, markersize=5, mfc="white", label=label)
    ax.axhline(0.5, color=REFERENCE, linewidth=0.8, linestyle=":")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set(ylabel="accuracy")
    return ax


def plot_drift(ax: Axes, updates: Sequence[int], apart: Mapping[str, np.ndarray]) -> Axes:
    """Draw how far two trainings are apart against updates, one line for each precision, on a logarithmic axis."""
    looks = {"float32": (VERMILION, "o-"), "float64": (BLUE, "s-")}
    for name, distance in apart.items():
        color, style = looks[name]
        ax.plot(updates, distance, style, color=color, markersize=5, mfc="white", label=name)
    ax.set(yscale="log", xlabel="updates", ylabel="distance / way gone")
    ax.legend(loc="center right")
    return ax


def plot_batches(ax: Axes, words: np.ndarray, steps: np.ndarray) -> Axes:
    """Draw an epoch's batches, sorted: the steps that each is filled to, and below the mean number of words in it.

    words, steps: one number a batch, arrays of one shape.
    """
    order, place = np.lexsort((words, steps)), np.arange(len(steps))
    ax.fill_between(place, words[order], steps[order], step="mid", color=GREY, alpha=0.3, linewidth=0, label="padding")
    ax.fill_between(place, words[order], step="mid", color=SKY_BLUE, alpha=0.6, linewidth=0, label="words")
    ax.step(place, steps[order], where="mid", color=BLUE, label="steps read")
    ax.set(ylabel="steps", ylim=(0, None))
    return ax
