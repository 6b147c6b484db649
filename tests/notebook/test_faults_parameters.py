"""Values of parameters, from the command line and from a cell: one rule, refused in one line, whatever they are."""

import numpy as np
import pytest

from gru_book.errors import ParameterError
from gru_book.notebook import parameters as module
from gru_book.notebook.parameters import check_parameters, read_parameters

CELL = """
seed: int = 0  # fixes every random choice [0..4294967295]
large: int = 1  # any [1..]
rate: float = 1e-3  # Adam's step size (0..1]
offset: float = 0.0  # any number [-2.5..]
free: float = 0.0  # any number at all
loud: bool = False  # say more
source: str = "package"  # where from [package | keras]
label: str = "a"  # any text
"""

TAKEN = {
    "seed": {"7": 7, "+7": 7, "007": 7, "1_000": 1000, "4294967295": 4294967295},
    "large": {"9" * 400: int("9" * 400)},
    "rate": {"1e-3": 0.001, "1E-3": 0.001, ".5": 0.5, "1.": 1.0, "1": 1.0, "0.000_1": None, "1_0e-2": 0.1},
    "offset": {"-1e-3": -0.001, "-2.5": -2.5, "1e308": 1e308},
    "loud": {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False},
    "source": {"keras": "keras"},
    "label": {"ü ²": "ü ²", "1e3": "1e3", " a ": " a "},
}
REFUSED = {
    "seed": ["", " ", " 7", "7 ", "7\n", "\t7", "7.0", "1e3", "0x7", "0b1", "1__0", "_1", "1_", "--7", "+-7", "-1",
             "²", "١", "７", "七", "seven", "nan", "inf", "None", "True", "4294967296", "9" * 400, "9" * 5000, "7;8"],
    "rate": ["", " ", " 0.5", "0.5 ", "0,5", "nan", "NaN", "inf", "-inf", "infinity", "1e999", "1e-999", "0", "-0.1",
             "1.1", "²", "١", "½", "0.5f", "0x1p-1", "1e", "e1", ".", "-", "1e1_", "1/2", "50%", "9" * 500],
    "offset": ["-2.6", "inf", "nan", "1e309", "--1"],
    "free": ["inf", "-inf", "nan", "1e400"],
    "loud": ["", " ", "yes", "no", "on", "off", "1", "0", "y", "t", "wahr", " true", "true ", "None", "ＴＲＵＥ"],
    "source": ["", " ", "Keras", "keras ", "package|keras", "folder"],
    "label": ["", " ", "\t\n", "\udcff"],
}  # fmt: skip


@pytest.fixture
def parameters():
    return read_parameters(CELL)


@pytest.mark.parametrize("name", TAKEN)
def test_what_the_command_line_takes(parameters, name):
    for text, value in TAKEN[name].items():
        if value is None:
            with pytest.raises(ParameterError):
                parameters[name].parse(text)
            continue
        found = parameters[name].parse(text)
        assert found == value
        assert type(found) is parameters[name].type


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_command_line_refuses_in_one_line_that_names_what_is_allowed(parameters, name):
    for text in REFUSED[name]:
        with pytest.raises(ParameterError) as error:
            parameters[name].parse(text)
        said = str(error.value)
        assert said.startswith(name), (text, said)
        assert "\n" not in said
        assert len(said) < 200
        assert "allowed" in said or "true or false" in said, said


@pytest.mark.parametrize("value", [np.int64(7), np.int8(7), np.uint32(7), np.array(7), np.float32(7).astype(int)])
def test_a_whole_number_of_numpy_is_one(parameters, value):
    assert parameters["seed"].check(value) == 7
    assert type(parameters["seed"].check(value)) is int


@pytest.mark.parametrize(
    ("name", "value", "plain"),
    [
        ("rate", np.float64(0.5), 0.5),
        ("rate", np.float32(0.5), 0.5),
        ("rate", np.float16(0.5), 0.5),
        ("rate", np.int64(1), 1.0),
        ("loud", np.bool_(True), True),
        ("label", np.str_("b"), "b"),
    ],
)
def test_other_scalars_of_numpy_are_what_they_hold(parameters, name, value, plain):
    found = parameters[name].check(value)
    assert found == plain
    assert type(found) is parameters[name].type


@pytest.mark.parametrize(
    ("name", "value"),
    OTHERS := [
        ("seed", np.float64(7)),
        ("seed", np.bool_(True)),
        ("seed", True),
        ("seed", 7.0),
        ("seed", "7"),
        ("seed", None),
        ("seed", [7]),
        ("seed", np.array([7])),
        ("seed", 10**5000),
        ("seed", -(10**400)),
        ("rate", float("nan")),
        ("rate", np.float64("inf")),
        ("rate", 10**400),
        ("rate", 1j),
        ("free", float("nan")),
        ("free", -float("inf")),
        ("loud", 1),
        ("loud", "true"),
        ("loud", None),
        ("source", b"keras"),
        ("label", 7),
        ("label", None),
    ],
    ids=range(len(OTHERS)),  # no value in them: Python does not write one of 5,000 digits
)
def test_other_values_are_refused_in_one_line(parameters, name, value):
    with pytest.raises(ParameterError) as error:
        parameters[name].check(value)
    assert str(error.value).startswith(name)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200


def test_a_cell_of_a_page_may_set_numbers_of_numpy(monkeypatch):
    """As a reader does who computes a parameter: it is checked and becomes a plain number."""
    namespace = {"seed": np.int64(7), "rate": np.float32(0.5), "loud": np.bool_(True)}

    class Shell:
        user_ns = namespace

        def set_custom_exc(self, kinds, handler):
            pass

    cell = "\n".join(line for line in CELL.strip().splitlines() if line.split(":")[0] in namespace)
    monkeypatch.setattr(module, "_shell", Shell)
    monkeypatch.setattr(module, "_ran", [cell])
    check_parameters()
    assert namespace == {"seed": 7, "rate": 0.5, "loud": True}
    assert [type(value) for value in namespace.values()] == [int, float, bool]
    namespace["rate"] = np.float64("nan")
    with pytest.raises(ParameterError, match="rate = nan is not allowed"):
        check_parameters()
