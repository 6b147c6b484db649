"""Figures of classifiers' scores: ROC curves and calibration. Each function draws on an `ax` and returns it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from sklearn.metrics import roc_curve

from gru_book.plotting.style import MODELS, REFERENCE


def plot_roc(ax: Axes, labels: np.ndarray, scores: Mapping[str, np.ndarray], corner: bool = False) -> Axes:
    """Draw the ROC curve of each named score, higher means more positive, labels 0 or 1; `corner`: its upper left."""
    for name, score in scores.items():
        color, line, _ = MODELS[name]
        false_positive, true_positive, _ = roc_curve(labels, score)
        ax.plot(100 * false_positive, 100 * true_positive, color=color, linestyle=line, label=name)
    if corner:
        ax.set(xlim=(0, 40), ylim=(60, 100.5))
    else:
        ax.plot([0, 100], [0, 100], color=REFERENCE, linewidth=1, linestyle=":", label="chance")
        ax.set_aspect("equal")
    ax.set(xlabel="% of negative reviews called positive", ylabel="% of positive reviews found")
    ax.legend(loc="lower right")
    return ax


def plot_calibration(ax: Axes, tables: Mapping[str, pd.DataFrame]) -> Axes:
    """Draw the share of positives against the mean predicted probability, from `evaluation.calibration.reliability`."""
    for name, table in tables.items():
        color, line, _ = MODELS[name]
        ax.plot(
            table["predicted"], table["positive"], color=color, linestyle=line, marker="o", markersize=4, label=name
        )
    ax.plot([0, 1], [0, 1], color=REFERENCE, linewidth=1)
    ax.set(xlabel="predicted probability of positive", ylabel="share that is positive", aspect="equal")
    ax.legend(loc="upper left", fontsize=9)
    return ax
