"""Weights between conventions: exact round trips, equality with what frameworks compute, and refusals that say why."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_book.conversion import reference
from gru_book.conversion.canonical import ARRAYS, PAPERS, CanonicalWeights
from gru_book.conversion.forms import FORMS, convert, from_form, mapping, to_form
from gru_book.files import CHECKOUT
from gru_book.layers.gru import gru_forward
from gru_book.layers.weights import GRUWeights

SCRIPTS = CHECKOUT / "tools/reference"
SIZES = st.integers(1, 6)
AFTER = [name for name, form in FORMS.items() if form.reset_after]
BEFORE = [name for name, form in FORMS.items() if not form.reset_after]
ONE_BIAS = {"book", "keras, reset_after=False", *PAPERS}


def drawn(input_dim: int, units: int, seed: int, reset_after: bool = True, dtype=np.float64) -> CanonicalWeights:
    """All twelve arrays drawn."""
    rng = np.random.default_rng(seed)
    return CanonicalWeights.random(input_dim, units, rng, reset_after=reset_after, dtype=dtype)


def fitting(target: str, input_dim: int, units: int, seed: int) -> CanonicalWeights:
    """Weights that `target` can hold without adding biases up: none beside the state where it has one a block."""
    weights = drawn(input_dim, units, seed, FORMS[target].reset_after)
    return replace(weights, **{f"c_{k}": np.zeros(units) for k in "rzh"}) if target in ONE_BIAS else weights


def same(one: CanonicalWeights, other: CanonicalWeights) -> bool:
    """Bit by bit."""
    equal = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ARRAYS)
    return equal and one.reset_after == other.reset_after and one.dtype == other.dtype


def states(weights: CanonicalWeights, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Hidden states (batch, num_steps, units): the canonical equations, written down once more and slowly."""
    steps = []
    for t in range(x.shape[1]):
        r = 1 / (1 + np.exp(-(x[:, t] @ weights.W_xr.T + weights.b_r + h @ weights.W_hr.T + weights.c_r)))
        z = 1 / (1 + np.exp(-(x[:, t] @ weights.W_xz.T + weights.b_z + h @ weights.W_hz.T + weights.c_z)))
        scaled = r * (h @ weights.W_hh.T + weights.c_h)
        past = scaled if weights.reset_after else (r * h) @ weights.W_hh.T + weights.c_h
        h = (1 - z) * h + z * np.tanh(x[:, t] @ weights.W_xh.T + weights.b_h + past)
        steps.append(h)
    return np.stack(steps, axis=1)


def inputs(input_dim: int, units: int, batch: int, num_steps: int, dtype=np.float64):
    rng = np.random.default_rng(units)
    x = rng.standard_normal((batch, num_steps, input_dim)).astype(dtype)
    return x, rng.uniform(-1, 1, (batch, units)).astype(dtype)


# --- round trips ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", FORMS)
@settings(deadline=None, max_examples=25)
@given(input_dim=SIZES, units=SIZES, seed=st.integers(0, 99))
def test_there_and_back_is_bit_by_bit_the_same(target, input_dim, units, seed):
    weights = fitting(target, input_dim, units, seed)
    assert same(from_form(target, **to_form(weights, target)), weights)


@pytest.mark.parametrize("target", FORMS)
def test_back_and_there_is_bit_by_bit_the_same(target):
    arrays = to_form(fitting(target, 3, 4, seed=5), target)
    again = convert(arrays, target, target)
    assert list(again) == list(arrays)
    assert all(np.array_equal(again[name], arrays[name]) for name in arrays)


