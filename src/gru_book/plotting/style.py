"""The look of the book's figures: one colour for each meaning, and one style for all.

The colours are those of Okabe and Ito (2008), chosen to stay apart for colour-blind readers. Figures keep their white
background in the site's dark mode. The drawing functions themselves live in `plotting_<topic>.py`; each takes an `ax`
and returns it.
"""

import matplotlib.pyplot as plt

BLACK, GREY = "#000000", "#6e6e6e"

ORANGE, SKY_BLUE, GREEN, YELLOW = "#e69f00", "#56b4e9", "#009e73", "#f0e442"

BLUE, VERMILION, PURPLE = "#0072b2", "#d55e00", "#cc79a7"

CYCLE = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY_BLUE, BLACK)

# The same thing has the same colour on every page.
TRAIN, VALIDATION, TEST = BLUE, VERMILION, GREEN

POSITIVE, NEGATIVE = BLUE, VERMILION

RESET_GATE, UPDATE_GATE, CANDIDATE_STATE, HIDDEN_STATE = VERMILION, BLUE, ORANGE, GREEN

GRU, LSTM, RNN, BASELINE = BLUE, VERMILION, GREEN, GREY

HIGHLIGHT, REFERENCE = VERMILION, GREY
MODELS = {  # name: colour, line, mark
    "original": (ORANGE, ":", "o"),
    "fast": (GREEN, "-.", "^"),
    "gru": (SKY_BLUE, "-", "D"),
    "best": (BLUE, "-", "v"),
    "linear": (PURPLE, (0, (1, 1)), "s"),
    "nbsvm": (GREY, "--", "X"),
}

SEQUENTIAL = "cividis"  # for maps: even steps of lightness, the same for colour-blind readers


def use_book_style() -> None:
    """Set matplotlib's defaults for the figures of a page."""
    plt.rcParams.update(
        {
            "figure.dpi": 144,
            "figure.figsize": (6.4, 3.6),
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "savefig.facecolor": "white",
            "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
            "font.size": 10,
            "axes.titlesize": 11,
            "axes.titlelocation": "left",
            "axes.facecolor": "white",
            "axes.prop_cycle": plt.cycler(color=CYCLE),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": "#dddddd",
            "grid.linewidth": 0.6,
            "lines.linewidth": 1.8,
            "legend.frameon": False,
        }
    )
