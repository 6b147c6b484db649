"""Which reviews are of the same films, and parts that share few of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gru_book.data.parts import Split
from gru_book.errors import ReviewsError

# Where the parts of the package's split begin and end, as shares of each label's rows in the file's order (duplicates
# dropped); what no block names is for training. Rows stand film by film within each label. Films reviewed under both
# labels come in the same order in both, and fill all of the positives but only the first third of the negatives. So a
# block of positives belongs with the negatives at a third of its position; the other negatives have their own blocks.
SHARED_NEGATIVES = 0.33

TEST_BLOCKS = {1: ((0.80, 1.0),), 0: ((0.2475, 0.33), (0.8825, 1.0))}

VALIDATION_BLOCKS = {1: ((0.70, 0.80),), 0: ((0.2055, 0.2475), (0.8245, 0.8825))}

# The share of the test reviews whose film also has a review in the training part, counted with the lists of web
# addresses that come with the data set (`aclImdb/train/urls_*.txt`, not in the package). Page 31 counts them again with
# source="folder".
FILM_OVERLAP = {"random split": 0.96, "last fifth of each label": 0.36, "this book's split": 0.015}


def film_parts(labels: np.ndarray) -> np.ndarray:
    """Return the part of each row in the package's split: an array of "train", "validation" and "test".

    labels: int array, one 0 or 1 for each row of `load_in_file_order()`, duplicates dropped.
    The blocks are chosen so that a film's reviews stay together: see TEST_BLOCKS in this module.
    """
    parts = np.full(len(labels), "train", dtype="<U10")
    for name, blocks in (("validation", VALIDATION_BLOCKS), ("test", TEST_BLOCKS)):
        for label, bounds in blocks.items():
            rows = np.flatnonzero(np.asarray(labels) == label)
            for begin, end in bounds:
                parts[rows[round(begin * len(rows)) : round(end * len(rows))]] = name
    return parts


def film_folds(labels: np.ndarray, num_folds: int) -> np.ndarray:
    """Return the fold (0 to num_folds - 1) of each row for a cross-validation whose folds share almost no films.

    labels: as for `film_parts`. Every fold is a block of the positives with the negatives at a third of its position,
    and an equal share of the negatives of films without positive reviews.
    """
    folds = np.empty(len(labels), dtype=int)
    negatives = np.flatnonzero(np.asarray(labels) == 0)
    shared = round(SHARED_NEGATIVES * len(negatives))
    for rows in (np.flatnonzero(np.asarray(labels) == 1), negatives[:shared], negatives[shared:]):
        folds[rows] = np.arange(len(rows)) * num_folds // max(len(rows), 1)
    return folds


def film_halves(labels: np.ndarray, part: str = "validation") -> np.ndarray:
    """Return the half (0 or 1) of each row of the package's validation or test part; halves share almost no films.

    labels: int array, one 0 or 1 for each row of the part, in its order. Page 32 chooses on one half what it judges on
    the other.
    """
    blocks = {"validation": VALIDATION_BLOCKS, "test": TEST_BLOCKS}[part]
    halves = np.zeros(len(labels), dtype=int)
    for label, bounds in blocks.items():
        rows = np.flatnonzero(np.asarray(labels) == label)
        widths = np.array([end - begin for begin, end in bounds])
        ends = np.round(np.cumsum(widths) / widths.sum() * len(rows)).astype(int)
        for of_block in np.split(rows, ends[:-1]):
            halves[of_block] = np.arange(len(of_block)) * 2 // max(len(of_block), 1)
    return halves


def count_film_overlap(rows: Split, known: Sequence[Split], seed: int = 0) -> dict[str, float]:
    """Return FILM_OVERLAP counted anew: by kind of split, the share of test reviews whose film is also in training.

    rows: the package's distinct reviews in the file's order. known: splits with films (source="folder"), which name the
    film of each row by its exact text; rows that are not found are left out. seed: of the random split.
    Raises ReviewsError where no row is found.
    """
    film_of = {text: film for split in known for text, film in zip(split.texts, split.films or [], strict=True)}
    films = np.array([film_of.get(text, "") for text in rows.texts])
    if not np.any(films != ""):
        raise ReviewsError("none of these reviews has a known film: give the training reviews of an aclImdb folder")
    book = film_parts(rows.labels)
    at_random, last = book.copy(), book.copy()
    rng = np.random.default_rng(seed)
    for label in (0, 1):
        of_label = np.flatnonzero(rows.labels == label)
        at_random[of_label] = rng.permutation(book[of_label])
        share = np.arange(len(of_label)) / len(of_label)
        last[of_label] = np.select([share < 0.7, share < 0.8], ["train", "validation"], "test")
    overlap = {}
    for name, parts in zip(FILM_OVERLAP, (at_random, last, book), strict=True):
        of_test = films[(parts == "test") & (films != "")]
        overlap[name] = float(np.isin(of_test, films[parts == "train"]).mean())
    return overlap
