"""Cross-fitted log-odds: what is counted, for whom, and what a teacher learns from it."""

import numpy as np
import pytest

from gru_book.data.tokens import FIRST, Tokens
from gru_book.models.log_odds import LogOdds, folds_of, teacher


def test_folds_are_blocks_of_each_label_and_keep_equal_texts_together():
    labels = np.array([0, 0, 0, 0, 1, 1, 0, 0, 1, 1])
    texts = [f"text {row}" for row in range(10)]
    np.testing.assert_array_equal(folds_of(texts, labels, 2), [0, 0, 0, 1, 0, 0, 1, 1, 1, 1])
    np.testing.assert_array_equal(folds_of(texts, labels, 1), np.zeros(10))
    texts[9] = texts[0]
    assert folds_of(texts, labels, 2)[9] == 0
    few = folds_of(["a", "b", "c"], np.array([0, 1, 1]), 1000)
    assert len(set(few[1:])) == 2
    assert few.max() < 1000


@pytest.fixture
def read(moods):
    """Return texts as ids, their labels and folds, and the sizes of the tables."""
    texts, labels = moods(40)
    tables, encoded = Tokens.fit(texts, 50, longest=2, fewest=1)
    return encoded, labels, folds_of(texts, labels, 4), tables.sizes


def by_hand(encoded, labels, table, size):
    """Return the log-odds of every id from texts that hold it, one id after another."""
    odds = np.zeros(size)
    counts = {label: np.ones(size) for label in (0, 1)}
    for ids, label in zip(encoded, labels, strict=True):
        for one in set(ids[:, table].tolist()):
            counts[label][one] += 1
    for one in range(FIRST, size):
        p, q = (counts[label][one] / counts[label][FIRST:].sum() for label in (1, 0))
        odds[one] = np.log(p) - np.log(q)
    return odds


def test_log_odds_are_those_of_all_texts_and_of_the_other_folds(read):
    encoded, labels, fold, sizes = read
    odds = LogOdds(encoded, labels, fold, sizes)
    for table, size in enumerate(sizes):
        np.testing.assert_allclose(odds.tables[table], by_hand(encoded, labels, table, size), atol=1e-5)
        for number in range(4):
            others = np.flatnonzero(fold != number)
            expected = by_hand([encoded[row] for row in others], labels[others], table, size)
            np.testing.assert_allclose(odds.without[table][number], expected, atol=1e-5)
    found = odds.read(encoded[0], 2)
    assert found.shape == encoded[0].shape
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[:, 1], odds.without[1][2][encoded[0][:, 1]])
    np.testing.assert_array_equal(odds.read(encoded[0])[:, 0], odds.tables[0][encoded[0][:, 0]])
    assert (found[0] == 0).all()  # the id before every text


def test_a_text_has_no_part_in_what_it_reads_unless_there_is_one_fold(read):
    encoded, labels, fold, sizes = read
    other = labels.copy()
    other[fold == 1] = 1 - other[fold == 1]
    before, after = (LogOdds(encoded, of, fold, sizes).without[0] for of in (labels, other))
    np.testing.assert_array_equal(before[1], after[1])
    assert (before[0] != after[0]).any()
    alone = LogOdds(encoded, labels, np.zeros(40, int), sizes)
    np.testing.assert_array_equal(alone.without[0][0], alone.tables[0])


def test_a_teacher_has_not_seen_the_texts_that_it_judges(read):
    encoded, labels, fold, sizes = read
    learnt = teacher(encoded, labels, fold, LogOdds(encoded, labels, fold, sizes))
    assert learnt.shape == (40,)
    assert ((learnt > 0.5) == labels).mean() > 0.9
    other = labels.copy()
    other[fold == 1] = 1 - other[fold == 1]
    again = teacher(encoded, other, fold, LogOdds(encoded, other, fold, sizes))
    np.testing.assert_allclose(again[fold == 1], learnt[fold == 1], atol=1e-6)
    assert np.abs(again - learnt)[fold != 1].max() > 1e-3


def test_a_teacher_with_nothing_to_learn_from_repeats_the_label(read):
    encoded, labels, _, sizes = read
    for fold in (np.zeros(40, int), labels):  # no other fold; the others of one label only
        np.testing.assert_array_equal(teacher(encoded, labels, fold, LogOdds(encoded, labels, fold, sizes)), labels)
