"""The holes: what KerasTuner does by itself. Where one of these fails, KerasTuner has closed it."""

import contextlib
import json
from concurrent import futures
from pathlib import Path

import grpc
import keras_tuner as kt
import pytest

from toy_search import toy


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


def test_two_of_kerastuners_chiefs_share_a_port():
    servers = [grpc.server(futures.ThreadPoolExecutor(1)) for _ in range(2)]
    port = servers[0].add_insecure_port("127.0.0.1:0")
    assert servers[1].add_insecure_port(f"127.0.0.1:{port}") == port
    for server in servers:
        server.stop(0)
