"""Searches that run: killed and resumed, finished and started over, scores to make small, seeds, pauses."""

import subprocess
import sys

import keras
import keras_tuner as kt
import numpy as np

from gru_book.tuning.folder import is_finished
from gru_book.tuning.oracle import oracle_seed
from gru_book.tuning.results import epochs_table, runs_table, state, trials_table
from gru_book.tuning.search import Search
from gru_book.tuning.tuner import IDLE_SECONDS, Tuner, run_search, time
from toy_search import toy

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
    hidden = keras.layers.Dense(hp.Int("units", 1, 8), activation="tanh")
    dense = keras.layers.Dense(1, activation="sigmoid")
    embedding = [keras.Input((5,)), keras.layers.Embedding(20, 2), keras.layers.Flatten()]
    network = keras.Sequential([*embedding, hidden, dense])
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
    trials = sorted(folder.rglob("trial.json"))
    written = [path.stat().st_mtime_ns for path in trials]
    run_search(search, folder, again=True)
    assert len(runs_table(folder)) == 3
    assert all(path.stat().st_mtime_ns > before for path, before in zip(trials, written, strict=True))
    shown = (tmp_path / "progress.txt").read_text()
    assert "search 'toy': done in" in shown


def test_a_score_can_be_one_to_make_small(tmp_path, monkeypatch):
    monkeypatch.setenv("GRU_BOOK_PROGRESS", "/dev/null")
    x, y = np.zeros((8, 4, 1)), np.ones(8)

    def model(hp):
        dense = keras.layers.Dense(1, kernel_initializer="zeros", bias_initializer="ones")
        network = keras.Sequential([keras.layers.GRU(1), dense])
        network.compile(keras.optimizers.SGD(hp.Choice("learning_rate", [0.0, 0.5])), "mse", metrics=["mae"])
        return network

    data = {"x": x, "y": y - 1, "validation_data": (x, y - 1)}
    options = {"method": "random", "max_trials": 2, "max_epochs": 2, "objective": "val_mae"}
    run_search(Search("small", model, lambda: data, **options), tmp_path / "search")
    table = trials_table(tmp_path / "search")
    assert list(table["learning_rate"]) == [0.5, 0.0]
    assert table["val_mae"].is_monotonic_increasing
    assert state(tmp_path / "search")["best"] == table["val_mae"].min()


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
