"""Word vectors: words of like company are alike."""

import numpy as np

from gru_book.models.word_vectors import word_vectors


def test_words_of_like_company_get_like_vectors():
    rng = np.random.default_rng(0)
    good, bad = [3, 4], [5, 6]  # each pair stands among its own neighbours
    texts = [np.array([10 + rng.integers(5), rng.choice(good), 10 + rng.integers(5)]) for _ in range(300)]
    texts += [np.array([20 + rng.integers(5), rng.choice(bad), 20 + rng.integers(5)]) for _ in range(300)]
    vectors = word_vectors(texts, 30, 8, 0.5)
    assert vectors.shape == (30, 8)
    np.testing.assert_allclose(np.linalg.norm(vectors[[3, 4, 5, 6]], axis=1), 0.5, atol=1e-5)
    assert np.linalg.norm(vectors, axis=1).max() < 0.5 + 1e-5
    assert vectors[3] @ vectors[4] > 0.2 > 0.1 > abs(vectors[3] @ vectors[5])
