"""What holds for all tests of figures."""

import matplotlib.pyplot as plt
import pytest

from gru_book.plotting import style


@pytest.fixture(autouse=True)
def book_style():
    """Draw as the pages do, and leave neither figures nor settings behind."""
    with plt.rc_context():
        style.use_book_style()
        yield
    plt.close("all")
