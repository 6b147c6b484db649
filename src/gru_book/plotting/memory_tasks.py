"""Figures of the page on the adding and copy tasks (25). Each function draws on an `ax` and returns it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from gru_book.plotting.style import (
    BLACK,
    CANDIDATE_STATE,
    GREY,
    GRU,
    LSTM,
    REFERENCE,
    RESET_GATE,
    RNN,
    SEQUENTIAL,
    UPDATE_GATE,
)

LOOKS = {"RNN": (RNN, "^", ":"), "LSTM": (LSTM, "s", "--"), "GRU": (GRU, "o", "-")}
MOVED = {  # what of a network has been trained: its colour and line
    "all of it": (BLACK, "-"),
    "update gate": (UPDATE_GATE, "-"),
    "candidate": (CANDIDATE_STATE, "--"),
    "reset gate": (RESET_GATE, ":"),
}


def plot_map(ax: Axes, solved: pd.DataFrame, tried: int, chosen: Mapping[int, float]) -> Axes:
    """Draw a heat map of how many of ``tried`` trials were solved, and frame the chosen learning rates.

    Args:
        ax: where to draw.
        solved: counts; learning rates in the index, lengths in the columns, missing where nothing was tried.
        tried: trials of each count.
        chosen: the chosen learning rate of each length that has one.
    """
    shares = solved.to_numpy(float) / tried
    ax.set_facecolor("#e6e6e6")
    ax.imshow(np.ma.masked_invalid(shares), cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        text = "–" if np.isnan(share) else f"{share * tried:.0f}"
        ax.text(column, row, text, ha="center", va="center", color="white" if share <= 0.5 else "black")
    for length, rate in chosen.items():
        place = solved.columns.get_loc(length) - 0.5, solved.index.get_loc(rate) - 0.5
        ax.add_patch(Rectangle(place, 1, 1, fill=False, ec=LSTM, lw=2.4, zorder=3))
    ax.set_xticks(range(solved.shape[1]), [str(length) for length in solved.columns])
    ax.set_yticks(range(solved.shape[0]), [f"{rate:g}" for rate in solved.index])
    ax.grid(False)
    ax.tick_params(length=0)
    return ax


def plot_updates(ax: Axes, runs: pd.DataFrame, lengths: tuple[int, ...], budget: int) -> Axes:
    """Draw how many updates each run needed, by length: one mark a run, hollow where it did not solve its task.

    Args:
        ax: where to draw.
        runs: columns ``cell``, ``T``, ``updates`` and ``solved``, one row a run.
        lengths: all lengths of the task, evenly spaced on the axis.
        budget: after so many updates a run ended.
    """
    for number, (cell, (color, marker, line)) in enumerate(LOOKS.items()):
        own = runs[runs["cell"] == cell]
        place = np.array([lengths.index(length) for length in own["T"]]) + 0.16 * (number - 1)
        done = own["solved"].to_numpy(bool)
        spread = 0.025 * (np.arange(len(own)) % 5 - 2)  # apart, since many runs share a value
        ax.plot((place + spread)[done], own["updates"][done], marker, color=color, markersize=6, alpha=0.8)
        ax.plot((place + spread)[~done], own["updates"][~done], marker, color=color, markersize=6, mfc="white")
        middle = own.groupby("T")["updates"].median()
        across = [lengths.index(length) + 0.16 * (number - 1) for length in middle.index]
        ax.plot(across, middle, line, color=color, label=cell, linewidth=1.4)
    ax.axhline(budget, color=REFERENCE, linewidth=1, linestyle=":")
    ax.set_xticks(range(len(lengths)), [str(length) for length in lengths])
    ax.set(yscale="log", ylabel="updates", xlim=(-0.5, len(lengths) - 0.5), ylim=(25, budget * 1.6))
    ax.grid(visible=False, axis="x")
    return ax


def plot_before_after(ax: Axes, runs: pd.DataFrame, lengths: tuple[int, ...], lowest: float = 1e-45) -> Axes:
    """Draw what was left of a gradient across the task before training (hollow) and after (filled), a line a run.

    Args:
        ax: where to draw.
        runs: columns ``cell``, ``T``, ``left_before`` and ``left_after``, one row a run.
        lengths: all lengths of the task, evenly spaced on the axis.
        lowest: where the axis ends; what is less is drawn there.
    """
    for number, (cell, (color, marker, _)) in enumerate(LOOKS.items()):
        own = runs[runs["cell"] == cell]
        place = np.array([lengths.index(length) for length in own["T"]]) + 0.24 * (number - 1)
        place = place + 0.035 * (np.arange(len(own)) % 5 - 2)
        before, after = (own[name].clip(lower=lowest).to_numpy() for name in ("left_before", "left_after"))
        ax.plot([place, place], [before, after], color=color, linewidth=0.9, alpha=0.6)
        ax.plot(place, before, marker, color=color, markersize=5, mfc="white")
        ax.plot(place, after, marker, color=color, markersize=5, label=cell)
    ax.set_xticks(range(len(lengths)), [str(length) for length in lengths])
    ax.set(yscale="log", ylabel="gradient retained", xlim=(-0.5, len(lengths) - 0.5), ylim=(lowest / 10, 30))
    ax.grid(visible=False, axis="x")
    return ax


def plot_first_updates(ax: Axes, left: pd.DataFrame) -> Axes:
    """Draw what is left of a gradient against updates, one line for each part that was trained, a band over seeds.

    Args:
        ax: where to draw.
        left: columns ``updates``, ``seed`` and one for each name of `MOVED`.
    """
    for name, (color, line) in MOVED.items():
        by_updates = left.groupby("updates")[name]
        ax.fill_between(
            by_updates.min().index, by_updates.min(), by_updates.max(), color=color, alpha=0.15, linewidth=0
        )
        ax.plot(by_updates.median(), line, color=color, label=name, linewidth=2)
    ax.set(yscale="log", xlabel="updates", ylabel="gradient retained", xlim=(0, left["updates"].max()))
    ax.legend(title="trained weights", loc="upper left", fontsize=11.5)
    return ax


def plot_tasks(ax: Axes, rows: Mapping[str, list[str]], marked: set[tuple[int, int]]) -> Axes:
    """Draw sequences as rows of boxes, one column a step.

    Args:
        ax: where to draw.
        rows: by the row's label the text of each step.
        marked: row and column, from 0, of the boxes that matter.
    """
    for row, (label, texts) in enumerate(rows.items()):
        ax.text(-0.75, -row, label, ha="right", va="center", color=GREY)
        for step, text in enumerate(texts):
            face = "#fbe3d3" if (row, step) in marked else "white"
            ax.add_patch(Rectangle((step - 0.46, -row - 0.36), 0.92, 0.72, fc=face, ec=GREY, lw=1))
            ax.text(step, -row, text, ha="center", va="center")
    ax.set(xlim=(-2.6, max(map(len, rows.values())) - 0.4), ylim=(-len(rows) + 0.4, 0.5))
    ax.set_axis_off()
    return ax
