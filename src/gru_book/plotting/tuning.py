"""Figures of the page on tuning (41). Each function draws on an `ax` and returns it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from gru_book.plotting.style import BLUE, GREEN, GREY, ORANGE, PURPLE, REFERENCE, SEQUENTIAL, VERMILION

METHOD_LOOKS = {
    "hyperband": ("Hyperband", BLUE, "-"),
    "random": ("random search", VERMILION, "--"),
    "bayesian": ("Bayesian optimisation", GREEN, ":"),
}

BRACKET_COLORS = (ORANGE, GREEN, BLUE, PURPLE, VERMILION)

LOGARITHMIC = ("units", "learning_rate")

LABELS = {"units": "units", "learning_rate": "learning rate", "dropout": "dropout", "val_accuracy": "accuracy"}


def plot_brackets(ax: Axes, schedule: pd.DataFrame) -> Axes:
    """Draw Hyperband's plan: one block a rung, as wide as the epochs that it adds, as high as its number of trials.

    So an area is a number of epochs. schedule: of `tuning.hyperband_schedule`.
    """
    base, gap = 0.0, 1.5
    places = {}
    for bracket, rungs in schedule.groupby("bracket", sort=False):
        height = rungs["trials"].max()
        for rung in rungs.itertuples():
            block = (rung.epochs - rung.new_epochs, base), rung.new_epochs, rung.trials
            ax.add_patch(Rectangle(*block, facecolor=BRACKET_COLORS[bracket % 5], alpha=0.35, edgecolor="white"))
            middle = rung.epochs - rung.new_epochs / 2
            ax.text(middle, base + rung.trials / 2, f"{rung.trials} × {rung.new_epochs}", ha="center", va="center")
        cost = int((rungs["trials"] * rungs["new_epochs"]).sum())
        places[base + height / 2] = f"bracket {bracket}:\n{cost} epochs"
        base += height + gap
    ax.set_yticks(list(places), list(places.values()))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="epochs of a trial", xlim=(0, schedule["epochs"].max()), ylim=(base - gap, 0))
    ax.grid(False)
    return ax


def plot_rungs(ax: Axes, curves: pd.DataFrame, names: Sequence[str]) -> Axes:
    """Draw one bracket of a search: the score of each candidate by epoch, in colour where it reached the last rung.

    curves: one row an epoch; columns ``rung``, ``epoch``, ``val_accuracy`` and the hyperparameters `names`.
    """
    last = curves["rung"].max()
    for _, candidate in curves.sort_values("epoch").groupby(list(names)):
        ended = candidate["rung"].max() < last
        look = {"color": GREY, "alpha": 0.45, "linewidth": 1.1} if ended else {"color": BLUE, "alpha": 0.8}
        ax.plot(candidate["epoch"], candidate["val_accuracy"], zorder=2 + (not ended), **look)
        tip = candidate.iloc[-1]
        ax.plot(tip["epoch"], tip["val_accuracy"], "o", markersize=4, mew=0, zorder=4, **look)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="epoch", ylabel="validation accuracy")
    return ax


def plot_parallel(ax: Axes, trials: pd.DataFrame, columns: Sequence[str]) -> Axes:
    """Draw each trial as a line across one axis a column, coloured by the last column, the best on top.

    Units and learning rate stand on logarithmic axes. At each axis stand the values that it has, or of more than eight
    the least, the middle and the greatest.
    """
    score = trials[columns[-1]]
    color = Normalize(score.min(), score.max())
    heights = np.column_stack([_height(trials[name], name, trials[name]) for name in columns])
    for row in score.reset_index(drop=True).sort_values().index:
        ax.plot(heights[row], color=colormaps[SEQUENTIAL](color(score.iloc[row])), linewidth=1.6, alpha=0.85)
    for place, name in enumerate(columns):
        values = np.sort(trials[name].unique())
        shown = values if len(values) <= 8 else np.array([values[0], np.median(trials[name]), values[-1]])
        ax.axvline(place, color=REFERENCE, linewidth=0.8, zorder=1)
        for value, height in zip(shown, _height(shown, name, trials[name]), strict=True):
            text = f"{value:.3f}" if name == columns[-1] else f"{value:g}"
            box = {"boxstyle": "square,pad=0.1", "facecolor": "white", "alpha": 0.8, "edgecolor": "none"}
            ax.annotate(text, (place, height), (5, 0), textcoords="offset points", va="center", fontsize=8.5, bbox=box)
    ax.set_xticks(range(len(columns)), [LABELS.get(name, name) for name in columns])
    ax.set(yticks=[], xlim=(-0.1, len(columns) - 0.7))
    ax.grid(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    return ax


def _height(values: np.ndarray | pd.Series, name: str, all_values: pd.Series) -> np.ndarray:
    """Return where values stand on the axis of a column, from 0 to 1; in the middle where all are equal."""
    scale = np.log if name in LOGARITHMIC else np.asarray
    low, high = scale(all_values.min()), scale(all_values.max())
    return (scale(np.asarray(values, float)) - low) / (high - low) if high > low else np.full(len(values), 0.5)


def plot_answers(ax: Axes, curves: pd.DataFrame) -> Axes:
    """Draw what searches answer against what they have spent, one line a method, with a band.

    Columns: ``method`` (of METHOD_LOOKS), ``at``, ``mean``, ``low``, ``high``, in points above a reference at 0.
    """
    for method, rows in curves.groupby("method", sort=False):
        label, color, style = METHOD_LOOKS[method]
        ax.fill_between(rows["at"], rows["low"], rows["high"], color=color, alpha=0.12, linewidth=0)
        ax.plot(rows["at"], rows["mean"], style, color=color, label=label)
    ax.axhline(0, color=REFERENCE, linewidth=1)
    ax.legend(loc="lower right")
    return ax


def plot_importance(ax: Axes, shares: Mapping[str, pd.DataFrame], intervals: Mapping[str, pd.DataFrame]) -> Axes:
    """Draw shares of variance, one row a term: seeds as dots, mean and interval as a bar with a mark.

    shares: by label, one row a term, one column a seed. intervals: by label, one row a term, columns ``mean``, ``low``,
    ``high``. Labels share the rows and differ in colour.
    """
    looks = ((GREY, "s"), (BLUE, "D"), (VERMILION, "o"))
    shifts = np.linspace(-0.2, 0.2, len(shares)) if len(shares) > 1 else [0]
    for (label, table), shift, (color, marker) in zip(shares.items(), shifts, looks, strict=False):
        for place, (term, values) in enumerate(table.iterrows()):
            of_term = intervals[label].loc[term]
            height = place + shift
            ax.plot(values, np.full(len(values), height - 0.1), "o", color=color, alpha=0.5, markersize=3.5, mew=0)
            ax.plot([of_term["low"], of_term["high"]], [height] * 2, color=color, linewidth=3, solid_capstyle="butt")
            named = {"label": label} if place == 0 else {}
            ax.plot(of_term["mean"], height, marker, color=color, mfc="white", markersize=6, mew=1.6, **named)
    terms = next(iter(shares.values())).index
    ax.set_yticks(range(len(terms)), [term.replace("_", " ") for term in terms])
    ax.set(xlabel="share of the variance of the scores", ylim=(len(terms) - 0.5, -0.5))
    ax.legend(loc="lower right")
    return ax


def plot_optimism(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw by how much the best score flatters against the models looked at, one line a number of reviews, with a band.

    Columns: ``reviews``, ``models``, ``mean``, ``low``, ``high``, in points.
    """
    looks = ((VERMILION, "-"), (BLUE, "--"), (GREEN, ":"), (PURPLE, "-."))
    for (reviews, rows), (color, style) in zip(table.groupby("reviews"), looks, strict=False):
        ax.fill_between(rows["models"], rows["low"], rows["high"], color=color, alpha=0.15, linewidth=0)
        ax.plot(rows["models"], rows["mean"], style, color=color, label=f"{reviews} reviews choose")
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_locator(FixedLocator([2**power for power in range(7) if 2**power <= table["models"].max()]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    ax.set(xlabel="models looked at", ylabel="best score minus\nheld-out accuracy, points")
    ax.legend(loc="upper left")
    return ax


def plot_transfer(ax: Axes, sizes: Mapping[str, pd.DataFrame]) -> Axes:
    """Draw the accuracy of models at several sizes, one row a model: means as marks, bars from worst to best seed.

    sizes: by label, one row a model (its name as index, in the same order), one column a seed; NaN where a model was
    not trained at this size.
    """
    looks = ((GREY, "s"), (BLUE, "D"), (GREEN, "o"))
    for (label, table), shift, (color, marker) in zip(sizes.items(), (0.2, 0, -0.2), looks, strict=False):
        place = np.arange(len(table)) + shift
        ax.hlines(place, table.min(axis=1), table.max(axis=1), color=color, linewidth=2.5, alpha=0.5)
        ax.plot(table.mean(axis=1), place, marker, color=color, mfc="white", markersize=6, mew=1.6, label=label)
    names = list(next(iter(sizes.values())).index)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="accuracy of the best epoch", ylim=(len(names) - 0.5, -0.5))
    return ax
