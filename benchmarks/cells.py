"""Time of the NumPy GRU beside Keras and PyTorch: `.venv/bin/python benchmarks/cells.py [--rounds N] [--quick]`.

One process, the same weights, float32, Keras's convention. The layers take turns, round by round, so that whatever
else the machine does hits all of them; the table shows the fastest round of each, the one least disturbed. `sgemm` is
the time that this machine's BLAS needs for as many operations in one large product: no layer can be faster, since a
step's product has to wait for the step before. PyTorch is measured where it is installed.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from gru_book.layers.gru import GRU
from gru_book.layers.weights import GRUWeights

UNITS, INPUT_DIM = 128, 128
STEPS = 500
TARGETS = {1: 1.0, 32: 2.0}  # batch size: the NumPy forward pass may take so many times as long as Keras's


def numpy_layer(arrays: list[np.ndarray], x: np.ndarray):
    kernel, recurrent, bias = (np.split(array, 3, axis=-1) for array in arrays)
    parts = [
        part for i in (1, 0, 2) for part in (kernel[i].T, recurrent[i].T, bias[i][0] + (0 if i == 2 else bias[i][1]))
    ]
    layer = GRU(GRUWeights(*parts), z_weighs="old", c_h=bias[2][1])
    ones = np.ones((len(x), UNITS), x.dtype)
    return (
        lambda: layer.forward(x).last_state,
        lambda: layer.backward(layer.forward(x), d_last=ones).weights,
    )


def keras_layer(arrays: list[np.ndarray], x: np.ndarray):
    layer = keras.layers.GRU(UNITS)
    layer.build(x.shape)
    layer.set_weights(arrays)
    x = tf.constant(x)
    variables = [variable.value for variable in layer.trainable_variables]

    @tf.function
    def forward():
        return layer(x)

    @tf.function
    def backward():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(x))
        return tape.gradient(loss, variables)

    return lambda: forward().numpy(), lambda: [g.numpy() for g in backward()]


def torch_layer(arrays: list[np.ndarray], x: np.ndarray):
    try:
        import torch
    except ImportError:
        return None
    layer = torch.nn.GRU(INPUT_DIM, UNITS, batch_first=True)
    kernel, recurrent, bias = (np.split(array, 3, axis=-1) for array in arrays)
    order = (1, 0, 2)  # rows r, z, n
    state = {
        "weight_ih_l0": np.concatenate([kernel[i].T for i in order]),
        "weight_hh_l0": np.concatenate([recurrent[i].T for i in order]),
        "bias_ih_l0": np.concatenate([bias[i][0] for i in order]),
        "bias_hh_l0": np.concatenate([bias[i][1] for i in order]),
    }
    layer.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    x = torch.from_numpy(x)

    def forward():
        with torch.no_grad():
            return layer(x)[1][0].numpy()

    def backward():
        layer.zero_grad()
        layer(x)[1].sum().backward()
        return [p.grad.numpy() for p in layer.parameters()]

    return forward, backward


def large_product(batch: int, times: int):
    """Return a function that multiplies as much as `times` forward passes do, in one product."""
    rng = np.random.default_rng(0)
    left = rng.standard_normal((batch * STEPS, INPUT_DIM + UNITS), dtype=np.float32)
    right = rng.standard_normal((INPUT_DIM + UNITS, 3 * UNITS * times), dtype=np.float32)
    return lambda: left @ right


def measure(runs: dict, rounds: int) -> dict[str, float]:
    """Return the fewest seconds of each function; they take turns, after one round that does not count."""
    seconds = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            if number:
                seconds[name].append(time.perf_counter() - started)
    return {name: min(values) for name, values in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help="two rounds: only to see that it runs")
    options = parser.parse_args()
    rounds = 2 if options.quick else options.rounds
    print(
        f"{STEPS} steps, input {INPUT_DIM}, {UNITS} units, float32, fastest of {rounds} rounds, {os.cpu_count()} cores"
    )
    print(f"{'batch':>5} {'pass':18} {'layer':8} {'ms':>8} {'vs Keras':>9} {'of sgemm':>9}")
    for batch, allowed in TARGETS.items():
        rng = np.random.default_rng(batch)
        reference = keras.layers.GRU(UNITS)
        reference.build((batch, STEPS, INPUT_DIM))
        arrays = [a + rng.normal(0, 0.1, a.shape).astype(np.float32) for a in reference.get_weights()]
        x = rng.standard_normal((batch, STEPS, INPUT_DIM), dtype=np.float32)
        layers = {"NumPy": numpy_layer(arrays, x), "Keras": keras_layer(arrays, x), "PyTorch": torch_layer(arrays, x)}
        layers = {name: pair for name, pair in layers.items() if pair}
        last = {name: pair[0]() for name, pair in layers.items()}
        assert all(np.abs(state - last["Keras"]).max() < 1e-5 for state in last.values()), "the layers disagree"
        for which, (name, times) in enumerate({"forward": 1, "forward + backward": 3}.items()):
            runs = {layer: pair[which] for layer, pair in layers.items()}
            seconds = measure(runs | {"sgemm": large_product(batch, times)}, rounds)
            for layer, value in seconds.items():
                ratio, share = value / seconds["Keras"], seconds["sgemm"] / value
                print(f"{batch:5} {name:18} {layer:8} {1e3 * value:8.1f} {ratio:8.2f}x {share:9.0%}")
            if name == "forward":
                ratio = seconds["NumPy"] / seconds["Keras"]
                print(f"{'':5} target: at most {allowed:.0f}x of Keras: {'met' if ratio <= allowed else 'missed'}")


if __name__ == "__main__":
    main()
