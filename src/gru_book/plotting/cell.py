"""Figures of the cell (page 21). Each function draws on an `ax` and returns it."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from gru_book.layers.activations import sigmoid
from gru_book.layers.weights import GRUWeights
from gru_book.plotting.diagrams import draw_flow
from gru_book.plotting.style import BLUE, CANDIDATE_STATE, GREY, HIDDEN_STATE, RESET_GATE, RNN, UPDATE_GATE, VERMILION


def plot_cell_diagram(ax: Axes, weights: GRUWeights) -> Axes:
    """Draw one step of a GRU as boxes and arrows, with the shapes of these weights."""
    u, d = weights.units, weights.input_dim
    draw_flow(ax, HIDDEN_STATE, (0.2, 5), (11.3, 5))  # the state's way through
    draw_flow(
        ax, HIDDEN_STATE, (1.0, 5), (1.0, 0.75), (8.95, 0.75), (8.95, 1.3), dots=[(1.0, 5), (2.95, 0.75), (5.95, 0.75)]
    )
    draw_flow(ax, HIDDEN_STATE, (2.95, 0.75), (2.95, 1.3))
    draw_flow(ax, HIDDEN_STATE, (5.95, 0.75), (5.95, 1.3))
    draw_flow(ax, GREY, (0.2, 0.2), (8.25, 0.2), (8.25, 1.3), dots=[(2.25, 0.2), (5.25, 0.2)])
    draw_flow(ax, GREY, (2.25, 0.2), (2.25, 1.3))
    draw_flow(ax, GREY, (5.25, 0.2), (5.25, 1.3))
    draw_flow(ax, UPDATE_GATE, (2.6, 2.9), (2.6, 4.75), dots=[(2.6, 3.8)])
    draw_flow(ax, UPDATE_GATE, (2.6, 3.8), (8.35, 3.8))
    draw_flow(ax, RESET_GATE, (6.7, 2.1), (7.5, 2.1))
    draw_flow(ax, CANDIDATE_STATE, (8.6, 2.9), (8.6, 3.55))
    draw_flow(ax, CANDIDATE_STATE, (8.6, 3.8), (10.2, 3.8), (10.2, 4.75))
    for x, gate, letter, function in (
        (2.6, "z_t", "z", r"\sigma"),
        (5.6, "r_t", "r", r"\sigma"),
        (8.6, r"\tilde{h}_t", "h", r"\tanh"),
    ):
        name = {"z": "update gate", "r": "reset gate", "h": "candidate"}[letter]
        edge = {"z": UPDATE_GATE, "r": RESET_GATE, "h": CANDIDATE_STATE}[letter]
        ax.add_patch(
            FancyBboxPatch((x - 1.05, 1.35), 2.1, 1.5, boxstyle="round,pad=0.05", ec=edge, fc="white", lw=1.5, zorder=3)
        )
        ax.text(x, 2.6, f"{name} ${gate}$, ${function}$", ha="center", va="center", zorder=4)
        shapes = rf"$W_{{x{letter}}}$ ({u}, {d})" + "\n" + rf"$W_{{h{letter}}}$ ({u}, {u})  $b_{letter}$ ({u})"
        ax.text(x, 1.9, shapes, ha="center", va="center", fontsize=8.5, zorder=4, linespacing=1.6)
    for x, y, sign in ((2.6, 5, r"$\odot$"), (8.6, 3.8, r"$\odot$"), (10.2, 5, "+")):
        ax.text(
            x,
            y,
            sign,
            ha="center",
            va="center",
            fontsize=13,
            zorder=5,
            bbox={"boxstyle": "circle,pad=0.18", "fc": "white", "ec": GREY},
        )
    ax.text(2.75, 4.4, r"$1 - z_t$", va="center")
    ax.text(5.4, 3.95, rf"$z_t$: ({u})", va="bottom", ha="center")
    ax.text(7.1, 2.2, "$r_t$", va="bottom", ha="center")
    ax.text(8.75, 3.25, rf"$\tilde{{h}}_t$: ({u})", va="center")
    ax.text(10.35, 4.3, r"$z_t \odot \tilde{h}_t$", va="center")
    ax.text(6.2, 5.15, r"$(1 - z_t) \odot h_{t-1}$", va="bottom", ha="center")
    ax.text(0.1, 5.15, rf"$h_{{t-1}}$: ({u})", va="bottom")
    ax.text(11.3, 5.15, rf"$h_t$: ({u})", va="bottom", ha="right")
    ax.text(0.1, 0.28, rf"$x_t$: ({d})", va="bottom")
    ax.set(xlim=(-0.1, 11.5), ylim=(0, 5.7))
    ax.set_axis_off()
    return ax


def plot_gate_curves(ax: Axes) -> Axes:
    """Draw the weights of the old and the new state against the update gate's pre-activation."""
    a = np.linspace(-8, 8, 321)
    ax.plot(a, sigmoid(a), color=CANDIDATE_STATE, label=r"$z = \sigma(a)$: weight of the new state")
    ax.plot(a, 1 - sigmoid(a), color=HIDDEN_STATE, linestyle="--", label=r"$1 - z$: weight of the old state")
    for x, text, side in ((-7.9, "copies", "left"), (7.9, "replaces", "right")):
        ax.text(x, 0.5, text, ha=side, va="center", color=GREY, style="italic")
    ax.plot(0, 0.5, "o", color=GREY)
    ax.set(
        xlabel=r"pre-activation $a$ of the update gate",
        ylabel="weight",
        ylim=(-0.03, 1.2),
        yticks=[0, 0.25, 0.5, 0.75, 1],
    )
    ax.legend(loc="upper center", ncols=2)
    return ax


