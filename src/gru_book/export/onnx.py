"""A layer as an ONNX model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gru_book.conversion.canonical import CanonicalWeights


def _reordered(array: np.ndarray, order: Sequence[int]) -> np.ndarray:
    """Return the four blocks of the last axis in another order."""
    blocks = np.split(array, 4, axis=-1)
    return np.concatenate([blocks[place] for place in order], axis=-1)


def onnx_model(name: str, weights: list[np.ndarray], input_dim: int):
    """Return an ONNX model of one layer: ``x`` (batch, steps, input_dim) to ``last_state`` (batch, units).

    Arguments as for `torch_runs`. ONNX's recurrent operators want the steps first, so the model turns its input round.
    """
    from onnx import TensorProto, helper, numpy_helper

    units, options = weights[1].shape[0], {}
    if name == "GRU":
        W, R, B, flag = CanonicalWeights.from_keras(*weights).to_onnx()
        options["linear_before_reset"] = flag
    else:
        order = (0, 3, 1, 2)  # Keras's i, f, c, o as ONNX's i, o, f, c
        kernel, recurrent, bias = (_reordered(a, order) for a in weights) if name == "LSTM" else weights
        W, R, B = kernel.T[None], recurrent.T[None], np.concatenate([bias, np.zeros_like(bias)])[None]
    constants = {"W": W, "R": R, "B": B, "axis": np.array([0])}
    nodes = [
        helper.make_node("Transpose", ["x"], ["steps"], perm=[1, 0, 2]),
        helper.make_node(name, ["steps", "W", "R", "B"], ["", "last"], hidden_size=units, **options),
        helper.make_node("Squeeze", ["last", "axis"], ["last_state"]),
    ]
    shapes = {"x": ("batch", "steps", input_dim), "last_state": ("batch", units)}
    ports = {key: helper.make_tensor_value_info(key, TensorProto.FLOAT, shape) for key, shape in shapes.items()}
    initial = [numpy_helper.from_array(np.ascontiguousarray(array), key) for key, array in constants.items()]
    graph = helper.make_graph(nodes, name, [ports["x"]], [ports["last_state"]], initial)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
