"""A trained Embedding + GRU + Dense model as one small file of plain arrays, and back."""

import zipfile
import zlib
from pathlib import Path

import keras
import numpy as np


def save_weights(path: Path, model: keras.Model) -> None:
    """Write the weights of a Keras model to a compressed `.npz` of plain arrays, in the order of `model.weights`.

    The first weight (the embedding, shape (max_features, embedding_dim)) is kept as int8 with one float32 scale a row,
    the others as float16: about an eighth of float32. Equal weights give equal bytes.

    Raises ValueError where the first weight is no table, or where a weight is not finite or, of the others, beyond the
    65,504 of float16.
    """
    names, weights = [weight.path for weight in model.weights], model.get_weights()
    if not weights or weights[0].ndim != 2:
        found = f"{names[0]} of shape {weights[0].shape}" if weights else "none"
        raise ValueError(f"model's first weight is {found}; expected an embedding, (max_features, embedding_dim)")
    embedding, *others = weights
    scale = np.maximum(np.abs(embedding).max(axis=1, keepdims=True), 1e-12).astype(np.float32) / 127
    with np.errstate(over="ignore"):
        small = [weight.astype(np.float16) for weight in others]
    for name, array in zip(names, (scale, *small), strict=True):
        if not np.isfinite(array).all():
            raise ValueError(f"model's {name} has a weight that is not finite, or beyond what the file holds")
    arrays = {"embedding": np.round(embedding / scale).astype(np.int8), "embedding_scale": scale}
    arrays |= {f"weight_{index}": weight for index, weight in enumerate(small, 1)}
    np.savez_compressed(path, **arrays)


def load_weights(path: Path, model: keras.Model) -> None:
    """Give `model` the weights that `save_weights` wrote.

    Raises ValueError where the file is not one of these, is cut or altered, holds numbers that are not finite, or where
    a shape differs from the model's, naming both.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is no file; expected what save_weights wrote")
    names = ["embedding", "embedding_scale", *(f"weight_{index}" for index in range(1, len(model.weights)))]
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
    except (ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} is no file of weights, or not all of it: {str(error).splitlines()[0]}") from error
    kinds = {name: {"embedding": "int8", "embedding_scale": "float32"}.get(name, "float16") for name in names}
    if {name: array.dtype.name for name, array in found.items()} != kinds:
        told = ", ".join(f"{name} ({array.dtype})" for name, array in found.items())
        raise ValueError(f"{path} holds {told}; for this model expected {', '.join(names)}")
    for name, array in found.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{path} holds numbers in {name} that are not finite")
    if found["embedding_scale"].shape != (len(found["embedding"]), 1):
        raise ValueError(f"{path} holds {found['embedding_scale'].shape} scales for {found['embedding'].shape} numbers")
    weights = [found["embedding"] * found["embedding_scale"]]
    weights += [found[name].astype(np.float32) for name in names[2:]]
    shapes, expected = [w.shape for w in weights], [tuple(w.shape) for w in model.weights]
    if shapes != expected:
        raise ValueError(f"{path} holds weights of shapes {shapes}, the model expects {expected}")
    model.set_weights(weights)
