"""Searches that run: killed and resumed, finished and started over, scores to make small, seeds, pauses."""

import keras
import keras_tuner as kt
import numpy as np

from gru_book.tuning.folder import is_finished
from gru_book.tuning.oracle import oracle_seed
from gru_book.tuning.results import epochs_table, runs_table, state, trials_table
from gru_book.tuning.search import Search
from gru_book.tuning.tuner import IDLE_SECONDS, Tuner, run_search, time
from toy_search import dense_search, toy


def test_a_search_that_was_killed_goes_on_to_the_same_result(hands, tmp_path):
    def search(name, stop_at, code=0):
        hands.ends(hands.start(dense_search, tmp_path / name, stop_at), code)
        columns = ["trial", "bracket", "rung", "units", "val_accuracy", "epochs", "status"]
        return trials_table(tmp_path / name)[columns]

    whole = search("whole", 99)
    search("killed", 2, code=9)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "killed").glob("trial_*/checkpoint*")}
    assert kept
    assert search("killed", 99).equals(whole)
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
