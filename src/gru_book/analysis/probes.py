"""What can be read out of states by a linear map."""

import numpy as np


def read_out(shown: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return what the best straight line makes of each unit: ``a * shown + b``, fitted on the first half.

    Args:
        shown: states, (batch, num_steps, units).
        wanted: what should be read, (batch, num_steps).

    Returns:
        The fitted values for all sequences, (batch, num_steps, units). The line is the least-squares one over the first
        half of the sequences; a unit that does not move there gives the mean.
    """
    half = len(wanted) // 2
    x, y = shown[:half], wanted[:half, :, None]
    x_mean, y_mean = x.mean((0, 1)), y.mean()
    variance = x.var((0, 1))
    covariance = ((x - x_mean) * (y - y_mean)).mean((0, 1))
    slope = np.divide(covariance, variance, out=np.zeros_like(variance), where=variance > 1e-20)
    return y_mean + slope * (shown - x_mean)


def explained(read: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return for each unit the share of the variance of ``wanted`` that ``read`` explains: 1 is perfect.

    ``read`` is (batch, num_steps, units), ``wanted`` (batch, num_steps). A constant guess of the mean gets 0, and worse
    guesses less.
    """
    error = ((read - wanted[..., None]) ** 2).mean((0, 1))
    return 1 - error / np.maximum(wanted.var(), 1e-12)  # the same number throughout has nothing to explain
