"""Searches by Optuna: shared by processes, killed and resumed, pruned, and told in the tables of every search."""

import os
import signal

import keras
import keras_tuner as kt
import numpy as np
import pytest
from optuna.trial import TrialState

from gru_book.tuning.folder import IDENTITY, TABLE, foreign, is_finished
from gru_book.tuning.optuna_engine import run_with_optuna
from gru_book.tuning.optuna_study import given_back
from gru_book.tuning.results import epochs_table, runs_table, state, trials_table
from gru_book.tuning.search import ScoredModel, Search
from gru_book.tuning.tuner import run_search
from toy_search import toy

SEARCH = ("--engine", "optuna", "--max-trials", "8", "--max-epochs", "1")


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("GRU_BOOK_PROGRESS", "/dev/null")


def units(folder) -> list[int]:
    """Return the units of the trials in their order."""
    return trials_table(folder).sort_values("trial")["units"].tolist()


# ---- several processes


def test_workers_share_the_trials_and_one_that_is_killed_costs_only_its_own(hands):
    first, second = hands.tune(*SEARCH), hands.tune(*SEARCH)
    hands.hold_all("1", "2")
    before, trial = hands.finished(), hands.runs("running")["1"]
    for options, method in ((SEARCH, ()), (SEARCH[2:], ("--method", "random"))):  # for KerasTuner, too
        assert "in which another search is running" in hands.ends(hands.tune(*options, "--again", *method), code=2)
    killed = {hands.pid_of("1"): hands.pid_of("2"), first.pid: second.pid, second.pid: first.pid}
    left = first if hands.pid_of("1") == second.pid else second
    os.kill(hands.pid_of("1"), signal.SIGKILL)
    assert killed[hands.pid_of("1")] == left.pid
    hands.hold.unlink()

    shown = hands.ends(left)
    assert "8 trials completed, 0 failed, 1 run more than once" in shown
    runs = runs_table(hands.folder)
    assert runs[runs["trial"] == trial][["worker", "outcome"]].to_numpy().tolist() == [
        ["1", "lost"],
        ["2", "completed"],
    ]
    assert len(runs) == 9
    assert before <= hands.finished()
    assert len(set(units(hands.folder))) == 8
    assert foreign(hands.folder) == []


def test_an_interrupted_worker_says_so_and_a_killed_one_goes_on_to_the_same_trials(hands, tmp_path):
    process = hands.tune(*SEARCH)
    hands.hold_all("1")
    os.kill(process.pid, signal.SIGTERM)
    (line,) = [line for line in hands.ends(process, code=130).splitlines() if line.startswith("gru-book: ")]
    assert f"{len(hands.finished())} of at most 8 trials are done; finished trials are kept; the same command" in line
    again = hands.tune(*SEARCH)
    hands.wait_for(lambda: "lost" in set(runs_table(hands.folder)["outcome"]))  # and begun anew
    before, trial = hands.finished(), hands.runs("running")["1"]
    os.kill(again.pid, signal.SIGKILL)
    again.join()
    hands.hold.unlink()
    shown = hands.ends(hands.tune(*SEARCH))
    assert "8 trials completed, 0 failed, 1 run more than once" in shown
    assert trials_table(hands.folder).set_index("trial")["runs"][trial] == 3
    assert before <= hands.finished()

    run_with_optuna(toy(method="random", max_trials=8, max_epochs=1), tmp_path / "whole")
    assert units(hands.folder) == units(tmp_path / "whole")
    assert "this search had finished" in hands.ends(hands.tune(*SEARCH))


