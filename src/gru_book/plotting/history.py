"""Figures of the history (page 12) and of what came after (56). Each function draws on an `ax` and returns it."""

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
    GREEN,
    GREY,
    HIDDEN_STATE,
    ORANGE,
    PURPLE,
    REFERENCE,
    RESET_GATE,
    SKY_BLUE,
    UPDATE_GATE,
    VERMILION,
)

KINDS = {"cell": (BLUE, "o", "a cell"), "training": (ORANGE, "s", "a way to train"), "study": (GREY, "D", "a study")}

NAMES = {
    "f": ("forget gate", "f_t", UPDATE_GATE),
    "i": ("input gate", "i_t", SKY_BLUE),
    "o": ("output gate", "o_t", RESET_GATE),
    "z": ("update gate", "z_t", UPDATE_GATE),
    "r": ("reset gate", "r_t", RESET_GATE),
    "h": ("candidate", r"\tilde{h}_t", CANDIDATE_STATE),
    "c": ("candidate", r"\tilde{c}_t", CANDIDATE_STATE),
}

WIDTH, BOX = 10.0, 0.97  # of a cell's drawing, and half a box

INPUT_BUS, STATE_BUS, FLOOR, ROOF, MIDDLE, TOP = 0.25, 0.85, 1.35, 3.05, 3.75, 4.7  # heights of a cell's drawing


def plot_unrolled(ax: Axes, words: Sequence[str]) -> Axes:
    """Draw a recurrent network twice: as one cell whose state returns, and with one copy of the cell for each word."""
    pitch, wide, high, first = 1.75, 0.5, 0.36, 3.2  # half a box; the middle of the first copy
    places = first + pitch * np.arange(len(words))
    for x in (0.0, *places):
        box = {"boxstyle": "round,pad=0.05", "fc": "#e8f1f8", "ec": BLUE, "lw": 1.5}
        ax.add_patch(FancyBboxPatch((x - wide, -high), 2 * wide, 2 * high, zorder=3, **box))
        ax.text(x, 0, "cell", ha="center", va="center", zorder=4)
    loop = (wide, 0), (wide + 0.4, 0), (wide + 0.4, 0.85), (-wide - 0.4, 0.85), (-wide - 0.4, 0), (-wide - 0.05, 0)
    draw_flow(ax, HIDDEN_STATE, *loop)
    ax.text(0, 1.05, "$h$", ha="center", va="bottom")
    ax.text((wide + 0.4 + first - pitch + wide) / 2, 0, "=", ha="center", va="center", fontsize=16)
    ax.text(places.mean(), 1.05, "the same cell and weights at every step", ha="center", va="bottom", color=BLUE)
    for number, x in enumerate((places[0] - pitch, *places)):
        draw_flow(ax, HIDDEN_STATE, (x + wide + (0.2 if number == 0 else 0.05), 0), (x + pitch - wide - 0.05, 0))
        ax.text(x + pitch / 2 + 0.08 * (number == 0), 0.22, f"$h_{number}$", ha="center", va="bottom")
    for x, word in zip((0.0, *places), ("$x$", *words), strict=True):
        draw_flow(ax, GREY, (x, -1.15), (x, -high - 0.05))
        ax.text(x, -1.25, word, ha="center", va="top")
    ax.set(xlim=(-1.1, places[-1] + pitch - 0.3), ylim=(-1.85, 1.65))
    ax.set_axis_off()
    return ax


def plot_cell(ax: Axes, title: str, sketch: Sketch) -> Axes:
    """Draw one step of a cell as boxes and arrows, in the manner of page 21.

    The state runs along the top, the blocks of weights stand in a row, and the inputs come from below.
    """
    places = dict(zip(sketch.blocks, _columns(len(sketch.blocks)), strict=True))
    candidate = "c" if "c" in places else "h"
    for letter, x in places.items():
        _box(ax, x, letter, sketch)
    _inputs(ax, list(places.values()), sketch)
    if sketch.keep:
        _gated(ax, places, candidate, sketch)
    else:
        x = places[candidate]
        draw_flow(ax, HIDDEN_STATE, (x, ROOF), (x, MIDDLE), (WIDTH, MIDDLE))
        ax.text(WIDTH, MIDDLE + 0.12, "$h_t$", ha="right", va="bottom")
    top = (TOP if sketch.keep else MIDDLE) + 0.75
    ax.text(0, top, title, weight="bold", va="bottom")
    ax.set(xlim=(-0.05, WIDTH + 0.05), ylim=(0, top + 0.65))
    ax.set_axis_off()
    return ax


