"""A trained character model (one-hot symbols, GRU, Dense) as a small script that a web page reads: `web/writer.js`.

The script leaves an object at ``window.gruBookWeights[name]``: ``symbols``, a text with each symbol once; ``units``;
``arrays``, for each matrix its numbers as int8 with one float32 scale a column, both in base64, and the bias as
float32. `Written` is what the browser computes with, so a page can say what the rounding costs.
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

MATRICES = ("kernel", "recurrent_kernel", "output")

START = "(window.gruBookWeights = window.gruBookWeights || {})"


class Written(NamedTuple):
    """A character model as the browser has it, float32, in Keras's order of blocks (update gate, reset, candidate).

    kernel: (num_symbols, 3 units). recurrent_kernel: (units, 3 units). bias: (2, 3 units). output: (units,
    num_symbols), the weights of a Dense layer without bias, whose scores a softmax turns into probabilities.
    """

    symbols: str
    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray
    output: np.ndarray


def export_writer(path: Path, name: str, symbols: str, kernel, recurrent_kernel, bias, output) -> Written:
    """Write a character model for the page `name`, and return what the page's readers get.

    The arrays have the shapes of `Written`. Raises ValueError where a shape differs, a symbol comes twice, a number is
    not finite, or the name holds anything but letters, digits, _, . and -.
    """
    if not re.fullmatch(r"[\w.-]+", name):
        raise ValueError(f"name is {name!r}; allowed: letters, digits, _, . and -")
    if len(set(symbols)) != len(symbols):
        raise ValueError("symbols has a symbol twice")
    units = len(recurrent_kernel)
    given = {"kernel": kernel, "recurrent_kernel": recurrent_kernel, "bias": bias, "output": output}
    shapes = _shapes(len(symbols), units)
    arrays = {}
    for key, array in given.items():
        array = np.asarray(array, "<f4")
        if array.shape != shapes[key] or not np.isfinite(array).all():
            raise ValueError(f"{key} has shape {array.shape}; expected {shapes[key]}, all numbers finite")
        if key in MATRICES:
            scale = np.maximum(np.abs(array).max(axis=0), np.float32(1e-12)) / np.float32(127)  # (columns,)
            arrays[key] = {"scale": _text(scale), "data": _text(np.round(array / scale).astype(np.int8))}
        else:
            arrays[key] = {"data": _text(array)}
    packed = json.dumps({"symbols": symbols, "units": units, "arrays": arrays}, indent=0)
    Path(path).write_text(f"{START}[{json.dumps(name)}] = {packed};\n", encoding="utf-8")
    return load_writer(path)


def read_packed(path: Path) -> dict:
    """Return the object in a script that `export_writer` wrote; ValueError where it holds none."""
    found = re.fullmatch(r"[^\n]*?\] = (\{.*\});\n", Path(path).read_text(encoding="utf-8"), re.DOTALL)
    try:
        packed = json.loads(found[1])
        _ = packed["symbols"], packed["units"], packed["arrays"]
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"{path} holds no character model; export it again") from error
    return packed


def load_writer(path: Path) -> Written:
    """Return the model in a script that `export_writer` wrote; ValueError where it holds none."""
    packed = read_packed(path)
    arrays = {}
    for key, shape in _shapes(len(packed["symbols"]), packed["units"]).items():
        data = packed["arrays"][key]
        if key in MATRICES:
            scale = np.frombuffer(base64.b64decode(data["scale"]), "<f4")
            arrays[key] = np.frombuffer(base64.b64decode(data["data"]), np.int8).reshape(shape) * scale
        else:
            arrays[key] = np.frombuffer(base64.b64decode(data["data"]), "<f4").reshape(shape)
    return Written(packed["symbols"], **arrays)


def _shapes(num_symbols: int, units: int) -> dict[str, tuple[int, int]]:
    wide = 3 * units
    shapes = {"kernel": (num_symbols, wide), "recurrent_kernel": (units, wide), "bias": (2, wide)}
    return shapes | {"output": (units, num_symbols)}


def _text(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
