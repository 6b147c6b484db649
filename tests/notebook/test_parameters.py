"""The parameters cell: what it says, what it allows, how it ends up in front of a reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_book.errors import ParameterError
from gru_book.notebook.parameters import check_values, read_parameters, rerun_markdown

CELL = """
seed: int = 0  # fixes every random choice [0..4294967295]
source: str = "package"  # where the reviews come from [package | keras | folder]
epochs: int = 5  # passes over the training reviews (all of them) [1..1000]
learning_rate: float = 1e-3  # Adam's step size (0..1]
dropout: float = 0.0  # share of units dropped in training [0..1)
offset: float = 0.0  # any number [-2.5..]
verbose: bool = False  # say more
title: str = "a"  # any text
"""


@pytest.fixture
def parameters():
    return read_parameters(CELL)


def test_the_cell_is_read(parameters):
    assert list(parameters) == [
        "seed", "source", "epochs", "learning_rate", "dropout", "offset", "verbose", "title",
    ]  # fmt: skip
    epochs = parameters["epochs"]
    assert (epochs.type, epochs.default, epochs.allowed) == (int, 5, "[1..1000]")
    assert epochs.meaning == "passes over the training reviews (all of them)"
    assert parameters["verbose"].allowed == ""


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("epochs", 0, "epochs = 0 is not allowed; allowed: [1..1000]"),
        ("epochs", 1001, "allowed: [1..1000]"),
        ("epochs", 2.5, "must be of type int"),
        ("epochs", True, "must be of type int"),
        ("epochs", "3", "must be of type int"),
        ("learning_rate", 0.0, "allowed: (0..1]"),
        ("learning_rate", float("nan"), "not allowed"),
        ("offset", float("inf"), "not allowed"),
        ("dropout", 1.0, "allowed: [0..1)"),
        ("dropout", 1.5, "dropout = 1.5"),
        ("offset", -2.6, "allowed: [-2.5..]"),
        ("source", "", "allowed: [package | keras | folder]"),
        ("source", "kera", "allowed: [package | keras | folder]"),
        ("title", " ", "not allowed"),
        ("epoch", 3, "unknown parameter 'epoch' (did you mean 'epochs'?)"),
        ("zzz", 3, "unknown parameter 'zzz'; this page has: seed"),
    ],
)
def test_bad_values_are_refused_in_one_line(parameters, name, value, said):
    with pytest.raises(ParameterError) as error:
        check_values(parameters, {name: value})
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_good_values_pass(parameters):
    values = {"epochs": 1000, "learning_rate": 1, "dropout": 0.99, "offset": 1e6, "verbose": True, "source": "keras"}
    assert check_values(parameters, values) == {**values, "learning_rate": 1.0}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("epochs", "7", 7), ("learning_rate", "1e-2", 0.01), ("verbose", "False", False), ("source", "keras", "keras")],
)
def test_texts_of_the_command_line(parameters, name, text, value):
    assert parameters[name].parse(text) == value


@pytest.mark.parametrize(("name", "text"), [("epochs", "1e3"), ("verbose", "0"), ("seed", "-1"), ("dropout", "x")])
def test_bad_texts_of_the_command_line(parameters, name, text):
    with pytest.raises(ParameterError, match=name):
        parameters[name].parse(text)


@pytest.mark.parametrize(
    "line",
    [
        "epochs = 5  # no type",
        "epochs: int = 5",
        "epochs: int = 2 + 3  # sum",
        "epochs: int = 0  # low [1..5]",
        "x: list = []  # y",
    ],
)
def test_lines_that_are_no_parameters(line):
    with pytest.raises(ParameterError):
        read_parameters(line)


@given(st.integers(-10, 2000))
def test_a_range_holds_exactly_what_it_says(value):
    parameter = read_parameters(CELL)["epochs"]
    if 1 <= value <= 1000:
        assert parameter.check(value) == value
    else:
        with pytest.raises(ParameterError):
            parameter.check(value)


def test_the_rerun_table_shows_what_was_changed(parameters):
    published = rerun_markdown("33_imdb_gru", parameters, {name: p.default for name, p in parameters.items()})
    assert "this run" not in published
    assert "| `epochs` | int | `5` | passes over the training reviews (all of them) | `[1..1000]` |" in published
    assert ".venv/bin/gru-book run 33_imdb_gru -p epochs 2 -p seed 1" in published
    assert "package \\| keras" in published
    changed = rerun_markdown("33_imdb_gru", parameters, {"epochs": 2})
    assert "| `epochs` | int | `5` | `2` |" in changed
