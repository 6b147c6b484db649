"""Figures of the page on attributions (38). Each draws on an `ax` and returns it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gru_book.plotting.style import BLUE, GREEN, GREY, PURPLE, REFERENCE, VERMILION

LOOKS = {  # way: colour, line and mark
    "occlusion": (BLUE, "o-"),
    "gradient × input": (VERMILION, "s-"),
    "integrated gradients": (GREEN, "^-"),
    "tone": (PURPLE, "D--"),
    "random words": (GREY, "X:"),
}

SHORT = {"gradient × input": "gradient", "integrated gradients": "integrated"}  # where there is little room


def plot_agreement(ax: Axes, pairs: Mapping[tuple[str, str], Sequence[float]], threshold: float) -> Axes:
    """Draw the rank correlation of pairs of attributions as (mean, low, high), one row a pair, beside a threshold."""
    for row, (pair, (mean, low, high)) in enumerate(pairs.items()):
        color = LOOKS["tone" if "tone" in pair else "occlusion"][0]
        ax.plot([low, high], [row, row], color=color)
        ax.plot(mean, row, "o", color=color, markersize=6)
    ax.axvline(threshold, color=REFERENCE, linewidth=0.8, linestyle=":")
    names = [f"{SHORT.get(one, one)} – {SHORT.get(other, other)}" for one, other in pairs]
    ax.set_yticks(range(len(names)), names)
    ax.set(xlim=(0, 1), ylim=(len(names) - 0.5, -0.5), xlabel="mean rank correlation")
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    return ax


def plot_likeness(ax: Axes, likeness: Mapping[str, Sequence[float]], most: float) -> Axes:
    """Draw the likeness of untrained networks to a trained one, one row a kind, and the band that counts as unlike."""
    ax.axvspan(-most, most, color=GREY, alpha=0.15, linewidth=0)
    for row, found in enumerate(likeness.values()):
        ax.plot(found, np.full(len(found), row), "|", color=VERMILION, markersize=16, markeredgewidth=1.6)
    ax.set_yticks(range(len(likeness)), likeness)
    ax.set(xlim=(-1, 1), ylim=(len(likeness) - 0.4, -0.6), xlabel="rank correlation with the trained one")
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    return ax


def plot_deletion(ax: Axes, curves: pd.DataFrame) -> Axes:
    """Draw by how much the answer's probability falls against the number of words left out, one line a way.

    curves: index number of words; columns by way, named in `LOOKS`, a triple (mean, low, high) in points.
    """
    places = np.arange(len(curves))
    for name, column in curves.items():
        color, look = LOOKS[name]
        mean, low, high = np.array(column.tolist()).T
        ax.fill_between(places, low, high, color=color, alpha=0.2, linewidth=0)
        ax.plot(places, mean, look, color=color, markersize=5, label=name)
    ax.set_xticks(places, curves.index)
    ax.set(xlabel="words left out", ylabel="fall in points", ylim=(0, None))
    ax.figure.legend(loc="outside upper left", ncols=2, columnspacing=1.2)
    return ax
