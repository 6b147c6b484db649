"""Arrays that are none, weights of more than one layer, layers that compute otherwise, and the end of a sequence."""

import warnings

import keras
import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf

from gru_book.analysis.gradients import carry_back, gradient_norms, state_jacobian
from gru_book.conversion import reference
from gru_book.conversion.canonical import ARRAYS, CanonicalWeights
from gru_book.conversion.forms import FORMS, convert, from_form, to_form
from gru_book.conversion.layers import numpy_cell
from gru_book.layers.gru import GRU
from gru_book.layers.lstm import LSTM
from gru_book.layers.rnn import RNN
from gru_book.layers.weights import GRUWeights, LSTMWeights, RNNWeights

layers = keras.layers


def drawn(seed=0, **options) -> CanonicalWeights:
    return CanonicalWeights.random(3, 4, np.random.default_rng(seed), **options)


def refusal(function, *arguments, **named) -> str:
    """Return the one line in which a call is refused."""
    with pytest.raises(ValueError, match=r"\w") as refused:
        function(*arguments, **named)
    line = str(refused.value)
    assert "\n" not in line
    return line


# --- arrays that are none --------------------------------------------------------------------------------------------


class Tensor:
    """What PyTorch's tensors do when NumPy asks a parameter, one on a GPU, or one in bfloat16 for its numbers."""

    def __init__(self, error):
        self.error = error

    def __array__(self, *arguments, **named):
        raise self.error


UNREADABLE = [
    RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."),
    TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory."),
    TypeError("Got unsupported ScalarType BFloat16"),
]


@pytest.mark.parametrize("error", UNREADABLE)
@pytest.mark.parametrize("name", ["weight_ih_l0", "bias_hh_l0"])
def test_a_tensor_that_numpy_cannot_read_is_named_with_what_to_do(name, error):
    line = refusal(CanonicalWeights.from_torch, **drawn().to_torch() | {name: Tensor(error)})
    assert line == f"{name} is a Tensor that NumPy cannot read: {error}"


def test_a_symbolic_tensor_is_named():
    line = refusal(CanonicalWeights.from_keras, keras.Input((3,)), *drawn().to_keras()[1:])
    assert line.startswith("kernel is a KerasTensor that NumPy cannot read: ")


@pytest.mark.parametrize("form", FORMS)
def test_each_array_of_each_form_is_refused_by_its_name(form):
    weights = CanonicalWeights(
        **{n: np.diag([1.0] * 4) if n == "W_hh" else np.zeros_like(getattr(drawn(), n)) for n in ARRAYS}
    )
    arrays = to_form(weights, form)
    for name, array in arrays.items():
        ragged = array.tolist()
        ragged[0] = [ragged[0]] if np.ndim(ragged[0]) == 0 else ragged[0][:-1]
        if array.shape[0] > 1:
            assert refusal(from_form, form, **arrays | {name: ragged}).startswith(f"{name} is not an array: its rows")
        masked = np.ma.masked_array(array, np.arange(array.size).reshape(array.shape) == 1)
        assert refusal(from_form, form, **arrays | {name: masked}).startswith(f"{name} has masked entries")
        for dtype in (np.int8, np.uint8):
            line = refusal(from_form, form, **arrays | {name: array.astype(dtype)})
            assert line.startswith(f"{name} has dtype {np.dtype(dtype)}: quantised weights")
        line = refusal(from_form, form, **arrays | {name: array.astype(ml_dtypes.bfloat16)})
        assert line.startswith(f"{name} has dtype bfloat16 and shape ")
        assert line.endswith(f"such as {name}.astype('float32')")
        for value in (np.inf, -np.inf, np.nan):
            broken = array.copy()
            broken.flat[-1] = value
            assert "not finite" in refusal(from_form, form, **arrays | {name: broken})


def test_what_numpy_reads_rightly_is_taken():
    kernel, recurrent, bias = drawn().to_keras()
    expected = CanonicalWeights.from_keras(kernel, recurrent, bias)
    ones = CanonicalWeights.from_keras(np.ones((3, 12), int).tolist(), recurrent, bias)
    assert (ones.W_xr == 1).all()
    for same in (np.ma.masked_array(kernel), keras.Variable(kernel, dtype="float64"), tf.constant(kernel)):
        np.testing.assert_array_equal(CanonicalWeights.from_keras(same, recurrent, bias).W_xh, expected.W_xh)


