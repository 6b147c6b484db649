"""Searches: their definition, their folders, their tables, and what the book adds to KerasTuner's oracles."""

import contextlib
import json
import math
import re
import subprocess
import sys
from concurrent import futures
from pathlib import Path

import grpc
import keras
import keras_tuner as kt
import numpy as np
import pytest

from gru_book.errors import TuningError
from gru_book.files import CHECKOUT, write_json
from gru_book.timing.layers import seconds_per_step
from gru_book.tuning import catalogue
from gru_book.tuning.catalogue import original_search
from gru_book.tuning.chief import ChiefOracle
from gru_book.tuning.command import address_of
from gru_book.tuning.folder import IDENTITY, claimed, is_finished, search_folder
from gru_book.tuning.hyperband import hyperband_schedule
from gru_book.tuning.results import epochs_table, runs_table, state, trials_table
from gru_book.tuning.search import Search
from gru_book.tuning.tuner import IDLE_SECONDS, Tuner, oracle_seed, run_search, time
from toy_search import empty, toy

TEXTS = ["good, a joy", "a joy to watch", "dull and bad", "bad, a bore"] * 10
LABELS = np.array([1, 1, 0, 0] * 10)


@pytest.mark.parametrize(("max_epochs", "factor"), [(10, 3), (10, 2), (1, 2), (30, 4), (7, 3)])
def test_the_schedule_is_kerastuners(max_epochs, factor):
    oracle = kt.oracles.HyperbandOracle("val_accuracy", max_epochs=max_epochs, factor=factor)
    schedule = hyperband_schedule(max_epochs, factor)
    expected = [
        (bracket, rung, oracle._get_size(bracket, rung), oracle._get_epochs(bracket, rung))
        for bracket in reversed(range(oracle._get_num_brackets()))
        for rung in range(oracle._get_num_rounds(bracket))
    ]
    assert list(schedule[["bracket", "rung", "trials", "epochs"]].itertuples(index=False, name=None)) == expected


def test_the_originals_search():
    search = original_search()
    assert (search.trials(), search.epochs()) == (30, 120)
    values = {hp.name: list(hp.values) for hp in search.space().space}
    assert values["units"] == list(range(32, 513, 32))
    assert values["learning_rate"] == [1e-2, 1e-3, 1e-4]
    assert values["dropout"] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert original_search(method="random").trials() == 12
    with pytest.raises(ValueError, match="factor = 1"):
        hyperband_schedule(10, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "hyperbnd"}, "method is 'hyperbnd'; allowed: hyperband, random, bayesian; did you mean hyperband?"),
        ({"max_epochs": 0}, "max_epochs is 0; allowed: whole numbers from 1"),
        ({"max_epochs": 2.5}, "max_epochs is 2.5; allowed: whole numbers from 1"),
        ({"factor": 1}, "factor is 1; allowed: whole numbers from 2"),
        ({"max_trials": 0}, "max_trials is 0; allowed: whole numbers from 1"),
        ({"patience": -1}, "patience is -1; allowed: whole numbers from 0"),
        ({"seed": True}, "seed is True; allowed: whole numbers from 0"),
    ],
)
def test_what_is_not_allowed_is_named(options, message):
    with pytest.raises(TuningError) as caught:
        toy(**options)
    assert str(caught.value) == message


def test_an_empty_space_is_refused():
    with pytest.raises(TuningError, match="the space of search 'empty' is empty"):
        empty()


SEARCH = """
import os, sys
from pathlib import Path
import keras, numpy as np
from gru_book.training.seeding import set_seed
from gru_book.tuning.results import trials_table
from gru_book.tuning.search import Search
from gru_book.tuning.tuner import run_search

folder, stop_at = Path(sys.argv[1]), int(sys.argv[2])
set_seed(0)
x, y = np.arange(80).reshape(16, 5) % 20, np.arange(16) % 2

def model(hp):
    if len(list(folder.glob("trial_*"))) > stop_at:
        os._exit(9)
    keras.utils.set_random_seed(0)
    gru = keras.layers.GRU(hp.Int("units", 1, 8))
    dense = keras.layers.Dense(1, activation="sigmoid")
    network = keras.Sequential([keras.Input((5,)), keras.layers.Embedding(20, 2), gru, dense])
    network.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    return network

data = {"x": x, "y": y, "validation_data": (x, y)}
search = Search("small", model, lambda: data, max_epochs=3)
run_search(search, folder)
columns = ["trial", "bracket", "rung", "units", "val_accuracy", "epochs", "status"]
print("RESULT", trials_table(folder)[columns].to_csv(index=False))
"""


