"""Whether a Keras model is what the explorer shows: one Embedding, one GRU, one Dense(1, sigmoid), nothing else.

Each model that is something else is refused with its own reason: what it has, and what is expected. Layers that do
nothing outside of training, such as Dropout, may stand between the three. Nothing here loads TensorFlow.
"""

from __future__ import annotations

import warnings

import numpy as np

from gru_book.conversion.layers import computes, name_of
from gru_book.layers.activations import sigmoid
from gru_book.models.reader import Reader

SAME = 1e-4  # how far a model's answers may be from those of its three layers alone

WEIGHTS = {
    "Embedding": ["embeddings"],
    "GRU": ["kernel", "recurrent_kernel", "bias"],
    "Dense": ["kernel", "bias"],
}

FLAGS = {
    "GRU": {"reset_after": True, "use_bias": True, "go_backwards": False, "stateful": False},
    "Dense": {"use_bias": True},
}

IDLE = ("InputLayer", "Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "AlphaDropout", "Identity")


def three_layers(model) -> tuple:
    """Return the model's Embedding, GRU and Dense; ValueError where it is not made of these, or they compute otherwise.

    `check_answers` sees what stands between them.
    """
    if not any(base.__name__ == "Model" and base.__module__.startswith("keras.") for base in type(model).__mro__):
        raise ValueError(f"model is a {type(model).__name__}; expected a Keras model")
    if not model.built:
        raise ValueError("model is not built yet; expected one with weights: give it an Input, or call it once")
    _check_ports(model)
    for layer in model.layers:
        _check_layer(layer)
    layers = {_kind(layer): layer for layer in model.layers if layer.weights}
    kinds = [_kind(layer) for layer in model.layers if layer.weights]
    if sorted(kinds) != ["Dense(1)", "Embedding", "GRU"]:
        raise ValueError(f"model has the layers {', '.join(kinds)}; expected one Embedding, one GRU and one Dense(1)")
    layers = {"Embedding": layers["Embedding"], "GRU": layers["GRU"], "Dense": layers["Dense(1)"]}
    for kind, flags in FLAGS.items():
        found = {name: getattr(layers[kind], name) for name in flags}
        wrong = [name for name in flags if found[name] != flags[name]]
        if wrong:
            has, expected = ({name: values[name] for name in wrong} for values in (found, flags))
            raise ValueError(f"model's {kind} has {has}; expected {expected}")
    activation = layers["Dense"].activation
    if not computes(activation, sigmoid):
        raise ValueError(f"model's Dense has the activation {name_of(activation)!r}; expected 'sigmoid'")
    for kind, layer in layers.items():
        _check_weights(kind, layer)
    return tuple(layers.values())


def _check_layer(layer) -> None:
    """Raise ValueError where a layer's code cannot be read, or it computes in another dtype."""
    if type(layer).__name__ == "Lambda":
        raise ValueError(f"model has the Lambda layer {layer.name!r}, code that a file of weights cannot hold")
    policy = layer.dtype_policy.name
    if layer.weights and policy not in ("float32", "float64"):
        anew = "make it anew under that policy, with these weights"
        hint = anew if layer.quantization_mode is None else "take it before it is quantised"
        raise ValueError(f"model's {layer.name} has the dtype policy {policy!r}; expected 'float32': {hint}")


def _check_weights(kind: str, layer) -> None:
    """Raise ValueError where a layer has other weights than its kind, or one that is not finite."""
    names = [variable.name for variable in layer.weights]
    if names != WEIGHTS[kind]:
        raise ValueError(f"model's {kind} has the weights {', '.join(names)}; expected {', '.join(WEIGHTS[kind])}")
    for name, array in zip(names, layer.get_weights(), strict=True):
        with np.errstate(over="ignore"):
            finite = np.isfinite(np.asarray(array, np.float32)).all()
        if not finite:
            raise ValueError(f"model's {kind} has numbers in its {name} that are not finite in float32")


def _check_ports(model) -> None:
    """Raise ValueError where a model does not take one array of ids, (batch, steps) or (batch, steps, 1)."""
    inputs, outputs = (getattr(model, name, None) for name in ("inputs", "outputs"))
    if inputs is None:
        raise ValueError(f"model is a {type(model).__name__} without inputs; expected a Sequential or functional model")
    for name, ports in (("inputs", inputs), ("outputs", outputs)):
        if len(ports) != 1:
            raise ValueError(f"model has {len(ports)} {name}, {', '.join(port.name for port in ports)}; expected one")
    (port,) = inputs
    kinds = [type(layer).__name__ for layer in model.layers]
    if port.dtype == "string" or "TextVectorization" in kinds:
        raise ValueError(
            f"model takes texts, by its layers {', '.join(kinds)}; expected one that takes ids: a model of the layers "
            "after the one that makes ids of texts"
        )
    batch, *shape = port.shape
    if batch not in (None, 1):
        raise ValueError(f"model takes batches of {batch} texts only; expected any number: an Input without batch_size")
    if not shape or tuple(shape[1:]) not in ((), (1,)):
        raise ValueError(f"model takes arrays of shape {port.shape}; expected ids, (None, steps) or (None, steps, 1)")


def _kind(layer) -> str:
    """Return a layer's kind as it stands in messages."""
    kind, program = type(layer).__name__, type(layer).__module__.split(".")[0]
    if program != "keras":
        return f"{kind} of {program}"
    return f"Dense({layer.units})" if kind == "Dense" else kind


def check_answers(model, reader: Reader, num_ids: int) -> bool:
    """Compare the model's answers with those of its three layers alone; return whether it masks padding.

    Where it does not, a warning says so.

    Raises:
        ValueError: the answers differ: something else in the model computes besides.
    """
    rng, num_steps = np.random.default_rng(0), model.inputs[0].shape[1]
    operations = getattr(model, "operations", model.layers)  # `model.layers` lacks what is written as x * 3
    others = [kind for kind in map(_kind, operations) if kind not in (*WEIGHTS, "Dense(1)", *IDLE)]
    besides = f"; besides them it has {', '.join(others)}" if others else ""
    for length in (1, 2, 12, 200) if num_steps is None else (num_steps,):
        ids = rng.integers(1, num_ids, length)
        alone = float(sigmoid(reader.score(ids)))
        got = _answer(model, ids, besides)
        if not abs(got - alone) < SAME:
            raise ValueError(
                f"model answers {got:.6f} where its Embedding, GRU and Dense alone give {alone:.6f}; expected a "
                f"model of these three layers, with nothing between them that computes{besides}"
            )
    pads = np.zeros((num_steps or 24) // 2, int)
    ids = rng.integers(1, num_ids, (num_steps or 24) - len(pads))
    without = float(sigmoid(reader.score(ids)))
    for padded in (np.concatenate([pads, ids]), np.concatenate([ids, pads])):
        got = _answer(model, padded, besides)
        if not abs(got - without) < SAME:
            warnings.warn(
                f"model does not mask padding (id 0): it answers {got:.4f} to a text with {len(pads)} of them and "
                f"{without:.4f} without; the explorer shows texts without",
                stacklevel=3,
            )
            return False
    return True


def _answer(model, ids: np.ndarray, besides: str) -> float:
    """Return the model's answer to one text."""
    import keras

    asked = ids.reshape(1, -1, *[1] * (len(model.inputs[0].shape) - 2)).astype("int32")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that its one input is not handed in as a dictionary
            return float(np.ravel(keras.tree.flatten(model(asked, training=False))[0])[0])
    except Exception as error:  # whatever a model may raise
        reason = str(error).splitlines()[0]
        raise ValueError(f"model cannot be asked with ids of shape {asked.shape}{besides}: {reason}") from error
