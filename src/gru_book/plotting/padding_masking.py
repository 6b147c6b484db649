"""Figures of the page on padding and masking (34). Each draws on an `ax` and returns it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from gru_book.plotting.style import BLUE, GREEN, GREY, ORANGE, PURPLE, REFERENCE, SKY_BLUE, VERMILION

ARM_LOOKS = {
    "front": (ORANGE, "^--"),
    "front, mask": (GREEN, "^-"),
    "back": (VERMILION, "o--"),
    "back, mask": (BLUE, "o-"),
    "back, mask, by length": (PURPLE, "s-"),
}


def plot_survival(ax: Axes, shares: Mapping[str, pd.DataFrame], predicted: Mapping[int, float]) -> Axes:
    """Draw what is left of the states' differences against the number of pads, as far as the first table goes.

    shares: by the name of a line a table with the number of pads as its index and one column a seed (mean of the
    logarithm as the line, all seeds as the band). predicted: share left by distance, drawn as crosses.
    """
    looks = ((VERMILION, "o-", 4), (ORANGE, "^-", 10), (BLUE, "s--", 4))
    end = max(next(iter(shares.values())).index)
    for (name, table), (color, style, size) in zip(shares.items(), looks, strict=False):
        table = table[table.index <= end]
        middle = np.exp(np.log(table).mean(axis=1))
        ax.fill_between(table.index, table.min(axis=1), table.max(axis=1), color=color, alpha=0.25, linewidth=0)
        ax.plot(table.index, middle, style, color=color, markersize=size, mfc="white", label=name)
    ax.plot(list(predicted), list(predicted.values()), "x", color="black", markersize=8, mew=2, label="a gradient")
    ax.set(yscale="log", xlabel="pads", ylabel="share left", xlim=(0, end * 1.02))
    ax.legend()
    return ax


def plot_arms(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw a measure by epoch, one line an arm: the mean over seeds, and the seeds as thin lines.

    Columns of the table: ``arm``, ``seed``, ``epoch``, ``value`` (0 to 1).
    """
    for arm, (color, style) in ARM_LOOKS.items():
        by_seed = table[table["arm"] == arm].pivot(index="epoch", columns="seed", values="value")
        if len(by_seed):
            ax.plot(by_seed.index, by_seed, color=color, linewidth=0.7, alpha=0.45)
            ax.plot(by_seed.index, by_seed.mean(axis=1), style, color=color, markersize=5, mfc="white", label=arm)
    ax.axhline(0.5, color=REFERENCE, linewidth=0.8, linestyle=":")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set(xlabel="epoch")
    return ax


def plot_batches(ax: Axes, words: np.ndarray, steps: np.ndarray) -> Axes:
    """Draw an epoch's batches, sorted: the steps that each is filled to, and below the mean number of words in it.

    words, steps: one number a batch, arrays of one shape.
    """
    order, place = np.lexsort((words, steps)), np.arange(len(steps))
    ax.fill_between(place, words[order], steps[order], step="mid", color=GREY, alpha=0.3, linewidth=0, label="padding")
    ax.fill_between(place, words[order], step="mid", color=SKY_BLUE, alpha=0.6, linewidth=0, label="words")
    ax.step(place, steps[order], where="mid", color=BLUE, label="steps read")
    ax.set(xlabel="batches of an epoch, sorted", ylabel="steps", ylim=(0, None))
    return ax


def plot_seconds(ax: Axes, seconds: Mapping[str, list[float]]) -> Axes:
    """Draw the time of each epoch as a point, by name, with its median as a bar."""
    names = list(seconds)
    colors = (GREY, SKY_BLUE, BLUE, PURPLE)
    for place, (name, color) in enumerate(zip(names, colors, strict=False)):
        ax.barh(place, np.median(seconds[name]), color=color, alpha=0.5)
        ax.plot(seconds[name], np.full(len(seconds[name]), place), "o", color="black", markersize=4)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.set(xlabel="seconds an epoch", xlim=(0, None))
    return ax
