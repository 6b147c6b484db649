"""The chief's oracle: idle, lost and killed workers, failures, brackets."""

import math

import pytest

from gru_book.files import write_json
from gru_book.tuning.chief import ChiefOracle
from gru_book.tuning.results import trials_table
from gru_book.tuning.tuner import Tuner
from toy_search import toy


@pytest.fixture
def chief(tmp_path, monkeypatch):
    """An oracle as the chief of a random search of four trials has it."""
    for name, value in {"TUNER_ID": "chief", "ORACLE_IP": "127.0.0.1", "ORACLE_PORT": "0"}.items():
        monkeypatch.setenv(f"KERASTUNER_{name}", value)

    def start(method="random", **options):
        search = toy(method=method, **(options or {"max_trials": 4, "max_epochs": 1}))
        oracle = Tuner(search, tmp_path / "search", kept=ChiefOracle).oracle
        oracle.save()
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
