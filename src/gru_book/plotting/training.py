"""Figures of a training and its evaluation. Each function draws on an `ax` and returns it."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from sklearn.metrics import roc_curve

from gru_book.plotting.style import BASELINE, BLUE, GREEN, GRU, REFERENCE, TRAIN, VALIDATION, VERMILION


def plot_history(ax: Axes, history: pd.DataFrame, measure: str) -> Axes:
    """Draw a measure of `training.history_table` by epoch: on the training rows and on the validation rows."""
    ax.plot(history["epoch"], history[measure], color=TRAIN, marker="o", label="training")
    ax.plot(
        history["epoch"], history[f"val_{measure}"], color=VALIDATION, marker="s", linestyle="--", label="validation"
    )
    ax.set(xlabel="epoch", ylabel=measure, xticks=history["epoch"])
    ax.legend()
    return ax


def plot_confusion(ax: Axes, confusion: np.ndarray, names: tuple[str, ...]) -> Axes:
    """Draw a confusion matrix (true label, predicted label) with its counts."""
    ax.imshow(confusion, cmap="Blues", vmin=0)
    for (row, column), count in np.ndenumerate(confusion):
        dark = count > confusion.max() / 2
        ax.text(column, row, f"{count:,}", ha="center", va="center", color="white" if dark else "black", fontsize=12)
    ax.set(xticks=range(len(names)), xticklabels=names, yticks=range(len(names)), yticklabels=names)
    ax.set(xlabel="predicted label", ylabel="true label")
    ax.grid(False)
    return ax


def plot_roc(ax: Axes, labels: np.ndarray, scores: dict[str, np.ndarray]) -> Axes:
    """Draw the ROC curve of each named score (higher means more positive) against the true `labels` (0 or 1)."""
    for (name, score), color, style in zip(scores.items(), (GRU, BASELINE), ("-", "--"), strict=False):
        false_positive, true_positive, _ = roc_curve(labels, score)
        ax.plot(false_positive, true_positive, color=color, linestyle=style, label=name)
    ax.plot([0, 1], [0, 1], color=REFERENCE, linewidth=1, linestyle=":", label="chance")
    ax.set(xlabel="share of negative reviews called positive", ylabel="share of positive reviews found")
    ax.set_aspect("equal")
    ax.legend(loc="lower right")
    return ax


def plot_search(ax: Axes, trials: pd.DataFrame) -> Axes:
    """Draw each trial of a search: units against best validation accuracy, one mark a learning rate, filled by rung."""
    for (rate, rows), color, marker in zip(
        trials.groupby("learning_rate"), (GREEN, BLUE, VERMILION), "^os", strict=False
    ):
        size = 30 + 25 * rows["rung"]
        ax.scatter(
            rows["units"], rows["val_accuracy"], s=size, color=color, marker=marker, alpha=0.8, label=f"{rate:g}"
        )
    ax.set(xlabel="GRU units", ylabel="best validation accuracy of the trial")
    ax.legend(title="learning rate", loc="lower right")
    return ax
