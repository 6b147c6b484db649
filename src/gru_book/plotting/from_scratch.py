"""Figures of the page on a GRU layer from scratch (22). Each function draws on an `ax` and returns it."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from gru_book.plotting.diagrams import draw_flow
from gru_book.plotting.style import BLACK, BLUE, GREY, HIDDEN_STATE

WIDE, HIGH = 0.38, 0.2  # half a box


def plot_unrolled(ax: Axes, sequences: Sequence[Sequence[str]]) -> Axes:
    """Draw a layer's loop over a padded batch: one row a sequence, one column a step, the states from left to right.

    Shorter sequences are filled up with padding, through which the state passes unchanged.
    """
    num_steps = max(map(len, sequences))
    bottom = -len(sequences) + 0.45
    for t in range(num_steps):
        band = {"boxstyle": "round,pad=0.02", "fc": "#e8f1f8", "ec": BLUE, "lw": 1.2}
        ax.add_patch(FancyBboxPatch((t - 0.45, bottom), 0.9, 0.1 - bottom, zorder=0, **band))
        ax.text(t, 0.32, f"$t = {t + 1}$", ha="center", va="center", color=BLUE)
    ax.text((num_steps - 1) / 2, 0.68, "the same cell and weights at every step", ha="center", va="center", color=BLUE)
    for row, words in enumerate(sequences):
        y = -row - 0.2
        ax.text(-1.02, y, "$h_0$", ha="center", va="center")
        for t in range(num_steps):
            begin = -0.8 if t == 0 else t - 1 + WIDE
            padded = t >= len(words)
            draw_flow(ax, HIDDEN_STATE, (begin, y), (t - WIDE, y))
            if padded:  # the state goes through
                ax.plot([t - WIDE, t + WIDE], [y, y], color=HIDDEN_STATE, linewidth=1.6, linestyle=":", zorder=1)
                ax.text(t, y - 0.22, "pad", ha="center", va="center", color="#6b6b6b")
                continue
            box = {"boxstyle": "round,pad=0.02", "fc": "white", "ec": BLACK, "lw": 1.2}
            ax.add_patch(FancyBboxPatch((t - WIDE, y - HIGH), 2 * WIDE, 2 * HIGH, zorder=2, **box))
            ax.text(t, y, words[t], ha="center", va="center", zorder=3)
        draw_flow(ax, HIDDEN_STATE, (num_steps - 1 + WIDE, y), (num_steps - 0.32, y))
        ax.text(num_steps - 0.25, y, f"$h_{len(words)}$", va="center", color=HIDDEN_STATE)
    ax.set(xlim=(-1.2, num_steps + 0.1), ylim=(bottom - 0.1, 0.85))
    ax.set_axis_off()
    return ax


def plot_times(ax: Axes, times: Mapping[str, tuple[float, float, float]]) -> Axes:
    """Draw times as shares of another time, with their intervals (value, low, high), one row each, first on top."""
    for row, (value, low, high) in enumerate(times.values()):
        ax.plot([low, high], [row, row], color=BLUE, linewidth=2)
        ax.plot(value, row, "o", color=BLUE, markersize=7)
        ax.annotate(f"{value:.2f}", (value, row), (0, 7), textcoords="offset points", ha="center")
    ax.axvline(1, color=GREY, linewidth=1, linestyle="--", zorder=0)
    ax.set_yticks(range(len(times)), list(times))
    ax.set(xscale="log", ylim=(len(times) - 0.6, -0.7), xlabel="time, as a share of the plain batch loop's")
    ticks = [0.5, 1, 2, 5, 10, 20]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    low, high = (limit(value for times_of in times.values() for value in times_of) for limit in (min, max))
    ax.set_xlim(min(0.5, low) * 0.8, max(10, high) * 1.3)
    ax.grid(visible=False, axis="y")
    return ax
