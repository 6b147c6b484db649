"""What somebody types after `gru-book tune`, or hands to a `Search`: refused in one line before any worker starts."""

import argparse
import inspect
import math
import subprocess
import sys
from pathlib import Path

import keras
import keras_tuner as kt
import numpy as np
import pytest

from gru_book import cli
from gru_book.cli import main
from gru_book.errors import BookError, TuningError
from gru_book.tuning import command
from gru_book.tuning.catalogue import fast_search, original_search
from gru_book.tuning.command import address_of
from gru_book.tuning.lookup import find_search, make_search, parse_options
from gru_book.tuning.search import Search
from toy_search import toy

TOY = "toy_search:toy"

WRONG = {
    "": "search is ''; allowed: original, fast, or module:function",
    "orignal": "search is 'orignal' (did you mean 'original'?)",
    "FAST": "search is 'FAST' (did you mean 'fast'?)",
    ":toy": "allowed: module:function",
    "toy_search:": "toy_search has no ''",
    "toy_search:toi": "toy_search has no 'toi' (did you mean 'toy'?)",
    "toy_serch:toy": "(did you mean 'toy_search'?), which cannot be imported: No module named 'toy_serch'",
    "toy_search.py:toy": "(did you mean 'toy_search'?), which cannot be imported",
    "./toy_search:toy": "allowed: module:function",
    ".toy_search:toy": "allowed: module:function",
    "a b:toy": "allowed: module:function",
    "os:sep": "search is 'os:sep', which is '/'; allowed: a function that returns a Search",
    "os:path": "allowed: a function that returns a Search",
    "toy_search:Toy": "allowed: a function that returns a Search",
    "os:getcwd": "does not take method, max_epochs, factor, max_trials, patience, seed; give it **search",
    "builtins:print": "does not take method",
    "builtins:max": "whose arguments cannot be seen; allowed: a function of Python's",
    "math:sqrt:x": "math has no 'sqrt:x'",
    "broken:mine": "which cannot be imported: ZeroDivisionError: division by zero",
    "leaving:mine": "which cannot be imported: SystemExit: 3",
    "unwritten:mine": "which cannot be imported: SyntaxError:",
    "needs:mine": "which cannot be imported: No module named 'a_package_that_nobody_has'",
    "mine:raises": "whose function fails: ValueError: no data today",
    "mine:nothing": "whose function returns None; allowed: a Search",
    "mine:needy": "whose function needs rows; give -p rows VALUE",
    "mine:bad": "the model of search 'bad' fails: ValueError: Unknown layer",
    "mine:no_model": "the model of search 'none' returns None; allowed: a compiled keras.Model",
    "mine:no_function": "data is {'x': 1}; allowed: a function",
    "mine:../x": "mine has no '../x'",
}

MODULES = {
    "toy_search": Path(inspect.getfile(toy)).read_text(),
    "broken": "1 / 0",
    "leaving": "import sys\nsys.exit(3)",
    "unwritten": "def mine(:",
    "needs": "import a_package_that_nobody_has",
    "mine": """
from gru_book.tuning.search import Search


def raises(**search):
    raise ValueError("no data today")


def nothing(**search):
    return None


def needy(*, rows, **search):
    return Search("needy", lambda hp: hp.Int("units", 1, rows), dict, **search)


def ask(hp):
    hp.Int("units", 1, 2)
    raise ValueError("Unknown layer")


def bad(**search):
    return Search("bad", ask, dict, **search)


def no_model(**search):
    return Search("none", lambda hp: hp.Int("units", 1, 2) and None, dict, **search)


def no_function(**search):
    return Search("none", lambda hp: hp.Int("units", 1, 2) and None, {"x": 1}, **search)
""",
}


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The current folder, with modules of a reader's own; no search may begin."""
    for name, text in MODULES.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if not path.endswith("tests/tuning")])
    for name in MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in ("run_chief", "run_worker"):
        monkeypatch.setattr(command, name, lambda *_, **__: pytest.fail("must not run"))
    yield tmp_path
    for name in MODULES:
        sys.modules.pop(name, None)


def refused(capsys, *words: str) -> str:
    assert main(["tune", *words]) == 2
    line = capsys.readouterr().err
    assert line.startswith("gru-book: ")
    assert line.count("\n") == 1
    return line


@pytest.mark.parametrize("name", WRONG)
def test_a_search_that_is_none_says_why(name, here, capsys):
    assert WRONG[name] in refused(capsys, name)