def cell_height(sketch: Sketch) -> float:
    """Return how high `plot_cell` draws a cell, as a ratio to other cells' heights."""
    return (TOP if sketch.keep else MIDDLE) + 1.4


def _columns(number: int) -> np.ndarray:
    """Return where the middle of each box stands."""
    left, right = (1.05, 9.5) if number > 2 else (1.6, 9.0)
    return left + (right - left) * (np.arange(number) + 0.5) / number


def _gated(ax: Axes, places: Mapping[str, float], candidate: str, sketch: Sketch) -> None:
    """Draw the state's way along the top: what keeps it, what is added, and in an LSTM what is shown of it."""
    state = "c" if sketch.show else "h"
    color = PURPLE if sketch.show else HIDDEN_STATE
    x, gate = places[candidate], places[sketch.write]
    draw_flow(ax, color, (0.1, TOP), (WIDTH, TOP))
    ax.text(0, TOP + 0.12, f"${state}_{{t-1}}$", va="bottom")
    ax.text(WIDTH, TOP + 0.12, f"${state}_t$", ha="right", va="bottom")
    draw_flow(ax, NAMES[candidate][2], (x, ROOF), (x, TOP - 0.28))
    draw_flow(ax, NAMES[sketch.write][2], (gate, ROOF), (gate, MIDDLE), (x - 0.28, MIDDLE))
    if sketch.keep != "1":
        keeper = places[sketch.keep[-1]]
        dots = [(keeper, MIDDLE)] if keeper == gate else []
        draw_flow(ax, NAMES[sketch.keep[-1]][2], (keeper, ROOF), (keeper, TOP - 0.28), dots=dots)
        _sign(ax, keeper, TOP, r"$\odot$")
        ax.text(keeper + 0.15, (MIDDLE + TOP) / 2 - 0.02, f"${sketch.keep}_t$", va="center")
    ax.text((gate + x) / 2 + 0.35, MIDDLE + 0.1, f"${sketch.write}_t$", ha="center", va="bottom")
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
        ax.text(WIDTH, MIDDLE - 0.12, "$h_t$", ha="right", va="top")


def _inputs(ax: Axes, columns: list[float], sketch: Sketch) -> None:
    """Draw the input, and the state before where the blocks see it, from the left to all boxes."""
    for x in columns:
        draw_flow(ax, GREY, (x - 0.4, INPUT_BUS), (x - 0.4, FLOOR - 0.03))
        if sketch.sees_state:
            draw_flow(ax, HIDDEN_STATE, (x + 0.4, STATE_BUS), (x + 0.4, FLOOR - 0.03))
    starts = [x - 0.4 for x in columns]
    ax.plot([0.65, starts[-1]], [INPUT_BUS, INPUT_BUS], color=GREY, linewidth=1.6, zorder=1)
    ax.plot(starts[:-1], [INPUT_BUS] * len(starts[:-1]), "o", color=GREY, markersize=5, zorder=2)
    ax.text(0, INPUT_BUS, "$x_t$", va="center")
    if not sketch.sees_state:
        return
    along_top = sketch.keep and not sketch.show  # the state comes down from its line along the top
    begin = 0.35 if along_top else 0.95
    ax.plot([begin, columns[-1] + 0.4], [STATE_BUS, STATE_BUS], color=HIDDEN_STATE, linewidth=1.6, zorder=1)
    dots = [x + 0.4 for x in columns[:-1]]
    ax.plot(dots, [STATE_BUS] * len(dots), "o", color=HIDDEN_STATE, markersize=5, zorder=2)
    if along_top:
        ax.plot([begin, begin], [STATE_BUS, TOP], color=HIDDEN_STATE, linewidth=1.6, zorder=1)
        ax.plot(begin, TOP, "o", color=HIDDEN_STATE, markersize=5, zorder=2)
    else:
        ax.text(0, STATE_BUS, "$h_{t-1}$", va="center")


