"""Figure of the conclusion (57): every claim of the book and its verdict."""

import pandas as pd
from matplotlib.axes import Axes

from gru_book.notebook.report import MARKS
from gru_book.plotting.style import BLUE, VERMILION

COLORS = {"shown": BLUE, "contradicted": VERMILION, "undecided": "white"}


def plot_ledger(ax: Axes, claims: pd.DataFrame) -> Axes:
    """Draw one square for each claim, one row for each page, first page on top.

    claims: columns page and verdict, one of "shown", "contradicted", "undecided".
    """
    pages = sorted(claims["page"].unique())
    for row, page in enumerate(pages):
        verdicts = sorted(claims.loc[claims["page"] == page, "verdict"], key=list(COLORS).index)
        for place, verdict in enumerate(verdicts):
            ax.plot(place, row, "s", markersize=11, mfc=COLORS[verdict], mec=BLUE, mew=1)
            color = "black" if verdict == "undecided" else "white"
            ax.text(place, row, MARKS[verdict], color=color, ha="center", va="center_baseline", fontsize=11)
    for verdict, color in COLORS.items():
        ax.plot([], [], "s", markersize=12, mfc=color, mec=BLUE, label=f"{MARKS[verdict]} {verdict}")
    ax.set_yticks(range(len(pages)), [" ".join(page.split("_")[:2]) for page in pages])
    ax.set(xlim=(-0.7, claims["page"].value_counts().max() - 0.3), ylim=(len(pages) - 0.4, -0.6), xticks=[])
    ax.spines[:].set_visible(False)
    ax.tick_params(left=False)
    ax.figure.legend(loc="outside upper center", ncols=3, frameon=False, handletextpad=0.2, columnspacing=1)
    return ax
