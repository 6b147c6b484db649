"""The history's table and sketches: true to the references and to the layers, and drawn without overlaps."""

import itertools
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from gru_book.analysis.probes import explained, read_out
from gru_book.files import CHECKOUT
from gru_book.layers.history import CELLS, MILESTONES, count
from gru_book.layers.weights import GRUWeights, LSTMWeights, RNNWeights
from gru_book.plotting import history
from gru_book.plotting import style as plotting


def test_every_milestone_stands_in_the_references_with_its_year():
    entries = re.split(r"(?m)^@", (CHECKOUT / "book/references.bib").read_text(encoding="utf-8"))
    years = {}
    for entry in entries[1:]:
        key, year = re.match(r"\w+\{([^,]+),", entry).group(1), re.search(r"year\s*=\s*\{(\d+)\}", entry)
        years[key] = int(year.group(1)) if year else None
    assert [row for row in MILESTONES if years.get(row.source) != row.year] == []
    assert sorted(row.year for row in MILESTONES) == [row.year for row in MILESTONES]
    assert {row.kind for row in MILESTONES} == set(history.KINDS)


@pytest.mark.parametrize(
    ("name", "kind"), [("plain RNN", RNNWeights), ("LSTM, 2000", LSTMWeights), ("GRU, 2014", GRUWeights)]
)
def test_counts_are_those_of_the_layers(name, kind):
    weights = kind.random(5, 7, np.random.default_rng(0))
    counted = count(CELLS[name], 5, 7)
    matrices = [array for array in vars(weights).values() if array.ndim == 2]
    assert counted["parameters"] == weights.num_parameters
    assert counted["multiplications"] == sum(matrix.size for matrix in matrices)
    assert counted["waiting"] == sum(matrix.size for matrix in matrices if matrix.shape == (7, 7))
    assert set(CELLS[name].blocks) == {array_name[-1] for array_name in vars(weights)}


def test_sketches_name_only_their_own_gates():
    for sketch in CELLS.values():
        assert set(sketch.write + sketch.show + sketch.inside) <= set(sketch.gates)
        assert sketch.keep in ("", "1") or sketch.keep[-1] in sketch.gates
    assert [len(sketch.gates) for sketch in CELLS.values()] == [0, 2, 3, 2, 1]
    assert [len(sketch.states) for sketch in CELLS.values()] == [1, 2, 2, 1, 1]


def test_a_straight_line_is_read_exactly_and_noise_is_not():
    rng = np.random.default_rng(0)
    wanted = rng.uniform(-1, 1, (40, 30))
    shown = np.stack([3 - 2 * wanted, rng.standard_normal(wanted.shape), np.ones_like(wanted)], axis=2)
    read = read_out(shown, wanted)
    shares = explained(read[20:], wanted[20:])
    assert shares[0] == pytest.approx(1)
    assert np.abs(shares[1:]).max() < 0.02


def overlapping(ax) -> list[tuple[str, str]]:
    renderer = ax.figure.canvas.get_renderer()
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in ax.texts if text.get_text()]
    return [(one, two) for (one, a), (two, b) in itertools.combinations(boxes, 2) if a.overlaps(b)]


@pytest.fixture
def style():
    with plt.rc_context():
        plotting.use_book_style()
        yield
    plt.close("all")


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize(("input_dim", "units", "width"), [(2, 3, 4.6), (128, 128, 5.4)])
def test_no_two_texts_of_a_cell_overlap(style, name, input_dim, units, width):
    fig, ax = plt.subplots(figsize=(width, 2.7))
    assert history.plot_cell(ax, name, CELLS[name], input_dim, units) is ax
    fig.canvas.draw()
    assert overlapping(ax) == []
    right = fig.get_window_extent().x1
    assert all(0 <= text.get_window_extent().x0 and text.get_window_extent().x1 <= right for text in ax.texts)


def test_no_two_texts_of_the_timeline_overlap(style):
    fig, ax = plt.subplots(figsize=(4.6, 7.6))
    assert history.plot_timeline(ax, MILESTONES) is ax
    fig.canvas.draw()
    assert overlapping(ax) == []
