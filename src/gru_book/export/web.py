"""A trained Embedding + GRU + Dense(1) as one small file that a web page reads: `web/explorer.js` is its reader.

The table of vectors is kept as int8 with one float32 scale a row, all else as float32. What the browser computes with
is exactly what `Packed.reader` and `Packed.apply` give back, so that a page can say what the rounding costs.

Layout, little-endian: ``GRU1``; the number of all bytes and the CRC-32 of those from byte 16 on (uint32 each); the
length of the header (uint32); the header, JSON in ASCII with spaces up to a multiple of four; then the arrays that it
lists, float32 before int8.

Nothing here loads TensorFlow: a model is asked for its weights, and for its answers to a few texts.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gru_book.conversion.canonical import CanonicalWeights
from gru_book.data.tokens import FIRST, START, UNKNOWN
from gru_book.export.explorable import check_answers, three_layers
from gru_book.models.reader import Reader

MAGIC = b"GRU1"

EMPTY = 1e-12  # a row of zeros needs a scale above zero

READINGS = ("keras", "tokens")  # how a text becomes words

PER_LINE = 96  # characters of base64 in a line of weights.js


@dataclass(frozen=True)
class Packed:
    """A network as bytes; `arrays` and `header` are what they hold.

    Raises ValueError where the bytes are not whole, or hold no network: `web/explorer.js` refuses the same.
    """

    data: bytes

    def __post_init__(self):
        """Check the bytes."""
        data = self.data
        told = struct.unpack_from("<II", data, 4) if len(data) >= 16 and data[:4] == MAGIC else None
        if told != (len(data), zlib.crc32(data[16:])):
            raise ValueError("incomplete or altered: its length or checksum differs")
        wrong = _what_is_wrong(self)
        if wrong:
            raise ValueError(f"no network: {wrong}")

    @property
    def header(self) -> dict:
        """Return what the file says of itself: reading, words, the first one's id, the markers', the list of arrays."""
        (length,) = struct.unpack_from("<I", self.data, 12)
        return json.loads(self.data[16 : 16 + length])

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays: table (int8), scale, kernel, recurrent_kernel, bias, w and b."""
        (length,) = struct.unpack_from("<I", self.data, 12)
        found, place = {}, 16 + length
        for name, dtype, shape in self.header["arrays"]:
            values = np.frombuffer(self.data, dtype, int(np.prod(shape)), place)
            found[name], place = values.reshape(shape), place + values.nbytes
        return found

    def reader(self) -> Reader:
        """Return the network in NumPy, float64, its gates in the book's convention."""
        table, kernel, recurrent, bias, w, b = (array.astype(np.float64) for array in self.weights())
        cell = CanonicalWeights.from_keras(kernel, recurrent, bias, reset_after=True).to_cell()
        return Reader(table, cell, w[:, 0], float(b[0]))

    def weights(self) -> list[np.ndarray]:
        """Return the float32 weights in Keras's order: table, kernel, recurrent kernel, bias, w (units, 1), b (1,)."""
        a = self.arrays
        table = a["table"] * a["scale"][:, None]  # (num_ids, input_dim)
        return [table, a["kernel"], a["recurrent_kernel"], a["bias"], a["w"][:, None], a["b"]]

    def apply(self, model) -> None:
        """Give these weights to a Keras model of the same shape."""
        layers = [layer for layer in model.layers if layer.weights]
        weights = self.weights()
        for layer, part in zip(layers, (weights[:1], weights[1:4], weights[4:]), strict=True):
            own = [tuple(array.shape) for array in layer.get_weights()]
            if own != [array.shape for array in part]:
                raise ValueError(f"model's {layer.name} has weights of shapes {own}; the file has others")
            layer.set_weights(part)

    def write(self, path: Path, name: str) -> None:
        """Write a classic script that hands the bytes in, as base64, under ``window.gruBookWeights[name]``.

        A page that was opened as a file may load a script, but may not fetch bytes.
        """
        if not re.fullmatch(r"[\w.-]+", name):
            raise ValueError(f"name is {name!r}; allowed: letters, digits, _, . and -")
        text = base64.b64encode(self.data).decode()
        lines = [text[start : start + PER_LINE] for start in range(0, len(text), PER_LINE)]
        start = f"(window.gruBookWeights = window.gruBookWeights || {{}})[{json.dumps(name)}] = `\n"
        Path(path).write_text(start + "\n".join(lines) + "`;\n", encoding="utf-8")


