"""Figures of the history (page 12). Each function draws on an `ax` and returns it."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from gru_book.layers.history import Milestone, Sketch
from gru_book.plotting.diagrams import draw_flow
from gru_book.plotting.style import (
    BLACK,
    BLUE,
    CANDIDATE_STATE,
    GREY,
    HIDDEN_STATE,
    ORANGE,
    PURPLE,
    RESET_GATE,
    SKY_BLUE,
    UPDATE_GATE,
    VERMILION,
)

KINDS = {
    "cell": (BLUE, "o", "a cell"),
    "training": (ORANGE, "s", "a way to train"),
    "study": (GREY, "D", "a study"),
    "no recurrence": (VERMILION, "X", "no recurrence"),
}


def plot_timeline(ax: Axes, milestones: Sequence[Milestone]) -> Axes:
    """Draw papers by year, downwards: marks on a true scale at the left, joined to one line of text each."""
    years = [row.year for row in milestones]
    first, last = min(years), max(years)
    places = np.linspace(first, last, len(milestones))
    ax.plot([0, 0], [first - 0.5, last + 0.5], color=BLACK, linewidth=1.2, zorder=1)
    for year in range(first - first % 5 + 5, last + 1, 5):
        ax.plot([-0.12, 0], [year, year], color=BLACK, linewidth=0.8, zorder=1)
        ax.text(-0.2, year, year, ha="right", va="center", fontsize=8, color=GREY)
    for number, (row, place) in enumerate(zip(milestones, places, strict=True)):
        color, marker, _ = KINDS[row.kind]
        x = 0.13 * years[:number].count(row.year)  # beside the marks that the year already has
        ax.plot([x, 0.75, 0.95], [row.year, place, place], color=color, linewidth=0.8, alpha=0.6, zorder=2)
        ax.plot(x, row.year, marker, color=color, markersize=5, zorder=3)
        look = {"weight": "bold", "color": BLUE} if row.kind == "cell" else {}
        ax.text(1.02, place - 0.32, f"{row.year}  {row.name}", va="center", fontsize=8.5, **look)
        ax.text(1.02, place + 0.52, row.change, va="center", fontsize=8, color=GREY)
    for color, marker, label in KINDS.values():
        ax.plot([], [], marker, color=color, markersize=5, label=label)
    ax.set(xlim=(-0.75, 3.75), ylim=(last + 1.3, first - 1.3))
    ax.set_axis_off()
    ax.legend(loc="upper center", fontsize=8, ncols=4, bbox_to_anchor=(0.5, 0), columnspacing=1, handletextpad=0.1)
    return ax


NAMES = {
    "f": ("forget gate", "f_t", UPDATE_GATE),
    "i": ("input gate", "i_t", SKY_BLUE),
    "o": ("output gate", "o_t", RESET_GATE),
    "z": ("update gate", "z_t", UPDATE_GATE),
    "r": ("reset gate", "r_t", RESET_GATE),
    "h": ("candidate", r"\tilde{h}_t", CANDIDATE_STATE),
    "c": ("candidate", r"\tilde{c}_t", CANDIDATE_STATE),
}

WIDTH, BOX = 11.4, 1.12  # of the drawing, and half a box

INPUT_BUS, STATE_BUS, FLOOR, ROOF, MIDDLE, TOP = 0.3, 0.95, 1.5, 4.15, 5.15, 6.4  # heights


def plot_cell(ax: Axes, title: str, sketch: Sketch, input_dim: int, units: int) -> Axes:
    """Draw one step of a cell as boxes and arrows, with the shapes of its weights, in the manner of page 21.

    The state runs along the top, the blocks of weights stand in a row, and the inputs come from below.
    """
    places = dict(zip(sketch.blocks, _columns(len(sketch.blocks)), strict=True))
    candidate = "c" if "c" in places else "h"
    squashed = sketch.sees_state  # minGRU's candidate is linear
    for letter, x in places.items():
        _box(
            ax, x, letter, sketch, input_dim, units, plain=letter == candidate and not sketch.keep, linear=not squashed
        )
    _inputs(ax, list(places.values()), sketch, input_dim, units)
    if not sketch.keep:
        x = places[candidate]
        draw_flow(ax, HIDDEN_STATE, (x, ROOF), (x, MIDDLE), (WIDTH, MIDDLE))
        ax.text(WIDTH, MIDDLE + 0.15, rf"$h_t$: ({units})", ha="right", va="bottom")
        ax.set(ylim=(0, MIDDLE + 0.9))
    else:
        _gated(ax, places, candidate, sketch, units)
        ax.set(ylim=(0, TOP + 0.8))
    ax.set(xlim=(-0.1, WIDTH + 0.1))
    ax.set_title(title, fontsize=10, weight="bold")
    ax.set_axis_off()
    return ax


def _columns(number: int) -> np.ndarray:
    """Return where the middle of each box stands."""
    left, right = (0.75, 10.75) if number > 2 else (1.6, 9.9)
    return left + (right - left) * (np.arange(number) + 0.5) / number


def _gated(ax: Axes, places: Mapping[str, float], candidate: str, sketch: Sketch, units: int) -> None:
    """Draw the state's way along the top: what keeps it, what is added, and in an LSTM what is shown of it."""
    state = "c" if sketch.show else "h"
    color = PURPLE if sketch.show else HIDDEN_STATE
    x, gate = places[candidate], places[sketch.write]
    draw_flow(ax, color, (0.1, TOP), (WIDTH, TOP))
    ax.text(0.1, TOP + 0.15, rf"${state}_{{t-1}}$: ({units})", va="bottom")
    ax.text(WIDTH, TOP + 0.15, rf"${state}_t$: ({units})", ha="right", va="bottom")
    draw_flow(ax, NAMES[candidate][2], (x, ROOF), (x, TOP - 0.28))
    draw_flow(ax, NAMES[sketch.write][2], (gate, ROOF), (gate, MIDDLE), (x - 0.28, MIDDLE))
    if sketch.keep != "1":
        keeper = places[sketch.keep[-1]]
        dots = [(keeper, MIDDLE)] if keeper == gate else []
        draw_flow(ax, NAMES[sketch.keep[-1]][2], (keeper, ROOF), (keeper, TOP - 0.28), dots=dots)
        _sign(ax, keeper, TOP, r"$\odot$")
        ax.text(keeper + 0.15, (MIDDLE + TOP) / 2, f"${sketch.keep}_t$", va="center")
    ax.text((gate + x) / 2 + 0.1, MIDDLE + 0.1, f"${sketch.write}_t$", ha="center", va="bottom")
    _sign(ax, x, MIDDLE, r"$\odot$")
    _sign(ax, x, TOP, "+")
    if sketch.inside:
        y = (FLOOR + ROOF) / 2
        draw_flow(ax, NAMES[sketch.inside][2], (places[sketch.inside] + BOX, y), (x - BOX - 0.05, y))
        ax.text((places[sketch.inside] + x) / 2, y + 0.12, f"${sketch.inside}_t$", ha="center", va="bottom")
    if sketch.show:
        shown = places[sketch.show]
        draw_flow(ax, color, (shown, TOP), (shown, MIDDLE + 0.28), dots=[(shown, TOP)])
        draw_flow(ax, NAMES[sketch.show][2], (shown, ROOF), (shown, MIDDLE - 0.28))
        draw_flow(ax, HIDDEN_STATE, (shown + 0.28, MIDDLE), (WIDTH, MIDDLE))
        _sign(ax, shown, MIDDLE, r"$\odot$")
        ax.text(shown + 0.15, (MIDDLE + TOP) / 2 + 0.1, r"$\tanh$", va="center")
        ax.text(WIDTH, MIDDLE - 0.12, rf"$h_t$: ({units})", ha="right", va="top")


