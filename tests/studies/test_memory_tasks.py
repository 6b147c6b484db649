"""The study of the adding and copy tasks: fair starts, equal sizes, the stopping rule, the choice, equal reruns."""

import numpy as np
import pytest

from gru_book.studies import memory_tasks
from gru_book.studies.memory_tasks import Run, Trainer, build, choose_learning_rate, draw


def test_all_networks_of_a_task_have_about_the_same_size():
    for task in memory_tasks.LENGTHS:
        counts = [build(task, cell, 10, 0).count_params() for cell in memory_tasks.CELLS]
        assert max(counts) < 1.04 * min(counts)


@pytest.mark.parametrize("cell", ["GRU", "LSTM"])
def test_chrono_changes_the_biases_and_nothing_else(cell):
    plain, chrono = (build("adding", name, 10, 3).get_weights() for name in (cell, f"{cell} chrono"))
    assert [np.array_equal(*pair) for pair in zip(plain, chrono, strict=True)] == [True, True, False, True, True]


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
    distances, left = trainer.memory(np.random.default_rng(0))
    assert distances == [1, 2, 5]
    assert ((left > 0) & np.isfinite(left)).all()


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
