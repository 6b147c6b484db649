"""Figures of the conventions (page 54). Each function draws on an `ax` and returns it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from gru_book.plotting.style import BLUE, GREY, VERMILION


def plot_conversions(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw which weights can be written in which form.

    Args:
        ax: where to draw.
        table: one row a source, one column a target, each entry "exact", "if c_h = 0" or "no".
    """
    words = ["exact", "if c_h = 0", "no"]
    shown = {"exact": "exact", "if c_h = 0": "if $c_h$\n$= 0$", "no": "–"}
    values = table.map(words.index).to_numpy()
    ax.imshow(values, cmap=ListedColormap(["#a6cfe8", "#f7e29b", "#f2f2f2"]), vmin=-0.5, vmax=2.5, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        ax.text(column, row, shown[words[value]], ha="center", va="center", fontsize=8)
    slanted = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"}
    ax.set_xticks(range(table.shape[1]), table.columns, fontsize=8, **slanted)
    ax.set_xticks(np.arange(table.shape[1] + 1) - 0.5, minor=True)
    ax.set_yticks(range(len(table)), table.index, fontsize=8)
    ax.set_yticks(np.arange(len(table) + 1) - 0.5, minor=True)
    ax.grid(False, which="major")
    ax.grid(which="minor", color="white", linewidth=1.5)
    ax.tick_params(which="both", length=0)
    ax.set(xlabel="target", ylabel="source")
    return ax


def plot_differences(
    ax: Axes, differences: Mapping[str, Sequence[float]], limit: float, good: Sequence[str], floor: float
) -> Axes:
    """Draw one row of points for each name, on a logarithmic scale, and a line at `limit`.

    Args:
        ax: where to draw.
        differences: largest differences by name, from the top row to the lowest.
        limit: where the line stands.
        good: the names drawn as circles in blue; the others are triangles in vermilion.
        floor: differences below it are drawn there (0 has no place on a logarithmic scale).
    """
    for row, (name, values) in enumerate(differences.items()):
        spread = np.linspace(-0.22, 0.22, len(values)) if len(values) > 1 else np.zeros(1)
        color, marker = (BLUE, "o") if name in good else (VERMILION, "^")
        ax.plot(np.maximum(values, floor), row + spread, marker, color=color, mfc="none", markersize=6)
    ax.axvline(limit, color=GREY, linestyle="--", linewidth=1.2)
    ax.set_yticks(range(len(differences)), list(differences))
    ax.set(xscale="log", ylim=(len(differences) - 0.5, -0.5), xlabel="largest difference of any state")
    return ax