def test_a_module_of_the_current_folder_comes_first_and_only_while_it_is_imported(here):
    (here / "keras.py").write_text("1 / 0")  # a reader's file that bears the name of a package
    assert find_search("toy_search:toy").__code__.co_filename == str(here / "toy_search.py")
    assert sys.path[0] != str(here)
    assert sys.path[-1] == str(here)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--workers", "0"], "workers is 0; allowed: 1 to 256, and 0 for a --chief"),
        (["--workers", "-1"], "workers is -1; allowed: 1 to 256"),
        (["--workers", "257"], "workers is 257; allowed: 1 to 256"),
        (["--workers", "1000000"], "workers is 1000000; allowed: 1 to 256"),
        (["--workers", "-2", "--chief", "127.0.0.1:0"], "workers is -2; allowed: 1 to 256"),
        (["--workers", "two"], "argument --workers: invalid int value: 'two'"),
        (["--workers", "1.5"], "argument --workers: invalid int value: '1.5'"),
        (["--wait", "nan"], "wait = nan is not allowed"),
        (["--wait", "0"], "wait = 0.0 is not allowed"),
        (["--wait", "-1"], "wait = -1.0 is not allowed"),
        (["--wait", "inf"], "wait = inf is not allowed"),
        (["--lost-after", "nan"], "lost_after = nan is not allowed"),
        (["--lost-after", "1"], "lost_after = 1.0 is not allowed"),
        (["--lost-after", "1e9"], "lost_after = 1000000000.0 is not allowed"),
        (["--max-trials", "3"], "max_trials is 3, but the method hyperband plans its trials by max_epochs and factor"),
        (["--max-trials", "0", "--method", "random"], "max_trials = 0 is not allowed; allowed: [1..1000000]"),
        (["--max-epochs", "0"], "max_epochs = 0 is not allowed"),
        (["--max-epochs", "9" * 400], "max_epochs = 99"),
        (["--factor", "1"], "factor = 1 is not allowed; allowed: [2..1000]"),
        (["--patience", "-1"], "patience = -1 is not allowed"),
        (["--seed", "4294967296"], "seed = 4294967296 is not allowed; allowed: [0..4294967295]"),
        (["--seed", "-1"], "seed = -1 is not allowed"),
        (["--method", "grid"], "method is 'grid'"),
        (["--method", "hyperbnd"], "method is 'hyperbnd' (did you mean 'hyperband'?)"),
        (["--worker", "a"], "worker without chief: give --chief HOST:PORT too"),
        (["--worker", "../x", "--chief", "127.0.0.1:9"], "worker is '../x'; allowed: letters, digits"),
        (["--worker", "", "--chief", "127.0.0.1:9"], "worker is ''; allowed: letters, digits"),
        (["--worker", "my-chief", "--chief", "127.0.0.1:9"], "worker is 'my-chief'"),
        (["--worker", "x" * 300, "--chief", "127.0.0.1:9"], "allowed: names of up to 200 bytes"),
        (["--worker", "ü" * 150, "--chief", "127.0.0.1:9"], "allowed: names of up to 200 bytes"),
        (["--worker", "a", "--chief", "127.0.0.1:9", "--again"], "--again is the chief's"),
        (["--worker", "a", "--chief", "127.0.0.1:9", "--workers", "2"], "--workers is the chief's"),
        (["--worker", "a", "--chief", "127.0.0.1:9", "--public"], "--public is the chief's"),
        (["--worker", "a", "--chief", "127.0.0.1:0"], "chief is '127.0.0.1:0'"),
        (["--public"], "--public without --chief"),
    ],
)
def test_numbers_names_and_roles_are_checked_first(words, said, here, capsys):
    assert said in refused(capsys, TOY, *words)


@pytest.mark.parametrize(
    "text",
    ["", ":", "127.0.0.1", "127.0.0.1:", ":5000", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:²", "127.0.0.1:٣",
     "127.0.0.1:5 0", "127.0.0.1:http", "127.0.0.1:5000:", "::1:5000", "[::1]:5000", "a b:5000", "-x:5000",
     "http://127.0.0.1:5000", "127.0.0.1:5000/", "localhost\n:5000", f"{'x' * 300}:5000", "127.0.0.1:0005000"],
)  # fmt: skip
@pytest.mark.parametrize("public", [False, True])
def test_an_address_that_is_none(text, public):
    with pytest.raises(TuningError, match="allowed: HOST:PORT") as error:
        address_of(text, public)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a..b", f"{'x' * 70}.invalid"])
@pytest.mark.parametrize("public", [False, True])
def test_a_host_that_is_not_known(host, public):
    with pytest.raises(TuningError, match=r"is on host '.*', which is not known here"):
        address_of(f"{host}:5000", public)


# ---- -p


RATES, NAMES, TABLE, SCALAR, RATIO = [0.1, 1], ["a", "b"], {"a": 1}, np.int64(4), np.float32(0.5)


