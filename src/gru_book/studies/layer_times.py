"""Time of recurrent layers on a CPU: Keras (traced, and compiled by XLA), PyTorch and ONNX Runtime, at several sizes.

Absolute times wander on any machine that does something else too. So all layers of a case live in one process, with one
thread each, and take turns, round by round. What is counted is processor time, and what is kept are ratios within a
round. A case is one process; there are several of each kind. Before the clock runs, all programs have to agree on the
last states. ``onednn`` is TensorFlow's switch ``TF_ENABLE_ONEDNN_OPTS``: 1 is TensorFlow's own default on Linux and
x86, 0 is how this book runs its pages. PyTorch and ONNX Runtime come with the extra ``peers``.

Run as a program with a case in JSON, this module prints the rows of that case: a switch of the environment needs a
process of its own.
"""

import json
import os
import subprocess
import sys
import time

import numpy as np

from gru_book.errors import BookError
from gru_book.timing import peers

TITLE = "Time of RNN, LSTM and GRU layers on a CPU: Keras, PyTorch and ONNX Runtime, ratios to Keras's GRU"
TIMES = ("milliseconds", "ratio", "low", "high", "own", "own low", "own high")

PROCESSES = range(3)
ORIGINAL = {"batch_size": 32, "num_steps": 500, "units": 128}
SMALL = {"batch_size": 32, "num_steps": 200, "units": 32}
WIDTHS = (16, 32, 64, 128, 256)  # units and inputs of the sweep
SWEEP_STEPS = 100
ROUNDS = {500: 9, 200: 21, 100: 11}  # by steps
TOLERANCE = 1e-5  # by which last states may differ between programs


def cases() -> list[dict]:
    """Return the cases: both shapes with everything and with Keras alone, then the sweep over widths."""
    two = [
        {"kind": kind, "onednn": onednn, **shape, "process": process}
        for process in PROCESSES
        for shape in (ORIGINAL, SMALL)
        for kind, onednn in (("all", 1), ("Keras", 0))
    ]
    sweep = [
        {"kind": "widths", "onednn": 1, "batch_size": 32, "num_steps": SWEEP_STEPS, "units": units, "process": process}
        for process in PROCESSES
        for units in WIDTHS
    ]
    return two + sweep


def run_case(kind: str, onednn: int, batch_size: int, num_steps: int, units: int, process: int, rounds=None) -> list:
    """Time one case in a process of its own.

    Args:
        kind: "all"; "Keras" leaves XLA and the other programs out; "widths" leaves out all but Keras's RNN, LSTM and
            GRUs, and all work but training steps and the pass forward.
        onednn: 1 or 0, TensorFlow's switch.
        batch_size, num_steps, units: the shape; inputs are as long as the state.
        process: a number that tells repetitions apart; it also seeds the weights and inputs.
        rounds: of the clock; those of `ROUNDS` when not given.

    Returns:
        Rows. ``work``: "forward" (last state), "gradients" (forward and back: by the weights and the inputs) or
        "training step" (Keras's ``train_on_batch``, with a dense unit and Adam). ``layer``, ``program``: what ran.
        ``milliseconds``: median over rounds. ``ratio``, ``low``, ``high``: time over that of Keras's GRU (traced) in
        the same round, median and 10% and 90% quantiles over rounds. ``own``, ``own low``, ``own high``: the same over
        the GRU of the same program. ``version`` of the program.

    Raises:
        BookError: PyTorch or ONNX Runtime is not installed.
    """
    if peers.missing():
        raise BookError(f"study layer_times: {peers.missing()}")
    case = {"kind": kind, "batch_size": batch_size, "num_steps": num_steps, "units": units, "process": process}
    case["rounds"] = rounds or ROUNDS[num_steps]
    environment = os.environ | {"TF_ENABLE_ONEDNN_OPTS": str(onednn), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "gru_book.studies.layer_times", json.dumps(case)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])


