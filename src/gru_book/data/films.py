"""Which neighbours in a list of reviews are of one film, by the rare words that they share. Page 31 uses it."""

from __future__ import annotations

import numpy as np
from scipy import sparse


def rare_words(counts: sparse.spmatrix, fewest: int = 3, most: int = 60) -> sparse.csr_matrix:
    """Return the TF-IDF weights of words that stand in few reviews.

    counts: (reviews, words). fewest, most: reviews that hold a word.
    """
    from sklearn.feature_extraction.text import TfidfTransformer

    holders = counts.getnnz(axis=0)
    rare = (holders >= fewest) & (holders <= most)
    return TfidfTransformer().fit_transform(counts[:, rare] > 0)


def similarity(rare: sparse.csr_matrix, gap: int) -> np.ndarray:
    """Return the cosine of each row with the one `gap` rows on."""
    return np.asarray(rare[:-gap].multiply(rare[gap:]).sum(axis=1)).ravel()


def linked(rare: sparse.csr_matrix, furthest: int = 30, least: float = 0.12) -> np.ndarray:
    """Return the pairs of rows, at most `furthest` apart, whose cosine is above `least`: shape (pairs, 2)."""
    found = [np.zeros((0, 2), int)]
    for gap in range(1, min(furthest, rare.shape[0] - 1) + 1):
        rows = np.flatnonzero(similarity(rare, gap) > least)
        found.append(np.stack([rows, rows + gap], axis=1))
    return np.concatenate(found)