def _box(ax: Axes, x: float, letter: str, sketch: Sketch) -> None:
    """Draw one block of weights: its name, its symbol and its function."""
    name, symbol, edge = NAMES[letter]
    if not sketch.keep:  # without gates the candidate is the new state
        name, symbol, edge = "new state", "h_t", HIDDEN_STATE
    linear = not sketch.sees_state  # minGRU's candidate
    function = r"$\sigma$" if letter in sketch.gates else "linear" if linear else r"$\tanh$"
    shape = {"boxstyle": "round,pad=0.05", "ec": edge, "fc": "white", "lw": 1.5}
    ax.add_patch(FancyBboxPatch((x - BOX + 0.05, FLOOR + 0.05), 2 * BOX - 0.1, ROOF - FLOOR - 0.1, zorder=3, **shape))
    lines = [*name.split(), f"${symbol}$: {function}"]
    inset = 0.34 if len(lines) == 3 else 0.55
    for y, line in zip(np.linspace(ROOF - inset, FLOOR + inset, len(lines)), lines, strict=True):
        ax.text(x, y, line, ha="center", va="center", zorder=4)


def _sign(ax: Axes, x: float, y: float, sign: str) -> None:
    """Draw a circled sign where two flows meet."""
    circle = {"boxstyle": "circle,pad=0.12", "fc": "white", "ec": GREY}
    ax.text(x, y, sign, ha="center", va="center", zorder=5, bbox=circle)


def plot_timeline(ax: Axes, milestones: Sequence[Milestone]) -> Axes:
    """Draw papers by year, downwards: marks on a true scale at the left, joined to two lines of text each."""
    years = [row.year for row in milestones]
    first, last = min(years), max(years)
    places = np.linspace(first, last, len(milestones))
    ax.plot([0, 0], [first - 0.5, last + 0.5], color=BLACK, linewidth=1.2, zorder=1)
    for year in range(first - first % -10, last + 1, 10):
        ax.plot([-0.08, 0], [year, year], color=BLACK, linewidth=0.8, zorder=1)
        ax.text(-0.12, year, year, ha="right", va="center", color=GREY)
    for number, (row, place) in enumerate(zip(milestones, places, strict=True)):
        color, marker, _ = KINDS[row.kind]
        x = 0.1 * years[:number].count(row.year)  # beside the marks that the year already has
        ax.plot([x, 0.45, 0.55], [row.year, place, place], color=color, linewidth=0.8, alpha=0.6, zorder=2)
        ax.plot(x, row.year, marker, color=color, markersize=6, zorder=3)
        look = {"weight": "bold", "color": BLUE} if row.kind == "cell" else {}
        ax.text(0.6, place - 0.7, f"{row.year}  {row.name}", va="center", **look)
        ax.text(0.6, place + 0.7, row.change, va="center", color=GREY)
    for color, marker, label in KINDS.values():
        ax.plot([], [], marker, color=color, markersize=6, label=label)
    ax.set(xlim=(-0.5, 3.4), ylim=(last + 1.8, first - 1.8))
    ax.set_axis_off()
    ax.legend(loc="upper center", ncols=3, bbox_to_anchor=(0.5, 0), columnspacing=1, handletextpad=0.1)
    return ax


def plot_kept(ax: Axes, states: Mapping[float, np.ndarray]) -> Axes:
    """Draw what becomes of numbers in one plain unit: for each weight to itself the states, (num_steps + 1, starts)."""
    for (weight, kept), color in zip(states.items(), (BLUE, ORANGE, VERMILION), strict=True):
        for number, line in enumerate(kept.T):
            ax.plot(line, color=color, label=f"$w = {weight:g}$" if number == 0 else None)
    ax.set(ylim=(-0.02, 1.02), xlim=(0, len(line) - 1), xlabel="step", ylabel="state")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.22), ncols=3, columnspacing=1.2, handlelength=1.2)
    return ax


def plot_flood(ax: Axes, states: Mapping[str, np.ndarray]) -> Axes:
    """Draw for each cell what its cell state becomes when it is written to at every step, (num_steps,)."""
    for (name, line), color in zip(states.items(), (VERMILION, BLUE), strict=True):
        ax.plot(np.arange(1, len(line) + 1), line, color=color)
        ax.annotate(name, (len(line), line[-1]), (-2, 6), textcoords="offset points", ha="right", color=color)
    ax.set(xlim=(0, len(line) * 1.02), xlabel="numbers written", ylabel="cell state $c$")
    ax.set_ylim(0, max(line.max() for line in states.values()) * 1.15)
    return ax