CELLS = [(RNN, RNNWeights), (LSTM, LSTMWeights), (GRU, GRUWeights)]


@pytest.mark.parametrize(("kind", "weights"), CELLS)
def test_sequences_that_are_no_array_are_refused(kind, weights):
    layer = kind(weights.random(2, 3, np.random.default_rng(0)))
    x = np.zeros((2, 2, 2))
    rows = [[[1.0, 2.0]], [[1.0, 2.0], [3.0, 4.0]]]
    assert refusal(layer.forward, rows) == "x is not an array: its rows have unequal lengths; pad them first"
    assert refusal(layer.forward, tf.ragged.constant(rows)).endswith("real numbers, not a RaggedTensor")
    assert refusal(layer.forward, np.ma.masked_equal(x, 0)).startswith("x has masked entries, which would count")
    assert refusal(layer.forward, x.astype(ml_dtypes.bfloat16)).startswith("x has dtype bfloat16")
    assert layer.forward(x.astype(np.int8)).last_state.shape == (2, 3)  # integers are fine as inputs
    for function in (lambda x: carry_back(layer, x, np.ones(3), [1]), lambda x: state_jacobian(layer, x[0], None)):
        assert "masked entries" in refusal(function, np.ma.masked_equal(x, 0))


def test_biases_that_overflow_together_are_refused():
    arrays = {name: np.zeros((4, 3 if name[2] == "x" else 4) if name[0] == "W" else 4, "float16") for name in ARRAYS}
    large = arrays | {"b_r": np.full(4, 6e4, "float16"), "c_r": np.full(4, 6e4, "float16")}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        line = refusal(CanonicalWeights(**large).to_book)
        assert line.startswith("b_r + c_r is beyond 6.55e+04, the largest number of float16")
        before = CanonicalWeights(**arrays | {"b_h": large["b_r"], "c_h": large["c_r"]}, reset_after=False)
        assert refusal(before.to_keras).startswith("b_h + c_h is beyond")
        assert refusal(before.with_reset, True).startswith("b_h + c_h is beyond")
    wide = CanonicalWeights(**{name: array.astype("float32") for name, array in large.items()})
    np.testing.assert_allclose(wide.to_book().b_r, 1.2e5, rtol=1e-3)


# --- more than one layer, other names --------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"reset_after": False}, {"use_bias": False}])
def test_the_weights_of_a_bidirectional_are_two_layers(options):
    both = layers.Bidirectional(layers.GRU(4, **options))
    both.build((None, None, 3))
    arrays = both.get_weights()
    line = refusal(CanonicalWeights.from_keras, *arrays)
    assert line.startswith(f"from_keras got {len(arrays)} arrays; expected the 2 or 3 of one layer in one direction")
    half = CanonicalWeights.from_keras(*arrays[: len(arrays) // 2], reset_after=options.get("reset_after", True))
    np.testing.assert_array_equal(half.to_keras()[0], both.forward_layer.get_weights()[0])


def state_dict(*names):
    """The arrays of one layer under names of PyTorch: {} stands for ih and hh."""
    arrays = list(drawn().to_torch().values())
    return dict(zip(names, arrays, strict=False))


NAMES = ("weight_ih{}", "weight_hh{}", "bias_ih{}", "bias_hh{}")


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (state_dict(*(f"gru.{name.format('_l0')}" for name in NAMES)), "without the prefix 'gru.'$"),
        (state_dict(*(f"a.b.{name.format('_l1')}" for name in NAMES)), "without the prefix 'a.b.'$"),
        (
            drawn().to_torch() | state_dict(*(name.format("_l1") for name in NAMES)),
            r"'weight_ih_l1' .*one layer in one direction, under these names: weight_ih_l0=state\['weight_ih_l1'\]",
        ),
        (
            drawn().to_torch() | state_dict(*(name.format("_l0_reverse") for name in NAMES)),
            r"weight_ih_l0=state\['weight_ih_l0_reverse'\] and so on$",
        ),
        (state_dict(*(name.format("") for name in NAMES)), "names of nn.GRUCell: add _l0 to each$"),
        (
            {"embedding.weight": np.ones((5, 3))} | state_dict(*(f"rnn.{n.format('_l0')}" for n in NAMES)),
            "without the prefix 'rnn.'$",
        ),
        (drawn().to_torch() | {"h0": np.zeros(4)}, "^unknown array 'h0'.*; hand in nothing else$"),
        ({"weight_hh_l0": np.zeros((12, 4))}, "^weight_ih_l0 is missing; expected"),
        ({"weight_ih_l0": np.zeros((12, 4))}, "^weight_hh_l0 is missing; expected"),
    ],
)
def test_a_state_dict_of_something_else_says_what_to_hand_in(state, message):
    with pytest.raises(ValueError, match=message) as refused:
        CanonicalWeights.from_torch(**state)
    assert "\n" not in str(refused.value)
    with pytest.raises(ValueError, match=message):
        convert(state, "torch", "book")