def test_a_search_that_was_killed_goes_on_to_the_same_result(tmp_path):
    def search(folder, stop_at):
        command = [sys.executable, "-c", SEARCH, str(folder), str(stop_at)]
        return subprocess.run(command, capture_output=True, text=True)

    whole = search(tmp_path / "whole", 99)
    assert whole.returncode == 0, whole.stderr
    assert search(tmp_path / "killed", 2).returncode == 9
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "killed").glob("trial_*/checkpoint*")}
    assert kept
    resumed = search(tmp_path / "killed", 99)
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stdout.partition("RESULT")[2] == whole.stdout.partition("RESULT")[2] != ""
    finished = {path: path.stat().st_mtime_ns for path in kept if path.exists()}
    assert finished.items() <= kept.items()
    runs = runs_table(tmp_path / "killed")
    assert sorted(runs["outcome"].value_counts().items()) == [("completed", 6), ("lost", 1)]
    curves = epochs_table(tmp_path / "killed")
    assert len(curves) == trials_table(tmp_path / "killed")["epochs"].sum() == 11


def test_a_finished_search_comes_back_and_again_starts_over(tmp_path, monkeypatch):
    monkeypatch.setenv("GRU_BOOK_PROGRESS", str(tmp_path / "progress.txt"))
    folder, search = tmp_path / "search", toy(method="random", max_trials=3, max_epochs=1)
    run_search(search, folder)
    first = runs_table(folder)
    assert is_finished(folder)
    assert len(first) == 3
    tuner = run_search(search, folder)
    assert tuner.get_best_hyperparameters()[0].values == {"units": int(trials_table(folder)["units"][0])}
    assert runs_table(folder).equals(first)
    run_search(search, folder, again=True)
    assert len(runs_table(folder)) == 3
    assert not runs_table(folder).equals(first)
    shown = (tmp_path / "progress.txt").read_text()
    assert "search 'toy': done in" in shown


def test_a_folder_belongs_to_one_search_at_a_time(tmp_path):
    search, folder = toy(), tmp_path / "search"
    with claimed(search, folder):
        assert json.loads((folder / IDENTITY).read_text()) == search.identity()
        with (
            pytest.raises(TuningError, match="in which another search is running"),
            claimed(search, folder),
        ):
            pass
    with claimed(search, folder):
        pass
    with (
        pytest.raises(TuningError, match=r"space.units.max_value is 16 there, 9 here.*--again"),
        claimed(toy(widest=9), folder),
    ):
        pass
    (folder / "trial_0").mkdir()
    with claimed(toy(widest=9), folder, again=True):
        assert not (folder / "trial_0").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with (
        pytest.raises(TuningError, match="holds no search but other files"),
        claimed(search, tmp_path / "mine", again=True),
    ):
        pass
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_folders_of_other_settings_are_apart(tmp_path, monkeypatch):
    monkeypatch.setattr("gru_book.tuning.folder.runs_folder", lambda: tmp_path)
    assert search_folder("a") == tmp_path / "tuning" / "a"
    assert search_folder("a", toy()) == search_folder("a", toy())
    assert search_folder("a", toy()) != search_folder("a", toy(seed=1))


def test_a_kill_in_the_middle_of_writing_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "oracle.json"
    write_json(path, {"trials": 1})

    def killed(self, text, **_):
        with open(self, "w") as file:
            file.write(text[:5])
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, contextlib.suppress(KeyboardInterrupt):
        patched.setattr(Path, "write_text", killed)
        write_json(path, {"trials": 2})
    assert json.loads(path.read_text()) == {"trials": 1}


@pytest.mark.parametrize(
    ("recipe", "choose", "options"),
    [
        ("linear", lambda hp: {"longest": hp.Choice("longest", [1, 2])}, {"method": "random", "max_trials": 2}),
        ("fast", lambda hp: {"units": hp.Choice("units", [2, 4, 8])}, {"max_epochs": 2, "factor": 2}),
    ],
)
def test_any_recipe_can_be_tuned(recipe, choose, options, tmp_path, monkeypatch):
    monkeypatch.setenv("GRU_BOOK_PROGRESS", "/dev/null")
    data = {"texts": TEXTS, "labels": LABELS, "validation_data": (TEXTS[:8], LABELS[:8])}
    search = Search("texts", catalogue.RecipeModel(recipe, choose), lambda: data, **options)
    run_search(search, tmp_path / "search")
    table = trials_table(tmp_path / "search")
    assert set(table["status"]) == {"COMPLETED"}
    assert len(table) >= 2
    assert table["val_accuracy"].between(0, 1).all()
    if recipe == "fast":
        assert table["epochs"].max() == 2


