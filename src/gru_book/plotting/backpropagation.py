"""Figures of the page on the gradients of a GRU (23). Each draws on an `ax` and returns it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from gru_book.plotting.diagrams import draw_flow
from gru_book.plotting.style import (
    BLACK,
    BLUE,
    CANDIDATE_STATE,
    GREEN,
    GREY,
    HIDDEN_STATE,
    RESET_GATE,
    UPDATE_GATE,
    VERMILION,
)

# Operations of one step: name, place, sign.
NODES = {
    "keep": (3.9, 5.6, r"$\odot$"),
    "add": (8.3, 5.6, "+"),
    "take": (8.3, 4.1, r"$\odot$"),
    "z": (2.6, 4.1, r"$\sigma$"),
    "past": (5.5, 2.5, r"$\odot$"),
    "candidate": (8.3, 2.5, "tanh"),
    "r": (2.6, 0.9, r"$\sigma$"),
}

STATE, INPUT, LEFT, RIGHT, BOTTOM, TOP = 0.7, 1.2, 0.0, 10.4, -0.5, 7.1

# Where the page's rules apply.
RULES = [("①", 9.05, 4.1), ("②", 9.3, 2.5), ("③", 3.25, 0.5), ("③", 3.25, 3.7), ("④", 0.3, 2.5)]

# Ways between them: colour, points from where a value is made to where it is used, text forward and backward with its
# place. Those that begin at `STATE` lead through weights.
WAYS = [
    (HIDDEN_STATE, [(0.45, 5.6), (3.55, 5.6)], None, None),
    (HIDDEN_STATE, [(4.25, 5.6), (7.95, 5.6)], None, (r"$\bar h_t \odot (1 - z_t)$", 6.1, 5.98)),
    (HIDDEN_STATE, [(8.65, 5.6), (10.4, 5.6)], ("$h_t$", 9.2, 5.98), (r"$\bar h_t$", 9.15, 5.98)),
    (HIDDEN_STATE, [(9.6, 5.6), (9.6, 6.75)], (r"loss $\ell_t$", 9.6, 7.05), (r"loss $\ell_t$", 9.6, 7.05)),
    (UPDATE_GATE, [(2.95, 4.1), (3.9, 4.1), (3.9, 5.25)], ("$1 - z_t$", 4.65, 4.75), None),
    (UPDATE_GATE, [(3.9, 4.1), (7.95, 4.1)], ("$z_t$", 6.1, 4.45), (r"$\bar z_t$", 3.35, 4.48)),
    (CANDIDATE_STATE, [(8.3, 4.45), (8.3, 5.25)], None, None),
    (CANDIDATE_STATE, [(8.3, 2.92), (8.3, 3.75)], (r"$\tilde h_t$", 8.7, 3.35), (r"$\bar{\tilde h}_t$", 8.7, 3.35)),
    (CANDIDATE_STATE, [(5.85, 2.5), (7.7, 2.5)], (r"$r_t \odot s_t$", 6.75, 2.88), (r"$\bar a_h$", 6.75, 2.88)),
    (RESET_GATE, [(2.95, 0.9), (5.5, 0.9), (5.5, 2.15)], ("$r_t$", 5.85, 1.5), (r"$\bar r_t$", 5.85, 1.5)),
    (HIDDEN_STATE, [(STATE, 2.5), (5.15, 2.5)], ("$s_t = W_{hh} h_{t-1}$", 3.1, 2.88), (r"$\bar s_t$", 3.1, 2.88)),
    (UPDATE_GATE, [(STATE, 4.1), (2.25, 4.1)], ("$a_z$", 1.85, 4.45), (r"$\bar a_z$", 1.85, 4.48)),
    (RESET_GATE, [(STATE, 0.9), (2.25, 0.9)], ("$a_r$", 1.85, 1.25), (r"$\bar a_r$", 1.85, 1.28)),
]


def plot_graph(ax: Axes, backward: bool = False) -> Axes:
    """Draw one step as a graph of operations: what is computed, or (`backward`) the way of the gradients, lit.

    Backward every arrow is turned round and carries the gradient at the value that went the other way.
    """
    bus = HIDDEN_STATE if backward else GREY
    ax.plot([STATE, STATE], [0.9, 5.6], color=bus, linewidth=1.6, zorder=1)
    ax.plot([INPUT, 8.3], [-0.1, -0.1], color=GREY, linewidth=1.6, zorder=1)
    for points in ([(INPUT, -0.1), (INPUT, 3.45), (2.6, 3.45), (2.6, 3.75)], [(2.6, -0.1), (2.6, 0.55)]):
        _flow(ax, GREY, points, backward)
    _flow(ax, GREY, [(8.3, -0.1), (8.3, 2.08)], backward)
    for color, points, forward_text, backward_text in WAYS:
        _flow(ax, color if backward else GREY, points, backward)
        text = backward_text if backward else forward_text
        if text:
            ax.text(text[1], text[2], text[0], ha="center", va="center", color=color if backward else BLACK, zorder=4)
    for x, y, sign in NODES.values():
        circle = {"boxstyle": "circle,pad=0.18" if len(sign) > 4 or sign == "+" else "round,pad=0.2", "fc": "white"}
        ax.text(x, y, sign, ha="center", va="center", zorder=5, bbox=circle | {"ec": GREY if backward else BLACK})
    before, first = ("to $h_{t-1}$", r"$\bar x_t$") if backward else ("$h_{t-1}$", "$x_t$")
    ax.text(0.45, 5.98, before, ha="center", va="center", color=bus if backward else BLACK)
    ax.text(0.8, -0.1, first, ha="center", va="center")
    for number, x, y in RULES if backward else ():
        ax.text(x, y, number, ha="center", va="center", fontsize=14)
    ax.text(LEFT, TOP, "Backward: gradients" if backward else "Forward: values", weight="bold", va="center")
    ax.set(xlim=(LEFT, RIGHT), ylim=(BOTTOM, TOP + 0.3))
    ax.set_axis_off()
    return ax


def _flow(ax: Axes, color: str, points: Sequence[tuple[float, float]], backward: bool) -> None:
    draw_flow(ax, color, *(reversed(points) if backward else points))


def plot_step_sizes(ax: Axes, errors: pd.DataFrame) -> Axes:
    """Draw the relative error of a difference quotient against its step (the table's index), one line a column.

    Columns: "one-sided", "central", "complex step", "a wrong gradient".
    """
    looks = {"one-sided": (VERMILION, "o-"), "central": (BLUE, "s-"), "complex step": (GREEN, "^-")}
    looks["a wrong gradient"] = (GREY, "--")
    shown = errors.clip(lower=1e-17)  # an error of exactly zero has no place on a logarithmic axis
    for name, (color, style) in looks.items():
        ax.plot(shown.index, shown[name], style, color=color, markersize=5, mfc="white", label=name)
    ax.set(xscale="log", yscale="log", xlabel="step ε", ylabel="relative error", ylim=(1e-17, 1e6))
    ax.legend(ncols=2, loc="upper center", borderaxespad=0, columnspacing=1, handletextpad=0.4)
    return ax


def plot_training(ax: Axes, losses: Mapping[str, np.ndarray], window: int) -> Axes:
    """Draw the losses (bits a character, one number an update) of trainings, as means over `window` updates."""
    looks = [(BLUE, "-", 4.5), (VERMILION, "--", 1.8)]
    for (name, values), (color, line, width) in zip(losses.items(), looks, strict=True):
        means = np.mean(values[: len(values) // window * window].reshape(-1, window), axis=1)
        ax.plot(window * (np.arange(len(means)) + 0.5), means, line, color=color, linewidth=width, label=name)
    ax.set(xlabel="update", ylabel="bits a character")
    ax.legend()
    return ax


def plot_next(ax: Axes, text: str, likeliest: Sequence[Sequence[tuple[str, float]]]) -> Axes:
    """Draw a text in a row and below each of its characters what the network expected there, likeliest on top.

    likeliest: for each character of `text` pairs (symbol, probability). The darker, the likelier.
    """
    for place, (symbol, candidates) in enumerate(zip(text, likeliest, strict=True)):
        ax.text(place, 0.15, _visible(symbol), ha="center", va="center", weight="bold", family="DejaVu Sans Mono")
        for row, (candidate, probability) in enumerate(candidates, 1):
            ink = "white" if probability > 0.85 else BLACK  # the better contrast
            ax.add_patch(_square(place, -row, probability))
            shown = _visible(candidate)
            ax.text(place, -row, shown, ha="center", va="center", color=ink, family="DejaVu Sans Mono")
    ax.set(xlim=(-0.6, len(text) - 0.4), ylim=(-len(likeliest[0]) - 0.6, 0.7))
    ax.set_axis_off()
    return ax


def _square(x: float, y: float, probability: float) -> Rectangle:
    return Rectangle((x - 0.46, y - 0.46), 0.92, 0.92, fc=BLUE, alpha=float(probability), ec="none", zorder=0)


def _visible(symbol: str) -> str:
    return {" ": "␣", "\n": "↵"}.get(symbol, symbol)
