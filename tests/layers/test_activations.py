"""The sigmoid: exact where it is easy, finite everywhere."""

import numpy as np
import pytest

from gru_book.layers.activations import sigmoid


def test_sigmoid_is_exact_where_it_is_easy_and_never_overflows():
    a = np.array([-np.inf, -1e308, -745.0, -1.0, 0.0, 1.0, 40.0, 1e308, np.inf])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        s = sigmoid(a)
    assert s[[0, 1, 4, 7, 8]].tolist() == [0, 0, 0.5, 1, 1]
    np.testing.assert_allclose(s[3], 1 / (1 + np.e), rtol=1e-15)
    assert 0 < s[2] < 1e-320  # the far tail keeps its relative size


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_keeps_shape_and_dtype_and_is_symmetric(dtype):
    a = np.linspace(-30, 30, 12, dtype=dtype).reshape(3, 4)
    assert sigmoid(a).shape == (3, 4)
    assert sigmoid(a).dtype == dtype
    np.testing.assert_allclose(sigmoid(a) + sigmoid(-a), 1, rtol=1e-6)
    assert sigmoid(0) == 0.5
