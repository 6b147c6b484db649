"""Keras's recurrent layers in PyTorch and ONNX Runtime, with the same weights: functions to put under a clock.

Neither package belongs to the book's environment; the extra ``peers`` of ``pyproject.toml`` names them. They are
imported only where they are used, and get one thread each.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import numpy as np

from gru_book.conversion.canonical import CanonicalWeights
from gru_book.export.onnx import onnx_model

LAYERS = ("RNN", "LSTM", "GRU")

PACKAGES = ("onnxruntime", "torch")


def missing() -> str:
    """Return one line that says what is not installed and how to install it; empty where nothing is missing."""
    absent = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if not absent:
        return ""
    return f'{" and ".join(absent)} not installed; the extra "peers" has them: .venv/bin/pip install -e ".[peers]"'


def _torch_weights(name: str, weights: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Return Keras's weights under PyTorch's names; the LSTM's blocks i, f, c, o stand in the same order."""
    if name == "GRU":
        return CanonicalWeights.from_keras(*weights).to_torch()
    kernel, recurrent_kernel, bias = weights
    arrays = kernel.T, recurrent_kernel.T, bias, np.zeros_like(bias)
    return dict(zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"), arrays, strict=True))


def torch_runs(name: str, weights: list[np.ndarray], x: np.ndarray) -> tuple[Callable, Callable]:
    """Return two functions: one runs PyTorch's layer and returns its last states (batch, units), one its gradients.

    Args:
        name: "RNN", "LSTM" or "GRU".
        weights: ``get_weights()`` of Keras's layer of that kind, with its default options.
        x: inputs, (batch, steps, input_dim), float32.

    The gradients are those of the sum of the last states by the weights, in PyTorch's order, and by ``x``.
    """
    import torch

    torch.set_num_threads(1)
    layer = getattr(torch.nn, name)(x.shape[2], weights[1].shape[0], batch_first=True)
    arrays = _torch_weights(name, weights)
    layer.load_state_dict({key: torch.from_numpy(np.ascontiguousarray(array)) for key, array in arrays.items()})
    inputs = torch.from_numpy(x)
    watched = inputs.clone().requires_grad_()

    def last(given):
        state = layer(given)[1]
        return (state[0] if name == "LSTM" else state)[0]

    def forward():
        with torch.no_grad():
            return last(inputs).numpy()

    def backward():
        found = torch.autograd.grad(last(watched).sum(), [*layer.parameters(), watched])
        return [gradient.numpy() for gradient in found]

    return forward, backward


def onnx_forward(name: str, weights: list[np.ndarray], x: np.ndarray) -> Callable[[], np.ndarray]:
    """Return a function that runs the layer in ONNX Runtime and returns its last states; arguments as `torch_runs`."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    model = onnx_model(name, weights, x.shape[2]).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(["last_state"], {"x": x})[0]
