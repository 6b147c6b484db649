"""Figures of the page on padding and masking (34). Each draws on an `ax` and returns it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from gru_book.plotting import BLUE, GREEN, GREY, ORANGE, PURPLE, REFERENCE, SKY_BLUE, VERMILION

ARM_LOOKS = {
    "front": (ORANGE, "^--"),
    "front, mask": (GREEN, "^-"),
    "back": (VERMILION, "o--"),
    "back, mask": (BLUE, "o-"),
    "back, mask, by length": (PURPLE, "s-"),
}


def plot_survival(ax: Axes, shares: Mapping[str, pd.DataFrame], predicted: Mapping[int, float]) -> Axes:
    """Draw what is left of the states' differences against the number of pads, logarithmic.

    shares: by the name of a line a table with the number of pads as its index and one column a seed (mean of the
    logarithm as the line, all seeds as the band). predicted: share left by distance, drawn as crosses.
    """
    looks = ((VERMILION, "o-"), (ORANGE, "^-"), (BLUE, "s-"))
    for (name, table), (color, style) in zip(shares.items(), looks, strict=False):
        middle = np.exp(np.log(table).mean(axis=1))
        ax.fill_between(table.index, table.min(axis=1), table.max(axis=1), color=color, alpha=0.25, linewidth=0)
        ax.plot(table.index, middle, style, color=color, markersize=4, mfc="white", label=name)
    ax.plot(list(predicted), list(predicted.values()), "x", color="black", markersize=8, mew=2, label="a gradient")
    ax.set(xscale="symlog", yscale="log", xlabel="pads", ylabel="share left", xlim=(0, None))
    ticks = [k for k in (0, 1, 2, 5, 10, 20, 50, 100, 300) if k <= max(map(max, (t.index for t in shares.values())))]
    ax.set_xticks(ticks, [str(k) for k in ticks])
    ax.minorticks_off()
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


def plot_batches(ax: Axes, lengths: Mapping[str, np.ndarray], steps: Mapping[str, np.ndarray]) -> Axes:
    """Draw an epoch's batches by name, one bar a batch, sorted: its padded length, and in it the mean of words.

    lengths, steps: by name the mean number of words and the number of steps of each batch, arrays of one shape.
    """
    for (name, padded), color in zip(steps.items(), (GREY, SKY_BLUE), strict=False):
        order = np.argsort(padded + lengths[name] / 1e6)
        ax.step(np.arange(len(padded)), padded[order], color=color, where="mid", label=f"{name}: steps read")
        ax.fill_between(
            np.arange(len(padded)), lengths[name][order], step="mid", color=color, alpha=0.3, label=f"{name}: words"
        )
    ax.set(xlabel="batches of an epoch, sorted", ylabel="steps")
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
