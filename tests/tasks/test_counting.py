"""Counting letters: targets, chance, what counts as right, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_book.tasks.counting import anbn, anbn_right


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
