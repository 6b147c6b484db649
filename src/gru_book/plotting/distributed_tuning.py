"""Figures of a search by several workers."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from gru_book.plotting.style import BLUE, GREY, VERMILION

OUTCOMES = {"completed": (BLUE, ""), "lost": (VERMILION, "//"), "failed": (GREY, "xx"), "running": ("white", "")}

ALONE = {"tuner0": "one process"}  # KerasTuner's name for a process without a chief


def plot_runs(ax: Axes, runs: pd.DataFrame, until: float | None = None) -> Axes:
    """Draw a Gantt chart: one row a worker, one bar a run of a trial, coloured and hatched by its outcome.

    runs: columns trial, worker, start, end (seconds), outcome, as `tuning.runs_table` gives them. until: the right end
    of the time axis.
    """
    workers = sorted(runs["worker"].unique())
    for outcome, rows in runs.groupby("outcome"):
        color, hatch = OUTCOMES[outcome]
        places = [workers.index(worker) for worker in rows["worker"]]
        widths = rows["end"] - rows["start"]
        ax.barh(places, widths, left=rows["start"], color=color, hatch=hatch, edgecolor="white", label=outcome)
    for run in runs.itertuples():
        if run.end - run.start > (until or runs["end"].max()) / 30:
            middle = (run.start + run.end) / 2
            ax.text(middle, workers.index(run.worker), int(run.trial), color="white", ha="center", va="center")
    ax.set(yticks=range(len(workers)), yticklabels=[ALONE.get(worker, f"worker {worker}") for worker in workers])
    ax.set_xlabel("seconds")
    ax.set_xlim(0, until)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    return ax


def plot_wall_time(ax: Axes, expected: Mapping[int, float], measured: Mapping[int, float]) -> Axes:
    """Draw the seconds that a search needs against its number of workers: a line as computed, marks as measured.

    expected, measured: seconds by number of workers.
    """
    ax.plot(list(expected), list(expected.values()), "o-", color=BLUE, markersize=4, label="computed")
    ax.plot(list(measured), list(measured.values()), "D", color=VERMILION, markersize=8, label="measured")
    ax.set(xticks=list(expected), xlabel="workers", ylabel="seconds")
    ax.set_ylim(0)
    ax.legend()
    return ax
