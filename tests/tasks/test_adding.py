"""The adding task: its marks, its chance level, its seeds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_book.tasks.adding import adding

SEEDS = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=50)
@given(num_sequences=st.integers(1, 20), num_steps=st.integers(2, 40), seed=SEEDS)
def test_adding_marks_one_value_in_each_half_and_asks_for_their_sum(num_sequences, num_steps, seed):
    task = adding(num_sequences, num_steps, np.random.default_rng(seed))
    assert task.inputs.shape == (num_sequences, num_steps, 2)
    assert task.inputs.dtype == task.targets.dtype == np.float32
    values, markers = task.inputs[..., 0], task.inputs[..., 1] == 1
    assert values.min() >= 0
    assert values.max() < 1
    assert (markers[:, : num_steps // 2].sum(axis=1) == 1).all()
    assert (markers[:, num_steps // 2 :].sum(axis=1) == 1).all()
    perfect = values[markers].reshape(num_sequences, 2).sum(axis=1)
    assert np.array_equal(perfect, task.targets)


def test_the_chance_level_of_adding_is_that_of_always_answering_one():
    task = adding(200_000, 5, np.random.default_rng(0))
    assert ((task.targets - 1) ** 2).mean() == pytest.approx(task.chance, abs=0.002)
    others = [((task.targets - answer) ** 2).mean() for answer in (0.9, 1.1)]
    assert min(others) > task.chance
    places = task.inputs[..., 1].mean(axis=0)
    assert places == pytest.approx([1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3], abs=0.01)


def test_the_seed_fixes_the_draw():
    first, again, other = (adding(30, 6, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert np.array_equal(first.inputs, again.inputs)
    assert np.array_equal(first.targets, again.targets)
    assert not np.array_equal(first.inputs, other.inputs)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: adding(0, 5, rng), "num_sequences = 0; expected at least 1"),
        (lambda rng: adding(3, 1, rng), "num_steps = 1; expected at least 2"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))