@pytest.mark.parametrize("family", [AFTER, BEFORE], ids=["after", "before"])
@settings(deadline=None, max_examples=15)
@given(input_dim=SIZES, units=SIZES, seed=st.integers(0, 99))
def test_a_journey_through_a_family_keeps_the_function(family, input_dim, units, seed):
    weights = replace(drawn(input_dim, units, seed, family is AFTER), c_h=np.zeros(units))
    arrays, place = to_form(weights, family[-1]), family[-1]
    for station in family:
        arrays, place = convert(arrays, place, station), station
    x, h = inputs(input_dim, units, batch=2, num_steps=5)
    arrived = from_form(place, **arrays)
    np.testing.assert_allclose(states(arrived, x, h), states(weights, x, h), atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("target", FORMS)
def test_the_dtype_is_kept(target, dtype):
    weights = replace(drawn(2, 3, 0, FORMS[target].reset_after, dtype), c_h=np.zeros(3, dtype))
    arrays = to_form(weights, target)
    assert {array.dtype for array in arrays.values()} == {np.dtype(dtype)}
    assert from_form(target, **arrays).dtype == dtype


def test_arrays_are_copied_and_brought_to_one_dtype():
    arrays = drawn(2, 3, 0, dtype=np.float32).to_torch()
    weights = CanonicalWeights.from_torch(**arrays)
    before = weights.W_xr.copy()
    arrays["weight_ih_l0"][:] = 7
    assert np.array_equal(weights.W_xr, before)
    weights.to_torch()["weight_ih_l0"][:] = 7
    assert np.array_equal(weights.W_xr, before)
    assert replace(weights, b_r=[0, 1, 2]).dtype == np.float64
    assert {getattr(replace(weights, b_r=[0, 1, 2]), name).dtype for name in ARRAYS} == {np.dtype(np.float64)}


def test_layers_without_biases_have_zeros():
    weights = drawn(2, 3, 0)
    kernel, recurrent_kernel, _ = weights.to_keras()
    torch = weights.to_torch()
    onnx = weights.to_onnx()
    for bare in (
        CanonicalWeights.from_keras(kernel, recurrent_kernel, reset_after=True),
        CanonicalWeights.from_torch(torch["weight_ih_l0"], torch["weight_hh_l0"]),
        CanonicalWeights.from_onnx(onnx.W, onnx.R, linear_before_reset=1),
    ):
        assert same(bare, replace(weights, **{f"{name}_{k}": np.zeros(3) for name in "bc" for k in "rzh"}))


# --- the function is the same ---------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(input_dim=SIZES, units=SIZES, batch=st.integers(1, 3), num_steps=st.integers(1, 8), seed=st.integers(0, 99))
def test_the_book_computes_the_same(input_dim, units, batch, num_steps, seed):
    weights = replace(drawn(input_dim, units, seed), c_h=np.zeros(units))
    x, h = inputs(input_dim, units, batch, num_steps)
    by_the_book = gru_forward(x, weights.to_book(), initial_state=h).hidden_state
    np.testing.assert_allclose(by_the_book, states(weights, x, h), atol=1e-12)


@settings(deadline=None, max_examples=20)
@given(input_dim=SIZES, units=SIZES, seed=st.integers(0, 99), after=st.booleans())
def test_the_cell_computes_the_same(input_dim, units, seed, after):
    weights = drawn(input_dim, units, seed, after)
    x, h = inputs(input_dim, units, batch=2, num_steps=5)
    by_the_cell = weights.to_cell().forward(x, h).hidden_state
    np.testing.assert_allclose(by_the_cell, states(weights, x, h), atol=1e-12)


@pytest.mark.parametrize(("paper", "z_weighs", "after"), [(name, *form) for name, form in PAPERS.items()])
def test_the_papers_compute_the_same(paper, z_weighs, after):
    weights = replace(drawn(3, 4, 1, after), c_h=np.zeros(4))
    p = weights.to_paper(paper)
    x, start = inputs(3, 4, batch=2, num_steps=6)
    h, steps = start, []
    for t in range(6):
        r = 1 / (1 + np.exp(-(x[:, t] @ p["W_r"].T + h @ p["U_r"].T + p["b_r"])))
        z = 1 / (1 + np.exp(-(x[:, t] @ p["W_z"].T + h @ p["U_z"].T + p["b_z"])))
        past = r * (h @ p["U"].T) if after else (r * h) @ p["U"].T
        new = np.tanh(x[:, t] @ p["W"].T + past + p["b"])
        h = z * h + (1 - z) * new if z_weighs == "old" else (1 - z) * h + z * new
        steps.append(h)
    np.testing.assert_allclose(np.stack(steps, axis=1), states(weights, x, start), atol=1e-12)


GRID = [(1, 1, 1, 1), (5, 3, 2, 7), (4, 8, 1, 12), (2, 33, 3, 30), (20, 1, 4, 3)]


@pytest.mark.parametrize("biases", ["zero", "random"])
@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize(("input_dim", "units", "batch", "num_steps"), GRID)
def test_equals_keras(input_dim, units, batch, num_steps, after, biases):
    import keras

    weights = drawn(input_dim, units, 2, after, np.float32)
    if biases == "zero":
        zero = np.zeros(units, np.float32)
        weights = replace(weights, **{f"{name}_{k}": zero for name in "bc" for k in "rzh"})
    layer = keras.layers.GRU(units, return_sequences=True, reset_after=after)
    layer.build((batch, num_steps, input_dim))
    layer.set_weights(weights.to_keras())
    x, h = inputs(input_dim, units, batch, num_steps, np.float32)
    by_keras = keras.ops.convert_to_numpy(layer(x, initial_state=h))
    assert np.abs(by_keras - states(weights, x, h)).max() < 1e-6
    back = CanonicalWeights.from_keras(*layer.get_weights())
    assert np.abs(by_keras - states(back, x, h)).max() < 1e-6


def test_a_keras_layer_without_bias():
    import keras

    for after in (True, False):
        layer = keras.layers.GRU(3, return_sequences=True, reset_after=after, use_bias=False)
        x, h = inputs(2, 3, 2, 5, np.float32)
        by_keras = keras.ops.convert_to_numpy(layer(x, initial_state=h))
        weights = CanonicalWeights.from_keras(*layer.get_weights(), reset_after=after)
        assert np.abs(by_keras - states(weights, x, h)).max() < 1e-6


TORCH, ONNX = reference.load("torch_gru"), reference.load("onnx_gru")


@pytest.mark.parametrize("case", TORCH)
def test_equals_what_pytorch_computed(case):
    arrays = dict(TORCH[case])
    x, h, y = (arrays.pop(name) for name in ("x", "h0", "y"))
    weights = CanonicalWeights.from_torch(**arrays)
    assert np.abs(states(weights, x, h) - y).max() < 1e-6
    assert all(np.array_equal(weights.to_torch()[name], array) for name, array in arrays.items())
    assert ("zero" in case) == (not any(arrays[name].any() for name in arrays if name.startswith("bias")))


@pytest.mark.parametrize("case", ONNX)
def test_equals_what_onnx_computed(case):
    arrays = dict(ONNX[case])
    x, h, y = (arrays.pop(name) for name in ("x", "h0", "y"))
    flag = int("reset1" in case)
    weights = CanonicalWeights.from_onnx(**arrays, linear_before_reset=flag)
    assert np.abs(states(weights, x, h) - y).max() < 1e-6
    back = weights.to_onnx()
    assert back.linear_before_reset == flag
    assert all(np.array_equal(getattr(back, name), array) for name, array in arrays.items())


@pytest.mark.parametrize("biases", ["zero", "random"])
@pytest.mark.parametrize("flag", [0, 1])
@pytest.mark.parametrize(("input_dim", "units", "batch", "num_steps"), GRID)
def test_equals_onnx_live(input_dim, units, batch, num_steps, flag, biases, monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    from make_onnx import compute

    weights = drawn(input_dim, units, 3, bool(flag), np.float32)
    if biases == "zero":
        zero = np.zeros(units, np.float32)
        weights = replace(weights, **{f"{name}_{k}": zero for name in "bc" for k in "rzh"})
    x, h = inputs(input_dim, units, batch, num_steps, np.float32)
    converted = weights.to_onnx(flag)
    y = compute(converted.W, converted.R, converted.B, x, h, converted.linear_before_reset)
    assert np.abs(states(weights, x, h) - y).max() < 1e-6


def test_the_wrong_flag_order_or_sign_would_be_noticed():
    """The equalities above mean something: on the same cases, each usual mistake is far above the tolerance."""
    arrays = dict(TORCH["d2_u16_b3_t30_random"])
    x, h, y = (arrays.pop(name) for name in ("x", "h0", "y"))
    weights = CanonicalWeights.from_torch(**arrays)
    mistakes = {
        "sign": replace(weights, W_xz=-weights.W_xz, W_hz=-weights.W_hz, b_z=-weights.b_z, c_z=-weights.c_z),
        "placement": replace(weights, reset_after=False),
        "merged candidate biases": replace(weights, b_h=weights.b_h + weights.c_h, c_h=np.zeros(16)),
        "order": CanonicalWeights._from_blocks(*arrays.values(), order="zrh", reset_after=True),
    }
    for name, wrong in mistakes.items():
        assert np.abs(states(wrong, x, h) - y).max() > 1e-2, name


# --- exact or not at all --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", FORMS)
def test_another_placement_is_refused_with_the_reason(target):
    weights = replace(drawn(3, 4, 0, not FORMS[target].reset_after), c_h=np.zeros(4))
    with pytest.raises(ValueError, match=r"reset gate acts .* the projection.*only where W_hh is diagonal"):
        to_form(weights, target)
    if not FORMS[target].reset_after:
        with pytest.raises(ValueError, match="W_hh is diagonal, but c_h is not zero"):
            to_form(replace(weights, W_hh=np.eye(4), c_h=np.ones(4)), target)


@pytest.mark.parametrize("after", [True, False])
@settings(deadline=None, max_examples=25)
@given(units=SIZES, seed=st.integers(0, 99))
def test_a_diagonal_projection_belongs_to_both_placements(after, units, seed):
    weights = drawn(2, units, seed, after)
    weights = replace(weights, W_hh=np.diag(np.diag(weights.W_hh)))
    if after:
        weights = replace(weights, c_h=np.zeros(units))
    moved = weights.with_reset(not after)
    assert moved.reset_after is not after
    x, h = inputs(2, units, batch=2, num_steps=5)
    np.testing.assert_allclose(states(moved, x, h), states(weights, x, h), atol=1e-12)


@pytest.mark.parametrize("target", ["book", "cho2014v1"])
def test_a_candidate_bias_behind_the_gate_is_not_merged(target):
    weights = drawn(3, 4, 0)
    with pytest.raises(ValueError, match=r"c_h cannot be merged into b_h: it is not zero .* reset gate multiplies it"):
        to_form(weights, target)
    assert to_form(replace(weights, c_h=np.zeros(4)), target)


@settings(deadline=None, max_examples=25)
@given(input_dim=SIZES, units=SIZES, seed=st.integers(0, 99), after=st.booleans())
def test_other_biases_merge_without_changing_the_function(input_dim, units, seed, after):
    weights = drawn(input_dim, units, seed, after)
    if after:
        weights = replace(weights, c_h=np.zeros(units))
    one = weights.with_one_bias()
    assert not any(getattr(one, f"c_{k}").any() for k in "rzh")
    x, h = inputs(input_dim, units, batch=2, num_steps=4)
    np.testing.assert_allclose(states(one, x, h), states(weights, x, h), atol=1e-12)


# --- the mapping ----------------------------------------------------------------------------------------------------


def test_the_mapping_of_the_frameworks_is_as_documented():
    kernel = ["-W_xz", "W_xr", "W_xh"]
    both = ["-b_z", "b_r", "b_h", "-c_z", "c_r", "c_h"]
    assert mapping("keras, reset_after=True") == {
        "kernel": kernel,
        "recurrent_kernel": ["-W_hz", "W_hr", "W_hh"],
        "bias": both,
    }
    assert mapping("keras, reset_after=False")["bias"] == ["-b_z - c_z", "b_r + c_r", "b_h + c_h"]
    assert mapping("torch")["weight_ih_l0"] == ["W_xr", "-W_xz", "W_xh"]
    assert mapping("torch")["bias_hh_l0"] == ["c_r", "-c_z", "c_h"]
    for flag in (0, 1):
        assert mapping(f"onnx, linear_before_reset={flag}")["W"] == kernel
        assert mapping(f"onnx, linear_before_reset={flag}")["B"] == both
    assert mapping("chung2014")["W_z"] == ["W_xz"]
    assert mapping("cho2014v3")["W_z"] == ["-W_xz"]
    assert mapping("book")["b_r"] == ["b_r + c_r"]


@pytest.mark.parametrize("target", FORMS)
def test_the_mapping_holds_for_drawn_weights(target):
    weights = replace(drawn(3, 4, 0, FORMS[target].reset_after), c_h=np.zeros(4))
    arrays = to_form(weights, target)
    for name, blocks in mapping(target).items():
        found = arrays[name].T if name.endswith("kernel") else arrays[name]
        parts = [sum(_term(weights, term) for term in block.replace("- ", "-").split()) for block in blocks]
        np.testing.assert_allclose(found.reshape(len(blocks), -1), [np.ravel(part) for part in parts], atol=1e-15)


def _term(weights: CanonicalWeights, term: str):
    if term == "+":
        return 0
    return -getattr(weights, term[1:]) if term.startswith("-") else getattr(weights, term)


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", FORMS)
def test_every_bad_array_is_named_with_its_shape_and_the_expected_one(target):
    good = to_form(fitting(target, 3, 4, seed=0), target)
    for name, array in good.items():
        with pytest.raises(ValueError, match=rf"^{name} has shape \(7, 5, 2, 2\); expected .*\("):
            from_form(target, **{**good, name: np.zeros((7, 5, 2, 2))})
        with pytest.raises(ValueError, match=rf"^{name} has shape \(1, .*\); expected .*\("):
            from_form(target, **{**good, name: array[None]})
        for value in (np.nan, np.inf):
            broken = array.copy()
            broken.flat[-1] = value
            with pytest.raises(ValueError, match=rf"^{name} .*not finite"):
                from_form(target, **{**good, name: broken})


@pytest.mark.parametrize("target", [name for name in FORMS if name != "book"])
@pytest.mark.parametrize("dtype", [complex, str, object, bool])
def test_arrays_without_real_numbers_are_refused(target, dtype):
    good = to_form(fitting(target, 3, 4, seed=0), target)
    for name, array in good.items():
        with pytest.raises(ValueError, match=rf"^{name} has dtype .* and shape \(.*\); expected .* real numbers"):
            from_form(target, **{**good, name: array.astype(dtype)})


@pytest.mark.parametrize("name", ARRAYS)
def test_every_canonical_array_is_checked(name):
    weights = drawn(3, 4, seed=0)
    with pytest.raises(
        ValueError, match=rf"^{name} has shape \(2, 2, 2\); expected \(units|^{name} has .* expected \(4"
    ):
        replace(weights, **{name: np.zeros((2, 2, 2))})
    with pytest.raises(ValueError, match=rf"^{name} is not an array: its rows have unequal lengths"):
        replace(weights, **{name: [[1.0], [1.0, 2.0]]})


def test_wrong_arguments_are_refused():
    weights = drawn(2, 3, seed=0)
    kernel, recurrent_kernel, bias = weights.to_keras()
    with pytest.raises(ValueError, match="reset_after = None; expected True or False"):
        CanonicalWeights.from_keras(kernel, recurrent_kernel)
    with pytest.raises(ValueError, match=r"bias has shape \(2, 9\); expected \(9,\)"):
        CanonicalWeights.from_keras(kernel, recurrent_kernel, bias, reset_after=False)
    with pytest.raises(ValueError, match=r"bias has shape \(9, 2\); expected \(2, 9\) .* or \(9,\)"):
        CanonicalWeights.from_keras(kernel, recurrent_kernel, bias.T)
    with pytest.raises(ValueError, match=r"kernel has shape \(2, 8\); expected \(input_dim, 9\)"):
        CanonicalWeights.from_keras(kernel[:, :8], recurrent_kernel, bias)
    with pytest.raises(ValueError, match=r"R has shape \(2, 9, 3\); expected \(1, 9, 3\)"):
        CanonicalWeights.from_onnx(np.zeros((2, 9, 2)), np.zeros((2, 9, 3)), linear_before_reset=1)
    with pytest.raises(ValueError, match=r"kernel has shape \(9, 2\); expected \(input_dim, 9\)"):
        CanonicalWeights.from_keras(kernel.T, recurrent_kernel, bias)
    with pytest.raises(ValueError, match=r"weight_hh_l0 has shape \(9,\); expected \(3 \* units, units\), units at l"):
        CanonicalWeights.from_torch(np.zeros((9, 2)), np.zeros(9))
    with pytest.raises(ValueError, match="linear_before_reset = 2; expected True or False"):
        weights.to_onnx(2)
    with pytest.raises(ValueError, match="reset_after = 'yes'; expected True or False"):
        weights.to_keras("yes")
    with pytest.raises(ValueError, match="target = 'mxnet'; expected one of 'book', "):
        to_form(weights, "mxnet")
    with pytest.raises(ValueError, match="source = 'mxnet'; expected one of"):
        convert({}, "mxnet", "torch")
    with pytest.raises(ValueError, match="target = 'mxnet'; expected one of"):
        mapping("mxnet")
    with pytest.raises(ValueError, match="paper = 'cho2015'; expected one of 'cho2014v1'"):
        weights.to_paper("cho2015")
    with pytest.raises(ValueError, match="units = 0; expected a positive integer"):
        drawn(2, 0, seed=0)
    with pytest.raises(ValueError, match="name = 'jax_gru'; expected one of"):
        reference.load("jax_gru")


def test_the_canonical_names_are_the_books():
    names = {field.name for field in fields(GRUWeights)}
    assert {name for name in ARRAYS if not name.startswith("c_")} == names
