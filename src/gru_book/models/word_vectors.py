"""Word vectors from counts of neighbours (Levy and Goldberg, 2014)."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from gru_book.data.tokens import FIRST

REACH = 5  # steps within which `word_vectors` counts a neighbour


def word_vectors(sequences: list[np.ndarray], size: int, dim: int, length: float, seed: int = 0) -> np.ndarray:
    """Return a vector for each id, from the company that it keeps in `sequences`; float32 array (size, dim).

    Ids that occur within five steps of each other are counted, nearer ones more; the positive pointwise mutual
    information of the counts (contexts smoothed by the power 3/4, as in Levy, Goldberg & Dagan 2015) is factorised, and
    every vector gets the length `length`. The ids below FIRST, and ids without company, keep zeros.
    """
    gap = np.zeros(REACH, np.int64)
    text = np.concatenate([part for ids in sequences for part in (ids, gap)])
    counts = sparse.csr_matrix((size, size), dtype=np.float32)
    for distance in range(1, REACH + 1):
        left, right = text[:-distance], text[distance:]
        known = (left >= FIRST) & (right >= FIRST)
        weights = np.full(known.sum(), 1 / distance, np.float32)
        pairs = sparse.coo_matrix((weights, (left[known], right[known])), shape=(size, size)).tocsr()
        counts = counts + pairs + pairs.T
    counts = counts.tocoo()
    of_word = np.asarray(counts.sum(axis=1)).ravel()
    of_context = of_word**0.75 / max((of_word**0.75).sum(), 1e-12)
    information = np.log(counts.data / (of_word[counts.row] * of_context[counts.col]))
    kept = information > 0
    table = sparse.csr_matrix((information[kept], (counts.row[kept], counts.col[kept])), shape=(size, size))
    with threadpool_limits(1):  # more threads add in another order and round otherwise
        vectors, scale, _ = randomized_svd(table, min(dim, size - 1), n_iter=4, random_state=seed)
    vectors = vectors * np.sqrt(scale)
    vectors *= length / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return np.pad(vectors, ((0, 0), (0, dim - vectors.shape[1]))).astype(np.float32)
