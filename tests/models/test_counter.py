"""Counters: exact gradients, training that learns and repeats itself, how far they count."""

import numpy as np
import pytest

from gru_book.models import counter as counting
from gru_book.tasks.counting import anbn


@pytest.mark.parametrize("cell", counting.CELLS)
def test_gradients_equal_central_differences(cell):
    task = anbn([1, 3, 2], letters=3)
    counter = counting.new_counter(cell, 4, np.random.default_rng(0), letters=3, dtype=np.float64)
    gradients = counting._gradients(counter, task)
    arrays = counter.arrays()
    assert gradients.keys() == arrays.keys()
    rng = np.random.default_rng(1)
    for name, array in arrays.items():
        direction = rng.standard_normal(array.shape)
        ends = [counter.with_arrays(arrays | {name: array + e * direction}) for e in (1e-5, -1e-5)]
        quotient = (counting.loss(ends[0], task) - counting.loss(ends[1], task)) / 2e-5
        assert np.vdot(gradients[name], direction) == pytest.approx(quotient, rel=1e-6, abs=1e-10), name


@pytest.mark.parametrize("cell", counting.CELLS)
def test_the_loss_ignores_what_comes_after_the_end(cell):
    counter = counting.new_counter(cell, 3, np.random.default_rng(0))
    alone = [counting.loss(counter, anbn([n])) * n for n in (2, 5)]  # weighted by the number of steps
    assert counting.loss(counter, anbn([2, 5])) == pytest.approx(sum(alone) / 7, rel=1e-5)


def test_training_learns_repeats_itself_and_leaves_the_untrained_counter_alone():
    task = anbn(range(1, 4))
    untrained = counting.new_counter("GRU", 6, np.random.default_rng(0))
    before = {name: array.copy() for name, array in untrained.arrays().items()}
    first, again = (counting.train(untrained, task, 300, 0.03) for _ in range(2))
    assert counting.loss(first, task) < 0.02 < counting.loss(untrained, task)
    assert counting.largest_n(first, 3) == 3
    assert first.V.dtype == first.layer.weights.dtype == np.float32
    for name, array in first.arrays().items():
        assert np.array_equal(array, again.arrays()[name])
        assert np.array_equal(before[name], untrained.arrays()[name])
    assert counting.train(untrained, task, 0, 0.03) is untrained


def test_parameters_are_counted_as_in_the_tables():
    counts = [counting.new_counter(c, 10, np.random.default_rng(0)).num_parameters for c in ("RNN", "GRU", "LSTM")]
    assert counts == [10 * 13 + 33, 3 * 10 * 13 + 33, 4 * 10 * 13 + 33]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: counting.new_counter("Gru", 3, rng), "cell = 'Gru'"),
        (lambda rng: counting.new_counter("GRU", 0, rng), "units = 0"),
        (lambda rng: counting.train(counting.new_counter("GRU", 2, rng), anbn([1]), -1, 0.1), "updates = -1"),
        (lambda rng: counting.train(counting.new_counter("GRU", 2, rng), anbn([1]), 1, 0.0), "learning_rate = 0.0"),
        (lambda rng: counting.largest_n(counting.new_counter("GRU", 2, rng), 0), "limit = 0"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))


def test_largest_n_is_the_first_failure_less_one():
    class FailsAt(counting.Counter):
        def logits(self, x):
            n = x[..., 0].sum(axis=1)  # a's of each sequence
            right = anbn(n.astype(int)).targets - 0.5
            return np.where((n == 31)[:, None, None], -right, right)

    counter = FailsAt(None, np.zeros((3, 2), np.float32), None)
    assert counting.largest_n(counter, 100) == counting.largest_n(counter, 100, block=7) == 30
    assert counting.largest_n(counter, 20) == 20
    assert counting.largest_n(counter, 30, block=100) == 30
