"""What the tests of figures look for in a drawing."""

import itertools

from matplotlib.axes import Axes


def overlapping(*axes: Axes) -> list[tuple[str, str]]:
    """Return the pairs of texts of one figure of which one lies on the other; draws the figure first."""
    canvas = axes[0].figure.canvas
    canvas.draw()
    texts = [text for ax in axes for text in ax.texts if text.get_text()]
    boxes = [(text.get_text(), text.get_window_extent(canvas.get_renderer())) for text in texts]
    return [(one, two) for (one, a), (two, b) in itertools.combinations(boxes, 2) if a.overlaps(b)]