def plot_limits(ax: Axes, distances: pd.DataFrame) -> Axes:
    """Draw how far a GRU is from each limit against the bias that closes or opens its gates (the table's index).

    Columns: "plain RNN", "copier", "memoryless".
    """
    looks = {"plain RNN": (RNN, "o-", 5), "copier": (BLUE, "s--", 6), "memoryless": (VERMILION, "^:", 10)}
    for name, (color, style, size) in looks.items():
        ax.plot(distances.index, distances[name], style, color=color, markersize=size, mfc="none", label=name)
    ax.set(xlabel="size of the gate biases", ylabel="largest distance to the limit", yscale="log")
    ax.legend(title="limit")
    return ax


def plot_walk(ax: Axes, hidden: np.ndarray, candidate: np.ndarray) -> Axes:
    """Draw one unit over time: the state, and the candidate that it moves towards at every step.

    Args:
        ax: where to draw.
        hidden: the unit's state from before the first step on, (num_steps + 1,).
        candidate: its candidates, (num_steps,).
    """
    steps = np.arange(len(hidden))
    ax.vlines(
        steps[1:], hidden[:-1], candidate, color=GREY, linewidth=5, alpha=0.35, label="between old state and candidate"
    )
    ax.plot(steps[1:], candidate, "D", color=CANDIDATE_STATE, markersize=5, label=r"candidate $\tilde{h}_t$")
    ax.plot(steps, hidden, "o-", color=HIDDEN_STATE, label="state $h_t$")
    ax.axhline(0, color=GREY, linewidth=0.8)
    ax.set(xlabel="step $t$", ylabel="value of the unit", ylim=(-1.05, 1.45), yticks=[-1, -0.5, 0, 0.5, 1])
    ax.legend(loc="upper center", ncols=3)
    return ax


def plot_machine(ax: Axes, hidden: np.ndarray, is_open: np.ndarray, name: str) -> Axes:
    """Draw the state of a one-unit machine over time, with a bar at every step at which its update gate is open.

    Args:
        ax: where to draw.
        hidden: the unit's state after each step, (num_steps,).
        is_open: 1 where the gate is open, else 0, (num_steps,).
        name: the machine's name.
    """
    steps = np.arange(1, len(hidden) + 1)
    ax.vlines(steps[np.asarray(is_open) == 1], -1.1, 1.1, color=GREY, linewidth=4, alpha=0.25)
    ax.step(steps, hidden, where="mid", color=HIDDEN_STATE)
    ax.set(ylabel="state $h_t$", ylim=(-1.1, 1.1), yticks=[-1, 0, 1], title=name)
    ax.grid(visible=False, axis="x")
    return ax
