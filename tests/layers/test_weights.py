"""The arrays of a layer: their shapes, how they are drawn, and what is refused."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_book.layers.weights import GRUWeights, LSTMWeights, RNNWeights


@given(input_dim=st.integers(1, 20), units=st.integers(1, 20))
@settings(deadline=None, max_examples=30)
def test_parameters_follow_the_formula(input_dim, units):
    weights = GRUWeights.random(input_dim, units, np.random.default_rng(0))
    assert weights.num_parameters == 3 * (input_dim * units + units**2 + units)
    assert (weights.input_dim, weights.units) == (input_dim, units)


def test_random_weights_are_seeded_bounded_and_orthonormal():
    draws = [GRUWeights.random(5, 8, np.random.default_rng(seed)) for seed in (3, 3, 4)]
    assert np.array_equal(draws[0].W_xz, draws[1].W_xz)
    assert not np.array_equal(draws[0].W_xz, draws[2].W_xz)
    recurrent = np.concatenate([draws[0].W_hr.T, draws[0].W_hz.T, draws[0].W_hh.T], axis=1)  # as Keras holds it
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(8), atol=1e-12)
    assert np.abs(draws[0].W_xh).max() <= np.sqrt(6 / (5 + 24))


@pytest.mark.parametrize("name", [field.name for field in fields(GRUWeights)])
def test_a_wrong_weight_is_named_with_both_shapes(name):
    weights = GRUWeights.random(3, 4, np.random.default_rng(0))
    with pytest.raises(ValueError, match=rf"{name} has shape \(2, 2, 2\); expected"):
        replace(weights, **{name: np.zeros((2, 2, 2))})
    broken = getattr(weights, name).copy()
    broken.flat[0] = np.nan
    with pytest.raises(ValueError, match=f"{name} holds values that are not finite"):
        replace(weights, **{name: broken})


@pytest.mark.parametrize(("input_dim", "units"), [(0, 1), (1, 0), (1, -2), (1.5, 2)])
def test_impossible_sizes_are_refused(input_dim, units):
    with pytest.raises(ValueError, match="expected a positive integer"):
        GRUWeights.random(input_dim, units, np.random.default_rng(0))


@pytest.mark.parametrize("kind", [RNNWeights, LSTMWeights])
def test_weights_of_the_other_cells_are_checked_too(kind):
    weights = kind.random(3, 4, np.random.default_rng(0))
    blocks = len(fields(kind)) // 3
    assert weights.num_parameters == blocks * (3 * 4 + 4**2 + 4)
    with pytest.raises(ValueError, match=r"W_h. has shape \(4, 3\); expected \(4, 4\)"):
        replace(weights, **{fields(kind)[1].name: np.zeros((4, 3))})
    with pytest.raises(ValueError, match=r"W_h. has dtype object"):
        replace(weights, **{fields(kind)[1].name: np.full((4, 4), None)})
    assert (weights.b_f == 1).all() if kind is LSTMWeights else not weights.b_h.any()