def plot_doors(axes: Sequence[Axes], number: np.ndarray, gates: Mapping[str, np.ndarray], c, h) -> Sequence[Axes]:
    """Draw one LSTM unit at work, three axes from above: the numbers that come in, its gates, and its two states.

    number, c, h: (num_steps,). gates: letter to values, (num_steps,), drawn as rows of squares, dark where open.
    """
    steps = np.arange(1, len(number) + 1)
    taken = gates["i"] > 0.5
    axes[0].bar(steps, number, 0.6, color=np.where(taken, SKY_BLUE, "#cccccc"))
    axes[0].set(ylim=(-1.1, 1.1), yticks=[-1, 0, 1], ylabel="number")
    for row, (letter, values) in enumerate(gates.items()):
        for step, value in zip(steps, values, strict=True):
            look = {"color": NAMES[letter][2], "markersize": 10, "fillstyle": "full" if value > 0.5 else "none"}
            axes[1].plot(step, row, "s", **look)
    axes[1].set(ylim=(len(gates) - 0.4, -0.6))
    axes[1].set_yticks(range(len(gates)), [f"${letter}$" for letter in gates])
    axes[2].step(steps, c, where="mid", color=PURPLE, label="cell state $c$")
    axes[2].step(steps, h, where="mid", color=HIDDEN_STATE, label="state $h$")
    axes[2].set(ylim=(-1.1, 1.9), yticks=[-1, 0, 1], xlabel="step", xlim=(0.3, len(steps) + 0.7))
    axes[2].legend(loc="upper center", ncols=2, borderaxespad=0)
    axes[2].set_xticks(steps[1::2])
    return axes


def plot_holding(ax: Axes, title: str, wanted: np.ndarray, shown: np.ndarray, legend: bool = False) -> Axes:
    """Draw for one sequence what should be held, and what a cell shows after each step, both (num_steps,)."""
    steps = np.arange(1, len(wanted) + 1)
    ax.step(steps, wanted, color=BLACK, linestyle="--", where="mid", linewidth=1.1, zorder=3, label="wanted")
    ax.plot(steps, shown, color=SKY_BLUE, linewidth=2.2, label="read out")
    ax.set_title(title)
    ax.set(ylim=(-1.15, 1.75), yticks=[-1, 0, 1])
    if legend:
        ax.legend(loc="upper center", ncols=2, borderaxespad=0, handlelength=1, columnspacing=1)
    return ax


def plot_rounds(ax: Axes, num_steps: int) -> Axes:
    """Draw a parallel scan over `num_steps` steps: one row of dots for each round, and which dot takes in which."""
    reach, row = 1, 0
    ax.plot(range(1, num_steps + 1), [0] * num_steps, "o", color=GREY, markersize=8)
    while reach < num_steps:
        for step in range(1, num_steps + 1):
            if step > reach:
                ax.plot([step - reach, step], [row, row + 1], color=BLUE, linewidth=1.2, zorder=1)
            ax.plot([step, step], [row, row + 1], color="#cccccc", linewidth=1.2, zorder=0)
            finished = step <= 2 * reach
            ax.plot(step, row + 1, "o", color=HIDDEN_STATE if finished else GREY, markersize=8)
        reach, row = 2 * reach, row + 1
    ax.set_yticks(range(row + 1), ["start", *(f"round {n}" for n in range(1, row + 1))])
    ax.set_xticks(range(1, num_steps + 1))
    ax.set(ylim=(row + 0.3, -0.3), xlabel="step")
    ax.grid(visible=False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)
    return ax


def plot_lengths(ax: Axes, title: str, lengths: Sequence[int], times: Mapping[str, np.ndarray]) -> Axes:
    """Draw the time of each way to run a sequence by its length: name to (lengths, 3) median, low, high in seconds."""
    colors = {"GRU, loop": REFERENCE, "minGRU, loop": VERMILION, "minGRU, scan": GREEN}
    for name, (taken, mark) in zip(times, zip(times.values(), "osD", strict=True), strict=True):
        middle, low, high = 1e3 * np.asarray(taken).T
        ax.plot(lengths, middle, marker=mark, markersize=5, color=colors[name], label=name)
        ax.fill_between(lengths, low, high, color=colors[name], alpha=0.25, linewidth=0)
    ax.set(xscale="log", yscale="log", title=title, ylabel="milliseconds")
    ax.set_xticks(lengths, [f"{n:,}" for n in lengths])
    ax.yaxis.set_major_formatter("{x:g}")
    ax.minorticks_off()
    return ax
