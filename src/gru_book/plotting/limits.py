"""Figures of the page on counting (26). Each function draws on an `ax` and returns it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gru_book.plotting.style import BLACK, BLUE, GREY, GRU, LSTM, REFERENCE, RNN

LOOKS = {"LSTM": (LSTM, "s"), "GRU": (GRU, "o"), "GRU, 12 units": (GRU, "D"), "RNN": (RNN, "^")}


def plot_growth(ax: Axes, states: np.ndarray, unit: int, cell: str, max_n: int) -> Axes:
    """Draw a network's state after n a's against n, one unit in colour and the others grey.

    Args:
        ax: where to draw.
        states: (n, units), after the first, second, ... a.
        unit: which unit is drawn in colour.
        cell: "LSTM" or "GRU", gives the colour and the title.
        max_n: the largest n of training, whose range is shaded.
    """
    n = np.arange(1, len(states) + 1)
    ax.plot(n, np.delete(states, unit, axis=1), color=GREY, linewidth=0.8, alpha=0.4)
    ax.plot(n, states[:, unit], color=LOOKS[cell][0], linewidth=2.4)
    ax.axvspan(0, max_n, color=REFERENCE, alpha=0.15, linewidth=0)
    ax.set(title={"LSTM": "LSTM: cell state", "GRU": "GRU: hidden state"}[cell], ylabel="state", xlim=(0, len(n)))
    return ax


def plot_averaging(ax: Axes, states: Mapping[str, Sequence[float]], num_a: int) -> Axes:
    """Draw states along a's and then b's, one line a way of counting, and mark the step that should bring them to zero.

    Args:
        ax: where to draw.
        states: by the line's label the states after each letter; each is drawn as a share of its largest value.
        num_a: how many a's come first; as many b's should lead back to zero.
    """
    for (label, values), look in zip(states.items(), ("-", "--", ":", "-."), strict=False):
        values = np.concatenate([[0], values])
        color = LSTM if label.startswith("LSTM") else GRU
        ax.plot(values / np.abs(values).max(), look, color=color, label=label, linewidth=2)
    ax.axhline(0, color=BLACK, linewidth=0.8)
    ax.axvline(num_a, color=GREY, linewidth=1, linestyle=":")
    ax.plot(2 * num_a, 0, "o", color=BLACK, markersize=8, mfc="none", mew=1.8, zorder=5)
    for place, letter in ((num_a / 2, "a"), (1.5 * num_a, "b")):
        ax.text(place, 1.01, letter, color=GREY, ha="center", va="bottom", transform=ax.get_xaxis_transform())
    ax.set(xlabel="letters read", ylabel="state, share of its largest", xlim=(0, None))
    ax.legend(loc="lower left")
    return ax


def plot_precision(ax: Axes, reach: pd.DataFrame, slope: float) -> Axes:
    """Draw how far a counter counts against the decimal digits that are kept, with a line of the given slope.

    Args:
        ax: where to draw.
        reach: index: digits; columns: "rounded state" and "disturbed weights", the largest n.
        slope: letters for each digit, of the grey line through the first mean.
    """
    for name, look in (("rounded state", "o"), ("disturbed weights", "x")):
        ax.plot(reach.index, reach[name], look, color=BLUE if look == "o" else BLACK, markersize=7, label=name, mew=1.8)
    middle = reach.mean(axis=1)
    line = middle.mean() + slope * (reach.index - np.mean(reach.index))
    ax.plot(reach.index, line, color=GREY, linewidth=1.2, zorder=0, label=r"$\log_2 10$ letters a digit")
    ax.set(xlabel="decimal digits", ylabel="counts up to n =", ylim=(0, None))
    ax.legend(loc="upper left")
    return ax


def plot_ends(ax: Axes, ends: pd.DataFrame, max_n: int) -> Axes:
    """Draw after how many b's a network first says "end", against the number of a's (the table's index).

    Args:
        ax: where to draw.
        ends: one column a network ("LSTM", "GRU"); NaN where it never says so.
        max_n: the largest n of training, whose range is shaded.
    """
    ax.axvspan(0, max_n, color=REFERENCE, alpha=0.15, linewidth=0)
    turned = {"ha": "center", "va": "top", "rotation": 90, "transform": ax.get_xaxis_transform()}
    ax.text(max_n / 2, 0.96, "training", color=GREY, **turned)
    ax.plot(ends.index, ends.index, color=REFERENCE, linewidth=6, alpha=0.35, label="right")
    for cell in ends:
        color, marker = LOOKS[cell]
        ax.plot(ends.index, ends[cell], marker, color=color, markersize=3, label=cell)
    ax.set(xlabel="a's that it has read", ylabel='b\'s until it says "end"', xlim=(0, ends.index.max() + 1))
    ax.set_ylim(0, None)
    ax.legend(loc="upper left", bbox_to_anchor=(max_n / (ends.index.max() + 1), 1))
    return ax


def plot_largest_n(ax: Axes, runs: pd.DataFrame, medians: pd.DataFrame, max_n: int, success: int) -> Axes:
    """Draw how far every run counts, one row a model, with the median and its interval.

    Args:
        ax: where to draw.
        runs: columns ``model`` and ``largest_n``, one row a run.
        medians: index ``model`` in the order of drawing from top; columns ``median``, ``low``, ``high``.
        max_n: the largest n of training.
        success: the n from which on a run counts as going on.
    """
    ax.axvspan(1, max_n, color=REFERENCE, alpha=0.15, linewidth=0)
    ax.axvline(success, color=REFERENCE, linestyle="--", linewidth=1)
    for row, (model, interval) in enumerate(medians.iterrows()):
        color, marker = LOOKS[model]
        values = np.sort(runs.loc[runs["model"] == model, "largest_n"])
        heights = row + 0.3 * np.linspace(-1, 1, len(values))  # apart, since many runs share a value
        ax.plot(values.clip(1), heights, marker, color=color, alpha=0.45, markersize=5, mew=0)
        low, high = max(interval["low"], 1), interval["high"]
        ax.plot([low, high], [row, row], color=BLACK, linewidth=2.2)
        ax.plot(max(interval["median"], 1), row, marker, color=color, markersize=9, mec=BLACK, mew=1.5)
    for place, text, side in ((max_n, "training ", "right"), (success, " goes on", "left")):
        ax.text(place, 1.01, text, color=GREY, ha=side, va="bottom", transform=ax.get_xaxis_transform())
    ticks = [1, 2, 5, 10, 20, 50, 100, 200, 500]
    ax.set(xscale="log", xlabel="counts up to n =")
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.minorticks_off()
    ax.set_yticks(range(len(medians)), medians.index)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    return ax
