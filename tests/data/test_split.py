"""Parts and folds by film: which rows, and how far films overlap."""

import numpy as np
import pytest

from gru_book.data.parts import Split
from gru_book.data.split import FILM_OVERLAP, count_film_overlap, film_folds, film_halves, film_parts
from gru_book.errors import ReviewsError


def test_parts_are_the_blocks():
    labels = np.array([0] * 12_432 + [1] * 12_472)
    parts = film_parts(labels)
    assert set(parts) == {"train", "validation", "test"}
    positives, negatives = parts[12_432:], parts[:12_432]
    np.testing.assert_array_equal(np.flatnonzero(positives == "test"), np.arange(9_978, 12_472))
    np.testing.assert_array_equal(np.flatnonzero(negatives == "test"), np.r_[3_077:4_103, 10_971:12_432])
    np.testing.assert_array_equal(np.flatnonzero(positives == "validation"), np.arange(8_730, 9_978))
    np.testing.assert_array_equal(np.flatnonzero(negatives == "validation"), np.r_[2_555:3_077, 10_250:10_971])


def test_parts_keep_their_shares_when_labels_are_mixed():
    labels = np.tile([0, 1], 5_000)
    parts = film_parts(labels)
    for name, size in (("train", 7_000), ("validation", 1_000), ("test", 2_000)):
        assert np.sum(parts == name) == size
        assert abs(labels[parts == name].mean() - 0.5) < 0.01


def test_folds_take_each_row_once_and_run_parallel():
    labels = np.array([0] * 12_432 + [1] * 12_472)
    folds = film_folds(labels, 5)
    positives, shared, alone = folds[12_432:], folds[:4_103], folds[4_103:12_432]
    for rows in (positives, shared, alone):
        assert np.all(np.diff(rows) >= 0)
        counts = np.bincount(rows, minlength=5)
        assert counts.max() - counts.min() <= 1
        assert len(counts) == 5


def test_film_overlap():
    # 100 films with a review of each label in the same order, then 200 films with a negative review only.
    films = [f"tt{n}" for n in [*range(100), *range(100, 300), *range(100)]]
    rows = Split([f"review {n}" for n in range(400)], np.array([0] * 300 + [1] * 100), films)
    unnamed = Split(rows.texts, rows.labels)
    counted = count_film_overlap(unnamed, [rows.take(range(200)), rows.take(range(200, 400))])
    assert list(counted) == list(FILM_OVERLAP)
    assert counted["this book's split"] <= 0.02
    # The last fifth: 60 negatives of films of their own, and 20 positives whose films have a negative in training.
    assert counted["last fifth of each label"] == pytest.approx(20 / 80)
    assert counted["random split"] > counted["this book's split"]
    with pytest.raises(ReviewsError, match="none of these reviews has a known film"):
        count_film_overlap(Split(["other"], np.array([0])), [rows])


def test_halves_split_each_block_in_its_middle():
    labels = np.array([0] * 12_432 + [1] * 12_472)
    for part in ("validation", "test"):
        of_part = labels[film_parts(labels) == part]
        halves = film_halves(of_part, part)
        assert abs(halves.mean() - 0.5) < 0.01
        assert np.sum(np.diff(halves) < 0) == 2  # three blocks, each 0 then 1
    assert film_halves(np.array([1, 0])).tolist() == [0, 0]