def test_recipes_without_epochs_and_unknown_ones_are_refused():
    choose = lambda hp: {"longest": hp.Choice("longest", [1, 2])}  # noqa: E731
    with pytest.raises(TuningError, match="method is 'hyperband', but linear has no epochs; allowed: random, bayes"):
        Search("texts", catalogue.RecipeModel("linear", choose), dict)
    with pytest.raises(TuningError, match="recipe is 'linera'; allowed: original, fast"):
        catalogue.RecipeModel("linera", choose)


def test_a_score_can_be_one_to_make_small(tmp_path, monkeypatch):
    monkeypatch.setenv("GRU_BOOK_PROGRESS", "/dev/null")
    x, y = np.zeros((8, 4, 1)), np.ones(8)

    def model(hp):
        network = keras.Sequential([keras.layers.GRU(1), keras.layers.Dense(1, bias_initializer="ones")])
        network.compile(keras.optimizers.SGD(hp.Choice("learning_rate", [0.0, 0.5])), "mse", metrics=["mae"])
        return network

    data = {"x": x, "y": y - 1, "validation_data": (x, y - 1)}
    options = {"method": "random", "max_trials": 2, "max_epochs": 2, "objective": "val_mae"}
    run_search(Search("small", model, lambda: data, **options), tmp_path / "search")
    table = trials_table(tmp_path / "search")
    assert list(table["learning_rate"]) == [0.5, 0.0]
    assert table["val_mae"].is_monotonic_increasing
    assert state(tmp_path / "search")["best"] == table["val_mae"].min()


def test_seconds_per_step_are_those_of_later_steps():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert 0 < seconds_per_step(model, np.zeros((4, 3)), np.zeros(4)) < 5


# -- The chief's oracle ------------------------------------------------------------------------------------------


@pytest.fixture
def chief(tmp_path, monkeypatch):
    """An oracle as the chief of a random search of four trials has it."""
    for name, value in {"TUNER_ID": "chief", "ORACLE_IP": "127.0.0.1", "ORACLE_PORT": "0"}.items():
        monkeypatch.setenv(f"KERASTUNER_{name}", value)

    def start(method="random", **options):
        search = toy(method=method, **(options or {"max_trials": 4, "max_epochs": 1}))
        oracle = Tuner(search, tmp_path / "search", kept=ChiefOracle).oracle
        write_json(tmp_path / "search" / "chief.json", {})
        return oracle

    return start


def end(oracle, trial, score=0.5, status="COMPLETED"):
    report = oracle.get_trial(trial.trial_id)
    report = type(report).from_state(report.get_state())
    if status == "COMPLETED":
        oracle.update_trial(trial.trial_id, {"val_accuracy": score})
    report.status = status
    oracle.end_trial(report)


def test_workers_wait_for_the_last_trial_and_then_go(chief):
    oracle = chief()
    for _ in range(3):
        end(oracle, oracle.create_trial("a"))
    last = oracle.create_trial("a")
    assert oracle.create_trial("b").status == "IDLE"
    assert not oracle.is_over()
    end(oracle, last)
    assert [oracle.create_trial(worker).status for worker in "ba"] == ["STOPPED", "STOPPED"]
    assert oracle.is_over()


def test_a_silent_worker_is_struck_off_and_its_trial_tried_again(chief, tmp_path):
    oracle, folder = chief(), tmp_path / "search"
    (folder / "workers").mkdir()
    lost, held = oracle.create_trial("a"), oracle.create_trial("b")
    oracle.lost_after = -1  # at once
    assert oracle.drop_lost_workers(folder) == []  # seen for the first time
    write_json(folder / "workers" / "b.json", {"beat": 1})
    assert oracle.drop_lost_workers(folder) == ["a"]
    again = oracle.create_trial("c")
    assert (again.trial_id, again.hyperparameters.values) == (lost.trial_id, lost.hyperparameters.values)
    end(oracle, again, 0.7)
    end(oracle, lost, 0.1)  # the first one was only slow: its report comes too late
    assert oracle.get_trial(lost.trial_id).score == 0.7
    assert oracle.ongoing_trials == {"b": oracle.get_trial(held.trial_id)}


def test_a_trial_that_kills_its_workers_fails(chief):
    oracle = chief()
    first = oracle.create_trial("a")
    assert oracle.create_trial("a").trial_id == first.trial_id
    assert oracle.create_trial("a").trial_id == first.trial_id
    assert oracle.create_trial("a").trial_id != first.trial_id
    assert oracle.get_trial(first.trial_id).status == "FAILED"


