"""What other frameworks computed: small recorded arrays, so that a page can compare without installing them.

``torch_gru.npz`` and ``onnx_gru.npz`` hold weights, inputs, initial states and outputs of GRU layers, float32, as
PyTorch 2.13.0 (CPU) and the reference evaluator of onnx 1.23.2 returned them. The scripts ``make_torch.py`` and
``make_onnx.py`` in ``tools/reference/`` made them and, where a framework is installed, compare it with its record.
``onnxruntime_lengths.npz`` (``make_lengths.py``) holds what ONNX Runtime 1.32.0 returned for sequences of different
lengths, 0 among them.
"""

import io
from pathlib import Path

import numpy as np

from gru_book.files import sha256

# The file's hash stands here, and so a new record makes the pages that read it stale.
RECORDS = {
    "torch_gru": "6fdbafb29908989f47601c04df79dfa1007921b8218ab8709dded881e3a3bd78",
    "onnx_gru": "dfe11bfcb6389d9035803ccc38bb5979338a03313f8a48b6fbf6d13f2d0c0460",
    "onnxruntime_lengths": "4fb2227a1f6b77eb16d5bc404bcf98bff159587aa21d546c2f5c07d8c3f2a652",
}


def load(name: str) -> dict[str, dict[str, np.ndarray]]:
    """Return a record as ``{case: {array name: array}}``.

    Every case has ``x`` (batch, num_steps, input_dim), ``h0`` (batch, units), ``y`` (batch, num_steps, units) and the
    weights under the framework's own names. A case's name tells its sizes, such as ``d5_u3_b2_t7_random``: input_dim,
    units, batch, num_steps, and whether its biases are zero or random. In the two of ONNX it tells
    ``linear_before_reset`` too, as ``reset0`` or ``reset1``. ``onnxruntime_lengths`` also has ``lengths`` (batch,) and
    ``last``, the last states (batch, units).

    Args:
        name: "torch_gru", "onnx_gru" or "onnxruntime_lengths".

    Raises:
        ValueError: there is no such record, or its file is not the recorded one.
    """
    if name not in RECORDS:
        raise ValueError(f"name = {name!r}; expected one of {', '.join(map(repr, RECORDS))}")
    data = (Path(__file__).parent / f"{name}.npz").read_bytes()
    if sha256(data) != RECORDS[name]:
        raise ValueError(f"{name}.npz is not the recorded file: its SHA-256 differs from the one in {__name__}.RECORDS")
    cases: dict[str, dict[str, np.ndarray]] = {}
    with np.load(io.BytesIO(data)) as file:
        for key in file.files:
            case, array = key.split("/")
            cases.setdefault(case, {})[array] = file[key]
    return cases
