"""The NumPy cells: shapes, limits, extremes, masks, gradients, bad input, and equality with Keras and TensorFlow."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_book.layers.activations import sigmoid
from gru_book.layers.gru import GRU, GRUStates, gru_forward, gru_step
from gru_book.layers.lstm import LSTM
from gru_book.layers.rnn import RNN
from gru_book.layers.weights import GRUWeights, LSTMWeights, RNNWeights

SIZES = st.integers(1, 7)


def random_weights(input_dim: int, units: int, seed: int, scale: float = 1.0, dtype=np.float64, kind=GRUWeights):
    """All arrays drawn, biases too."""
    rng = np.random.default_rng(seed)
    shapes = [(units, input_dim), (units, units), (units,)] * (len(fields(kind)) // 3)
    return kind(*((scale * rng.standard_normal(shape)).astype(dtype) for shape in shapes))


# --- sigmoid --------------------------------------------------------------------------------------------------------


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


# --- the equations --------------------------------------------------------------------------------------------------


def test_one_step_by_hand():
    one = [[1.0]]
    weights = GRUWeights([[0.0]], [[2.0]], [0.0], one, [[0.0]], [0.0], [[2.0]], [[-1.0]], [0.5])
    r, z, candidate, h = (part.item() for part in gru_step(np.array([[1.0]]), np.array([[0.5]]), weights))
    assert r == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert z == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert candidate == pytest.approx(np.tanh(2.0 - 0.5 * r + 0.5))
    assert h == pytest.approx((1 - z) * 0.5 + z * candidate)


@settings(deadline=None, max_examples=60)
@given(batch=st.integers(0, 4), steps=st.integers(0, 5), input_dim=SIZES, units=SIZES, seed=st.integers(0, 99))
def test_forward_is_the_step_repeated(batch, steps, input_dim, units, seed):
    weights = random_weights(input_dim, units, seed)
    rng = np.random.default_rng(seed)
    x, h = rng.standard_normal((batch, steps, input_dim)), rng.uniform(-1, 1, (batch, units))
    states = gru_forward(x, weights, initial_state=h)
    assert all(part.shape == (batch, steps, units) for part in states)
    for t in range(steps):
        step = gru_step(x[:, t], h, weights)
        for name in GRUStates._fields:
            np.testing.assert_allclose(getattr(states, name)[:, t], getattr(step, name), atol=1e-12)
        h = step.hidden_state


@settings(deadline=None, max_examples=60)
@given(input_dim=SIZES, units=SIZES, seed=st.integers(0, 99), scale=st.sampled_from([0.1, 1.0, 1e3, 1e150, 1e300]))
def test_the_state_stays_within_one_and_between_old_and_candidate(input_dim, units, seed, scale):
    weights = random_weights(input_dim, units, seed, scale=min(scale, 1e150))
    x = np.random.default_rng(seed).standard_normal((2, 9, input_dim)) * min(scale, 1e150)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        states = gru_forward(x, weights)
    assert np.isfinite(states.hidden_state).all()
    before = np.concatenate([np.zeros((2, 1, units)), states.hidden_state[:, :-1]], axis=1)
    low, high = np.minimum(before, states.candidate_state), np.maximum(before, states.candidate_state)
    assert (low - 1e-12 <= states.hidden_state).all()
    assert (states.hidden_state <= high + 1e-12).all()
    assert (np.abs(states.hidden_state) <= 1).all()


@pytest.fixture
def setting():
    """Weights whose gates see neither input nor state, inputs, and a state."""
    weights, rng = random_weights(3, 4, seed=0), np.random.default_rng(1)
    zero_x, zero_h = np.zeros((4, 3)), np.zeros((4, 4))
    weights = replace(weights, W_xr=zero_x, W_xz=zero_x, W_hr=zero_h, W_hz=zero_h, b_r=np.zeros(4), b_z=np.zeros(4))
    return weights, rng.standard_normal((2, 6, 3)), rng.uniform(-1, 1, (2, 4))


def test_open_gates_make_a_plain_rnn(setting):
    weights, x, h = setting
    states = gru_forward(x, replace(weights, b_r=np.full(4, 50.0), b_z=np.full(4, 50.0)), h)
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ weights.W_xh.T + h @ weights.W_hh.T + weights.b_h)
        np.testing.assert_allclose(states.hidden_state[:, t], h, atol=1e-12)


def test_a_closed_update_gate_copies_the_state(setting):
    weights, x, h = setting
    states = gru_forward(x, replace(weights, b_z=np.full(4, -50.0)), h)
    np.testing.assert_allclose(states.hidden_state[:, -1], h, atol=1e-12)


def test_a_closed_reset_gate_and_an_open_update_gate_forget_everything(setting):
    weights, x, h = setting
    states = gru_forward(x, replace(weights, b_r=np.full(4, -50.0), b_z=np.full(4, 50.0)), h)
    np.testing.assert_allclose(states.hidden_state, np.tanh(x @ weights.W_xh.T + weights.b_h), atol=1e-12)


# --- weights --------------------------------------------------------------------------------------------------------


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


def test_float32_stays_float32_and_integers_become_float64():
    weights = GRUWeights.random(2, 3, np.random.default_rng(0), dtype=np.float32)
    x = np.zeros((1, 4, 2), np.float32)
    assert {part.dtype for part in gru_forward(x, weights)} == {np.dtype(np.float32)}
    assert gru_forward(x.astype(int), weights).hidden_state.dtype == np.float64
    assert replace(weights, b_r=[0, 0, 0]).b_r.dtype == np.float64


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [field.name for field in fields(GRUWeights)])
def test_a_wrong_weight_is_named_with_both_shapes(name):
    weights = random_weights(3, 4, seed=0)
    with pytest.raises(ValueError, match=rf"{name} has shape \(2, 2, 2\); expected"):
        replace(weights, **{name: np.zeros((2, 2, 2))})
    broken = getattr(weights, name).copy()
    broken.flat[0] = np.nan
    with pytest.raises(ValueError, match=f"{name} holds values that are not finite"):
        replace(weights, **{name: broken})


def test_wrong_shapes_name_the_argument_and_what_was_expected():
    weights = random_weights(3, 4, seed=0)
    with pytest.raises(ValueError, match=r"x has shape \(2, 5\); expected \(batch, num_steps, 3\)"):
        gru_forward(np.zeros((2, 5)), weights)
    with pytest.raises(ValueError, match=r"x has shape \(2, 5, 4\); expected \(batch, num_steps, 3\)"):
        gru_forward(np.zeros((2, 5, 4)), weights)
    with pytest.raises(ValueError, match=r"initial_state has shape \(1, 4\); expected \(2, 4\)"):
        gru_forward(np.zeros((2, 5, 3)), weights, initial_state=np.zeros((1, 4)))
    with pytest.raises(ValueError, match=r"x has shape \(3,\); expected \(batch, 3\)"):
        gru_step(np.zeros(3), np.zeros((1, 4)), weights)
    with pytest.raises(ValueError, match=r"h has shape \(3, 4\); expected \(2, 4\)"):
        gru_step(np.zeros((2, 3)), np.zeros((3, 4)), weights)


@pytest.mark.parametrize(("input_dim", "units"), [(0, 1), (1, 0), (1, -2), (1.5, 2)])
def test_impossible_sizes_are_refused(input_dim, units):
    with pytest.raises(ValueError, match="expected a positive integer"):
        GRUWeights.random(input_dim, units, np.random.default_rng(0))


# --- the oracle -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("batch", "steps", "input_dim", "units"), [(1, 1, 1, 1), (3, 7, 5, 4), (2, 40, 8, 16), (4, 3, 1, 33)]
)
def test_equals_keras_with_the_update_gate_negated(batch, steps, input_dim, units):
    import keras

    rng = np.random.default_rng(units)
    layer = keras.layers.GRU(units, return_sequences=True, reset_after=True)
    layer.build((batch, steps, input_dim))
    arrays = [rng.standard_normal(array.shape).astype(np.float32) * 0.5 for array in layer.get_weights()]
    arrays[2][1] = 0  # no recurrent biases: the book's convention has one bias for each gate
    layer.set_weights(arrays)
    (W_xz, W_xr, W_xh), (W_hz, W_hr, W_hh) = (np.split(array.T, 3) for array in arrays[:2])
    b_z, b_r, b_h = np.split(arrays[2][0], 3)
    weights = GRUWeights(W_xr, W_hr, b_r, -W_xz, -W_hz, -b_z, W_xh, W_hh, b_h)
    x = rng.standard_normal((batch, steps, input_dim)).astype(np.float32)
    h = rng.uniform(-1, 1, (batch, units)).astype(np.float32)
    expected = keras.ops.convert_to_numpy(layer(x, initial_state=h))
    ours = gru_forward(x, weights, initial_state=h).hidden_state
    assert ours.dtype == np.float32
    assert np.abs(ours - expected).max() < 1e-6


# --- layers: the same arithmetic as the equations ---------------------------------------------------------------------

# Every layer that the book has, by the name of its test: how to make one from sizes and a seed.
LAYERS = {
    "RNN": lambda d, u, seed, **of: RNN(random_weights(d, u, seed, kind=RNNWeights, **of)),
    "LSTM": lambda d, u, seed, **of: LSTM(random_weights(d, u, seed, kind=LSTMWeights, **of)),
    "GRU": lambda d, u, seed, **of: GRU(random_weights(d, u, seed, **of)),
    "GRU, reset before": lambda d, u, seed, **of: GRU(random_weights(d, u, seed, **of), reset_after=False),
    "GRU, z weighs old": lambda d, u, seed, **of: GRU(random_weights(d, u, seed, **of), z_weighs="old"),
    "GRU, both": lambda d, u, seed, **of: GRU(random_weights(d, u, seed, **of), reset_after=False, z_weighs="old"),
    "GRU, two biases": lambda d, u, seed, **of: GRU(random_weights(d, u, seed, **of), c_h=np.linspace(-1, 1, u)),
}
every_layer = pytest.mark.parametrize("name", LAYERS)


def random_run(name, batch, steps, input_dim, units, seed, masked=False, scale=0.7):
    """A layer, its inputs, and all that can be handed to `forward`, in float64."""
    layer, rng = LAYERS[name](input_dim, units, seed, scale=scale), np.random.default_rng([seed, 1])
    x = rng.standard_normal((batch, steps, input_dim))
    h, c = rng.uniform(-1, 1, (2, batch, units))
    mask = rng.random((batch, steps)) < 0.6 if masked else None
    return layer, x, {"initial_state": (h, c) if name == "LSTM" else h, "mask": mask}


def one_step(layer, x, h):
    """The equations of the other conventions, written down once more in the plainest way."""
    w = layer.weights
    r, z = (sigmoid(x @ W_x.T + h @ W_h.T + b) for W_x, W_h, b in ((w.W_xr, w.W_hr, w.b_r), (w.W_xz, w.W_hz, w.b_z)))
    c_h = 0 if layer.c_h is None else layer.c_h
    from_state = r * (h @ w.W_hh.T + c_h) if layer.reset_after else (r * h) @ w.W_hh.T
    candidate = np.tanh(x @ w.W_xh.T + w.b_h + from_state)
    return (1 - z) * h + z * candidate if layer.z_weighs == "new" else z * h + (1 - z) * candidate


@settings(deadline=None, max_examples=60)
@given(
    name=st.sampled_from([name for name in LAYERS if name.startswith("GRU")]),
    batch=st.integers(0, 3),
    steps=st.integers(0, 5),
    input_dim=SIZES,
    units=SIZES,
    seed=st.integers(0, 99),
    masked=st.booleans(),
)
def test_the_gru_layer_is_its_equations_repeated(name, batch, steps, input_dim, units, seed, masked):
    layer, x, given_too = random_run(name, batch, steps, input_dim, units, seed, masked)
    trace, h = layer.forward(x, **given_too), given_too["initial_state"]
    for t in range(steps):
        new = one_step(layer, x[:, t], h)
        h = new if not masked else np.where(given_too["mask"][:, t, None], new, h)
        np.testing.assert_allclose(trace.hidden_state[:, t], h, atol=1e-12)
    np.testing.assert_allclose(trace.last_state, h, atol=1e-12)


@every_layer
@settings(deadline=None, max_examples=25)
@given(
    lengths=st.lists(st.integers(0, 6), min_size=1, max_size=4), input_dim=SIZES, units=SIZES, seed=st.integers(0, 99)
)
def test_a_masked_tail_equals_a_shorter_sequence(name, lengths, input_dim, units, seed):
    layer, x, given_too = random_run(name, len(lengths), 6, input_dim, units, seed)
    for i, length in enumerate(lengths):
        x[i, length:] = np.nan  # padding may hold anything
    state = given_too["initial_state"]
    rng = np.random.default_rng(seed)
    d_hidden, d_last = rng.standard_normal((len(x), 6, units)), rng.standard_normal((len(x), units))
    for i, length in enumerate(lengths):
        d_hidden[i, length:] = 0
    trace = layer.forward(x, state, lengths=lengths)
    gradients = layer.backward(trace, d_hidden, d_last)
    summed = {weight: 0 for weight in gradients.weights}
    for i, length in enumerate(lengths):
        own = (state[0][i : i + 1], state[1][i : i + 1]) if name == "LSTM" else state[i : i + 1]
        alone = layer.forward(x[i : i + 1, :length], own)
        np.testing.assert_allclose(trace.hidden_state[i, :length], alone.hidden_state[0], atol=1e-12)
        np.testing.assert_allclose(trace.last_state[i], alone.last_state[0], atol=1e-12)
        assert (trace.hidden_state[i, length:] == trace.last_state[i]).all()
        short = layer.backward(alone, d_hidden[i : i + 1, :length], d_last[i : i + 1])
        np.testing.assert_allclose(gradients.x[i, :length], short.x[0], atol=1e-12)
        assert not gradients.x[i, length:].any()
        np.testing.assert_allclose(
            np.array(gradients.initial_state)[..., i, :], np.array(short.initial_state)[..., 0, :]
        )
        summed = {weight: summed[weight] + short.weights[weight] for weight in summed}
    for weight, expected in summed.items():
        np.testing.assert_allclose(gradients.weights[weight], expected, atol=1e-11, rtol=1e-9)


@every_layer
@settings(deadline=None, max_examples=15)
@given(
    scale=st.sampled_from([1e2, 1e6, 1e18]),
    dtype=st.sampled_from([np.float32, np.float64]),
    units=SIZES,
    seed=st.integers(0, 99),
)
def test_large_values_overflow_nowhere(name, scale, dtype, units, seed):
    layer = LAYERS[name](3, units, seed, scale=scale, dtype=dtype)
    x = (scale * np.random.default_rng(seed).standard_normal((2, 9, 3))).astype(dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        trace = layer.forward(x)
    assert np.isfinite(trace.hidden_state).all()
    assert trace.hidden_state.dtype == dtype


@every_layer
def test_float32_stays_float32_in_both_directions(name):
    layer = LAYERS[name](3, 4, 0, dtype=np.float32)
    trace = layer.forward(np.ones((2, 5, 3), np.float32))
    gradients = layer.backward(trace, np.ones((2, 5, 4)), np.ones((2, 4)))
    parts = [trace.hidden_state, trace.last_state, gradients.x, *gradients.weights.values()]
    parts += gradients.initial_state if name == "LSTM" else [gradients.initial_state]
    assert {part.dtype for part in parts} == {np.dtype(np.float32)}


@every_layer
def test_nothing_handed_in_is_changed(name):
    layer, x, given_too = random_run(name, 2, 4, 3, 4, 0, masked=True)
    d_hidden, d_last = np.ones((2, 4, 4)), np.ones((2, 4))
    held = [x, given_too["mask"], d_hidden, d_last, *np.atleast_1d(given_too["initial_state"])]
    held += [getattr(layer.weights, field.name) for field in fields(layer.weights)]
    before = [array.copy() for array in held]
    trace = layer.forward(x, **given_too)
    traced = [np.array(part) for part in trace if part is not None]
    layer.backward(trace, d_hidden, d_last)
    for array, copy in zip(held, before, strict=True):
        assert np.array_equal(array, copy)
    for part, copy in zip([part for part in trace if part is not None], traced, strict=True):
        assert np.array_equal(np.array(part), copy)


# --- gradients --------------------------------------------------------------------------------------------------------


def relative_error(a, b) -> float:
    """The largest difference as a share of the largest entry."""
    return np.abs(np.subtract(a, b)).max(initial=0) / max(np.abs(a).max(initial=0), np.abs(b).max(initial=0), 1e-12)


def by_central_differences(loss, array, step=1e-5):
    """The gradient of loss() by moving each entry of `array` in place."""
    gradient = np.empty_like(array)
    for index in np.ndindex(*array.shape):
        kept = array[index]
        array[index] = kept + step
        above = loss()
        array[index] = kept - step
        gradient[index] = (above - loss()) / (2 * step)
        array[index] = kept
    return gradient


@every_layer
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("batch", "steps", "input_dim", "units"), [(1, 1, 1, 1), (2, 5, 3, 4), (3, 4, 4, 2), (1, 12, 2, 3)]
)
def test_gradients_equal_central_differences(name, masked, batch, steps, input_dim, units):
    layer, x, given_too = random_run(name, batch, steps, input_dim, units, seed=units, masked=masked)
    rng = np.random.default_rng(5)
    d_hidden = rng.standard_normal((batch, steps, units))
    d_last, d_cell = rng.standard_normal((2, batch, units))
    cell = {"d_last_cell": d_cell} if name == "LSTM" else {}

    def loss():
        trace = layer.forward(x, **given_too)
        from_cell = (d_cell * trace.last_cell_state).sum() if cell else 0
        return (d_hidden * trace.hidden_state).sum() + (d_last * trace.last_state).sum() + from_cell

    gradients = layer.backward(layer.forward(x, **given_too), d_hidden, d_last, **cell)
    assert relative_error(gradients.x, by_central_differences(loss, x)) < 1e-6
    starts = given_too["initial_state"] if cell else [given_too["initial_state"]]
    for ours, start in zip(gradients.initial_state if cell else [gradients.initial_state], starts, strict=True):
        assert relative_error(ours, by_central_differences(loss, start)) < 1e-6
    arrays = {field.name: getattr(layer.weights, field.name) for field in fields(layer.weights)}
    if getattr(layer, "c_h", None) is not None:
        arrays["c_h"] = layer.c_h
    assert set(arrays) == set(gradients.weights)
    for weight, array in arrays.items():
        assert gradients.weights[weight].shape == array.shape
        assert relative_error(gradients.weights[weight], by_central_differences(loss, array)) < 1e-6, weight


@every_layer
def test_either_gradient_alone_is_enough_and_both_add_up(name):
    layer, x, given_too = random_run(name, 2, 5, 3, 4, seed=0)
    trace, rng = layer.forward(x, **given_too), np.random.default_rng(1)
    d_hidden, d_last = rng.standard_normal((2, 5, 4)), rng.standard_normal((2, 4))
    both = layer.backward(trace, d_hidden, d_last)
    apart = [layer.backward(trace, d_hidden), layer.backward(trace, d_last=d_last)]
    np.testing.assert_allclose(both.x, apart[0].x + apart[1].x, atol=1e-12)
    with pytest.raises(ValueError, match="d_hidden and d_last are both None"):
        layer.backward(trace)


# --- peers: Keras and TensorFlow --------------------------------------------------------------------------------------


def keras_layer(name, units, input_dim, seed, dtype="float32", zero_biases=False):
    """A Keras layer with random weights and the layer of ours that should equal it."""
    import keras

    options = {"return_sequences": True, "return_state": True, "dtype": dtype}
    if name in ("RNN", "LSTM"):
        theirs = {"RNN": keras.layers.SimpleRNN, "LSTM": keras.layers.LSTM}[name](units, **options)
    else:
        theirs = keras.layers.GRU(units, reset_after="before" not in name, **options)
    theirs.build((None, None, input_dim))
    rng = np.random.default_rng(seed)
    scales = (0.5, 0.8 / np.sqrt(units), 0.5)  # larger recurrent weights make a plain RNN chaotic: rounding would grow
    arrays = [rng.normal(0, s, a.shape).astype(dtype) for s, a in zip(scales, theirs.get_weights(), strict=True)]
    arrays[2] *= not zero_biases
    theirs.set_weights(arrays)
    kernel, recurrent, bias = (np.split(array, {"RNN": 1, "LSTM": 4}.get(name, 3), axis=-1) for array in arrays)
    if name in ("RNN", "LSTM"):
        parts = [part for W_x, W_h, b in zip(kernel, recurrent, bias, strict=True) for part in (W_x.T, W_h.T, b)]
        return theirs, RNN(RNNWeights(*parts)) if name == "RNN" else LSTM(LSTMWeights(*parts))
    two = bias[0].ndim == 2
    c_h = bias[2][1] if two else None
    bias = [bias[0].sum(0), bias[1].sum(0), bias[2][0]] if two else bias
    parts = [part for block in (1, 0, 2) for part in (kernel[block].T, recurrent[block].T, bias[block])]
    return theirs, GRU(GRUWeights(*parts), reset_after=two, z_weighs="old", c_h=c_h)


KERAS = ["RNN", "LSTM", "GRU", "GRU, reset before"]


@pytest.mark.parametrize("name", KERAS)
@pytest.mark.parametrize("zero_biases", [False, True])
@pytest.mark.parametrize("masking", ["none", "tail", "any"])
@pytest.mark.parametrize(
    ("batch", "steps", "input_dim", "units"),
    [(1, 1, 1, 1), (3, 7, 5, 4), (2, 40, 8, 16), (4, 3, 1, 33), (1, 30, 16, 64)],
)
def test_layers_equal_keras(name, zero_biases, masking, batch, steps, input_dim, units):
    theirs, ours = keras_layer(name, units, input_dim, seed=units, zero_biases=zero_biases)
    rng = np.random.default_rng(units)
    x = rng.standard_normal((batch, steps, input_dim)).astype(np.float32)
    h, c = rng.uniform(-1, 1, (2, batch, units)).astype(np.float32)
    start = [h, c] if name == "LSTM" else h
    mask = None if masking == "none" else rng.random((batch, steps)) < 0.6
    if masking == "tail":
        mask = np.arange(steps) < rng.integers(1, steps + 1, batch)[:, None]
    expected, *last = (np.asarray(part) for part in theirs(x, initial_state=start, mask=mask))
    trace = ours.forward(x, start, mask=mask)
    assert trace.hidden_state.dtype == np.float32
    seen = slice(None) if mask is None else np.logical_or.accumulate(mask, axis=1)  # before, Keras's outputs are zeros
    assert np.abs(trace.hidden_state - expected)[seen].max(initial=0) < 1e-6
    assert np.abs(trace.last_state - last[0]).max() < 1e-6
    if name == "LSTM":
        assert np.abs(trace.last_cell_state - last[1]).max() < 1e-6


@pytest.mark.parametrize("name", KERAS)
@pytest.mark.parametrize("masked", [False, True])
def test_gradients_equal_tensorflows(name, masked):
    import tensorflow as tf

    theirs, ours = keras_layer(name, 5, 3, seed=2, dtype="float64")
    rng = np.random.default_rng(2)
    x, (h, c) = rng.standard_normal((2, 9, 3)), rng.uniform(-1, 1, (2, 2, 5))
    mask = np.arange(9) < np.array([[9], [4]]) if masked else None
    d_hidden, d_last = rng.standard_normal((2, 9, 5)), rng.standard_normal((2, 5))
    x_tf, start = tf.constant(x), [tf.constant(h), tf.constant(c)] if name == "LSTM" else [tf.constant(h)]
    with tf.GradientTape() as tape:
        tape.watch([x_tf, *start])
        hidden, last, *_ = theirs(x_tf, initial_state=start if name == "LSTM" else start[0], mask=mask)
        loss = tf.reduce_sum(d_hidden * hidden) + tf.reduce_sum(d_last * last)
    sources = [x_tf, *start, *theirs.trainable_variables]
    by_x, *by_start, kernel, recurrent, bias = (
        g.numpy() for g in tape.gradient(loss, [getattr(s, "value", s) for s in sources])
    )
    state = (h, c) if name == "LSTM" else h
    gradients = ours.backward(ours.forward(x, state, mask=mask), d_hidden, d_last)
    pairs = [(gradients.x, by_x)]
    pairs += zip(gradients.initial_state if name == "LSTM" else [gradients.initial_state], by_start, strict=True)
    order = {"RNN": "h", "LSTM": "ifco"}.get(name, "zrh")
    for letter, W_x, W_h, b in zip(
        order, *(np.split(g, len(order), axis=-1) for g in (kernel, recurrent, bias)), strict=True
    ):
        pairs += [(gradients.weights[f"W_x{letter}"], W_x.T), (gradients.weights[f"W_h{letter}"], W_h.T)]
        pairs += [(gradients.weights[f"b_{letter}"], b[0] if b.ndim == 2 else b)]
        if letter == "h" and b.ndim == 2:
            pairs += [(gradients.weights["c_h"], b[1])]
    assert max(relative_error(a, b) for a, b in pairs) < 1e-12


# --- bad input to the layers ------------------------------------------------------------------------------------------


@every_layer
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": np.zeros((2, 5))}, r"x has shape \(2, 5\); expected \(batch, num_steps, 3\)"),
        (
            {"x": np.zeros((2, 5, 3), complex)},
            r"x has dtype complex128 and shape \(2, 5, 3\); expected an array of real numbers",
        ),
        ({"x": np.full((2, 5, 3), "a")}, "x has dtype <U1"),
        ({"mask": np.ones((2, 4), bool)}, r"mask has shape \(2, 4\) and dtype bool; expected \(2, 5\) and bool"),
        ({"mask": np.ones((2, 5))}, r"mask has shape \(2, 5\) and dtype float64; expected \(2, 5\) and bool"),
        ({"lengths": [5]}, r"lengths has shape \(1,\) and dtype int64; expected \(2,\) and integers"),
        ({"lengths": [5.0, 1.0]}, r"lengths has shape \(2,\) and dtype float64; expected \(2,\) and integers"),
        ({"lengths": [5, 6]}, r"lengths, of shape \(2,\), holds 6; expected 0 to num_steps = 5"),
        ({"lengths": [-1, 5]}, r"lengths, of shape \(2,\), holds -1; expected 0 to num_steps = 5"),
        ({"lengths": [5, 5], "mask": np.ones((2, 5), bool)}, "mask and lengths are both given"),
    ],
)
def test_layers_refuse_bad_input(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        LAYERS[name](3, 4, 0).forward(**{"x": np.zeros((2, 5, 3)), **arguments})


@every_layer
def test_layers_refuse_states_and_gradients_of_another_batch(name):
    layer, wrong, right = LAYERS[name](3, 4, 0), np.zeros((1, 4)), np.zeros((2, 4))
    state, shown = ((right, wrong), r"initial_state\[1\]") if name == "LSTM" else (wrong, "initial_state")
    with pytest.raises(ValueError, match=rf"{shown} has shape \(1, 4\); expected \(2, 4\)"):
        layer.forward(np.zeros((2, 5, 3)), state)
    trace = layer.forward(np.zeros((2, 5, 3)))
    with pytest.raises(ValueError, match=r"d_last has shape \(1, 4\); expected \(2, 4\)"):
        layer.backward(trace, d_last=wrong)
    with pytest.raises(ValueError, match=r"d_hidden has shape \(2, 4\); expected \(2, 5, 4\)"):
        layer.backward(trace, right)


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


def test_the_options_of_a_gru_are_checked():
    weights = random_weights(3, 4, seed=0)
    with pytest.raises(ValueError, match="z_weighs = 'both'; expected 'new' or 'old'"):
        GRU(weights, z_weighs="both")
    with pytest.raises(ValueError, match=r"c_h has shape \(3,\); expected \(4\)"):
        GRU(weights, c_h=np.zeros(3))
    with pytest.raises(ValueError, match="c_h holds values that are not finite"):
        GRU(weights, c_h=np.full(4, np.inf))
    with pytest.raises(ValueError, match="c_h is for reset_after=True only"):
        GRU(weights, reset_after=False, c_h=np.zeros(4))
    with pytest.raises(ValueError, match="initial_state has 3 parts; expected a pair"):
        LSTM(LSTMWeights.random(3, 4, np.random.default_rng(0))).forward(np.zeros((2, 5, 3)), np.zeros((3, 2, 4)))
