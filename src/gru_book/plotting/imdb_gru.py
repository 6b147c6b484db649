"""Figures of the page on a GRU for the reviews (33): learning curves. Each draws on an `ax` and returns it."""

import pandas as pd
from matplotlib.axes import Axes

from gru_book.plotting.style import TRAIN, VALIDATION


def plot_history(ax: Axes, history: pd.DataFrame, measure: str) -> Axes:
    """Draw a measure of `history_table` by epoch: on the training rows and on the validation rows."""
    ax.plot(history["epoch"], history[measure], color=TRAIN, marker="o", label="training")
    ax.plot(
        history["epoch"], history[f"val_{measure}"], color=VALIDATION, marker="s", linestyle="--", label="validation"
    )
    ax.set(xlabel="epoch", ylabel=measure, xticks=history["epoch"])
    ax.legend()
    return ax
