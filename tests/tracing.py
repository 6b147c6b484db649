"""Keras's step of training, traced once in tests.

Keras for TensorFlow makes the variables of the optimizer and of the metrics while it traces the first step, and then
has to trace it again. Made before, they leave one trace; the numbers stay what they were.
"""

import contextlib

from keras.src.backend.tensorflow.trainer import TensorFlowTrainer


def build_before_tracing() -> None:
    """Let `fit`, `evaluate` and their kin make all variables before they trace."""
    TensorFlowTrainer._maybe_symbolic_build = _build


def _build(model, iterator=None, data_batch=None) -> None:
    if iterator is not None:
        data_batch = next(next(iter(iterator))[2])
    with contextlib.suppress(RuntimeError):  # a model without `call` makes them as ever
        model._symbolic_build(data_batch=data_batch)