def _inputs(ax: Axes, columns: list[float], sketch: Sketch, input_dim: int, units: int) -> None:
    """Draw the input, and the state before where the blocks see it, from the left to all boxes."""
    for x in columns:
        draw_flow(ax, GREY, (x - 0.4, INPUT_BUS), (x - 0.4, FLOOR - 0.03))
        if sketch.sees_state:
            draw_flow(ax, HIDDEN_STATE, (x + 0.4, STATE_BUS), (x + 0.4, FLOOR - 0.03))
    ends = columns[-1] - 0.4, columns[-1] + 0.4
    ax.plot([0.1, ends[0]], [INPUT_BUS, INPUT_BUS], color=GREY, linewidth=1.6, zorder=1)
    ax.plot([x - 0.4 for x in columns[:-1]], [INPUT_BUS] * (len(columns) - 1), "o", color=GREY, markersize=5, zorder=2)
    ax.text(ends[0] + 0.2, INPUT_BUS, rf"$x_t$: ({input_dim})", va="center")
    if sketch.sees_state:
        begin = 0.35 if sketch.keep and not sketch.show else 0.1
        ax.plot([begin, ends[1]], [STATE_BUS, STATE_BUS], color=HIDDEN_STATE, linewidth=1.6, zorder=1)
        dots = [x + 0.4 for x in columns[:-1]]
        ax.plot(dots, [STATE_BUS] * len(dots), "o", color=HIDDEN_STATE, markersize=5, zorder=2)
        if begin > 0.1:
            ax.plot([begin, begin], [STATE_BUS, TOP], color=HIDDEN_STATE, linewidth=1.6, zorder=1)
            ax.plot(begin, TOP, "o", color=HIDDEN_STATE, markersize=5, zorder=2)
        else:
            ax.text(ends[1] + 0.2, STATE_BUS, rf"$h_{{t-1}}$: ({units})", va="center")


