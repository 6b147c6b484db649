"""What all layers do alike: shapes, masks, gradients, extremes, bad input, and equality with Keras and TensorFlow."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_book.layers.activations import sigmoid
from gru_book.layers.gru import GRU
from gru_book.layers.lstm import LSTM
from gru_book.layers.rnn import RNN
from gru_book.layers.weights import GRUWeights, LSTMWeights, RNNWeights

SIZES = st.integers(1, 7)


def random_weights(input_dim: int, units: int, seed: int, scale: float = 1.0, dtype=np.float64, kind=GRUWeights):
    """All arrays drawn, biases too."""
    rng = np.random.default_rng(seed)
    shapes = [(units, input_dim), (units, units), (units,)] * (len(fields(kind)) // 3)
    return kind(*((scale * rng.standard_normal(shape)).astype(dtype) for shape in shapes))


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


def test_an_lstm_wants_a_pair_of_states():
    with pytest.raises(ValueError, match="initial_state has 3 parts; expected a pair"):
        LSTM(LSTMWeights.random(3, 4, np.random.default_rng(0))).forward(np.zeros((2, 5, 3)), np.zeros((3, 2, 4)))