def test_a_chief_that_starts_again_leaves_running_trials_to_their_workers(chief):
    oracle = chief()
    end(oracle, oracle.create_trial("a"))
    running = oracle.create_trial("a")
    oracle = chief()
    assert oracle.create_trial("b").trial_id != running.trial_id
    end(oracle, running, 0.9)
    assert oracle.get_trial(running.trial_id).score == 0.9


def test_three_failures_in_a_row_stop_all_workers_until_the_next_start(chief):
    oracle = chief()
    for _ in range(3):
        end(oracle, oracle.create_trial("a"), status="FAILED")
    assert oracle.create_trial("a").status == "STOPPED"
    assert "consecutive failures" in oracle.broken
    assert oracle.is_over()
    oracle = chief()
    trial = oracle.create_trial("a")
    assert trial.status == "RUNNING"
    end(oracle, trial)
    assert not oracle.broken


def test_a_climbing_trial_is_of_the_bracket_where_it_began(chief, tmp_path):
    """With two workers KerasTuner opens the next bracket while the last trials of one still run."""
    oracle = chief("hyperband", max_epochs=3, factor=3)
    started = [oracle.create_trial(name) for name in "abc"]
    assert {trial.hyperparameters.values["tuner/bracket"] for trial in started} == {1}
    for number, trial in enumerate(started[:2]):
        end(oracle, trial, 0.5 + number / 10)
    other = oracle.create_trial("a")
    assert other.hyperparameters.values["tuner/bracket"] == 0
    end(oracle, started[2], 0.9)
    climbing = oracle.create_trial("c")
    assert climbing.hyperparameters.values["tuner/round"] == 1
    assert climbing.hyperparameters.values["tuner/bracket"] == 0  # KerasTuner's note
    table = trials_table(tmp_path / "search").set_index("trial")
    assert table.loc[climbing.trial_id, "bracket"] == 1
    assert math.isnan(table.loc[climbing.trial_id, "val_accuracy"])


def test_seed_0_is_a_seed_and_neighbours_are_far_apart():
    def drawn(seed):
        oracle = kt.oracles.RandomSearchOracle(seed=oracle_seed(seed), hyperparameters=toy(widest=10**6).space())
        return [oracle._random_values()["units"] for _ in range(5)]

    assert drawn(0) == drawn(0)
    assert len({units for seed in range(5) for units in drawn(seed)}) == 25


def test_a_worker_waits_before_it_asks_again(tmp_path, monkeypatch):
    tuner, waited = Tuner(toy(), tmp_path / "search"), []
    monkeypatch.setattr(time, "sleep", waited.append)
    tuner.pre_create_trial()
    tuner.on_trial_begin(None)
    tuner.pre_create_trial()
    assert waited == []
    tuner.pre_create_trial()  # the last question brought no trial
    assert waited == [IDLE_SECONDS]


# -- The holes: what KerasTuner does by itself. Where one of these fails, KerasTuner has closed it. ------------------


@pytest.fixture
def alone(tmp_path):
    """KerasTuner's own oracle of a random search."""

    def start():
        oracle = kt.oracles.RandomSearchOracle("val_accuracy", max_trials=9, seed=1, hyperparameters=toy().space())
        oracle._set_project_dir(str(tmp_path), "alone")
        oracle.verbose = 0
        return oracle

    return start


def test_kerastuner_gives_a_running_trial_out_again(alone):
    oracle = alone()
    running = oracle.create_trial("a")
    oracle = alone()
    oracle.reload()
    assert oracle.create_trial("b").trial_id == running.trial_id


def test_kerastuner_cannot_read_half_a_file(alone):
    oracle = alone()
    oracle.create_trial("a")
    path = Path(oracle._get_oracle_fname())
    path.write_text(path.read_text()[:50])
    with pytest.raises(json.JSONDecodeError):
        alone().reload()


def test_kerastuner_stops_again_at_old_failures(alone):
    oracle = alone()
    for number in range(3):
        trial = oracle.create_trial("a")
        trial.status = "FAILED"
        with contextlib.nullcontext() if number < 2 else pytest.raises(RuntimeError, match="consecutive failures"):
            oracle.end_trial(trial)
    oracle.save()
    oracle = alone()
    oracle.reload()
    trial = oracle.create_trial("a")  # the third one again
    trial.status = "FAILED"
    with pytest.raises(RuntimeError, match="consecutive failures"):
        oracle.end_trial(trial)