def options(*, flag=True, off=False, rows: int = 3, rate=0.1, word="a", empty="", layers=(1, 2), rates=RATES,
            names=NAMES, either: int | None = None, share: "float | None" = None, free=None, nothing=(),
            table=TABLE, scalar=SCALAR, ratio=RATIO, needed: int, seed=0, **search):  # fmt: skip
    """A function with defaults of every kind."""


GOOD = {
    ("flag", "False"): False,
    ("flag", "false"): False,
    ("flag", "TRUE"): True,
    ("off", "true"): True,
    ("rows", "1_000"): 1000,
    ("rows", "-5"): -5,
    ("rate", "1"): 1.0,
    ("rate", "1e-3"): 0.001,
    ("rate", ".5"): 0.5,
    ("word", "False"): "False",
    ("word", "3"): "3",
    ("empty", ""): "",
    ("empty", "x"): "x",
    ("layers", "8,16"): (8, 16),
    ("layers", "[8, 16, 32]"): (8, 16, 32),
    ("layers", "(8)"): (8,),
    ("rates", "1,2e-1"): [1.0, 0.2],
    ("names", "x, y"): ["x", "y"],
    ("either", "3"): 3,
    ("either", "None"): None,
    ("share", "0.5"): 0.5,
    ("scalar", "7"): 7,
    ("ratio", "0.25"): 0.25,
    ("needed", "2"): 2,
}
BAD = {
    ("flag", "0"): "-p flag must be true or false, not '0'",
    ("flag", "no"): "-p flag must be true or false, not 'no'",
    ("flag", ""): "-p flag must be true or false, not ''",
    ("rows", "3.0"): "-p rows must be of type int, not '3.0'",
    ("rows", "three"): "-p rows must be of type int",
    ("rows", "٣"): "-p rows must be of type int",
    ("rows", " 3"): "-p rows must be of type int",
    ("rows", "9" * 500): "-p rows must be of type int",
    ("rate", "nan"): "-p rate must be of type float, not 'nan'",
    ("rate", "inf"): "-p rate must be of type float, not 'inf'",
    ("rate", "1e999"): "-p rate = inf is not allowed",
    ("rate", "0,1"): "-p rate must be of type float, not '0,1'",
    ("layers", "8,x"): "-p layers[1] must be of type int, not 'x'",
    ("layers", ""): "-p layers[0] must be of type int, not ''",
    ("layers", "1.5"): "-p layers[0] must be of type int",
    ("rates", "0.1,nan"): "-p rates[1] must be of type float, not 'nan'",
    ("either", "x"): "-p either must be of type int, not 'x'",
    ("free", "3"): "-p free cannot be given here: its default says no type",
    ("nothing", "3"): "-p nothing cannot be given here",
    ("table", "{}"): "-p table cannot be given here",
    ("row", "3"): "-p row (did you mean 'rows'?): the search has no such argument; allowed: flag, off, rows",
    ("search", "3"): "the search has no such argument; allowed: flag",
    ("seed", "3"): "-p seed is an option of its own: give --seed 3",
    ("max_epochs", "3"): "-p max_epochs is an option of its own: give --max-epochs 3",
}


@pytest.mark.parametrize(("name", "text"), GOOD)
def test_a_value_is_read_by_the_type_of_its_default(name, text):
    values = parse_options(options, [(name, text)])
    assert values == {name: GOOD[name, text]}
    assert type(values[name]) is type(GOOD[name, text])


@pytest.mark.parametrize(("name", "text"), BAD)
def test_a_value_of_another_type_is_refused(name, text):
    with pytest.raises(TuningError) as error:
        parse_options(options, [(name, text)])
    assert BAD[name, text].rstrip() in str(error.value)
    assert "\n" not in str(error.value)


def test_a_value_is_given_once():
    with pytest.raises(TuningError, match="-p rows is given twice"):
        parse_options(options, [("rows", "3"), ("rows", "3")])


def test_every_option_of_the_command_reaches_the_search():
    words = ["tune", TOY, "-p", "widest", "7", "--method", "random", "--max-trials", "4", "--max-epochs", "3"]
    given = cli._parser()[0].parse_args([*words, "--factor", "2", "--patience", "1", "--seed", "9"])
    assert isinstance(given, argparse.Namespace)
    common = {name: getattr(given, name) for name in command.COMMON}
    search = make_search(TOY, given.parameters, common)
    assert {name: getattr(search, name) for name in common} == {
        "method": "random", "max_trials": 4, "max_epochs": 3, "factor": 2, "patience": 1, "seed": 9,
    }  # fmt: skip
    assert search.settings == {"widest": 7}


# ---- the searches with a name