def test_the_hints_lead_to_the_layer():
    expected = drawn().to_keras()
    cell = state_dict(*(name.format("") for name in NAMES))
    prefixed = state_dict(*(f"gru.{name.format('_l0')}" for name in NAMES))
    for state in (
        {f"{name}_l0": array for name, array in cell.items()},
        {name.removeprefix("gru."): array for name, array in prefixed.items()},
    ):
        for found, array in zip(CanonicalWeights.from_torch(**state).to_keras(), expected, strict=True):
            np.testing.assert_array_equal(found, array)


def test_eight_parameters_in_a_row_are_two_layers():
    arrays = list(drawn().to_torch().values())
    assert refusal(CanonicalWeights.from_torch, *arrays, *arrays).startswith(
        "from_torch got 8 arrays; expected the 4 of"
    )


def test_a_bidirectional_node_is_two_layers():
    W, R, B, flag = drawn().to_onnx()
    W, R, B = (np.concatenate([a, a]) for a in (W, R, B))
    line = refusal(CanonicalWeights.from_onnx, W, R, B, linear_before_reset=flag)
    assert line.startswith("R has shape (2, 12, 4); expected (1, 12, 4), one layer in one direction: W[:1], R[:1]")
    CanonicalWeights.from_onnx(W[1:], R[1:], B[1:], linear_before_reset=flag)


@pytest.mark.parametrize("form", [name for name in FORMS if name != "torch"])
def test_a_form_knows_its_names(form):
    weights = CanonicalWeights(**{name: np.zeros_like(getattr(drawn(), name)) for name in ARRAYS})
    arrays = to_form(weights, form)
    first = next(iter(arrays))
    line = refusal(from_form, form, **{name: array for name, array in arrays.items() if name != first})
    assert line.startswith(f"source = {form!r}: missing a required")
    assert repr(first) in line
    line = refusal(from_form, form, **arrays, V=np.zeros(3))
    assert line.startswith(f"source = {form!r}: got an unexpected keyword argument 'V'; its arrays are {first}, ")


def test_the_flat_bias_of_cudnngru_says_how_to_reshape():
    kernel, recurrent, bias = drawn().to_keras()
    # As the files of Keras 2 have them: of each block the columns one after the other; each recurrent block transposed.
    kernel_there = np.hstack([k.T.reshape(k.shape) for k in np.hsplit(kernel, 3)])
    recurrent_there = np.hstack([k.T for k in np.hsplit(recurrent, 3)])
    for options in ({}, {"reset_after": True}, {"reset_after": False}):
        line = refusal(CanonicalWeights.from_keras, kernel_there, recurrent_there, bias.ravel(), **options)
        assert line.startswith("bias has shape (24,); expected (2, 12); a flat one is that of a CuDNNGRU")
        for said in ("bias.reshape(2, -1)", "k.T.reshape(k.shape, order='F')"):
            assert said in line
    again = [
        np.hstack([k.T.reshape(k.shape, order="F") for k in np.hsplit(kernel_there, 3)]),
        np.hstack([k.T for k in np.hsplit(recurrent_there, 3)]),
        bias.ravel().reshape(2, -1),
    ]
    for found, expected in zip(again, (kernel, recurrent, bias), strict=True):
        np.testing.assert_array_equal(found, expected)


# --- numpy_cell ------------------------------------------------------------------------------------------------------


def built(layer):
    layer.build((None, None, 1))
    return layer


