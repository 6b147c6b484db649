"""Figures of the page on vanishing gradients (25). Each draws on an `ax` and returns it."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gru_book.plotting.style import GREY, GRU, LSTM, ORANGE, PURPLE, REFERENCE, RNN

LOOKS = {"RNN": (RNN, "^-"), "LSTM": (LSTM, "s-"), "GRU": (GRU, "o-"), "GRU, chrono": (PURPLE, "D-")}


def plot_decay(ax: Axes, curves: dict[str, pd.DataFrame], lowest: float = 1e-26) -> Axes:
    """Draw what is left of a gradient against the distance, one line a layer with its interval as a band.

    Args:
        ax: where to draw.
        curves: by layer a table with the distance as its index and the columns ``middle``, ``low``, ``high``.
        lowest: where the vertical axis ends; what is less runs out of the figure.
    """
    for name, curve in curves.items():
        color, style = LOOKS[name]
        ax.fill_between(curve.index, curve["low"], curve["high"], color=color, alpha=0.25, linewidth=0)
        ax.plot(curve.index, curve["middle"], style, color=color, markersize=4, mfc="white", label=name)
    _half(ax)
    ax.set(yscale="log", ylim=(lowest, 10), xlabel="distance (steps)", ylabel="share left")
    return ax


def plot_bounds(ax: Axes, bounds: pd.DataFrame, name: str) -> Axes:
    """Draw the measured share (``measured``), its upper bound (``bound``) and the mere copies (``copies``, or none).

    The table's index is the distance, ``name`` the layer. The axis is logarithmic where less than a hundredth is left.
    """
    color = LOOKS[name][0]
    ax.plot(bounds.index, bounds["bound"], "--", color=GREY, label="upper bound")
    ax.plot(bounds.index, bounds["measured"], color=color, label="measured")
    if "copies" in bounds and bounds["copies"].notna().all():
        ax.plot(bounds.index, bounds["copies"], ":", color=ORANGE, label="copies only")
    ax.set(xlabel="distance (steps)", ylabel="share left", title=name)
    if bounds["measured"].min() < 0.01:
        ax.set_yscale("log")
    else:
        ax.set_ylim(0, 1.05)
    ax.legend()
    return ax


def plot_scales(ax: Axes, table: pd.DataFrame, distance: int) -> Axes:
    """Draw what is left after ``distance`` steps against the size of the inputs, with intervals.

    Columns of the table: ``layer``, ``scale``, ``middle``, ``low``, ``high``.
    """
    for name, rows in table.groupby("layer", sort=False):
        color, style = LOOKS[name]
        error = [rows["middle"] - rows["low"], rows["high"] - rows["middle"]]
        ax.errorbar(rows["scale"], rows["middle"], error, fmt=style, color=color, markersize=4, mfc="white", label=name)
    ax.set(xscale="log", yscale="log", xlabel="standard deviation of the inputs", title=f"after {distance} steps")
    ax.set_ylabel("share left")
    return ax


def plot_lengths(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw what is left against the distance (the table's index), one line a column: default, then chrono."""
    styles = (("o-", GRU), ("^-", GREY), ("s-", ORANGE), ("D-", PURPLE))
    for name, (style, color) in zip(table.columns, styles, strict=False):
        ax.plot(table.index, table[name], style, color=color, markersize=4, mfc="white", label=name)
    _half(ax)
    ax.set(yscale="log", ylim=(1e-8, 3), xlabel="distance (steps)", ylabel="share left")
    ax.legend()
    return ax


def plot_unit_half_lives(ax: Axes, predicted: np.ndarray, measured: dict[str, np.ndarray]) -> Axes:
    """Draw each unit's measured half-life against the one that its bias predicts; the line is equality."""
    ends = [predicted.min(), predicted.max()]
    ax.plot(ends, ends, "--", color=REFERENCE, linewidth=1.2, label="as predicted")
    for (name, values), color, marker in zip(measured.items(), (PURPLE, ORANGE), "Dx", strict=False):
        ax.plot(predicted, values, marker, color=color, markersize=3.5, alpha=0.8, label=name)
    ax.set(xscale="log", yscale="log", xlabel="half-life predicted by the bias (steps)", ylabel="measured (steps)")
    ax.legend()
    return ax


def plot_reviews(ax: Axes, shares: dict[str, pd.DataFrame], lowest: float = 1e-6) -> Axes:
    """Draw the median over reviews of what is left against the distance, with the middle nine tenths as a band.

    The fourth line is dotted and has no band.

    ``shares`` holds, by the name of a line, a table with the distance as its index and one column a review.
    """
    colors = (GREY, GRU, LSTM, ORANGE)
    for (name, table), color, style in zip(shares.items(), colors, ("^-", "o-", "s-", ":"), strict=False):
        low, middle, high = (table.quantile(q, axis=1) for q in (0.05, 0.5, 0.95))
        if style != ":":
            ax.fill_between(table.index, low, high, color=color, alpha=0.15, linewidth=0)
        ax.plot(table.index, middle, style, color=color, markersize=4, mfc="white", label=name)
    _half(ax)
    ax.set(xscale="log", yscale="log", ylim=(lowest, 3), xlabel="distance (words)", ylabel="share left")
    ax.legend(loc="lower left")
    return ax


def plot_trainings(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw what is left across a whole sequence against its length: before training hollow, after it filled.

    Columns of the table: ``cell``, ``T``, and for ``before`` and ``after`` each ``middle``, ``low``, ``high``, joined
    by a space.
    """
    colors = {"RNN": RNN, "LSTM": LSTM, "LSTM chrono": ORANGE, "GRU chrono": PURPLE, "GRU": GRU}
    for name in colors:  # the GRU last, on top
        rows = table[table["cell"] == name]
        for stage, style, fill in (("before", "--", "white"), ("after", "-", colors[name])):
            low, middle, high = (rows[f"{stage} {part}"] for part in ("low", "middle", "high"))
            ax.fill_between(rows["T"], low, high, color=colors[name], alpha=0.15, linewidth=0)
            label = name if stage == "after" else None
            ax.plot(rows["T"], middle, style, marker="o", color=colors[name], markersize=4.5, mfc=fill, label=label)
    steps = sorted(table["T"].unique())
    ax.set(xscale="log", yscale="log", xlabel="steps to cross, T", ylabel="share left")
    ax.set_xticks(steps, [str(T) for T in steps])
    ax.minorticks_off()
    return ax


def _half(ax: Axes) -> None:
    """Mark one half."""
    ax.axhline(0.5, color=REFERENCE, linewidth=0.8, linestyle=":")
