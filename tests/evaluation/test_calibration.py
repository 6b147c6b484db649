"""How well probabilities fit frequencies."""

import numpy as np
import pytest

from gru_book.evaluation import calibration
from gru_book.evaluation.metrics import log_loss


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_perfect_model_has_next_to_no_calibration_error(rng):
    probability = rng.random(40_000)
    labels = (rng.random(40_000) < probability).astype(int)
    perfect = calibration.calibration_error(labels, probability)
    assert perfect < 0.01
    assert perfect == pytest.approx(calibration.error_of_perfect(probability, 20, rng), abs=0.004)
    assert calibration.calibration_error(labels, np.full(40_000, 0.8)) == pytest.approx(0.3, abs=0.01)
    table = calibration.reliability(labels, probability)
    assert table["texts"].sum() == 40_000
    assert np.abs(table["predicted"] - table["positive"]).max() < 0.03


def test_the_calibration_error_is_that_of_the_table(rng):
    probability, labels = rng.random(500).round(2), rng.integers(0, 2, 500)
    table = calibration.reliability(labels, probability)
    by_table = (table["texts"] * (table["predicted"] - table["positive"]).abs()).sum() / 500
    assert calibration.calibration_error(labels, probability) == pytest.approx(by_table)
    assert calibration.reliability(np.array([1]), np.array([1.0])).index.tolist() == [9]


@pytest.mark.parametrize("value", [0.5, 1.0, 3.0])
def test_the_temperature_that_was_applied_is_found(rng, value):
    truth = rng.random(60_000) * 0.96 + 0.02
    labels = (rng.random(60_000) < truth).astype(int)
    distorted = calibration.with_temperature(truth, 1 / value)
    assert calibration.temperature(labels, distorted) == pytest.approx(value, rel=0.05)
    better = calibration.with_temperature(distorted, calibration.temperature(labels, distorted))
    assert log_loss(labels, better) <= log_loss(labels, distorted) + 1e-9
    assert ((better > 0.5) == (distorted > 0.5)).all()
