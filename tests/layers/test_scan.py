"""The parallel scan against the loop, and both against the definition."""

import numpy as np
import pytest

from gru_book.layers.scan import linear_loop, parallel_scan


def test_three_steps_by_hand():
    a, v = np.array([[[9.0], [2.0], [3.0]]]), np.array([[[1.0], [10.0], [100.0]]])
    expected = [[[1.0], [12.0], [136.0]]]  # the first a multiplies a state of zero
    assert linear_loop(a, v).tolist() == expected
    assert parallel_scan(a, v).tolist() == expected


@pytest.mark.parametrize("num_steps", [1, 2, 3, 8, 100, 257])
def test_the_scan_equals_the_loop_and_leaves_its_inputs_alone(num_steps):
    rng = np.random.default_rng(num_steps)
    a, v = rng.uniform(-1, 1, (2, num_steps, 3)), rng.standard_normal((2, num_steps, 3))
    kept = a.copy(), v.copy()
    np.testing.assert_allclose(parallel_scan(a, v), linear_loop(a, v), rtol=0, atol=1e-13)
    np.testing.assert_array_equal(kept, (a, v))