@pytest.mark.parametrize(
    ("make", "name", "value"),
    [
        (original_search, "source", "foo"),
        (original_search, "source", ""),
        (original_search, "max_features", 3),
        (original_search, "maxlen", 0),
        (original_search, "train_rows", -1),
        (original_search, "validation_rows", 10**9),
        (original_search, "embedding_dim", 0),
        (original_search, "batch_size", 0),
        (original_search, "batch_size", True),
        (original_search, "maxlen", 8.0),
        (fast_search, "source", "imdb"),
        (fast_search, "train_rows", -4),
        (fast_search, "validation_rows", "all"),
    ],
)
def test_sizes_and_sources_of_a_named_search(make, name, value):
    with pytest.raises(TuningError, match=f"^{name} ") as error:
        make(**{name: value})
    assert "allowed: " in str(error.value)


# ---- a Search


def model(hp):
    hp.Int("units", 1, 4)
    return keras.Sequential([keras.layers.Dense(1)])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "../x"}, "name is '../x'; allowed: up to 100 letters"),
        ({"name": ""}, "name is ''"),
        ({"name": ".hidden"}, "name is '.hidden'"),
        ({"name": "x" * 101}, "name is 'xxx"),
        ({"name": None}, "name is None"),
        ({"model": None}, "model is None; allowed: a function"),
        ({"data": {"x": 1}}, "data is {'x': 1}; allowed: a function"),
        ({"method": None}, "method is None"),
        ({"method": ["random"]}, "method is ['random']"),
        ({"max_epochs": None}, "max_epochs must be of type int, not None"),
        ({"max_epochs": "3"}, "max_epochs must be of type int, not '3'"),
        ({"max_epochs": math.nan}, "max_epochs must be of type int, not nan"),
        ({"max_epochs": 10**400}, "max_epochs = 1000"),
        ({"seed": None}, "seed must be of type int, not None"),
        ({"max_trials": 4}, "max_trials is 4, but the method hyperband plans its trials"),
        ({"settings": {"x": np.zeros(3)}}, "allowed: what JSON holds"),
        ({"settings": {"x": math.nan}}, "allowed: what JSON holds"),
        ({"settings": {"x": {1, 2}}}, "allowed: what JSON holds"),
        ({"settings": ["x"]}, "settings is ['x']; allowed: what JSON holds"),
        ({"objective": "val_f1"}, "no score of Keras's; of one of your own say whether more or less is better: "
                                  "kt.Objective('val_f1', 'max') or 'min'"),
        ({"objective": "f1"}, "kt.Objective('f1', 'max')"),
        ({"objective": ""}, "objective is ''"),
        ({"objective": None}, "objective is None"),
        ({"objective": ["val_loss", "val_mae"]}, "objective is ['val_loss', 'val_mae']"),
        ({"objective": kt.Objective("val_f1", "up")}, 'direction="up"'),
        ({"objective": kt.Objective("", "max")}, "allowed: kt.Objective(name, 'max') or 'min'"),
        ({"objective": kt.Objective(3, "max")}, "allowed: kt.Objective(name, 'max') or 'min'"),
        ({"model": lambda hp: hp.Int("epochs", 1, 4) and model(hp)}, "a hyperparameter is 'epochs'"),
        ({"model": lambda hp: hp.Int("trial", 1, 4) and model(hp)}, "a hyperparameter is 'trial'"),
        ({"model": lambda hp: hp.Int("tuner/epochs", 1, 4) and model(hp)}, "a hyperparameter is 'tuner/epochs'"),
        ({"model": lambda hp: hp.Int("val_accuracy", 1, 4) and model(hp)}, "a hyperparameter is 'val_accuracy'"),
        ({"model": lambda hp: hp.Choice("units", []) and model(hp)}, "the model of search 's' fails: ValueError:"),
        ({"model": lambda hp: hp.Int("units", 1, 4)}, "the model of search 's' returns 1; allowed: a compiled"),
        ({"model": model, "data": None}, "data is None; allowed: a function"),
    ],
)  # fmt: skip
def test_what_a_search_cannot_be(values, said):
    with pytest.raises(BookError) as error:
        Search(**{"name": "s", "model": model, "data": dict, **values})
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_numbers_of_numpy_are_numbers():
    numbers = {"max_epochs": np.int64(3), "factor": np.int32(2), "seed": np.uint8(7)}
    search = toy(widest=4, **numbers)
    plain = toy(widest=4, max_epochs=3, factor=2, seed=7)
    assert search.identity() == plain.identity()
    assert type(search.seed) is int
    settings = {"rows": np.int64(3), "share": np.float32(0.5), "all": np.bool_(True)}
    assert Search("s", model, dict, settings).identity()["settings"] == {"rows": 3, "share": 0.5, "all": True}


# ---- as typed


def test_the_books_own_line_finds_a_module_in_the_current_folder(here):
    """The console script, for which Python does not look in the current folder."""
    script = Path(sys.executable).with_name("gru-book")
    done = subprocess.run([script, "tune", "mine:raises"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("search is 'mine:raises', whose function fails: ValueError: no data today\n")
