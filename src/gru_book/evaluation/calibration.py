"""How well probabilities agree with frequencies: bins, one number with its interval, and a temperature.

Page 39 uses it. Importing this module imports SciPy, and neither TensorFlow nor pandas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

from gru_book.evaluation.intervals import accuracy_interval
from gru_book.evaluation.metrics import log_loss

if TYPE_CHECKING:
    import pandas as pd


BINS = 10  # of equal width between 0 and 1

SMALLEST = 5e-5  # probabilities are kept with four decimals: nothing is taken to be nearer to 0 or 1 than this


def reliability(labels: np.ndarray, probability: np.ndarray, bins: int = BINS) -> pd.DataFrame:
    """Return one row for each bin that holds texts: texts, predicted (mean P), positive (share), low, high (Wilson).

    labels: 0 or 1, probability: P(1), both (texts,). A probability on a border falls into the higher bin, 1 into the
    last one. The index is the bin's number from 0.
    """
    import pandas as pd

    number, rows = _bin(probability, bins), {}
    for place in np.unique(number):
        inside = number == place
        share, low, high = accuracy_interval(labels[inside] == 1)
        rows[place] = int(inside.sum()), probability[inside].mean(), share, low, high
    columns = ["texts", "predicted", "positive", "low", "high"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("bin")


def calibration_error(labels: np.ndarray, probability: np.ndarray, bins: int = BINS) -> float:
    """Return the expected calibration error (Guo et al. 2017, equation 3, here of P(1)), a share of 1.

    The gap between the mean probability and the share of label 1 in each bin, averaged over the texts.
    """
    gaps = np.bincount(_bin(probability, bins), weights=np.asarray(probability) - labels, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def error_of_perfect(probability: np.ndarray, draws: int, rng: np.random.Generator) -> float:
    """Return the mean calibration error if these probabilities were exactly right: labels drawn from them.

    It is what chance alone makes of a perfect model on this many texts.
    """
    probability = np.asarray(probability)
    drawn = (rng.random(len(probability)) < probability for _ in range(draws))
    return float(np.mean([calibration_error(labels, probability) for labels in drawn]))


def with_temperature(probability: np.ndarray, value: float) -> np.ndarray:
    """Return the probabilities with their logits divided by the temperature; above 1 they move towards one half."""
    return special.expit(special.logit(np.clip(probability, SMALLEST, 1 - SMALLEST)) / value)


def temperature(labels: np.ndarray, probability: np.ndarray) -> float:
    """Return the temperature with the least log loss on these texts (Guo et al. 2017), between 1/20 and 20."""
    span = (np.log(1 / 20), np.log(20))
    found = optimize.minimize_scalar(
        lambda log_value: log_loss(labels, with_temperature(probability, np.exp(log_value)), SMALLEST), bounds=span
    )
    return float(np.exp(found.x))


def _bin(probability: np.ndarray, bins: int) -> np.ndarray:
    return np.minimum((np.asarray(probability) * bins).astype(int), bins - 1)
