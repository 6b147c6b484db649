"""The cells with parts taken out, the layers under a clock, their peers, and the two studies that use them."""

import importlib.util

import keras
import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

from gru_book.conversion.canonical import CanonicalWeights
from gru_book.data.films import VALIDATION_BLOCKS
from gru_book.data.split import Split
from gru_book.errors import BookError
from gru_book.export import onnx
from gru_book.layers import ablated
from gru_book.layers.ablated import LAYERS, PartialGRU
from gru_book.layers.min_gru import MinGRU
from gru_book.studies import cells_compared, layer_times
from gru_book.timing import layers, peers

INPUTS, UNITS = 4, 5
z, r, h = (slice(k * UNITS, (k + 1) * UNITS) for k in range(3))


@pytest.fixture
def x():
    return np.random.default_rng(0).standard_normal((3, 9, INPUTS)).astype("float32")


@pytest.fixture
def weights():
    """Weights of a Keras GRU, all different from zero."""
    rng = np.random.default_rng(1)
    return [rng.normal(0, 0.5, shape).astype("float32") for shape in ((4, 15), (5, 15), (2, 15))]


def run(layer, weights, x):
    layer.build(x.shape)
    layer.set_weights(weights)
    return np.asarray(layer(x))


def keras_gru(weights, x):
    return run(keras.layers.GRU(UNITS, return_sequences=True), weights, x)


def partial_gru(options, weights, x):
    return run(keras.layers.RNN(PartialGRU(UNITS, **options), return_sequences=True), weights, x)


def test_with_all_parts_it_is_keras_gru_and_the_books(x, weights):
    kernel, recurrent_kernel, bias = weights
    states = partial_gru({}, [kernel, recurrent_kernel, *bias], x)
    assert np.abs(states - keras_gru(weights, x)).max() < 1e-6
    assert np.abs(states - CanonicalWeights.from_keras(*weights).to_cell().forward(x).hidden_state).max() < 1e-6


def test_without_the_reset_gate_it_is_a_gru_whose_reset_gate_is_open(x, weights):
    kernel, recurrent_kernel, bias = weights
    kept = np.r_[z, h]
    states = partial_gru({"reset_gate": False}, [kernel[:, kept], recurrent_kernel[:, kept], *bias[:, kept]], x)
    bias[:, r] = 1e3
    assert np.abs(states - keras_gru(weights, x)).max() < 1e-6


def test_a_constant_update_gate_is_a_gru_whose_update_gate_sees_nothing(x, weights):
    kernel, recurrent_kernel, bias = weights
    kept, logit = np.r_[r, h], np.linspace(-2, 2, UNITS).astype("float32")
    parts = [kernel[:, kept], recurrent_kernel[:, kept], *bias[:, kept], logit]
    states = partial_gru({"update_gate": "constant"}, parts, x)
    kernel[:, z] = recurrent_kernel[:, z] = bias[1, z] = 0
    bias[0, z] = logit
    assert np.abs(states - keras_gru(weights, x)).max() < 1e-6


def test_gates_that_see_the_input_only_are_a_gru_without_their_recurrent_weights(x, weights):
    kernel, recurrent_kernel, bias = weights
    parts = [kernel, recurrent_kernel[:, h], bias[0], bias[1, h]]
    states = partial_gru({"gates_see_state": False}, parts, x)
    recurrent_kernel[:, np.r_[z, r]] = bias[1, np.r_[z, r]] = 0
    assert np.abs(states - keras_gru(weights, x)).max() < 1e-6


def test_mingru_is_its_equation(x):
    rng = np.random.default_rng(2)
    kernel, bias = rng.normal(size=(INPUTS, 2 * UNITS)), rng.normal(size=2 * UNITS)
    states = run(keras.layers.RNN(MinGRU(UNITS), return_sequences=True), [kernel, bias], x)
    state = np.zeros((len(x), UNITS))
    for t in range(x.shape[1]):
        gate, candidate = np.split(x[:, t] @ kernel + bias, 2, axis=1)
        gate = 1 / (1 + np.exp(-gate))
        state = gate * state + (1 - gate) * candidate
        assert np.abs(states[:, t] - state).max() < 1e-6


@pytest.mark.parametrize("name", LAYERS)
def test_every_arm_obeys_a_mask(name, x):
    layer = LAYERS[name](UNITS)
    mask = np.arange(9) < np.array([[9], [4], [6]])
    states = np.asarray(layer(x, mask=mask))
    for row, length in enumerate((9, 4, 6)):
        assert np.abs(states[row] - np.asarray(layer(x[row : row + 1, :length]))[0]).max() < 1e-6


def test_an_update_gate_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="update_gate is 'fixed'; allowed"):
        PartialGRU(3, update_gate="fixed")


@pytest.mark.parametrize("name", LAYERS)
def test_equal_units_are_the_nearest(name):
    counts = {units: ablated.num_parameters(LAYERS[name], units, 6) for units in range(1, 80)}
    found = ablated.equal_units(LAYERS[name], 900, 6)
    assert abs(counts[found] - 900) == min(abs(count - 900) for count in counts.values())


def test_the_arms_of_the_study_have_equal_parameters_within_a_percent():
    units, dim = cells_compared.units_of(), cells_compared.EMBEDDING_DIM
    assert units == ablated.best_size(LAYERS, "GRU", dim, range(26, 41))
    counts = [ablated.num_parameters(LAYERS[arm], u, dim) for arm, u in units.items()]
    assert max(counts) / min(counts) < 1.02
    assert all(abs(count / counts[list(units).index("GRU")] - 1) < 0.01 for count in counts)