@pytest.mark.parametrize("kind", [layers.SimpleRNN, layers.LSTM, layers.GRU])
def test_a_layer_that_reads_backwards_is_refused_and_the_hint_is_right(kind):
    keras.utils.set_random_seed(1)
    backwards = built(kind(2, go_backwards=True))
    line = refusal(numpy_cell, backwards)
    assert line.startswith("layer has go_backwards=True; expected one that reads forwards")
    assert line.endswith("x[:, ::-1]")
    forwards = built(kind(2))
    forwards.set_weights(backwards.get_weights())
    x = np.arange(1.0, 4.0).reshape(1, 3, 1)
    found = numpy_cell(forwards).forward(x[:, ::-1]).last_state
    np.testing.assert_allclose(found, np.asarray(backwards(x.astype("float32"))), atol=1e-6)
    both = layers.Bidirectional(kind(2))
    both.build((None, None, 1))
    assert "go_backwards=True" in refusal(numpy_cell, both.backward_layer)
    assert "layer is a Bidirectional; expected" in refusal(numpy_cell, both)
    for function in (carry_back, gradient_norms):
        assert "go_backwards=True" in refusal(function, backwards, x, np.ones(2), [1])


class Stranger:
    """Something else that is called GRU, as PyTorch's is."""


Stranger.__name__, Stranger.__module__ = "GRU", "torch.nn.modules.rnn"


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Stranger(), r"^layer is a GRU of torch; expected .*CanonicalWeights.from_torch\(\.\.\.\).to_cell\(\) takes"),
        (layers.GRU, "^layer is a type; expected"),
        (layers.GRUCell(2), "^layer is a GRUCell; expected"),
        (layers.RNN(layers.GRUCell(2)), "^layer is a RNN; expected an RNN, LSTM or GRU of gru_book.layers, or Keras's"),
        (keras.Sequential([keras.Input((3, 1)), layers.GRU(2)]), "^layer is a Sequential; expected"),
        (None, "^layer is a NoneType; expected"),
        ("GRU", "^layer is a str; expected"),
        (layers.GRU(2), "no weights yet"),
        (built(layers.GRU(2, activation=layers.LeakyReLU())), "activation = 'LeakyReLU'; expected 'tanh'"),
        (built(layers.GRU(2, activation=None)), "activation = 'linear'; expected 'tanh'"),
        (built(layers.LSTM(2, activation=lambda x: 2 * x)), "activation = '<lambda>'; expected 'tanh'"),
        (built(layers.LSTM(2, recurrent_activation="hard_sigmoid")), "'hard_sigmoid'; expected 'sigmoid'"),
        (built(layers.SimpleRNN(2, activation="relu")), "activation = 'relu'; expected 'tanh'"),
    ],
)
def test_what_is_no_layer_for_numpy_is_refused_in_one_line(layer, message):
    with pytest.raises(ValueError, match=message) as refused:
        numpy_cell(layer)
    assert "\n" not in str(refused.value)


def test_an_activation_is_asked_what_it_computes():
    def tanh(x):
        return x

    assert "activation = 'tanh'; expected 'tanh'" in refusal(numpy_cell, built(layers.GRU(2, activation=tanh)))
    for same in (layers.Activation("tanh"), tf.tanh, keras.ops.tanh, "tanh"):
        assert isinstance(numpy_cell(built(layers.GRU(2, activation=same))), GRU)


@pytest.mark.parametrize("dtype", ["float16", "mixed_float16", "mixed_bfloat16", "float64"])
def test_other_dtypes_are_computed_in_float64(dtype):
    layer = built(layers.GRU(2, dtype=dtype))
    assert numpy_cell(layer).weights.dtype == np.float64


@pytest.mark.parametrize("value", [np.inf, np.nan])
@pytest.mark.parametrize("kind", [layers.SimpleRNN, layers.LSTM, layers.GRU])
def test_weights_that_are_not_finite_are_refused(kind, value):
    layer = built(kind(2))
    for number, array in enumerate(layer.get_weights()):
        weights = layer.get_weights()
        weights[number] = np.full_like(array, value)
        layer.set_weights(weights)
        assert "finite" in refusal(numpy_cell, layer)


# --- past the end of a sequence --------------------------------------------------------------------------------------

RUNTIME = reference.load("onnxruntime_lengths")


def of_onnx(case: str):
    """Return a case's layer as NumPy's, and its other arrays."""
    arrays = dict(RUNTIME[case])
    W, R, B = (arrays.pop(name) for name in ("W", "R", "B"))
    return CanonicalWeights.from_onnx(W, R, B, linear_before_reset=int("reset1" in case)).to_cell(), arrays


