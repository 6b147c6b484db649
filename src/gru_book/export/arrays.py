"""A trained Embedding + GRU + Dense model as one small file of plain arrays, and back."""

from pathlib import Path

import keras
import numpy as np


def save_weights(path: Path, model: keras.Model) -> None:
    """Write the weights of a Keras model to a compressed `.npz` of plain arrays, in the order of `model.weights`.

    The first weight (the embedding, shape (max_features, embedding_dim)) is kept as int8 with one float32 scale a row,
    the others as float16: about an eighth of float32. Equal weights give equal bytes.
    """
    embedding, *others = model.get_weights()
    scale = np.maximum(np.abs(embedding).max(axis=1, keepdims=True), 1e-12).astype(np.float32) / 127
    arrays = {"embedding": np.round(embedding / scale).astype(np.int8), "embedding_scale": scale}
    arrays |= {f"weight_{index}": weight.astype(np.float16) for index, weight in enumerate(others, 1)}
    np.savez_compressed(path, **arrays)


def load_weights(path: Path, model: keras.Model) -> None:
    """Give `model` the weights that `save_weights` wrote.

    Raises ValueError where a shape differs from the model's, naming both.
    """
    with np.load(path, allow_pickle=False) as file:
        embedding = file["embedding"] * file["embedding_scale"]
        weights = [embedding] + [file[f"weight_{index}"].astype(np.float32) for index in range(1, len(file.files) - 1)]
    shapes, expected = [w.shape for w in weights], [tuple(w.shape) for w in model.weights]
    if shapes != expected:
        raise ValueError(f"{path} holds weights of shapes {shapes}, the model expects {expected}")
    model.set_weights(weights)
