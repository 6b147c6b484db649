"""Figures of the page on the adding and copy tasks (26). Each function draws on an `ax` and returns it."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gru_book.plotting.style import GREY, GRU, LSTM, REFERENCE, RNN, SEQUENTIAL


def plot_learning_curves(ax: Axes, curves: dict[str, pd.Series], chance: float, solved_below: float) -> Axes:
    """Draw errors against updates (each series' index), one line a cell; chance and the threshold as grey lines.

    A name's first word is the cell and gives the colour; lines of "… chrono" are dashed.
    """
    colors = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
    for name, errors in curves.items():
        dashed = "chrono" in name
        look = {"linestyle": "--" if dashed else "-", "marker": "s" if dashed else "o", "markerfacecolor": "white"}
        ax.plot(errors.index, errors, color=colors[name.split()[0]], markersize=4, label=name, **look)
    for level, text in ((chance, "knows nothing"), (solved_below, "solved")):
        ax.axhline(level, color=REFERENCE, linewidth=1, linestyle=":")
        ax.annotate(text, (1, level), (0, 2), xycoords=("axes fraction", "data"), textcoords="offset points",
                    ha="right", va="bottom", color=GREY, fontsize=9)  # fmt: skip
    ax.set(yscale="log", xlabel="updates", ylabel="mean squared error, fresh sequences")
    ax.set_xlim(left=0)
    ax.legend()
    return ax


def plot_success(ax: Axes, solved: pd.DataFrame, tried: int) -> Axes:
    """Draw a heat map of how many of ``tried`` seeds were solved.

    Args:
        ax: where to draw.
        solved: counts; the cells in the index, the lengths in the columns, missing where nothing was tried.
        tried: seeds of each count.
    """
    shares = solved.to_numpy(float) / tried
    ax.set_facecolor("#e6e6e6")
    ax.imshow(np.ma.masked_invalid(shares), cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        text = "–" if np.isnan(share) else f"{share * tried:.0f}/{tried}"
        ax.text(column, row, text, ha="center", va="center", color="white" if share <= 0.5 else "black")
    ax.set_xticks(range(solved.shape[1]), [str(length) for length in solved.columns])
    ax.set_yticks(range(solved.shape[0]), list(solved.index))
    ax.grid(False)
    ax.tick_params(length=0)
    return ax