def test_kerastuner_loses_the_reason_of_a_failure_on_the_way():
    trial = kt.engine.trial.Trial(toy().space(), status="FAILED", message="units do not fit")
    assert kt.engine.trial.Trial.from_proto(trial.to_proto()).message is None


def test_kerastuner_counts_a_trial_as_invalid_when_the_chief_is_away(tmp_path):
    class Away(kt.Tuner):
        def run_trial(self, trial):
            return 0.9

    tuner = Away(kt.oracles.RandomSearchOracle(kt.Objective("score", "max")), toy().model.build, directory=tmp_path)
    trial = tuner.oracle.create_trial("a")

    def unavailable(*_, **__):
        raise ConnectionError

    tuner.oracle.update_trial = unavailable
    tuner._try_run_and_update_trial(trial)
    assert trial.status == "INVALID"


def test_kerastuner_asks_without_a_pause():
    assert kt.Tuner.pre_create_trial(None) is None


@pytest.mark.skipif(sys.platform != "linux", reason="other systems share ports by other rules")
def test_two_of_kerastuners_chiefs_share_a_port():
    servers = [grpc.server(futures.ThreadPoolExecutor(1)) for _ in range(2)]
    port = servers[0].add_insecure_port("127.0.0.1:0")
    assert servers[1].add_insecure_port(f"127.0.0.1:{port}") == port
    for server in servers:
        server.stop(0)


# -- The command's words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["127.0.0.1", "127.0.0.1:", ":5000", "127.0.0.1:70000", "127.0.0.1:http"])
def test_an_address_is_host_and_port(text):
    with pytest.raises(TuningError, match="allowed: HOST:PORT"):
        address_of(text)


def test_a_public_address_needs_to_be_asked_for():
    assert address_of("127.0.0.1:5000") == ("127.0.0.1", 5000)
    assert address_of("localhost:0") == ("localhost", 0)
    for address in ("0.0.0.0:5000", "192.0.2.1:5000"):
        with pytest.raises(TuningError, match=r"has no password: whoever reaches the port .* --public"):
            address_of(address)
    assert address_of("0.0.0.0:5000", public=True) == ("0.0.0.0", 5000)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["orignal"], "search is 'orignal'; allowed: original, fast, or module:function; did you mean original?"),
        (["nowhere:search"], "search is 'nowhere:search', which cannot be imported"),
        (["toy_search:toy", "--workers", "0"], "workers is 0; allowed: 1 or more, and 0 for a --chief"),
        (["toy_search:toy", "--workers", "-1"], "workers is -1; allowed"),
        (["toy_search:toy", "--max-epochs", "0"], "max_epochs is 0; allowed: whole numbers from 1"),
        (["toy_search:toy", "--factor", "1"], "factor is 1; allowed: whole numbers from 2"),
        (["toy_search:empty"], "the space of search 'empty' is empty"),
        (["toy_search:toy", "-p", "wides", "3"], "-p wides: the search has no such argument; allowed: bad, hold"),
        (["toy_search:toy", "-p", "widest", "x"], "-p widest is 'x'; allowed: int, for example 16"),
        (["toy_search:toy", "--worker", "a"], "worker without chief: give --chief HOST:PORT too"),
        (
            ["toy_search:toy", "--chief", "127.0.0.1:9", "--worker", "my chief"],
            "worker is 'my chief'; allowed: ",
        ),
        (
            ["toy_search:toy", "--chief", "0.0.0.0:5000"],
            "chief is '0.0.0.0:5000', an address that other",
        ),
    ],
)
def test_the_command_names_what_is_wrong(words, message, tmp_path, capsys):
    from gru_book.cli import main

    assert main(["tune", *words, "--folder", str(tmp_path / "search")]) == 2
    assert capsys.readouterr().err.startswith(f"gru-book: {message}")


def test_the_example_of_how_to_use_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("GRU_BOOK_PROGRESS", "/dev/null")
    text = (CHECKOUT / "book" / "how_to_use.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[1]
    x, y = np.zeros((4, 3, 1)), np.zeros(4)
    names = {"arrays": (x, y, x, y)}
    exec(code.replace("...  # your arrays", "arrays"), names)
    run_search(names["mine"](max_epochs=1, method="random", max_trials=1), tmp_path / "search")
    assert trials_table(tmp_path / "search")["val_mae"].notna().all()


def test_named_searches_can_be_made():
    for name in catalogue.SEARCHES:
        assert catalogue.find_search(name)(max_epochs=2).space().space
    assert catalogue.find_search("toy_search:toy") is toy
