"""The look of the book's figures: one colour for each meaning, and one style for all.

The colours are those of Okabe and Ito (2008), chosen to stay apart for colour-blind readers. Figures keep their white
background in the site's dark mode. The drawing functions themselves live in `plotting_<topic>.py`; each takes an `ax`
and returns it.
"""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.text import Text

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


PHONE = 342  # pixels that a picture has for its width on a phone that is 390 pixels wide
_drawn: list[list[float]] = []  # of each figure: the size of its smallest text when it was drawn last


def watch_text(figure: Figure) -> None:
    """Note the size of a figure's smallest text when it is drawn; a test holds pages to 11 pixels on a phone.

    Matplotlib calls this for every new figure (`figure.hooks`).
    """

    def note(event) -> None:
        texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
        shown = figure.get_tightbbox(event.renderer).width * 96  # inches as CSS pixels
        if texts:
            size = min(t.get_fontsize() for t in texts) * 96 / 72 * min(1, PHONE / shown)
            sizes[0:] = [round(float(size), 1)]

    sizes: list[float] = []
    figure.canvas.mpl_connect("draw_event", note)
    _drawn.append(sizes)


def smallest_texts() -> list[float]:
    """Return the smallest text of every figure that was drawn, in pixels on a phone that is 390 pixels wide."""
    return [sizes[0] for sizes in _drawn if sizes]


def use_book_style() -> None:
    """Set matplotlib's defaults for the figures of a page."""
    plt.rcParams.update(
        {
            "figure.dpi": 144,
            "figure.figsize": (5, 3.2),
            "figure.hooks": ["gru_book.plotting.style:watch_text"],
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "savefig.facecolor": "white",
            "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
            "font.size": 12,
            "axes.titlesize": 13,
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
