"""Figures of the cell (page 21). Each function draws on an `ax` and returns it."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import PercentFormatter

from gru_book.plotting.diagrams import draw_flow
from gru_book.plotting.style import (
    BLACK,
    CANDIDATE_STATE,
    GREY,
    HIDDEN_STATE,
    REFERENCE,
    RESET_GATE,
    SKY_BLUE,
    UPDATE_GATE,
)

UNLIT = "#cccccc"

STAGES = {  # what each stage of the cell adds; its title; its equation
    "candidate": ("1  Candidate only: a plain RNN", r"$h_t = \tanh(W_{xh}\, x_t + W_{hh}\, h_{t-1} + b_h)$"),
    "update gate": ("2  Update gate: keep or replace", r"$h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde{h}_t$"),
    "reset gate": (
        "3  Reset gate: start without the past",
        r"$\tilde{h}_t = \tanh(W_{xh}\, x_t + r_t \odot (W_{hh}\, h_{t-1}) + b_h)$",
    ),
    "whole": ("4  The whole cell", r"four equations, in this order: $r_t$, $z_t$, $\tilde{h}_t$, $h_t$"),
}

BOXES = {  # part: middle of its box, its symbol, its function
    "update gate": (1.9, "$z_t$", r"$\sigma$"),
    "reset gate": (4.9, "$r_t$", r"$\sigma$"),
    "candidate": (7.95, r"$\tilde{h}_t$", r"$\tanh$"),
}

COLOURS = {"update gate": UPDATE_GATE, "reset gate": RESET_GATE, "candidate": CANDIDATE_STATE, "state": HIDDEN_STATE}

WIDE = 1.2  # half a box

INPUT_BUS, STATE_BUS, FLOOR, ROOF, MIDDLE, TOP, RIGHT = 0.15, 0.5, 0.9, 2.25, 2.9, 3.65, 10.0  # heights, and the width


def plot_stage(ax: Axes, stage: str) -> Axes:
    """Draw one of the four stages (`STAGES`) in which page 21 builds the cell up.

    What the stage adds has its colour, what was there before is dark, what is still missing is light grey. The last
    stage has all colours.
    """
    order = list(STAGES)
    there = order[: order.index(stage) + 1]
    color = {part: UNLIT if part not in there else BLACK for part in BOXES}
    color["state"] = HIDDEN_STATE if stage == "whole" else BLACK
    color |= COLOURS if stage == "whole" else {stage: COLOURS[stage]}
    gated = "update gate" in there
    _flows(ax, color, gated)
    for part, (x, symbol, function) in BOXES.items():
        lit = color[part] != UNLIT
        box = {"boxstyle": "round,pad=0.05", "fc": "white", "ec": color[part], "lw": 2 if lit else 1.2}
        ax.add_patch(FancyBboxPatch((x - WIDE, FLOOR + 0.05), 2 * WIDE, ROOF - FLOOR - 0.1, zorder=3, **box))
        for y, text in ((ROOF - 0.38, part), (FLOOR + 0.4, f"{symbol}: {function}")):
            ax.text(x, y, text, ha="center", va="center", color=BLACK if lit else UNLIT, zorder=4)
    title, equation = STAGES[stage]
    ax.text(0, TOP + 1.62, title, weight="bold", fontsize=12, va="center")
    ax.text(0, TOP + 0.97, equation, va="center")
    ax.set(xlim=(-0.05, RIGHT + 0.05), ylim=(0, TOP + 1.95))
    ax.set_axis_off()
    return ax


def _flows(ax: Axes, color: Mapping[str, str], gated: bool) -> None:
    """Draw the lines between the boxes: the state's way along the top, the inputs' from below, the gates'."""
    z, r, h = (x for x, _, _ in BOXES.values())
    state, kept = color["state"], color["state"] if gated else UNLIT
    draw_flow(ax, kept, (0.35, TOP), (RIGHT, TOP))
    for x, part in ((z, "update gate"), (r, "reset gate"), (h, "candidate")):
        lit = color[part] != UNLIT
        draw_flow(ax, GREY if lit else UNLIT, (x - 0.5, INPUT_BUS), (x - 0.5, FLOOR - 0.05))
        draw_flow(ax, state if lit else UNLIT, (x + 0.5, STATE_BUS), (x + 0.5, FLOOR - 0.05))
    ax.plot([0.35, h - 0.5], [INPUT_BUS] * 2, color=GREY, linewidth=1.6, zorder=1)
    ax.plot([0.35, 0.35, h + 0.5], [TOP, STATE_BUS, STATE_BUS], color=state, linewidth=1.6, zorder=1)
    update = color["update gate"]
    draw_flow(ax, update, (z, ROOF), (z, TOP - 0.25), dots=[(z, MIDDLE)])
    draw_flow(ax, update, (z, MIDDLE), (h - 0.28, MIDDLE))
    draw_flow(ax, color["reset gate"], (r + WIDE, (FLOOR + ROOF) / 2), (h - WIDE - 0.05, (FLOOR + ROOF) / 2))
    draw_flow(ax, color["candidate"], (h, ROOF), (h, TOP - 0.25))
    if not gated:  # a plain RNN hands its candidate on as the new state
        draw_flow(ax, color["state"], (h + 0.25, TOP), (RIGHT, TOP))
    signs = [(z, TOP, r"$\odot$", gated), (h, MIDDLE, r"$\odot$", gated), (h, TOP, "+", gated)]
    for x, y, sign, lit in signs:
        circle = {"boxstyle": "circle,pad=0.12", "fc": "white", "ec": GREY if lit else UNLIT}
        ax.text(x, y, sign, ha="center", va="center", color=BLACK if lit else UNLIT, zorder=5, bbox=circle)
    texts = [
        (z + 0.2, MIDDLE + 0.37, "$1 - z_t$", "left", gated),
        ((z + h) / 2 - 0.4, MIDDLE + 0.27, "$z_t$", "center", gated),
    ]
    texts += [((r + h) / 2, 1.87, "$r_t$", "center", color["reset gate"] != UNLIT)]
    texts += [(0, TOP + 0.34, "$h_{t-1}$", "left", True), (RIGHT, TOP + 0.34, "$h_t$", "right", True)]
    texts += [(0, INPUT_BUS, "$x_t$", "left", True)]
    for x, y, text, side, lit in texts:
        ax.text(x, y, text, ha=side, va="center", color=BLACK if lit else UNLIT)


