"""The study of the adding and copy tasks: fair starts, equal sizes, the stopping rule, the choice, equal reruns."""

import numpy as np
import pytest

from gru_book.analysis import gradients
from gru_book.conversion.layers import numpy_cell
from gru_book.studies import memory_tasks
from gru_book.studies.memory_tasks import Run, Trainer, build, choose_learning_rate, draw


def test_all_networks_of_a_task_have_about_the_same_size():
    for task in memory_tasks.LENGTHS:
        counts = [build(task, cell, 10, 0).count_params() for cell in memory_tasks.CELLS]
        assert max(counts) < 1.05 * min(counts)


def test_the_data_are_those_of_the_tasks():
    inputs, targets = draw("adding", 5, 12, np.random.default_rng(0))
    assert (inputs.shape, targets.shape) == ((5, 12, 2), (5, 1))
    inputs, targets = draw("copy", 5, 12, np.random.default_rng(0))
    steps = 12 + 2 * memory_tasks.NUM_COPIED
    assert (inputs.shape, targets.shape) == ((5, steps, memory_tasks.NUM_SYMBOLS + 2), (5, steps))
    assert (inputs.sum(axis=2) == 1).all()
    first = inputs[:, : memory_tasks.NUM_COPIED].argmax(axis=2)
    assert np.array_equal(first, targets[:, -memory_tasks.NUM_COPIED :])


def test_training_stops_when_solved_and_runs_again_alike():
    trainer = Trainer("adding", "GRU", 8, units=8)
    run = trainer.train(0, 0.01, 1000)
    assert run.solved
    assert run.updates == 100 * len(run.errors) < 1000
    assert run.errors[-1] < memory_tasks.SOLVED_BELOW["adding"] <= min(run.errors[:-1])
    assert run.error == pytest.approx(run.errors[-1], rel=0.3)
    weights = trainer.model.get_weights()
    cut = trainer.train(1, 1e-6, 150)
    assert (cut.updates, cut.solved) == (200, False)
    assert trainer.train(0, 0.01, 1000) == run
    assert all(np.array_equal(*pair) for pair in zip(weights, trainer.model.get_weights(), strict=True))


def test_the_memory_is_that_of_the_network_or_of_a_given_layer():
    trainer = Trainer("copy", "GRU", 8, units=8)
    trainer.reset(0, 0.01)
    inputs, _ = draw("copy", memory_tasks.MEMORY_SEQUENCES, 8, np.random.default_rng(5))
    rng = np.random.default_rng(5)
    draw("copy", memory_tasks.MEMORY_SEQUENCES, 8, rng)
    norms = gradients.gradient_norms(trainer.model.layers[0], inputs, [8 + 2 * memory_tasks.NUM_COPIED], rng)
    fresh = trainer.memory(np.random.default_rng(5))
    assert fresh == pytest.approx(np.sqrt(np.mean(norms**2)))
    trainer.update(50, np.random.default_rng(1))
    assert trainer.memory(np.random.default_rng(5)) != fresh
    assert trainer.memory(np.random.default_rng(5), numpy_cell(build("copy", "GRU", 8, 0, units=8).layers[0])) == fresh


def test_rates_that_solve_nothing_are_dropped_and_new_seeds_judge_the_chosen_one(monkeypatch):
    monkeypatch.setattr(memory_tasks, "LENGTHS", {"adding": (4, 6)})
    monkeypatch.setattr(memory_tasks, "LEARNING_RATES", (1e-7, 0.03))
    monkeypatch.setattr(memory_tasks, "MAX_UPDATES", 600)
    monkeypatch.setattr(memory_tasks.Trainer.train, "__defaults__", (600,))
    rows = memory_tasks.run_case("adding", "GRU")
    tried = {(row["T"], row["learning_rate"], row["part"]) for row in rows}
    parts = {(T, 0.03, part) for T in (4, 6) for part in ("trial", "judged")}
    assert tried == parts | {(4, 1e-7, "trial")}
    assert {row["seed"] for row in rows if row["part"] == "judged"} == set(memory_tasks.SEEDS)
    assert not set(memory_tasks.SEEDS) & set(memory_tasks.TRIAL_SEEDS)
    assert {row["solved"] for row in rows if row["learning_rate"] == 1e-7} == {0}
    assert all((row["updates"] < 600) or not row["solved"] for row in rows if row["learning_rate"] == 0.03)


def test_the_copy_task_starts_near_its_chance_level():
    trainer = Trainer("copy", "RNN", 3, units=6)
    run = trainer.train(0, 1e-6, 100)
    assert not run.solved
    assert run.error > 0.5


def test_the_choice_counts_solved_trials_then_updates_then_error():
    def run(solved, updates, error):
        return Run(updates, solved, [error], error)

    slow, fast, bad = run(True, 900, 0.009), run(True, 300, 0.009), run(False, 1500, 0.1)
    assert choose_learning_rate([(0.1, bad), (0.1, fast), (0.2, slow), (0.2, slow)]) == 0.2
    assert choose_learning_rate([(0.1, slow), (0.2, fast)]) == 0.2
    assert choose_learning_rate([(0.1, run(False, 1500, 0.2)), (0.2, bad)]) == 0.2
