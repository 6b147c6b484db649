"""Record what ONNX Runtime's `GRU` returns past the lengths of sequences, or compare it with the record.

    python tools/reference/make_lengths.py           # compare with conversion/onnxruntime_lengths.npz
    python tools/reference/make_lengths.py --write   # make the file anew; its SHA-256 goes into conversion/reference.py

The arrays were made with ONNX Runtime 1.32.0 for CPUs. ONNX's own reference evaluator ignores `sequence_lens`. Only
NumPy, onnx and onnxruntime are needed, and nothing of this package.
"""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

from record import write_or_compare

LENGTHS = (4, 2, 1, 0)


def record() -> dict[str, np.ndarray]:
    """Return weights, inputs `x`, initial states `h0`, `lengths`, outputs `y` and last states of each case."""
    arrays, input_dim, units, num_steps = {}, 2, 3, 5
    for flag in (0, 1):
        rng = np.random.default_rng(flag)
        shapes = {"W": (1, 3 * units, input_dim), "R": (1, 3 * units, units), "B": (1, 6 * units)}
        case = {name: rng.normal(0, 0.5, shape).astype("float32") for name, shape in shapes.items()}
        case["x"] = rng.standard_normal((len(LENGTHS), num_steps, input_dim)).astype("float32")
        case["h0"] = rng.uniform(-1, 1, (len(LENGTHS), units)).astype("float32")
        case["lengths"] = np.array(LENGTHS, "int32")
        case["y"], case["last"] = compute(**case, linear_before_reset=flag)
        name = f"d{input_dim}_u{units}_b{len(LENGTHS)}_t{num_steps}_reset{flag}_random"
        arrays |= {f"{name}/{key}": value for key, value in case.items()}
    return arrays


def compute(W, R, B, x, h0, lengths, linear_before_reset: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the outputs (batch, num_steps, units) and the last states (batch, units)."""
    values = {"X": x.transpose(1, 0, 2), "W": W, "R": R, "B": B, "sequence_lens": lengths, "initial_h": h0[None]}
    kinds = {name: TensorProto.INT32 if name == "sequence_lens" else TensorProto.FLOAT for name in values}
    inputs = [helper.make_tensor_value_info(name, kinds[name], value.shape) for name, value in values.items()]
    batch, num_steps, _ = x.shape
    shapes = {"Y": (num_steps, 1, batch, h0.shape[1]), "Y_h": (1, batch, h0.shape[1])}
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    options = {"hidden_size": h0.shape[1], "linear_before_reset": linear_before_reset}
    node = helper.make_node("GRU", list(values), list(shapes), **options)
    graph = helper.make_graph([node], "one GRU", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    Y, Y_h = session.run(None, values)
    return np.ascontiguousarray(Y[:, 0].transpose(1, 0, 2)), Y_h[0]


if __name__ == "__main__":
    write_or_compare("onnxruntime_lengths", f"ONNX Runtime {onnxruntime.__version__}", record())
