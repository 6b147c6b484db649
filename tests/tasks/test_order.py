"""The order task: exact balance, targets, seeds, shuffling, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_book.tasks.order import (
    ORDER_WORDS,
    bag_of_words,
    dog_man_dog,
    order_kept,
    order_targets,
    order_task,
    shuffle_words,
)

SEEDS = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=50)
@given(half=st.integers(1, 40), num_steps=st.integers(2, 15), seed=SEEDS)
def test_every_bag_of_words_is_equally_often_in_both_classes(half, num_steps, seed):
    task = order_task(2 * half, num_steps, np.random.default_rng(seed))
    assert task.inputs.shape == (2 * half, num_steps)
    assert task.targets.shape == (2 * half,)
    assert task.chance == 0.5
    assert ((task.inputs == 0).sum(axis=1) == 1).all()
    assert ((task.inputs == 1).sum(axis=1) == 1).all()
    assert set(np.unique(task.inputs)) <= set(range(len(ORDER_WORDS)))
    bags = np.sort(task.inputs, axis=1).tolist()
    assert sorted(b for b, t in zip(bags, task.targets, strict=True) if t) == sorted(
        b for b, t in zip(bags, task.targets, strict=True) if not t
    )


def test_the_best_answer_from_counts_is_right_on_exactly_half():
    task = order_task(4000, 3, np.random.default_rng(0))
    counts = bag_of_words(task.inputs, len(ORDER_WORDS))
    _, group = np.unique(counts, axis=0, return_inverse=True)
    ones, all_ = np.bincount(group, task.targets), np.bincount(group)
    assert np.maximum(ones, all_ - ones).sum() == 2000  # the best look-up table of counts, fitted to the answers


def test_targets_by_eye():
    assert order_targets([[0, 5, 1], [1, 0, 5], [5, 1, 0]]).tolist() == [1, 0, 0]


def test_the_seed_fixes_the_draw_and_the_place_tells_nothing():
    first, again, other = (order_task(3000, 6, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert np.array_equal(first.inputs, again.inputs)
    assert not np.array_equal(first.inputs, other.inputs)
    places = np.bincount((first.inputs == 0).argmax(axis=1), minlength=6)
    assert places.min() > 400  # 500 expected everywhere
    assert abs(first.targets[:1500].mean() - 0.5) < 0.05  # twins do not stand in a fixed pattern


def test_dog_man_dog():
    inputs = dog_man_dog(200, 7, np.random.default_rng(0))
    assert all(row[row < 2].tolist() == [0, 1, 0] for row in inputs)
    assert len(np.unique(inputs < 2, axis=0)) == 35  # all choices of three places of seven


@settings(deadline=None, max_examples=50)
@given(num_steps=st.integers(2, 15), share=st.floats(0, 1), seed=SEEDS)
def test_shuffling_keeps_the_words_and_all_but_the_chosen_places(num_steps, share, seed):
    inputs = order_task(10, num_steps, np.random.default_rng(seed)).inputs
    before = inputs.copy()
    shuffled = shuffle_words(inputs, share, np.random.default_rng(seed))
    assert np.array_equal(inputs, before)
    assert np.array_equal(np.sort(shuffled, axis=1), np.sort(inputs, axis=1))
    assert ((shuffled != inputs).sum(axis=1) <= round(share * num_steps)).all()


def test_a_full_shuffle_reaches_every_order_equally_often():
    shuffled = shuffle_words(np.tile([0, 1, 2], (6000, 1)), 1.0, np.random.default_rng(0))
    orders, counts = np.unique(shuffled, axis=0, return_counts=True)
    assert len(orders) == 6
    assert counts.min() > 880  # 1000 expected, standard deviation 29


@pytest.mark.parametrize(("num_steps", "share"), [(2, 1.0), (5, 0.4), (12, 0.2), (12, 0.6), (12, 1.0), (7, 0.0)])
def test_the_probability_that_the_order_is_kept(num_steps, share):
    rng = np.random.default_rng(0)
    task = order_task(40_000, num_steps, rng)
    kept = order_targets(shuffle_words(task.inputs, share, rng)) == task.targets
    assert kept.mean() == pytest.approx(order_kept(num_steps, share), abs=0.01)  # four standard deviations


def test_bag_of_words_counts():
    bag = bag_of_words([[0, 2, 2], [1, 1, 1]], 4)
    assert bag.tolist() == [[1, 0, 2, 0], [0, 3, 0, 0]]
    assert bag.dtype == np.float32


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: order_task(3, 5, rng), "num_sequences = 3; expected an even number"),
        (lambda rng: order_task(0, 5, rng), "num_sequences = 0"),
        (lambda rng: order_task(4, 1, rng), "num_steps = 1; expected at least 2"),
        (lambda rng: dog_man_dog(4, 2, rng), "num_steps = 2; expected at least 1 and 3"),
        (lambda rng: order_targets([[0, 0, 1]]), r"inputs\[0\] does not hold 'dog'"),
        (lambda rng: order_targets([[0, 1], [0, 2]]), r"inputs\[1\] does not hold"),
        (lambda rng: order_targets([0, 1]), r"inputs has shape \(2,\)"),
        (lambda rng: shuffle_words([[0, 1]], 1.5, rng), "share = 1.5; expected a number from 0 to 1"),
        (lambda rng: shuffle_words([0, 1], 0.5, rng), r"inputs has shape \(2,\)"),
        (lambda rng: order_kept(1, 0.5), "num_steps = 1; expected at least 2"),
        (lambda rng: order_kept(5, -0.1), "share = -0.1"),
        (lambda rng: bag_of_words([[0, 4]], 4), "ids from 0 to 4; expected 0 to 3"),
        (lambda rng: bag_of_words([[-1, 2]], 4), "ids from -1 to 2"),
        (lambda rng: bag_of_words([0], 4), r"inputs has shape \(1,\)"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))
