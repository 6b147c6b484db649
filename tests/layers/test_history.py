"""The history's table: true to the references and to the layers."""

import re

import numpy as np
import pytest

from gru_book.files import CHECKOUT
from gru_book.layers.history import CELLS, MILESTONES, count
from gru_book.layers.weights import GRUWeights, LSTMWeights, RNNWeights
from gru_book.plotting import history


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