def pack(model, vocabulary) -> Packed:
    """Return a Keras model with one Embedding, one GRU and one Dense(1, sigmoid) as `Packed`.

    vocabulary: what turns texts into the model's ids: a `gru_book.data.vocabulary.Vocabulary`, or
      `gru_book.data.tokens.Tokens` without runs. It is kept whole. For a model that was trained on the ids of
      `keras.datasets.imdb`, `Vocabulary.from_keras` makes one: its words begin at id 4.
    Texts are read from the first word to the last, without padding; so is every model that masks it. Where the model
    does not, a warning says so, and the explorer says it too: the header has ``"pads": "read"``.

    Raises ValueError, saying what is expected and what it got, where the model has other layers or other activations,
    where it computes something else besides, where it computes in another dtype than float32 or float64, where a weight
    is not finite, or where the vocabulary has ids that the Embedding lacks.
    """
    reading, words, first = _reading(vocabulary)
    num_ids = first + len(words)
    embedding, gru, dense = three_layers(model)
    reader = Reader.from_keras(model)
    table, *rest = [layer.get_weights() for layer in (embedding, gru, dense)]
    table = np.asarray(table[0], np.float32)
    if num_ids > len(table):
        raise ValueError(f"vocabulary has ids up to {num_ids - 1}; expected them below input_dim, {len(table)}")
    masked = check_answers(model, reader, num_ids)
    scale = np.maximum(np.abs(table).max(axis=1), EMPTY).astype(np.float32) / np.float32(127)
    small = np.round(table / scale[:, None]).astype(np.int8)
    (kernel, recurrent, bias), (w, b) = rest
    arrays = {"scale": scale, "kernel": kernel, "recurrent_kernel": recurrent, "bias": bias, "w": w[:, 0], "b": b}
    arrays = {name: np.ascontiguousarray(array, "<f4") for name, array in arrays.items()} | {"table": small}
    header = {"reading": reading, "start": START, "unknown": UNKNOWN, "first": first, "words": words}
    header |= {} if masked else {"pads": "read"}
    header["arrays"] = [[name, array.dtype.str, list(array.shape)] for name, array in arrays.items()]
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    body = text + b"".join(array.tobytes() for array in arrays.values())
    return Packed(MAGIC + struct.pack("<III", 16 + len(body), zlib.crc32(body), len(text)) + body)


def export_web(path: Path, model, vocabulary, name: str) -> Packed:
    """Write `model` and `vocabulary` (see `pack`) for the page `name`, and return what the page's readers get."""
    pack(model, vocabulary).write(path, name)
    return load_web(path)


def load_web(path: Path) -> Packed:
    """Return what `Packed.write` wrote; ValueError where the script holds something else, or not all of it."""
    path = Path(path)
    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is no file; expected a script that Packed.write wrote")
    found = re.search(r"`\n(.*)`;\n\Z", path.read_text(encoding="utf-8", errors="replace"), re.DOTALL)
    try:
        data = base64.b64decode(found[1]) if found else b""
    except binascii.Error:
        data = b""
    try:
        return Packed(data)
    except ValueError as error:
        raise ValueError(f"{path} is {error}; export it again") from error


def _layout(num_ids: int, input_dim: int, units: int) -> list[list]:
    """Return name, dtype and shape of each array, in their order in the file."""
    shapes = {
        "scale": [num_ids],
        "kernel": [input_dim, 3 * units],
        "recurrent_kernel": [units, 3 * units],
        "bias": [2, 3 * units],
        "w": [units],
        "b": [1],
    }
    return [[name, "<f4", shape] for name, shape in shapes.items()] + [["table", "|i1", [num_ids, input_dim]]]


def _what_is_wrong(packed: Packed) -> str:
    """Return why bytes with the right checksum hold no network, or an empty text."""
    (length,) = struct.unpack_from("<I", packed.data, 12)
    try:
        header = packed.header
        shapes = {name: shape for name, _, shape in header["arrays"]}
        (num_ids, input_dim), (units,) = shapes["table"], shapes["w"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return "its header cannot be read"
    words, first = header.get("words"), header.get("first", FIRST)  # older files have no other
    markers = [header.get("start"), header.get("unknown")]
    listed = isinstance(words, list) and all(isinstance(word, str) for word in words)
    numbers = [num_ids, input_dim, units, first, *markers]
    if not listed or header.get("reading") not in READINGS or not all(type(n) is int and n >= 0 for n in numbers):
        return "its header is not that of a network"
    # As text, since True and 1.0 equal 1 in Python.
    if json.dumps(header["arrays"]) != json.dumps(_layout(num_ids, input_dim, units)) or 0 in (input_dim, units):
        return "its arrays are not those of a network"
    if len(packed.data) != 16 + length + sum(np.dtype(kind).itemsize * math.prod(s) for _, kind, s in header["arrays"]):
        return "its arrays are not as long as its header says"
    if max(first + len(words) - 1, *markers) >= num_ids:
        return "it has words without a vector"
    arrays = packed.arrays
    with np.errstate(over="ignore"):
        arrays["vectors"] = arrays["scale"] * np.float32(128)  # as large as a number of the table can be
    return "" if all(np.isfinite(array).all() for array in arrays.values()) else "it holds numbers that are not finite"


def _reading(vocabulary) -> tuple[str, list[str], int]:
    """Return how texts become words, the words, and the id of the first one."""
    kind = type(vocabulary).__name__
    if kind == "Vocabulary":
        return "keras", list(vocabulary.words), vocabulary.first
    if kind == "Tokens" and not vocabulary.runs:
        return "tokens", list(vocabulary.words), FIRST
    ranks = "; of Keras's get_word_index(), Vocabulary.from_keras makes one" if isinstance(vocabulary, Mapping) else ""
    raise ValueError(
        f"vocabulary is a {kind}; expected gru_book.data.vocabulary.Vocabulary, or Tokens of single tokens{ranks}"
    )
