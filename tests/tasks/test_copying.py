"""The copy task: its targets, its chance levels, its seeds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_book.tasks.copying import copy, copy_chance_loss

SEEDS = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=50)
@given(
    num_sequences=st.integers(1, 20),
    delay=st.integers(1, 30),
    num_symbols=st.integers(2, 9),
    num_copied=st.integers(1, 12),
    seed=SEEDS,
)
def test_copy_asks_for_the_first_symbols_after_the_go_signal(num_sequences, delay, num_symbols, num_copied, seed):
    rng = np.random.default_rng(seed)
    task = copy(num_sequences, delay, rng, num_symbols=num_symbols, num_copied=num_copied)
    assert task.inputs.shape == task.targets.shape == (num_sequences, delay + 2 * num_copied)
    for sequence, target in zip(task.inputs, task.targets, strict=True):
        go = sequence.tolist().index(num_symbols + 1)
        assert go == num_copied + delay - 1
        read = sequence[:num_copied]
        assert ((1 <= read) & (read <= num_symbols)).all()
        assert not np.delete(sequence, go)[num_copied:].any()
        assert target.tolist() == [0] * (go + 1) + read.tolist()  # the perfect rule


def test_the_chance_levels_of_copy():
    task = copy(20_000, 4, np.random.default_rng(0), num_symbols=5, num_copied=3)
    recalled = task.targets[:, -3:]
    assert [np.mean(recalled == symbol) for symbol in range(1, 6)] == pytest.approx([task.chance] * 5, abs=0.01)
    answer = np.zeros((10, 6))
    answer[:7, 0] = 1
    answer[7:, 1:] = 1 / 5
    chosen = answer[np.arange(10), task.targets]  # the probability that was given to the right answer
    assert -np.log(chosen).mean() == pytest.approx(copy_chance_loss(4, num_symbols=5, num_copied=3))
    assert copy_chance_loss(10, num_symbols=8, num_copied=10) == pytest.approx(np.log(8) / 3)


def test_the_seed_fixes_the_draw():
    first, again, other = (copy(30, 6, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert np.array_equal(first.inputs, again.inputs)
    assert np.array_equal(first.targets, again.targets)
    assert not np.array_equal(first.inputs, other.inputs)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: copy(0, 5, rng), "num_sequences = 0; expected at least 1"),
        (lambda rng: copy(3, 0, rng), "delay = 0; expected at least 1"),
        (lambda rng: copy(3, 5, rng, num_symbols=1), "num_symbols = 1; expected at least 2"),
        (lambda rng: copy(3, 5, rng, num_copied=0), "num_copied = 0; expected at least 1"),
        (lambda rng: copy_chance_loss(0), "delay = 0; expected at least 1"),
        (lambda rng: copy_chance_loss(5, num_symbols=1), "num_symbols = 1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))