def measure(kind: str, batch_size: int, num_steps: int, units: int, process: int, rounds: int) -> list[dict]:
    """Time one case in this process; arguments and rows as for `run_case`."""
    import keras
    import tensorflow as tf

    from gru_book.timing.layers import take_turns

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(process)
    rng = np.random.default_rng(process)
    x = rng.standard_normal((batch_size, num_steps, units), dtype=np.float32)
    versions, rows = _versions(), []
    for work, runs in _runs(kind, x, units).items():
        seconds = {key: np.array(values) for key, values in take_turns(runs, rounds, time.process_time).items()}
        for (layer, program), values in seconds.items():
            row = {"work": work, "layer": layer, "program": program, "milliseconds": 1e3 * np.median(values)}
            for name, other in (("", ("GRU", "Keras")), ("own", ("GRU", program))):
                ratios = values / seconds[other]
                middle, low, high = np.quantile(ratios, [0.5, 0.1, 0.9])
                row |= {name or "ratio": middle, f"{name} low".strip(): low, f"{name} high".strip(): high}
            rows.append(row | {"version": versions[program.split(",")[0]]})
    return rows


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    tensorflow = "tensorflow-cpu" if sys.platform == "linux" and os.uname().machine == "x86_64" else "tensorflow"
    return {
        "Keras": f"{version('keras')} on TensorFlow {version(tensorflow)}",
        "PyTorch": version("torch"),
        "ONNX Runtime": version("onnxruntime"),
    }


def _runs(kind: str, x: np.ndarray, units: int) -> dict[str, dict]:
    """Return by kind of work the functions to be timed, by layer and program; they agree on the last states."""
    from keras import layers

    from gru_book.timing import layers as timing

    make = {
        "RNN": lambda: layers.SimpleRNN(units),
        "LSTM": lambda: layers.LSTM(units),
        "GRU": lambda: layers.GRU(units),
        "GRU, reset before": lambda: layers.GRU(units, reset_after=False),
        "GRU, lean": lambda: layers.RNN(timing.LeanGRUCell(units)),
    }
    parts = {"loop only": lambda: layers.RNN(timing.BareCell(units))}
    for blocks, layer in ((1, "RNN"), (3, "GRU"), (4, "LSTM")):
        parts[f"products of {layer}"] = lambda blocks=blocks: layers.RNN(timing.ProductsCell(units, blocks))
    weights = {}
    for name, layer in make.items():
        built = layer()
        built.build(x.shape)
        weights[name] = built.get_weights()
    weights["GRU, lean"] = weights["GRU"]

    def with_weights(name):
        layer = make[name]()
        layer.build(x.shape)
        layer.set_weights(weights[name])
        return layer

    runs = {"forward": {}, "gradients": {}, "training step": {}}
    for program, xla in (("Keras", False), ("Keras, XLA", True))[: 2 if kind == "all" else 1]:
        for name in make:
            runs["forward"][name, program] = timing.forward(with_weights(name), x, xla)
            runs["gradients"][name, program] = timing.backward(with_weights(name), x, xla)
            runs["training step"][name, program] = timing.training_step(with_weights(name), x, xla or "auto")
    if kind == "widths":
        del runs["gradients"]
        return runs
    for name, layer in parts.items():
        runs["forward"][name, "Keras"] = timing.forward(layer(), x)
        if name != "loop only":
            runs["gradients"][name, "Keras"] = timing.backward(layer(), x)
    if kind == "all":
        for name in peers.LAYERS:
            run, gradients = peers.torch_runs(name, weights[name], x)
            runs["forward"][name, "PyTorch"], runs["gradients"][name, "PyTorch"] = run, gradients
            runs["forward"][name, "ONNX Runtime"] = peers.onnx_forward(name, weights[name], x)
    for name in (*peers.LAYERS, "GRU, lean"):
        expected = runs["forward"]["GRU" if "GRU" in name else name, "Keras"]()
        for (layer, program), run in runs["forward"].items():
            if layer == name and np.abs(run() - expected).max() > TOLERANCE:
                raise RuntimeError(f"{name} of {program} does not agree with Keras")
    return runs


if __name__ == "__main__":
    print(json.dumps(measure(**json.loads(sys.argv[1]))))
