"""The synthetic tasks: exact balance, targets, chance levels that are met, seeds, shuffling, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_book.tasks.adding import adding
from gru_book.tasks.copying import copy, copy_chance_loss
from gru_book.tasks.counting import anbn, anbn_right
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


def test_seeds_of_the_memory_tasks():
    for draw in (adding, copy):
        first, again, other = (draw(30, 6, np.random.default_rng(seed)) for seed in (5, 5, 6))
        assert np.array_equal(first.inputs, again.inputs)
        assert np.array_equal(first.targets, again.targets)
        assert not np.array_equal(first.inputs, other.inputs)


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
        (lambda rng: adding(0, 5, rng), "num_sequences = 0; expected at least 1"),
        (lambda rng: adding(3, 1, rng), "num_steps = 1; expected at least 2"),
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


# --- counting -------------------------------------------------------------------------------------------------------


def test_anbn_by_eye():
    task = anbn([2, 1])
    assert task.inputs.tolist() == [[[1, 0], [1, 0], [0, 1], [0, 1]], [[1, 0], [0, 1], [0, 0], [0, 0]]]
    a_or_b, b, end, none = [1, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]
    assert task.targets.tolist() == [[a_or_b, a_or_b, b, end], [a_or_b, end, none, none]]
    assert task.mask.tolist() == [[True] * 4, [True, True, False, False]]
    assert task.counts.tolist() == [2, 1]
    assert task.chance == 0.5
    assert task.inputs.dtype == task.targets.dtype == np.float32


@settings(deadline=None, max_examples=50)
@given(counts=st.lists(st.integers(1, 12), min_size=1, max_size=6), letters=st.integers(2, 5))
def test_anbn_is_what_a_reader_who_counts_expects(counts, letters):
    task = anbn(counts, letters)
    assert task.inputs.shape == (len(counts), letters * max(counts), letters)
    assert task.targets.shape == (len(counts), letters * max(counts), letters + 1)
    for n, inputs, targets in zip(counts, task.inputs, task.targets, strict=True):
        word = [letter for letter in range(letters) for _ in range(n)] + [letters]  # the end is one more symbol
        assert [row.tolist().index(1) for row in inputs[: letters * n]] == word[:-1]
        assert not inputs[letters * n :].any()
        assert not targets[letters * n :].any()
        for step in range(letters * n):
            possible = {0, 1} if step < n else {word[step + 1]}
            assert set(np.flatnonzero(targets[step])) == possible


def test_without_counting_only_n_of_one_can_be_right():
    task = anbn(range(1, 21), 3)
    best = 0
    for after_b in range(4):  # any answer to b, any to c
        for after_c in range(4):
            answers = np.array([[1, 1, 0, 0], np.eye(4)[after_b], np.eye(4)[after_c]]) > 0
            best = max(best, anbn_right(task, answers[task.inputs.argmax(2)]).mean())
    assert best == task.chance == 1 / 20


def test_one_wrong_symbol_spoils_the_sequence_unless_it_has_ended():
    task = anbn([3, 2])
    predicted = task.targets > 0
    assert anbn_right(task, predicted).tolist() == [True, True]
    predicted[1, 4] = True  # beyond the end of the shorter sequence
    assert anbn_right(task, predicted).tolist() == [True, True]
    predicted[0, 5, 2] = False  # the end is missed
    assert anbn_right(task, predicted).tolist() == [False, True]


@pytest.mark.parametrize("counts", [[], [[1, 2]], [1.0], [0, 3], ["3"], 4])
def test_bad_counts_are_refused(counts):
    with pytest.raises(ValueError, match="counts"):
        anbn(counts)


@pytest.mark.parametrize("letters", [1, 0, 2.0, True, "2"])
def test_bad_letters_are_refused(letters):
    with pytest.raises(ValueError, match="letters"):
        anbn([1], letters)


@pytest.mark.parametrize("predicted", [np.ones((1, 4, 3)), np.ones((1, 4, 2), bool)])
def test_bad_predictions_are_refused(predicted):
    with pytest.raises(ValueError, match="predicted"):
        anbn_right(anbn([2]), predicted)
