"""What a straight line reads out of states."""

import numpy as np
import pytest

from gru_book.analysis.probes import explained, read_out


def test_a_straight_line_is_read_exactly_and_noise_is_not():
    rng = np.random.default_rng(0)
    wanted = rng.uniform(-1, 1, (40, 30))
    shown = np.stack([3 - 2 * wanted, rng.standard_normal(wanted.shape), np.ones_like(wanted)], axis=2)
    read = read_out(shown, wanted)
    shares = explained(read[20:], wanted[20:])
    assert shares[0] == pytest.approx(1)
    assert np.abs(shares[1:]).max() < 0.02
