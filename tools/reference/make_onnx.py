"""Record what ONNX's operator `GRU` computes by ONNX's own reference evaluator, or compare it with the record.

    python tools/reference/make_onnx.py           # compare the installed onnx with conversion/onnx_gru.npz
    python tools/reference/make_onnx.py --write   # make the file anew; its SHA-256 goes into conversion/reference.py

The arrays were made with onnx 1.23.2. Only NumPy and onnx are needed, and nothing of this package.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from record import SIZES, write_or_compare


def record() -> dict[str, np.ndarray]:
    """Return W, R, B, inputs `x`, initial states `h0` and ONNX's outputs `y` of every case as "case/array"."""
    arrays = {}
    for number, (input_dim, units, batch, num_steps) in enumerate(SIZES):
        for flag in (0, 1):
            for biases in ("zero", "random"):
                rng = np.random.default_rng([number, flag, biases == "random"])
                shapes = {"W": (1, 3 * units, input_dim), "R": (1, 3 * units, units), "B": (1, 6 * units)}
                case = {name: rng.normal(0, 0.5, shape).astype("float32") for name, shape in shapes.items()}
                if biases == "zero":
                    case["B"] = np.zeros_like(case["B"])
                case["x"] = rng.standard_normal((batch, num_steps, input_dim)).astype("float32")
                case["h0"] = rng.uniform(-1, 1, (batch, units)).astype("float32")
                case["y"] = compute(**case, linear_before_reset=flag)
                name = f"d{input_dim}_u{units}_b{batch}_t{num_steps}_reset{flag}_{biases}"
                arrays |= {f"{name}/{key}": value for key, value in case.items()}
    return arrays


def compute(W, R, B, x, h0, linear_before_reset: int) -> np.ndarray:
    """Return the hidden states (batch, num_steps, units) that ONNX's reference evaluator computes."""
    node = helper.make_node(
        "GRU",
        inputs=["X", "W", "R", "B", "", "initial_h"],
        outputs=["Y"],
        hidden_size=h0.shape[1],
        linear_before_reset=linear_before_reset,
    )
    values = {"X": x.transpose(1, 0, 2), "W": W, "R": R, "B": B, "initial_h": h0[None]}
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape) for name, value in values.items()]
    batch, num_steps, _ = x.shape
    output = helper.make_tensor_value_info("Y", TensorProto.FLOAT, (num_steps, 1, batch, h0.shape[1]))
    model = helper.make_model(
        helper.make_graph([node], "one GRU", inputs, [output]), opset_imports=[helper.make_opsetid("", 22)]
    )
    onnx.checker.check_model(model)
    (Y,) = ReferenceEvaluator(model).run(None, values)  # (num_steps, 1 direction, batch, units)
    return np.ascontiguousarray(Y[:, 0].transpose(1, 0, 2))


if __name__ == "__main__":
    write_or_compare("onnx_gru", f"onnx {onnx.__version__}", record())