# ---- one process


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_the_seed_decides_the_trials(sampler, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        search = toy(max_trials=4, method="random", max_epochs=1, widest=10**6, seed=seed)
        run_with_optuna(search, tmp_path / name, sampler)
    drawn = [units(tmp_path / name) for name in "abc"]
    assert drawn[0] == drawn[1]
    assert len({*drawn[0], *drawn[2]}) == 8


def test_the_tables_are_those_of_kerastuner(small, tmp_path):
    run_search(small, tmp_path / "kerastuner")
    tuner = run_with_optuna(small, tmp_path / "optuna")
    for table in (trials_table, epochs_table, runs_table):
        one, other = table(tmp_path / "kerastuner"), table(tmp_path / "optuna")
        assert list(one.columns) == list(other.columns)
        assert len(one) == len(other)
    assert state(tmp_path / "optuna").keys() == state(tmp_path / "kerastuner").keys()
    assert tuner.get_best_hyperparameters()[0].values == {"units": int(trials_table(tmp_path / "optuna")["units"][0])}
    assert tuner.oracle.study.best_value == trials_table(tmp_path / "optuna")["val_accuracy"][0]


def test_a_finished_search_comes_back_and_again_starts_over(small, tmp_path):
    folder = tmp_path / "search"
    run_with_optuna(small, folder)
    assert is_finished(folder)
    first = runs_table(folder)
    written = [path.stat().st_mtime_ns for path in sorted(folder.rglob("trial.json"))]
    tuner = run_with_optuna(small, folder)
    assert runs_table(folder).equals(first)
    assert len(tuner.oracle.study.trials) == 2
    run_with_optuna(small, folder, again=True)
    assert len(runs_table(folder)) == 2
    assert min(path.stat().st_mtime_ns for path in folder.rglob("trial.json")) > max(written)
    assert not (folder / TABLE).exists()


def test_a_space_that_is_tried_out_ends_the_search(tmp_path):
    search = toy(method="random", max_trials=8, max_epochs=1, widest=3)
    for _ in range(2):
        tuner = run_with_optuna(search, tmp_path / "search")
        assert sorted(units(tmp_path / "search")) == [1, 2, 3]
    assert len(tuner.oracle.study.trials) > 3


def test_an_interrupted_trial_is_tried_again_and_not_counted_as_lost(tmp_path, monkeypatch):
    search, folder = toy(method="random", max_trials=3, max_epochs=1), tmp_path / "search"
    fit, calls = type(search.model).fit, []

    def interrupted(*arguments, **options):
        calls.append(1)
        if 2 <= len(calls) < 6:
            raise KeyboardInterrupt
        return fit(*arguments, **options)

    monkeypatch.setattr(type(search.model), "fit", interrupted)
    for _ in range(4):
        with pytest.raises(KeyboardInterrupt):
            run_with_optuna(search, folder)
    run_with_optuna(search, folder)
    assert trials_table(folder).sort_values("trial")["runs"].tolist() == [1, 5, 1]
    assert set(trials_table(folder)["status"]) == {"COMPLETED"}


# ---- pruning


class Curves(ScoredModel):
    """A training that is known before: `level` is the score of the best epoch, the one before the last."""

    def build(self, hp):
        hp.Choice("level", [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])

    def fit(self, hp, model, callbacks, epochs, **_):
        network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        network.compile("sgd", "mse", jit_compile=False)
        history = keras.callbacks.History()
        told = keras.callbacks.CallbackList([*callbacks, history], model=network, epochs=epochs, steps=1)
        told.on_train_begin()
        for epoch in range(epochs):
            told.on_epoch_begin(epoch)
            network.layers[0].set_weights([np.array([[epoch]]), np.zeros(1)])
            told.on_epoch_end(epoch, {self.score: hp.get("level") - abs(epoch - (epochs - 2)) / 100})
            if network.stop_training:
                break
        return history

    score = "val_f1"


@pytest.mark.parametrize("pruner", ["median", "hyperband", "none"])
def test_hopeless_trials_end_early_and_their_epochs_are_given_back(pruner, tmp_path):
    options = {"objective": kt.Objective("val_f1", "max"), "patience": None, "max_epochs": 9, "max_trials": 8}
    search = Search("curves", Curves(), dict, method="random", seed=3, **options)
    tuner = run_with_optuna(search, tmp_path / "search", "random", pruner)
    table, study = trials_table(tmp_path / "search"), tuner.oracle.study
    pruned, saved = given_back(study, 9)
    assert (pruned > 0) == (saved > 0) == (pruner != "none")
    assert table["epochs"].sum() == 8 * 9 - saved == len(epochs_table(tmp_path / "search"))
    assert (table["epochs"] < 9).sum() == pruned
    assert set(table["status"]) == {"COMPLETED"}
    best = table.iloc[0]
    assert best["val_f1"] == best["level"] == 0.9
    weights = tmp_path / "search" / f"trial_{best['trial']}" / "checkpoint.weights.h5"
    kept = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    kept.load_weights(weights)
    assert kept.layers[0].get_weights()[0] == 7  # its best epoch
    ended = [trial for trial in study.trials if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    assert [len(trial.intermediate_values) for trial in ended] == table.sort_values("trial")["epochs"].tolist()


def test_a_score_can_be_one_to_make_small(tmp_path):
    options = {"objective": kt.Objective("val_f1", "min"), "patience": None, "max_epochs": 4, "max_trials": 8}
    search = Search("curves", Curves(), dict, method="random", **options)
    tuner = run_with_optuna(search, tmp_path / "search")
    table = trials_table(tmp_path / "search")
    assert table["level"][0] == 0.2
    assert table["val_f1"].is_monotonic_increasing
    assert tuner.oracle.study.best_params == {"level": 0.2}


def test_the_folder_says_which_engine_sampler_and_pruner(small, tmp_path):
    run_with_optuna(small, tmp_path / "search", "random", "hyperband")
    noted = (tmp_path / "search" / IDENTITY).read_text()
    assert all(word in noted for word in ('"engine": "optuna"', '"method": "random"', '"pruner": "hyperband"'))