def plot_repeated(ax: Axes, name: str, upper: np.ndarray, lower: np.ndarray) -> Axes:
    """Draw what becomes of two states, a positive and a negative one, when a function is applied again and again.

    Args:
        ax: where to draw.
        name: the function's name.
        upper: the states from the positive start on, (num_steps + 1,).
        lower: those from the negative one.
    """
    ax.plot(upper, color=HIDDEN_STATE)
    ax.plot(lower, color=SKY_BLUE, linestyle="--")
    ax.axhline(0, color=GREY, linewidth=0.8)
    ax.set(ylim=(-1.6, 1.6), yticks=[-1, 0, 1], xlim=(0, len(upper) - 1), title=name)
    return ax


def plot_reading(ax: Axes, words: Sequence[str], state: np.ndarray, wanted: np.ndarray) -> Axes:
    """Draw a unit's state after each word of a text, and what it should be, both (words,)."""
    places = np.arange(len(words))
    ax.step(places, wanted, where="mid", color=REFERENCE, linestyle="--", linewidth=1.4, zorder=3, label="wanted")
    ax.step(places, state, where="mid", color=HIDDEN_STATE, linewidth=2.2, label="state $h_t$")
    ax.axhline(0, color=GREY, linewidth=0.8)
    ax.set(ylim=(-1.75, 1.15), yticks=[-1, 0, 1], xlim=(-0.5, len(words) - 0.5))  # with room for the legend
    ax.set_xticks(places, words, rotation=90)
    ax.grid(visible=False, axis="x")
    ax.legend(loc="lower left", ncols=2, borderaxespad=0)
    return ax


def plot_gates(ax: Axes, gates: Mapping[str, np.ndarray]) -> Axes:
    """Draw gates as bars, one group a word: keys "z" and "r", values (words,)."""
    colors = {"z": UPDATE_GATE, "r": RESET_GATE}
    width = 0.8 / len(gates)
    for number, (name, values) in enumerate(gates.items()):
        places = np.arange(len(values)) + (number - (len(gates) - 1) / 2) * width
        ax.bar(places, values, width, color=colors[name], label=f"${name}_t$")
    ax.set(ylim=(0, 1.05), yticks=[0, 1])
    ax.tick_params(axis="x", labelbottom=False)
    ax.grid(visible=False, axis="x")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1.1), borderaxespad=0, handlelength=0.8, handletextpad=0.4)
    return ax


def plot_fits(ax: Axes, errors: Mapping[str, Sequence[float]], best: Mapping[str, float]) -> Axes:
    """Draw the error of every fitted unit, one row for each kind of unit, and mark and name the best of each.

    Errors are shares of the spread of what the unit should say; those above 1 are drawn at 1.
    """
    for row, name in enumerate(reversed(errors)):
        ax.plot(np.minimum(errors[name], 1), [row] * len(errors[name]), "o", color=GREY, alpha=0.4, ms=8, mew=0)
        ax.plot(best[name], row, "D", color=HIDDEN_STATE, ms=9)
        ax.annotate(f"{best[name]:.0%}", (best[name], row), (0, 9), textcoords="offset points", ha="center")
    ax.set_yticks(range(len(errors)), list(reversed(errors)))
    ax.set(xlim=(-0.06, 1.06), ylim=(-0.4, len(errors) - 0.4), xlabel="error, as a share of the spread")
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    ax.grid(visible=False, axis="y")
    return ax
