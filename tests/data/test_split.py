"""A split: rows stay together, samples are balanced."""

import numpy as np
import pytest

from gru_book.data.split import Split
from gru_book.errors import ReviewsError


def test_split_refuses_unequal_lengths():
    with pytest.raises(ReviewsError, match="same length, not 2, 1 and None"):
        Split(["a", "b"], np.array([1]))


def test_take_keeps_rows_together():
    split = Split(["a", "b", "c"], np.array([0, 1, 1]), ["tt1", "tt2", "tt3"])
    taken = split.take(np.array([2, 0]))
    assert (taken.texts, taken.labels.tolist(), taken.films) == (["c", "a"], [1, 0], ["tt3", "tt1"])


def test_sample_is_balanced_and_repeatable():
    split = Split([str(n) for n in range(40)], np.array([0] * 30 + [1] * 10))
    sample = split.sample(15, seed=3)
    assert len(set(sample.texts)) == 15
    assert sample.labels.sum() == 7
    assert [int(split.labels[int(text)]) for text in sample.texts] == sample.labels.tolist()
    assert split.sample(15, seed=3).texts == sample.texts
    assert split.sample(15, seed=4).texts != sample.texts
    assert len(split.sample(0)) == 0
    for size in (-1, 22):
        with pytest.raises(ReviewsError, match=f"size is {size}, "):
            split.sample(size)