def test_halves_are_disjoint_balanced_and_cut_every_block_in_its_middle():
    shared, others = (end - start for start, end in VALIDATION_BLOCKS[0])
    labels = np.repeat([0, 1], [100, 100])
    part = Split([str(row) for row in range(200)], labels)
    first, second = ([int(text) for text in half.texts] for half in cells_compared.halves(part))
    cut = round(100 * shared / (shared + others))
    assert first == [*range(cut // 2), *range(cut, cut + (100 - cut) // 2), *range(100, 150)]
    assert sorted(first + second) == list(range(200))


def test_arms_of_one_seed_share_the_embedding_and_other_seeds_do_not():
    units = cells_compared.units_of()
    tables = [cells_compared.network(LAYERS[a], units[a], 3).get_weights()[0] for a in ("RNN", "GRU", "minGRU")]
    assert all(np.array_equal(tables[0], table) for table in tables)
    assert not np.array_equal(tables[0], cells_compared.network(LAYERS["GRU"], 5, 4).get_weights()[0])


def test_a_run_starts_from_the_start_again():
    trainer = cells_compared.Trainer(LAYERS["GRU"], 3, train_rows=64, half_rows=40, jit_compile=False)
    runs = []
    for _ in range(2):
        rows = trainer.train(1, 0.01, epochs=2)
        runs.append([{name: value for name, value in row.items() if name != "seconds"} for row in rows])
    assert runs[0] == runs[1]
    assert [row["epoch"] for row in runs[0]] == [1, 2]
    assert cells_compared.best_epoch(runs[0]) in runs[0]


# --- under a clock ---------------------------------------------------------------------------------------------------


def test_the_lean_cell_is_keras_gru(x, weights):
    lean = run(keras.layers.RNN(layers.LeanGRUCell(UNITS), return_sequences=True), weights, x)
    assert np.abs(lean - keras_gru(weights, x)).max() < 1e-6


def test_the_functions_under_the_clock_compute_what_they_say(x):
    layer = keras.layers.GRU(UNITS)
    assert np.abs(layers.forward(layer, x)() - np.asarray(layer(x))).max() < 1e-6
    found = layers.backward(layer, x)()
    assert [gradient.shape for gradient in found] == [w.shape for w in layer.get_weights()] + [x.shape]
    step = layers.training_step(keras.layers.GRU(UNITS), x)
    losses = [step() for _ in range(30)]
    assert losses[-1] < losses[0]


def test_operations_of_the_loop(x):
    def count(layer):
        return layers.loop_operations(layers.backward(layer, x).traced)

    forward, backward = count(keras.layers.LSTM(UNITS))
    assert (forward["MatMul"], forward["Sigmoid"], forward["Tanh"]) == (2, 3, 2)
    assert backward["MatMul"] == 4
    assert "Const" not in forward
    gru, lean = count(keras.layers.GRU(UNITS)), count(keras.layers.RNN(layers.LeanGRUCell(UNITS)))
    assert gru[0].total() > lean[0].total()
    assert gru[1].total() > lean[1].total()
    assert count(keras.layers.GRU(UNITS, reset_after=False))[0]["MatMul"] == 3


def test_cells_that_do_a_part_of_the_work(x):
    bare = keras.layers.RNN(layers.BareCell(UNITS))
    start = np.full((3, UNITS), 7, "float32")
    assert np.array_equal(np.asarray(bare(x, initial_state=start)), start)
    products = layers.forward(keras.layers.RNN(layers.ProductsCell(UNITS, 4)), x)
    assert not products().any()
    assert layers.loop_operations(products.traced)[0]["MatMul"] == 2


def test_turns_alternate_and_the_first_round_does_not_count():
    seen, ticks = [], iter(range(100))
    runs = {name: lambda name=name: seen.append(name) for name in "ab"}
    seconds = layers.take_turns(runs, 2, lambda: next(ticks))
    assert "".join(seen) == "ba" + "ab" + "ba"
    assert seconds == {"a": [1, 1], "b": [1, 1]}


# --- peers -----------------------------------------------------------------------------------------------------------


def keras_layer(name, x):
    layer = {"RNN": keras.layers.SimpleRNN, "LSTM": keras.layers.LSTM, "GRU": keras.layers.GRU}[name](UNITS)
    layer.build(x.shape)
    rng = np.random.default_rng(3)
    weights = [rng.normal(0, 0.5, w.shape).astype("float32") for w in layer.get_weights()]
    layer.set_weights(weights)
    return layer, weights


@pytest.mark.parametrize("name", peers.LAYERS)
def test_the_onnx_model_is_keras_layer(name, x):
    layer, weights = keras_layer(name, x)
    state = ReferenceEvaluator(onnx.onnx_model(name, weights, INPUTS)).run(None, {"x": x})[0]
    assert np.abs(state - np.asarray(layer(x))).max() < 1e-6


def test_a_missing_peer_is_one_line_that_says_what_to_do(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    case = layer_times.cases()[0]
    with pytest.raises(BookError) as raised:
        layer_times.run_case(**case)
    assert str(raised.value) == (
        'study layer_times: onnxruntime and torch not installed; the extra "peers" has them: '
        '.venv/bin/pip install -e ".[peers]"'
    )
