"""Neighbours that share rare words are linked, others are not."""

import numpy as np
from scipy import sparse

from gru_book.data.films import linked, rare_words, similarity


def counts() -> sparse.csr_matrix:
    # Words: one in all reviews, one in the first three, one in the last three, one in a single review.
    return sparse.csr_matrix([[3, 1, 0, 0], [1, 2, 0, 0], [1, 1, 0, 5], [2, 0, 1, 0], [1, 0, 1, 0], [1, 0, 4, 0]])


def test_words_of_too_many_or_too_few_reviews_are_left_out():
    rare = rare_words(counts(), fewest=2, most=3)
    assert rare.shape == (6, 2)
    np.testing.assert_allclose(rare.toarray(), [[1, 0]] * 3 + [[0, 1]] * 3)


def test_a_pair_is_linked_where_its_rows_share_a_rare_word_and_are_near():
    rare = rare_words(counts(), fewest=2, most=3)
    np.testing.assert_allclose(similarity(rare, 1), [1, 1, 0, 1, 1])
    assert {tuple(pair) for pair in linked(rare)} == {(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)}
    assert {tuple(pair) for pair in linked(rare, furthest=1)} == {(0, 1), (1, 2), (3, 4), (4, 5)}
    assert linked(rare, least=1.1).shape == (0, 2)


def test_one_review_has_no_neighbour():
    assert linked(sparse.csr_matrix([[1.0]])).shape == (0, 2)
