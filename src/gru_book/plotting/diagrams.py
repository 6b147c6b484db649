"""Pieces of diagrams: arrows and what else several pages draw."""

from collections.abc import Sequence

from matplotlib.axes import Axes


def draw_flow(ax: Axes, color: str, *points: tuple[float, float], dots: Sequence[tuple[float, float]] = ()) -> None:
    """Draw a line through `points` with an arrowhead at its end, and a dot where another line leaves it."""
    x, y = zip(*points, strict=True)
    ax.plot(x, y, color=color, linewidth=1.6, solid_joinstyle="round", zorder=1)
    arrow = {"arrowstyle": "-|>", "color": color, "lw": 1.6, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", points[-1], points[-2], arrowprops=arrow, zorder=2)
    for dot in dots:
        ax.plot(*dot, "o", color=color, markersize=5, zorder=2)