def _box(ax: Axes, x: float, letter: str, sketch: Sketch, d: int, u: int, plain: bool, linear: bool) -> None:
    """Draw one block of weights: name, function and shapes."""
    name, symbol, edge = NAMES[letter]
    if plain:  # without gates the candidate is the new state
        name, symbol, edge = "new state", "h_t", HIDDEN_STATE
    function = r"\sigma" if letter in sketch.gates else "" if linear else r"\tanh"
    shape = {"boxstyle": "round,pad=0.05", "ec": edge, "fc": "white", "lw": 1.5}
    ax.add_patch(FancyBboxPatch((x - BOX + 0.05, FLOOR + 0.05), 2 * BOX - 0.1, ROOF - FLOOR - 0.1, zorder=3, **shape))
    lines = [name, f"${symbol}$, ${function}$" if function else f"${symbol}$, linear", rf"$W_{{x{letter}}}$ ({u}, {d})"]
    lines += [rf"$W_{{h{letter}}}$ ({u}, {u})"] * sketch.sees_state + [rf"$b_{letter}$ ({u})"]
    for y, line in zip(np.linspace(ROOF - 0.38, FLOOR + 0.35, len(lines)), lines, strict=True):
        ax.text(x, y, line, ha="center", va="center", fontsize=8.5, zorder=4)


def _sign(ax: Axes, x: float, y: float, sign: str) -> None:
    """Draw a circled sign where two flows meet."""
    circle = {"boxstyle": "circle,pad=0.12", "fc": "white", "ec": GREY}
    ax.text(x, y, sign, ha="center", va="center", fontsize=11, zorder=5, bbox=circle)


def plot_holding(ax: Axes, title: str, wanted: np.ndarray, shown: np.ndarray, legend: bool = False) -> Axes:
    """Draw for one sequence what should be held, and what a cell shows after each step, both (num_steps,)."""
    steps = np.arange(1, len(wanted) + 1)
    ax.step(steps, wanted, color=BLACK, linestyle="--", where="mid", linewidth=1.1, zorder=3, label="wanted")
    ax.plot(steps, shown, color=SKY_BLUE, linewidth=2.2, label="read out")
    ax.set_title(title, fontsize=9)
    ax.tick_params(labelsize=8)
    ax.set(ylim=(-1.15, 1.55), yticks=[-1, 0, 1])
    if legend:
        ax.legend(loc="upper center", ncols=2, fontsize=8, borderaxespad=0)
    return ax
