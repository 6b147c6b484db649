"""Scores of probabilities."""

import numpy as np

SMALLEST = 1e-7  # probabilities are kept this far from 0, so that one answer that is sure and wrong is not infinite


def log_loss(labels: np.ndarray, probability: np.ndarray, smallest: float = SMALLEST) -> float:
    """Return the mean of −log P(true label), in nats, by scikit-learn.

    labels: 0 or 1, probability: P(1), both (texts,). smallest: the distance that probabilities keep from 0 and 1.
    """
    from sklearn import metrics

    kept = np.clip(np.asarray(probability, float), smallest, 1 - smallest)
    return float(metrics.log_loss(labels, kept, labels=[0, 1]))
