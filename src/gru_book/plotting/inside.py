"""Figures of the page that looks inside a trained GRU (37). Each draws on an `ax` and returns it."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from gru_book.plotting.style import BLACK, BLUE, GREY, NEGATIVE, ORANGE, POSITIVE, REFERENCE, SEQUENTIAL

DIVERGING = "RdBu"  # red for negative, blue for positive: the book's two colours

PALEST = 0.3  # how far from white the strongest colour lies on `DIVERGING`, so that black text on it can be read

LINE = 46  # characters of a line of words that fit the book's width


def plot_units(ax: Axes, values: np.ndarray, signed: bool = False) -> Axes:
    """Draw numbers (steps, units) as a map, a column a step and a line a unit, with its scale at the right.

    Colours go from 0 to 1, or from -1 to 1 where `signed`.
    """
    look = {"cmap": DIVERGING, "vmin": -1} if signed else {"cmap": SEQUENTIAL, "vmin": 0}
    image = ax.imshow(values.T, aspect="auto", interpolation="nearest", vmax=1, **look)
    ax.figure.colorbar(image, ax=ax, ticks=[-1, 0, 1] if signed else [0, 0.5, 1], pad=0.02, aspect=8)
    ax.grid(False)
    ax.set(xticks=[], yticks=[])
    return ax


def plot_running(ax: Axes, probability: np.ndarray) -> Axes:
    """Draw the probability after every step, (steps,), as a line with a mark for each step."""
    steps = np.arange(len(probability))
    ax.axhline(0.5, color=REFERENCE, linewidth=0.8, linestyle=":")
    ax.plot(steps, probability, color=BLACK, linewidth=1.2)
    for above, color in ((True, POSITIVE), (False, NEGATIVE)):
        rows = (probability > 0.5) == above
        ax.plot(steps[rows], probability[rows], "o", color=color, markersize=4)
    ax.set(xlim=(-0.5, len(probability) - 0.5), ylim=(-0.05, 1.05))
    ax.set_yticks([0, 0.5, 1], ["0", "½", "1"])
    return ax


def lines_of(tokens: Sequence[str]) -> list[list[int]]:
    """Return which tokens stand in each line, as their numbers, when words are set in lines of `LINE` characters."""
    lines, used = [[]], 0
    for number, token in enumerate(tokens):
        if lines[-1] and used + len(token) > LINE:
            lines.append([])
            used = 0
        lines[-1].append(number)
        used += len(token) + 1
    return lines


def plot_words(ax: Axes, tokens: Sequence[str], values: np.ndarray) -> Axes:
    """Write tokens in lines, each on the colour of its value, (tokens,): blue above zero, red below, white at zero.

    The strongest colour is that of the largest value in size.
    """
    most = np.abs(values).max() or 1.0
    colours = plt.get_cmap(DIVERGING)(0.5 + PALEST * np.asarray(values) / most)
    lines = lines_of(tokens)
    for row, line in enumerate(lines):
        place = 0
        for number in line:
            token = tokens[number]
            ax.add_patch(Rectangle((place - 0.3, row), len(token) + 0.6, 0.92, color=colours[number], linewidth=0))
            ax.text(place, row + 0.5, token, family="DejaVu Sans Mono", va="center_baseline")
            place += len(token) + 1
    ax.set(xlim=(-0.5, LINE + 0.5), ylim=(len(lines), 0))
    ax.axis("off")
    return ax


def plot_changes(ax: Axes, words: pd.DataFrame) -> Axes:
    """Draw words with the mean change of the score at them as bars, and their log-count ratio as marks.

    words: index words, in the order from above; columns ``change`` and ``ratio``.
    """
    rows = np.arange(len(words))
    colours = [POSITIVE if change > 0 else NEGATIVE for change in words["change"]]
    ax.barh(rows, words["change"], color=colours, alpha=0.75, label="change of the score")
    ax.plot(words["ratio"], rows, "D", color=BLACK, markersize=5, label="log-count ratio")
    ax.axvline(0, color=REFERENCE, linewidth=0.8)
    ax.set_yticks(rows, words.index)
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.figure.legend(loc="outside upper left", ncols=2, handletextpad=0.4, columnspacing=1.2)
    return ax


def plot_gate_by_tone(ax: Axes, words: pd.DataFrame, named: Sequence[str]) -> Axes:
    """Draw the mean update gate of each word against its log-count ratio; the frequent ones and some by name.

    words: index words; columns ``ratio``, ``update gate``, ``kind`` ("sentiment", "frequent" or another).
    """
    looks = {"other": (GREY, 6, 0.3), "frequent": (ORANGE, 24, 0.9), "sentiment": (BLUE, 24, 0.9)}
    for kind, (color, size, alpha) in looks.items():
        rows = words[words["kind"] == kind]
        ax.scatter(rows["ratio"], rows["update gate"], s=size, color=color, alpha=alpha, linewidth=0, label=kind)
    for word in named:
        place = words.loc[word, ["ratio", "update gate"]]
        side = "right" if place["ratio"] > 0 else "left"
        ax.annotate(word, place, xytext=(-5 if side == "right" else 5, 2), textcoords="offset points", ha=side)
    ax.set(xlabel="log-count ratio of the word", ylabel="mean update gate")
    ax.figure.legend(loc="outside upper left", ncols=3, markerscale=1.5, handletextpad=0.2, columnspacing=1.2)
    return ax


def plot_taught(ax: Axes, shares: pd.DataFrame) -> Axes:
    """Draw shares of right answers in percent, a line a kind of sentence and a mark a model, the first column open.

    shares: kinds as index, models as columns; a thin line joins the models of a kind.
    """
    places = np.arange(len(shares))
    ax.hlines(places, shares.min(axis=1), shares.max(axis=1), color=GREY, linewidth=1)
    for (name, of), color, marker in zip(shares.items(), (ORANGE, BLUE, BLACK), "oo|", strict=False):
        open_ = {"markerfacecolor": "white"} if name == shares.columns[0] else {}
        ax.plot(of, places, marker, color=color, markersize=8, label=name, **open_)
    ax.axvline(50, color=REFERENCE, linewidth=0.8, linestyle=":")
    ax.set_yticks(places, shares.index)
    ax.set(xlabel="right answers, %", xlim=(-3, 103), ylim=(len(shares) - 0.5, -0.5))
    ax.tick_params(axis="y", length=0)
    ax.figure.legend(loc="outside upper left", ncols=len(shares.columns), columnspacing=1.2)
    return ax


def plot_negation(ax: Axes, scores: Mapping[str, pd.DataFrame]) -> Axes:
    """Draw the log-odds of short sentences, one line an adjective, against the sentence's form.

    scores: by tone ("positive", "negative") a table with adjectives as index and forms as columns.
    """
    for tone, color in (("positive", POSITIVE), ("negative", NEGATIVE)):
        lines = scores[tone].T.to_numpy()
        ax.plot(lines, color=color, linewidth=0.7, alpha=0.4)
        ax.plot(lines.mean(axis=1), "o-", color=color, label=f"{tone} adjectives")
    ax.axhline(0, color=REFERENCE, linewidth=0.8, linestyle=":")
    ax.set_xticks(range(len(scores[tone].columns)), scores[tone].columns)
    ax.set(ylabel="log-odds of positive")
    ax.figure.legend(loc="outside upper left", ncols=2, columnspacing=1.2)
    return ax


def plot_unit_roles(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw each unit as a point: half-life of its copies against the correlation of its last state with the label.

    Columns: ``half-life``, ``correlation``, ``weight`` (in the dense layer; its sign gives the colour).
    """
    for sign, color, name in ((1, POSITIVE, "raises the score"), (-1, NEGATIVE, "lowers it")):
        rows = table[np.sign(table["weight"]) == sign]
        ax.scatter(rows["half-life"], rows["correlation"], 20 + 60 * rows["weight"].abs(), color=color, alpha=0.6)
        ax.scatter([], [], 40, color=color, alpha=0.6, label=name)
    ax.axhline(0, color=REFERENCE, linewidth=0.8, linestyle=":")
    ax.set(xscale="log", xlabel="half-life of what is copied, in words", ylabel="correlation with the label")
    ax.set_xticks([1, 2, 5, 10, 20], labels=["1", "2", "5", "10", "20"])
    ax.minorticks_off()
    ax.figure.legend(loc="outside upper left", ncols=2, handletextpad=0.2, columnspacing=1.2)
    return ax
