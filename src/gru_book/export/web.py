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
import json
import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gru_book.conversion.canonical import CanonicalWeights
from gru_book.data.tokens import FIRST, START, UNKNOWN
from gru_book.layers.activations import sigmoid
from gru_book.models.reader import Reader

MAGIC = b"GRU1"

EMPTY = 1e-12  # a row of zeros needs a scale above zero

SAME = 1e-4  # how far a model's answers may be from those of its three layers alone

PER_LINE = 96  # characters of base64 in a line of weights.js


@dataclass(frozen=True)
class Packed:
    """A network as bytes; `arrays` and `header` are what they hold."""

    data: bytes

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
    Texts are read from the first word to the last, without padding; so is every model that masks it.

    Raises ValueError, saying what is expected and what it got, where the model has other layers or other activations,
    where it computes something else besides, or where the vocabulary has ids that the Embedding lacks.
    """
    reading, words, first = _reading(vocabulary)
    num_ids = first + len(words)
    layers = {type(layer).__name__: layer for layer in model.layers if layer.weights}
    expected = {"GRU": {"reset_after": True, "use_bias": True, "go_backwards": False}, "Dense": {"use_bias": True}}
    for kind, flags in expected.items():
        found = {name: getattr(layers[kind], name) for name in flags} if kind in layers else flags
        if found != flags:
            raise ValueError(f"model's {kind} has {found}; expected {flags}")
    reader = Reader.from_keras(model)  # refuses other layers, and other activations of the GRU
    embedding, gru, dense = (layers[kind] for kind in ("Embedding", "GRU", "Dense"))
    if dense.activation.__name__ != "sigmoid":
        raise ValueError(f"model's Dense has the activation {dense.activation.__name__!r}; expected 'sigmoid'")
    table, *rest = [layer.get_weights() for layer in (embedding, gru, dense)]
    table = np.asarray(table[0], np.float32)
    if num_ids > len(table):
        raise ValueError(f"vocabulary has ids up to {num_ids - 1}; expected them below input_dim, {len(table)}")
    _check_answers(model, reader, num_ids)
    scale = np.maximum(np.abs(table).max(axis=1), EMPTY).astype(np.float32) / np.float32(127)
    small = np.round(table / scale[:, None]).astype(np.int8)
    (kernel, recurrent, bias), (w, b) = rest
    arrays = {"scale": scale, "kernel": kernel, "recurrent_kernel": recurrent, "bias": bias, "w": w[:, 0], "b": b}
    arrays = {name: np.ascontiguousarray(array, "<f4") for name, array in arrays.items()} | {"table": small}
    header = {"reading": reading, "start": START, "unknown": UNKNOWN, "first": first, "words": words}
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
    found = re.search(r"`\n(.*)`;\n\Z", Path(path).read_text(encoding="utf-8"), re.DOTALL)
    try:
        data = base64.b64decode(found[1]) if found else b""
    except ValueError:
        data = b""
    whole = data[:4] == MAGIC and struct.unpack_from("<II", data, 4) == (len(data), zlib.crc32(data[16:]))
    if not whole:
        raise ValueError(f"{path} is incomplete or altered: its length or checksum differs; export it again")
    return Packed(data)


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


def _check_answers(model, reader: Reader, num_ids: int) -> None:
    """Raise ValueError where the model answers otherwise than its three layers: then it does something else besides."""
    rng = np.random.default_rng(0)
    for steps in (1, 2, 12):
        ids = rng.integers(1, num_ids, steps)
        asked = ids.reshape(1, steps, *[1] * (len(model.input_shape) - 2)).astype("int32")
        got, expected = float(np.ravel(model(asked, training=False))[0]), float(sigmoid(reader.score(ids)))
        if not abs(got - expected) < SAME:
            raise ValueError(
                f"model answers {got:.6f} where its Embedding, GRU and Dense alone give {expected:.6f}; expected a "
                "model of these three layers, with nothing between them that computes"
            )