@pytest.mark.parametrize("case", RUNTIME)
def test_past_the_length_onnx_runtime_has_zeros_and_this_library_the_last_state(case):
    cell, arrays = of_onnx(case)
    lengths = arrays["lengths"]
    trace = cell.forward(arrays["x"], arrays["h0"], lengths=lengths)
    np.testing.assert_allclose(trace.hidden_state * trace.mask[..., None], arrays["y"], atol=1e-6)
    for states, last, length in zip(trace.hidden_state, trace.last_state, lengths, strict=True):
        assert (states[length:] == last).all()
    np.testing.assert_allclose(trace.last_state[lengths > 0], arrays["last"][lengths > 0], atol=1e-6)


@pytest.mark.parametrize("case", RUNTIME)
def test_at_length_zero_onnx_runtime_has_zeros_and_this_library_the_initial_state(case):
    cell, arrays = of_onnx(case)
    empty = arrays["lengths"] == 0
    trace = cell.forward(arrays["x"], arrays["h0"], lengths=arrays["lengths"])
    assert empty.any()
    assert arrays["h0"][empty].all()
    np.testing.assert_array_equal(trace.last_state[empty], arrays["h0"][empty])
    assert not arrays["last"][empty].any()


@pytest.mark.parametrize("case", RUNTIME)
def test_the_reference_evaluator_of_onnx_ignores_lengths(case):
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator

    cell, arrays = of_onnx(case)
    values = {"x": arrays["x"].transpose(1, 0, 2), **{name: RUNTIME[case][name] for name in ("W", "R", "B", "lengths")}}
    values["h0"] = arrays["h0"][None]
    kinds = {name: TensorProto.INT32 if name == "lengths" else TensorProto.FLOAT for name in values}
    ports = [helper.make_tensor_value_info(name, kinds[name], value.shape) for name, value in values.items()]
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    options = {"hidden_size": arrays["h0"].shape[1], "linear_before_reset": int("reset1" in case)}
    graph = helper.make_graph([helper.make_node("GRU", list(values), ["y"], **options)], "a GRU", ports, [y])
    (answer,) = ReferenceEvaluator(helper.make_model(graph)).run(None, values)
    whole = cell.forward(arrays["x"], arrays["h0"]).hidden_state
    np.testing.assert_allclose(answer[:, 0].transpose(1, 0, 2), whole, atol=1e-6)


@pytest.mark.parametrize("case", [name for name in reference.load("torch_gru") if "_t1_" not in name])
def test_the_last_state_of_a_shorter_sequence_is_pytorchs(case):
    arrays = reference.load("torch_gru")[case]
    x, h0, y = (arrays.pop(name) for name in ("x", "h0", "y"))
    lengths = np.arange(len(x)) % x.shape[1] + 1
    trace = CanonicalWeights.from_torch(**arrays).to_cell().forward(x, h0, lengths=lengths)
    for row, length in enumerate(lengths):
        np.testing.assert_allclose(trace.hidden_state[row, :length], y[row, :length], atol=1e-5)
        np.testing.assert_allclose(trace.last_state[row], y[row, length - 1], atol=1e-5)


@pytest.mark.parametrize("kind", [layers.SimpleRNN, layers.LSTM, layers.GRU])
def test_keras_repeats_and_keeps_the_initial_state_too(kind):
    layer = kind(2, return_sequences=True, return_state=True)
    lengths = np.array([3, 1, 0])
    x, mask = np.random.default_rng(0).standard_normal((3, 3, 2)), np.arange(3) < lengths[:, None]
    start = np.full((3, 2), 0.7)
    starts = [start] * (2 if kind is layers.LSTM else 1)
    hidden, *last = map(np.asarray, layer(x, initial_state=starts, mask=mask))
    trace = numpy_cell(layer).forward(x, starts if kind is layers.LSTM else start, lengths=lengths)
    np.testing.assert_allclose(trace.last_state, last[0], atol=1e-6)
    np.testing.assert_allclose(trace.hidden_state[:2], hidden[:2], atol=1e-6)
    assert not hidden[2].any()  # before a first step that counts Keras's outputs are zero
    np.testing.assert_allclose(last[0][2], 0.7, rtol=1e-6)
