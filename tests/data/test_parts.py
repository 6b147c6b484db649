"""A split: rows stay together, samples are balanced."""

import numpy as np
import pandas as pd
import pytest

from gru_book.data.parts import Split
from gru_book.errors import ReviewsError


def test_split_refuses_unequal_lengths():
    with pytest.raises(ReviewsError, match="same length, not 2, 1 and None"):
        Split(["a", "b"], np.array([1]))


@pytest.mark.parametrize(
    "labels", [[0, 1, 1], (0.0, 1.0, 1.0), [False, True, True], pd.Series([0, 1, 1], index=[5, 6, 7])]
)
def test_labels_may_come_in_any_list(labels):
    split = Split(["a", "b", "c"], labels)
    assert split.labels.dtype == int
    assert split.take([0, 2]).labels.tolist() == [0, 1]
    assert sorted(split.sample(2).labels) == [0, 1]


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        ([0, 2], "2"),
        ([0, -1], "-1"),
        (["pos", "neg"], "'pos'"),
        (["0", "1"], "'0'"),
        ([0, None], "None"),
        ([1, np.nan], "nan"),
    ]
    + [(np.zeros((2, 1), int), r"\[0\]"), ([0.5, 1], "0.5")],
)
def test_other_labels_are_refused(labels, shown):
    with pytest.raises(ReviewsError, match=rf"labels\[[01]\] is {shown}; allowed: 0 and 1") as error:
        Split(["a", "b"], labels)
    assert "\n" not in str(error.value)


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
